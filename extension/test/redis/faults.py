#!/usr/bin/env python3
"""What clients of kvstore-redis are told when something breaks, and what is stored then.

    faults.py [NAME..]    the functions below whose names begin with "when_"

Of the private server that PGHOST etc. name, in a database that has the store kv_redis, logged;
KV_GATEWAY is the program, KV_CONTROL one that stops, starts and restarts the server. Counters tell
whether something acknowledged was lost, or done twice: each client counts what it was told.

For KV_HELD seconds more SQL holds a row, and for KV_LOAD seconds redis-benchmark runs while backends are
killed. What was seen meanwhile is printed.

The last line is the number of checks.
"""

import atexit
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress

from resp import Closed, Connection, Error, encode, value_of

CLIENTS = int(os.environ.get("KV_CLIENTS", 20))
CONNECTIONS = int(os.environ.get("KV_CONNECTIONS", 10000))
HELD = float(os.environ.get("KV_HELD", 0))
LOAD = float(os.environ.get("KV_LOAD", 12))
LONG_ENOUGH = 120  # seconds; a state that has not come by then never will

checks = 0


def check(what, right, more=""):
    global checks
    if not right:
        raise AssertionError(f"{what}{': ' if more else ''}{more}")
    checks += 1


def until(what, condition):
    limit = time.monotonic() + LONG_ENOUGH
    while not condition():
        if time.monotonic() > limit:
            raise AssertionError(f"not within {LONG_ENOUGH} s: {what}")
        time.sleep(0.02)


# --- SQL --------------------------------------------------------------------

PSQL = [os.path.join(os.environ["KV_BIN"], "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]


def sql(text):
    return subprocess.run([*PSQL, "-c", text], check=True, capture_output=True, text=True).stdout.strip()


class Session:
    """One that stays, such as to hold a row."""

    def __init__(self):
        self.psql = subprocess.Popen([*PSQL, "-f", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, text):
        self.psql.stdin.write(text + ";\n\\echo done\n")
        self.psql.stdin.flush()
        lines = []
        while (line := self.psql.stdout.readline().strip()) != "done":
            if not line and self.psql.poll() is not None:
                raise AssertionError(f"psql ended in: {text}")
            lines.append(line)
        return lines

    def close(self):
        self.psql.stdin.close()
        self.psql.wait()


def control(word):
    subprocess.run([os.environ["KV_CONTROL"], word], check=True, stdout=subprocess.DEVNULL)


def backends():
    return sql("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'kvstore-redis%'").split()


# --- The program ------------------------------------------------------------


class Gateway:
    def __init__(self, *options, role="postgres", port=None):
        self.address = f"127.0.0.1:{port or free_port()}"
        self.log = open(os.path.join(os.environ["KV_LOGS"], f"gateway.{self.address}.log"), "a")
        self.process = subprocess.Popen(
            [os.environ["KV_GATEWAY"], "--listen", self.address, "--anonymous-user", role, *options], stdout=self.log, stderr=self.log
        )
        atexit.register(self.process.kill)  # whatever becomes of the test
        until("kvstore-redis answers", self.answers)

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"kvstore-redis ended with {self.process.returncode}; see {self.log.name}")
        try:
            return self.ask("PING") == b"PONG"
        except (OSError, Closed):
            return False

    def connect(self, patience=LONG_ENOUGH):
        return Connection(self.address, patience)

    def ask(self, *arguments):
        connection = self.connect()
        try:
            return connection.ask(*arguments)
        finally:
            connection.close()

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(LONG_ENOUGH)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


def free_port():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def memory_of(pid):
    """What is its own, in kB."""
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))


@contextmanager
def gateway(*options, **more):
    started = Gateway(*options, **more)
    try:
        started.ask("FLUSHALL")
        yield started
    finally:
        if started.process.poll() is None:
            started.end()


# --- Clients that count -----------------------------------------------------


