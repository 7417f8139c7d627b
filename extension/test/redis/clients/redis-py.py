"""python3-redis: plain, pipelines, transactions with WATCH, messages, locks, and a pool in threads."""

import os
import threading
import time

import redis

checks = 0


def is_(what, expected, got):
    global checks
    if expected != got:
        raise SystemExit(f"{what}: expected {expected!r}, got {got!r}")
    checks += 1


def raises(what, kind, words, call):
    try:
        got = call()
    except kind as error:
        is_(f"{what}: {error}", True, words in str(error))
    else:
        raise SystemExit(f"{what}: no error, but {got!r}")


address = {"host": os.environ["REDIS_HOST"], "port": int(os.environ["REDIS_PORT"])}
r = redis.Redis(**address)
r.flushall()


def strings():
    binary = bytes(range(256))
    is_("set", True, r.set("session:1", binary, ex=100))
    is_("get", binary, r.get("session:1"))
    is_("ttl", True, 90 < r.ttl("session:1") <= 100)
    is_("keepttl", True, r.set("session:1", "x", keepttl=True) and r.pttl("session:1") > 0)
    is_("set get", b"x", r.set("session:1", "y", get=True))
    is_("xx of nothing", None, r.set("nothing", "x", xx=True))
    is_("nothing", None, r.get("nothing"))
    is_("mset", True, r.mset({"a": 1, "b": "two", "c": 3.5}))
    is_("mget", [b"1", b"two", None, b"3.5"], r.mget("a", "b", "nothing", "c"))
    is_("msetnx", False, r.msetnx({"a": 9, "z": 9}))
    is_("incr", [2, 12, 11], [r.incr("a"), r.incr("a", 10), r.decr("a")])
    is_("incrbyfloat", 11.5, r.incrbyfloat("a", 0.5))
    is_("append", [5, b"two!!"], [r.append("b", "!!"), r.get("b")])
    is_("getrange", b"wo", r.getrange("b", 1, 2))
    is_("setrange", [5, b"tWO!!"], [r.setrange("b", 1, "WO"), r.get("b")])
    is_("getex", [b"tWO!!", True], [r.getex("b", px=50000), 0 < r.pttl("b") <= 50000])
    is_("getdel", [b"tWO!!", None], [r.getdel("b"), r.getdel("b")])
    raises("incr of text", redis.ResponseError, "not an integer", lambda: r.incr("session:1"))
    is_("text", "v\u00e4lue", redis.Redis(**address, decode_responses=True).getset("t", "") or r.set("t", "v\u00e4lue") and r.get("t").decode())


def keys():
    is_("expire", [True, False], [r.expire("a", 100), r.expire("nothing", 100)])
    is_("expire gt", [False, True], [r.expire("a", 10, gt=True), r.expire("a", 1000, gt=True)])
    is_("persist", [True, -1, -2], [r.persist("a"), r.ttl("a"), r.ttl("nothing")])
    is_("rename", [True, b"11.5"], [r.rename("a", "renamed"), r.get("renamed")])
    is_("copy", [True, False], [r.copy("renamed", "a"), r.copy("renamed", "a")])
    is_("type", [b"string", b"none"], [r.type("a"), r.type("nothing")])
    is_("exists", 2, r.exists("a", "nothing", "a"))
    r.mset({f"user:{i}": i for i in range(500)})
    is_("scan_iter", sorted(b"user:%d" % i for i in range(500)), sorted(r.scan_iter("user:*", count=20)))
    is_("keys", 10, len(r.keys("user:49?")))
    is_("delete", 500, r.delete(*r.keys("user:*")))


def pipelines():
    with r.pipeline(transaction=False) as p:
        for i in range(1000):
            p.set(f"p:{i}", i).incr(f"p:{i}")
        is_("pipeline", [each for i in range(1000) for each in (True, i + 1)], p.execute())
    with r.pipeline() as p:
        is_("transaction", [True, 2, b"2"], p.set("t", 1).incr("t").get("t").execute())
        answers = p.set("t", "x").incr("t").get("t").execute(raise_on_error=False)
        is_("an error within", [True, True, b"x"], [answers[0], isinstance(answers[1], redis.ResponseError), answers[2]])


def watched():
    """An increment as applications make it of GET and SET, from four threads."""
    r.set("watched", 0)

    def increment():
        for _ in range(25):
            r.transaction(lambda p: (value := int(p.get("watched")), p.multi(), p.set("watched", value + 1)), "watched")

    threads = [threading.Thread(target=increment) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    is_("counted under WATCH", b"100", r.get("watched"))


def locks():
    """redis.lock's acquire() is SET NX PX. Its release() is a script, for a later issue: skipped."""
    lock = r.lock("lock", timeout=30)
    is_("acquire", True, lock.acquire(blocking=False))
    is_("locked", [True, True], [lock.locked(), r.pttl("lock") > 0])
    is_("another", False, r.lock("lock", timeout=30).acquire(blocking=False))

    def release(p):
        if p.get("lock") == lock.local.token:
            p.multi()
            p.delete("lock")

    is_("release by WATCH", [1], r.transaction(release, "lock"))
    is_("another again", True, r.lock("lock", timeout=30).acquire(blocking=False))


def messages():
    subscriber = r.pubsub()
    subscriber.subscribe("news")
    subscriber.psubscribe("ne*")

    def next_one():
        message = None
        while not message:
            message = subscriber.get_message(timeout=60)
        return message["type"], message["channel"], message["data"]

    is_("subscribed", [("subscribe", b"news", 1), ("psubscribe", b"ne*", 2)], [next_one(), next_one()])
    r.publish("news", b"hello")
    is_("heard", [("message", b"news", b"hello"), ("pmessage", b"news", b"hello")], sorted([next_one(), next_one()]))
    subscriber.close()


def counted_in_threads():
    """A pool of connections, shared."""
    threads = [threading.Thread(target=lambda: [r.incr("hits") for _ in range(200)]) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    is_("hits", b"1600", r.get("hits"))


def expiry():
    r.set("short", "x", px=50)
    limit = time.monotonic() + 60
    while r.get("short") is not None and time.monotonic() < limit:
        time.sleep(0.01)
    is_("expired", [None, 0, True], [r.get("short"), r.exists("short"), r.set("short", "y", nx=True)])


def server():
    is_("ping", True, r.ping())
    is_("info", ["master", "standalone"], [r.info()["role"], r.info()["redis_mode"]])
    is_("client name", "me", redis.Redis(**address, client_name="me").client_getname())
    other = redis.Redis(**address, db=1)
    is_("database 1", [True, None, b"1"], [other.set("only there", 1), r.get("only there"), other.get("only there")])


for each in (strings, keys, pipelines, watched, locks, messages, counted_in_threads, expiry, server):
    each()
print(checks)
