"""Django's cache for Redis, and its sessions in it: its own, or django-redis where Django is older than 4.

django-redis counts by a script, which is for a later issue: skipped there.
"""

import os
import sys

sys.path.pop(0)  # this file is called django, too

import django
from django.conf import settings

address = f"redis://{os.environ['REDIS_HOST']}:{os.environ['REDIS_PORT']}"
own = django.VERSION >= (4,)
backend = "django.core.cache.backends.redis.RedisCache" if own else "django_redis.cache.RedisCache"
settings.configure(
    CACHES={"default": {"BACKEND": backend, "LOCATION": address, "KEY_PREFIX": "app"}},
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    SECRET_KEY="x",
)
django.setup()

from django.contrib.sessions.backends.cache import SessionStore
from django.core.cache import cache

checks = 0


def is_(what, expected, got):
    global checks
    if expected != got:
        raise SystemExit(f"{what}: expected {expected!r}, got {got!r}")
    checks += 1


cache.clear()
is_("get", "none", cache.get("k", "none"))
cache.set("k", {"any": ["object", 1.5, None]}, 100)
is_("set", {"any": ["object", 1.5, None]}, cache.get("k"))
is_("add", [False, True], [cache.add("k", 1), cache.add("new", 1, 100)])
is_("touch", [True, False], [cache.touch("k", 1000), cache.touch("nothing")])
is_("get_or_set", ["made", "made"], [cache.get_or_set("g", lambda: "made"), cache.get_or_set("g", "other")])
many = {f"m{i}": i * 1.5 for i in range(300)}
is_("set_many", [], cache.set_many(many, 100) or [])
is_("get_many", many, cache.get_many([*many, "nothing"]))
is_("delete_many", {}, (cache.delete_many(many), cache.get_many(many))[1])
cache.set("counter", 1, None)
if own:
    is_("incr", [2, 12, 11], [cache.incr("counter"), cache.incr("counter", 10), cache.decr("counter")])
    try:
        cache.incr("nothing")
        is_("incr of nothing", "ValueError", "no error")
    except ValueError:
        is_("incr of nothing", 0, 0)
is_("delete", [True, False], [cache.delete("k"), cache.delete("k")])
is_("has_key", [True, False], [cache.has_key("counter"), cache.has_key("k")])
cache.set("gone", 1, 0)
is_("timeout 0", None, cache.get("gone"))
cache.set("v", 1, version=2)
is_("versions", [None, 1], [cache.get("v"), cache.get("v", version=2)])

session = SessionStore()
session["user"] = 42
session.save()
again = SessionStore(session.session_key)
is_("session", 42, again["user"])
again.cycle_key()
is_("cycled", [False, 42], [session.exists(session.session_key), SessionStore(again.session_key)["user"]])
again.flush()
is_("flushed", None, again.session_key)
cache.clear()
is_("clear", None, cache.get("counter"))
print(checks)