class Counter(threading.Thread):
    """A client that increments a key of its own, again and again, whatever happens."""

    def __init__(self, at, key):
        super().__init__(daemon=True)
        self.at, self.key = at, key
        self.acknowledged = self.unknown = self.last = self.slowest = 0
        self.errors = set()
        self.wrong = None
        self.going_on = True
        self.connection = None

    def run(self):
        while self.going_on and not self.wrong:
            try:
                self.increment()
            except (OSError, Closed) as error:
                self.fail(f"({error})")
                self.connection = None
                time.sleep(0.01)

    def increment(self):
        if not self.connection:
            self.connection = self.at().connect()
        start = time.monotonic()
        answer = self.connection.ask("INCR", self.key)
        self.slowest = max(self.slowest, time.monotonic() - start)
        if isinstance(answer, Error):
            self.fail(answer)
            time.sleep(0.01)
            return
        if not self.last < answer <= self.acknowledged + self.unknown + 1:
            self.wrong = f"{self.key}: {answer} after {self.last}, {self.acknowledged} acknowledged, {self.unknown} unknown"
        self.last = answer
        self.acknowledged += 1

    def fail(self, error):
        """It may have been done, or not."""
        self.unknown += 1
        self.errors.add(str(error))

    def is_right(self, stored):
        return not self.wrong and self.acknowledged <= int(stored or 0) <= self.acknowledged + self.unknown


@contextmanager
def counters(at, shown, count=CLIENTS):
    """Clients at work, in the meantime. Afterwards what they were told is what is there."""
    all_of_them = [Counter(at, f"{shown}:{i}") for i in range(count)]
    for each in all_of_them:
        each.start()
    try:
        yield all_of_them
    finally:
        for each in all_of_them:
            each.going_on = False
        for each in all_of_them:
            each.join(LONG_ENOUGH)
    for each in all_of_them:
        check("a client ended", not each.is_alive(), each.key)
        stored = at().ask("GET", each.key)
        check("what was acknowledged is there, once", each.is_right(stored), each.wrong or f"{each.key}: {stored!r} stored, "
              f"{each.acknowledged} acknowledged, {each.unknown} unknown")  # fmt: skip


def progress(clients, by=20):
    """Until each of them has had so many acknowledged more."""
    before = [each.acknowledged for each in clients]
    until("all clients go on", lambda: all(each.acknowledged >= was + by or each.wrong for each, was in zip(clients, before)))


def go_on_for(seconds, clients):
    """Each of them, all the time."""
    if seconds == 0:
        return
    before, start = sum(each.acknowledged for each in clients), time.monotonic()
    for each in clients:
        each.slowest = 0
    while time.monotonic() < start + seconds:
        progress(clients, 1)
    done = sum(each.acknowledged for each in clients) - before
    slowest = max(each.slowest for each in clients)
    print(f"for {time.monotonic() - start:.0f} s {len(clients)} clients went on: {done} INCR, the slowest took {slowest * 1000:.0f} ms", flush=True)


def errors_of(clients):
    return set().union(*(each.errors for each in clients))


# --- Faults -----------------------------------------------------------------


def when_the_server_restarts():
    with gateway() as g, counters(lambda: g, "restart") as clients:
        for how in "restart", "restart":
            progress(clients)
            control(how)
        progress(clients)
        control("stop")
        until("every client is told", lambda: all(each.unknown or each.wrong for each in clients))
        check("and PING answers", g.ask("PING") == b"PONG")
        control("start")
        progress(clients)


def when_the_server_crashes():
    with gateway() as g, counters(lambda: g, "crash") as clients:
        for _ in range(3):
            progress(clients)
            os.kill(int(backends()[0]), signal.SIGKILL)
            until("the server is back", lambda: subprocess.run([*PSQL, "-c", "SELECT 1"], capture_output=True).returncode == 0)
        progress(clients)
        check("some were told", any(each.unknown for each in clients))


def when_backends_are_killed():
    with gateway("--backends", "2") as g, counters(lambda: g, "killed") as clients:
        for _ in range(30):
            progress(clients, 2)
            sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'kvstore-redis%'")
        progress(clients)
        check("some were told", any(each.unknown for each in clients), errors_of(clients))


