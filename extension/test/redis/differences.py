"""Where the gateway may answer otherwise than Redis, and why. docs/redis.md has this table."""

from resp import elements

DIFFERENCES = [
    # what, Redis, kvstore, why
    ("keys longer than 2048 bytes", "stored", "an error", "a key has to fit into the index of a table"),
    ("an expiry after the year 294276", "stored", "an error", "PostgreSQL's times end there"),
    ("`LT` with the time that `PEXPIRETIME` says", "is not earlier", "may be", "an expiry is counted in microseconds, which `PEXPIRETIME` leaves out"),
    ("`SELECT`, `HELLO`, `AUTH`, `INFO` and subscribing within `MULTI`", "queued", "refused", "a transaction is of one role and one call"),
    ("keys that are no UTF-8, or have a zero byte", "stored", "an error", "a key is text, which SQL reads"),
    ("`KEYS **` and the empty key", "no match", "a match", "`*` stands for nothing, too"),
    ("`SCAN`, `KEYS`, `RANDOMKEY`", "the hash table's order", "the order of keys; cursors are other numbers",
     "a store is read through its index. What is there all the time comes once; in Redis it may come twice"),
    ("`SCAN` from an empty cursor", "begins", "an error", "it is no number"),
    ("a watched key that was not there, stored and removed again before `EXEC`", "aborts", "carries out, unless a command of the client saw it",
     "the key is as it was: there is no version of it to tell"),
    ("`DBSIZE` and `MEMORY USAGE` of what has expired", "counted until something comes across it", "absent", "what has expired is absent to everybody"),
    ("`OBJECT ENCODING`, `MEMORY USAGE`", "how Redis keeps it", "what PostgreSQL takes", "a value is a field of a row"),
    ("`INFO`, `CLIENT LIST`, `HELLO`", "version 7.0.15, its own numbers", "its version and numbers", "another server"),
    ("`COMMAND`, `COMMAND COUNT`, `.. INFO`", "all of Redis's", "those that there are", "lists, hashes and the like are tables in SQL"),
    ("`LOLWUT`, `TIME`, `CLIENT ID`", "", "the same form", "never the same twice"),
]  # fmt: skip

# Replies of kvstore-redis that say so. What follows them is not compared: one may have stored what the
# other has not.
SAID = (b"-ERR key of ", b"-ERR key has ", b"-ERR key is not valid text", b"-ERR Command not allowed inside a transaction")


def is_allowed(expected, got):
    """Whether a reply says so, or one of the replies of EXEC."""
    if expected[:1] == b"*" == got[:1]:
        return any(is_allowed(*each) for each in zip(elements(expected)[1], elements(got)[1]))
    return got != expected and got.startswith(SAID)


def table():
    """The table in Markdown."""
    lines = ["| | Redis 7.0 | kvstore | why |", "|---|---|---|---|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in DIFFERENCES])