def when_a_role_loses_its_right():
    sql("DROP ROLE IF EXISTS app; CREATE ROLE app LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON kv_redis TO app")
    with gateway() as postgres, gateway(role="app") as g:
        postgres.ask("SET", "k", "v")
        c = g.connect()
        check("it may", c.ask("SET", "mine", "1") == b"OK")
        sql("REVOKE INSERT, UPDATE, DELETE ON kv_redis FROM app")
        for command in ("SET", "k", "w"), ("INCR", "n"), ("DEL", "k"), ("EXPIRE", "k", "10"), ("MSET", "a", "1", "k", "2"), ("GETDEL", "k"):
            answer = c.ask(*command)
            check("NOPERM", isinstance(answer, Error) and answer.startswith("NOPERM "), f"{command}: {answer!r}")
        check("it may read", c.ask("GET", "k") == b"v")
        for command in ("MULTI",), ("GET", "k"), ("SET", "k", "w"), ("GET", "k"):
            c.ask(*command)
        answer = c.ask("EXEC")
        check("within EXEC", answer[0] == b"v" and str(answer[1]).startswith("NOPERM ") and answer[2] == b"v", answer)
        sql("REVOKE SELECT ON kv_redis FROM app")
        answer = c.ask("GET", "k")
        check("no more", isinstance(answer, Error) and answer.startswith("NOPERM "), answer)
        check("others may", postgres.ask("SET", "k", "w") == b"OK")
        sql("GRANT SELECT, INSERT, UPDATE, DELETE ON kv_redis TO app")
        check("again", c.ask("GETSET", "k", "x") == b"w")
    sql("DROP OWNED BY app; DROP ROLE app")


def when_sql_holds_a_row():
    with gateway() as g:
        g.ask("MSET", "held", "1", "free", "1")
        holder = Session()
        holder.run("BEGIN; SELECT kv_set('held', '10', store => 'kv_redis')")
        waiting = [g.connect() for _ in range(5)]
        for each in waiting:
            # The next command of a client waits behind the one before.
            each.send(encode([b"INCR", b"held"]) + encode([b"GET", b"free"]))
        with counters(lambda: g, "held", 50) as clients:
            progress(clients, 10)
            go_on_for(HELD, clients)
            check("it can be read", g.ask("GET", "held") == b"1")
            check("nobody was told anything", not errors_of(clients), errors_of(clients))
            for each in waiting:
                each.socket.settimeout(0.05)
                try:
                    check("it waits", False, each.reply())
                except Closed as error:
                    check("it waits", str(error) == "no answer", error)
                each.socket.settimeout(LONG_ENOUGH)
            holder.run("COMMIT")
            answers = sorted(value_of(each.reply()) for each in waiting)
            check("each is answered when it ends", answers == [11, 12, 13, 14, 15], answers)
            check("and what came behind", all(value_of(each.reply()) == b"1" for each in waiting))
        holder.close()


def when_sql_holds_a_row_for_too_long():
    sql("DROP ROLE IF EXISTS hasty; CREATE ROLE hasty LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON kv_redis TO hasty; "
        "ALTER ROLE hasty SET lock_timeout = '300ms'")  # fmt: skip
    with gateway() as _, gateway(role="hasty") as g:
        _.ask("SET", "held", "1")
        holder = Session()
        holder.run("BEGIN; SELECT kv_set('held', '10', store => 'kv_redis')")
        c = g.connect()
        answer = c.ask("INCR", "held")
        check("an error at the timeout", isinstance(answer, Error) and "lock timeout" in answer, answer)
        check("others go on", g.ask("SET", "free", "1") == b"OK")
        for command in ("MULTI",), ("SET", "free", "2"), ("INCR", "held"):
            c.ask(*command)
        answer = c.ask("EXEC")
        check("EXEC, too", isinstance(answer, Error) and "lock timeout" in answer, answer)
        check("and nothing of it was done", c.ask("GET", "free") == b"1")
        holder.run("ROLLBACK")
        check("then it is done", c.ask("INCR", "held") == 2)
        holder.close()
    sql("DROP OWNED BY hasty; DROP ROLE hasty")


def when_a_trigger_raises():
    sql("""CREATE FUNCTION raise_if_bad() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF new.key LIKE 'bad%' THEN RAISE 'no % here', new.key; END IF; RETURN new; END $$;
        CREATE TRIGGER raising BEFORE INSERT OR UPDATE ON kv_redis FOR EACH ROW EXECUTE FUNCTION raise_if_bad()""")
    try:
        with gateway() as g, counters(lambda: g, "trigger") as clients:
            c = g.connect()
            for i in range(20):
                c.send(b"".join(encode(each.split()) for each in (b"INCR good", b"SET bad%d x" % i, b"INCR good", b"MSET a 1 bad 2", b"GET a")))
                answers = [value_of(c.reply()) for _ in range(5)]
                check("what is not at fault is done", [answers[0], answers[2], answers[4]] == [2 * i + 1, 2 * i + 2, None], answers)
                check("what is at fault is told", [f"ERR no bad{i} here", "ERR no bad here"] == [answers[1], answers[3]], answers)
            progress(clients)
            check("nobody else is told", not errors_of(clients), errors_of(clients))
            for command in ("MULTI",), ("INCR", "good"), ("SET", "bad", "x"):
                c.ask(*command)
            answer = c.ask("EXEC")
            check("EXEC as a whole", isinstance(answer, Error) and "no bad here" in answer, answer)
            check("undone", c.ask("GET", "good") == b"40")
    finally:
        sql("DROP TRIGGER raising ON kv_redis; DROP FUNCTION raise_if_bad()")


def when_transactions_cross():
    """EXEC of the same keys in opposite orders, and MSET."""
    with gateway("--backends", "4") as g, gateway("--backends", "4") as other:
        keys = [f"k{i}" for i in range(4)]
        done, wrong = [], []

        def client(at, order):
            c = at.connect()
            for _ in range(50):
                c.send(b"".join(encode(each) for each in [[b"MULTI"], *[[b"INCR", key.encode()] for key in order], [b"EXEC"]]))
                answers = [value_of(c.reply()) for _ in range(len(order) + 2)]
                if isinstance(answers[-1], list) and all(isinstance(each, int) for each in answers[-1]):
                    done.append(1)
                else:
                    wrong.append(answers[-1])
                c.ask("MSET", *sum([[f"m{key}", "1"] for key in order], []))

        threads = [threading.Thread(target=client, args=(at, order)) for at in (g, other) for order in (keys, keys[::-1]) for _ in range(5)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(LONG_ENOUGH)
        check("all were answered", not any(each.is_alive() for each in threads) and len(done) + len(wrong) == 1000, (len(done), wrong[:3]))
        counted = g.connect().ask("MGET", *keys)
        check("each once, or told", counted == [b"%d" % len(done)] * 4, (counted, len(done), wrong[:3]))
        check("most were done", len(done) >= 900, (len(done), set(wrong)))


def when_there_are_two():
    """Two gateways, and SQL: counters are exact, and WATCH notices either."""
    with gateway() as first, gateway() as second:
        threads = []
        for at in first, second:
            for _ in range(5):
                c = at.connect()
                threads.append(threading.Thread(target=lambda c=c: [c.ask("INCR", "shared") for _ in range(200)]))
        for each in threads:
            each.start()
        for _ in range(100):
            sql("SELECT kv_incr('shared', store => 'kv_redis')") if _ % 10 == 0 else None
        for each in threads:
            each.join(LONG_ENOUGH)
        check("all are counted", first.ask("GET", "shared") == b"2010", first.ask("GET", "shared"))
        for write in (
            lambda: second.ask("SET", "watched", "1"), lambda: second.ask("EXPIRE", "watched", "100"),
            lambda: sql("SELECT kv_set('watched', '1', store => 'kv_redis')"),
            lambda: sql("BEGIN; SELECT kv_del('watched', store => 'kv_redis'); SELECT kv_set('watched', '1', store => 'kv_redis'); COMMIT"),
            lambda: second.ask("DEL", "watched"), lambda: second.ask("SETNX", "watched", "1"),
        ):  # fmt: skip
            c = first.connect()
            for command in ("WATCH", "watched", "other"), ("GET", "watched"), ("MULTI",), ("INCR", "rounds"):
                c.ask(*command)
            write()
            check("WATCH notices", c.ask("EXEC") is None)
        check("and nothing was done", first.ask("GET", "rounds") is None)


def when_it_is_killed():
    at = [Gateway()]
    at[0].ask("FLUSHALL")
    with counters(lambda: at[0], "gone") as clients:
        for _ in range(5):
            progress(clients)
            at[0].end(signal.SIGKILL)
            at[0] = Gateway(port=int(at[0].address.split(":")[1]))
        progress(clients)
        until("no backend stays behind", lambda: len(backends()) <= 3)
    check("SIGTERM ends it", at[0].end() == 0)
    until("with its connections", lambda: not backends())


def when_many_come_and_go():
    """Connections, and what they leave behind: nothing."""
    with gateway() as g:
        pids = [str(g.process.pid), *backends()]

        def some(count):
            for i in range(count):
                c = g.connect()
                c.send(encode([b"SET", b"k%d" % (i % 100), b"v" * 100]) + encode([b"GET", b"k"]) if i % 3 else b"*3\r\n$3\r\nSE")
                if i % 3:
                    c.reply()
                c.close()

        def at_rest():
            c = g.connect()
            until("they are gone", lambda: c.ask("CLIENT", "LIST").count(b"\n") <= 1)
            found = g.descriptors(), [memory_of(each) for each in pids]
            c.close()
            return found

        some(CONNECTIONS // 5)
        before = at_rest()
        some(CONNECTIONS)
        after = at_rest()
        check("no descriptor is lost", after[0] <= before[0], (before, after))
        grown = [now - was for was, now in zip(before[1], after[1])]
        check("no memory is lost", max(grown) < 2000, f"grown by {grown} kB")


def when_load_goes_on():
    """redis-benchmark, again and again, while a backend is killed sixty times: nothing grows."""
    with gateway("--backends", "2") as g, counters(lambda: g, "load", 3) as clients:
        load = Load(g)
        load.start()
        until("redis-benchmark is at work", lambda: len(backends()) >= 2 and load.commands > 0)
        rested = g.descriptors()
        seen = []
        for _ in range(60):
            time.sleep(LOAD / 60)
            seen.append(taken(g))
            sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'kvstore-redis%' ORDER BY random() LIMIT 1")
        progress(clients)
        load.end()
        check("redis-benchmark was served", load.problem is None, load.problem)
        print(f"{load.commands} commands of redis-benchmark and {load.told} errors in {LOAD:.0f} s; most kB of the gateway and of a backend, most descriptors, "
              f"by thirds: {[most(third) for third in thirds(seen)]}", flush=True)  # fmt: skip
        _, middle, last = [most(third) for third in thirds(seen)]
        grown = [now - was for was, now in zip(middle, last)]
        check("no memory is lost", max(grown[:2]) < 4000, f"grown by {grown} kB and descriptors")
        until("no descriptor is lost", lambda: g.descriptors() <= rested + 20)  # backends may be more now


class Load(threading.Thread):
    """redis-benchmark, one run after the other. It ends when it is told of an error, such as that its backend was killed."""

    OF_KILLS = ("the connection to the server broke, and this may have been done", "no connection to the server: ")

    def __init__(self, at):
        super().__init__(daemon=True)
        self.port = at.address.split(":")[1]
        self.commands, self.told, self.problem = 0, 0, None
        self.going_on = True

    def run(self):
        tests = itertools.cycle(["set", "get", "incr", "mset"])
        while self.going_on and not self.problem:
            command = ["redis-benchmark", "-p", self.port, "-c", "50", "-P", "4", "-r", "10000", "-d", "100", "-n", "20000", "-t", next(tests)]
            run = subprocess.run([*command, "--csv"], capture_output=True, text=True)
            if run.returncode == 0:
                self.commands += 20000
            elif any("Error from server: ERR " + each in run.stderr for each in self.OF_KILLS):
                self.told += 1
            else:
                self.problem = f"{run.returncode}: {run.stdout}{run.stderr}"

    def end(self):
        self.going_on = False
        self.join(LONG_ENOUGH)
        check("redis-benchmark ended", not self.is_alive())


def taken(g):
    """What the gateway and the largest of its backends take of memory, in kB, and how many descriptors it has."""
    sizes = []
    for pid in backends():
        with suppress(FileNotFoundError, StopIteration):  # it has just ended
            sizes.append(memory_of(pid))
    return memory_of(g.process.pid), max(sizes, default=0), g.descriptors()


def thirds(seen):
    size = len(seen) // 3
    return seen[:size], seen[size : 2 * size], seen[2 * size :]


def most(seen):
    return [max(each) for each in zip(*seen)]


def main():
    cases = {name[5:]: case for name, case in globals().items() if name.startswith("when_")}
    for name in sys.argv[1:] or cases:
        start, before = time.monotonic(), checks
        try:
            cases[name]()
        except AssertionError as failure:
            sys.exit(f"when {name.replace('_', ' ')}: {failure}")
        print(f"when {name.replace('_', ' ')}: {checks - before} checks, {time.monotonic() - start:.1f} s", flush=True)
    print(checks)


if __name__ == "__main__":
    main()
