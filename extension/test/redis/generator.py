"""Sequences of commands at random, as clients send them, and as no client should."""

import random
import re
from dataclasses import dataclass

from resp import as_bytes

DATABASES = 3
CONNECTIONS = 2


@dataclass(frozen=True)
class Step:
    """What one of the connections does next.

    command  sends the arguments
    inline   the same as a line of text
    scan     SCAN with these options, from the cursor 0 until it is 0 again
    expire   the same outside of a transaction, for a key (the second) that then expires at once
    publish  PUBLISH, and what the connections hear of it
    """

    connection: int
    kind: str
    arguments: tuple

    def __str__(self):
        words = " ".join(quoted(each) for each in self.arguments)
        return f"{self.connection + 1}: {'' if self.kind == 'command' else self.kind + ' '}{words}"


def quoted(argument):
    """As it can be typed into redis-cli."""
    if argument and all(33 <= each < 127 and each not in b"\"'\\" for each in argument):
        return argument.decode()
    text = ""
    for each in argument:
        if each in b'"\\':
            text += "\\" + chr(each)
        else:
            text += chr(each) if 32 <= each < 127 else f"\\x{each:02x}"
    return f'"{text}"'


# --- What arguments are made of ---------------------------------------------

KEYS = [
    b"a", b"b", b"c", b"counter", b"user:1", b"user:2", b"user:10", b"", b"with a blank",
    b"k[1]*?\\", "h\u00e4\u00df\u20ac".encode(), b"K" * 300, b"L" * 2048, b"EX", b"1", b'q"\'\n\r\t',
]  # fmt: skip
PATTERNS = [
    b"*", b"user:*", b"user:?", b"user:??", b"u*:1*", b"[abc]", b"[^a]", b"[a-c]*", b"[c-a]", b"\\k\\[1\\]\\*\\?\\\\",
    b"a**", b"", b"?", b"*[", b"[", b"\\", b"*\\", b"[a", b"[^", b"[a-", b"[\\]]", b"*1", b"K*K", "h\u00e4*".encode(), b"*\xff*",
    b"with a blank", b"A", b"[]", b"[]a]", b"a*b*c", b"[[-]*", b"*:1", b"x", b"k?1]*",
]  # fmt: skip
INTEGERS = [
    b"0", b"1", b"-1", b"2", b"10", b"-17", b"100", b"9223372036854775806", b"9223372036854775807",
    b"-9223372036854775807", b"-9223372036854775808", b"4611686018427387904",
]  # fmt: skip
NO_INTEGERS = [
    b"", b"x", b"1.5", b"1e3", b"+7", b"-0", b"007", b" 1", b"1 ", b"0x10", b"--1", b"-", b"9223372036854775808",
    b"-9223372036854775809", b"18446744073709551616", b"1" * 40, b"1\x00", b"\xb2", b"1_000",
]  # fmt: skip
# Of 32 bits, and of 64.
OUT_OF_RANGE = [b"2147483648", b"-2147483649", b"3000000000", b"99999999999", b"9223372036854775807", b"9223372036854775808"]
FLOATS = [
    b"0", b"1", b"-1", b"0.1", b"-0.1", b"3.0e3", b"1e10", b"1e-7", b"2.5", b"10.50", b"1e17", b"123456789.123456789",
    b".5", b"5.", b"1E2", b"0.30000000000000004", b"1e-17", b"3.14159265358979", b"-5e-324", b"1e15", b"99999999999999999",
]  # fmt: skip
NO_FLOATS = [b"", b"x", b"1.5x", b" 1.5", b"1.5 ", b"nan", b"inf", b"-inf", b"1e", b"e5", b"1,5", b"--1", b"1e5000", b"infinity"]
TEXTS = [b"", b"v", b"hello world", b"\x00", b"\xff\xfe\x00\x80", bytes(range(256)), b"a\r\nb", "\u20ac".encode(), b"x" * 100]
FIXED_TIMES = [4102444800 + 1000 * each for each in range(200)]  # from the year 2100 on
PAST_TIMES = [1, 1000, 1000000000]
NO_COMMANDS = [
    [b"nosuch"], [b"NoSuch", b"a", b"b c", b""], [b""], [b"get "], [b"GETX", b"\r\n", b"x" * 200, b"y" * 200],
    [b"x" * 300, b"a"], [b"set\x00", b"a"], [b"\xff", b"\xfe"], [b"G\r\nET", b"a"],
    [b"CLIENT", b"NOSUCH"], [b"CLIENT", b"no\r\nsuch", b"a"], [b"OBJECT", b"nosuch", b"a"], [b"COMMAND", b"NOSUCH"],
    [b"CONFIG", b"NOSUCH", b"a"],
]  # fmt: skip


def may_be_too_far(arguments):
    """Whether it might have something expire at a time that Redis knows and PostgreSQL does not."""
    name = arguments[0].upper()
    return (b"EX" in name or name == b"SET") and any(each.isdigit() and 10**13 <= int(each) < 2**63 for each in arguments[1:])


def is_brief(arguments):
    """Whether it would expire during a sequence, on one server before the other."""
    name = arguments[0].upper()
    if name in (b"SETEX", b"PSETEX", b"EXPIRE", b"PEXPIRE"):
        times = arguments[2:3]
    elif name in (b"SET", b"GETEX"):
        times = [each for option, each in zip(arguments[2:], arguments[3:]) if option.upper() in (b"EX", b"PX")]
    else:
        return False
    return any(each.isdigit() and 0 < int(each) < 100000 for each in times)


def is_gone_at_once(arguments):
    """Whether it stores what has expired already."""
    units = {b"EXAT": 1, b"PXAT": 1000}
    return arguments[0].upper() == b"SET" and any(
        each.isdigit() and int(each) <= max(PAST_TIMES) * units.get(option.upper(), 0) for option, each in zip(arguments[2:], arguments[3:])
    )


class Generator:
    """All that it makes follows from the seed."""

    def __init__(self, seed, length, protocol):
        self.random = random.Random(seed)
        self.length = length
        self.protocol = protocol
        self.steps = []
        self.keys = self.random.sample(KEYS, self.random.randint(2, 6))
        # Times to live that differ by much more than a run takes, so that which of two is longer
        # does not depend on when they were set. Each is used once.
        self.lives = self.random.sample(range(1, 4000), 3999)
        self.times = self.random.sample(FIXED_TIMES, len(FIXED_TIMES))

    def pick(self, of):
        return self.random.choice(of)

    def chance(self, of):
        return self.random.random() < of

    # --- Arguments

    def key(self):
        return self.pick(self.keys)

    def some_keys(self):
        return [self.key() for _ in range(self.random.choice([1, 1, 2, 2, 3, 5]))]

    def value(self):
        what = self.random.random()
        if what < 0.45:
            return self.pick(INTEGERS[:7])
        if what < 0.55:
            return self.pick(INTEGERS)
        if what < 0.65:
            return self.pick(NO_INTEGERS)
        if what < 0.75:
            return self.pick(FLOATS)
        if what < 0.78:
            return self.pick(NO_FLOATS)
        if what < 0.95:
            return self.pick(TEXTS)
        if what < 0.97:
            return self.pick(self.keys)
        return self.random.randbytes(self.random.choice([1, 20, 1000, 5000, 20000]))

    def integer(self):
        return self.pick(INTEGERS[:7]) if self.chance(0.7) else self.pick(INTEGERS) if self.chance(0.7) else self.pick(NO_INTEGERS)

    def float(self):
        return self.pick(FLOATS) if self.chance(0.9) else self.pick(NO_FLOATS)

    def position(self):
        if self.chance(0.05):
            return self.pick(NO_INTEGERS)
        if self.chance(0.05):
            return self.pick(INTEGERS)
        return b"%d" % self.random.randint(-8, 8)

    def life(self, unit):
        """A time to live, in seconds (1) or milliseconds (1000)."""
        what = self.random.random()
        if what < 0.85 and self.lives:
            return b"%d" % (self.lives.pop() * 1000 * unit)
        if what < 0.93:
            return self.pick([b"0", b"-1", b"-1000", b"-9223372036854775807"])
        return self.pick(NO_INTEGERS + [b"9223372036854775807", b"-9223372036854775808"])

    def time(self, unit):
        """A time of expiry, as seconds or milliseconds since 1970."""
        what = self.random.random()
        if what < 0.8 and self.times:
            return b"%d" % (self.times.pop() * unit)
        if what < 0.9:
            return b"%d" % (self.pick(PAST_TIMES) * unit)
        return self.pick(NO_INTEGERS + [b"0", b"-1", b"-9223372036854775808"])

    def expiry(self):
        name = self.pick([b"EX", b"PX", b"EXAT", b"PXAT"])
        unit = 1000 if name[:1] == b"P" else 1
        return [name, self.time(unit) if name.endswith(b"AT") else self.life(unit)]

    # --- Commands. Each gives one, most of them right.

    def set(self):
        options = []
        for option, how_often in [
            (self.expiry(), 0.4), ([b"KEEPTTL"], 0.15), ([b"NX"], 0.2), ([b"XX"], 0.2), ([b"GET"], 0.25),
        ]:  # fmt: skip
            if self.chance(how_often):
                options.append(option)
        self.random.shuffle(options)
        return [b"SET", self.key(), self.value(), *sum(options, [])]

    def setex(self):
        return [b"SETEX", self.key(), self.life(1), self.value()]

    def psetex(self):
        return [b"PSETEX", self.key(), self.life(1000), self.value()]

    def getex(self):
        option = self.pick([[], [b"PERSIST"], self.expiry(), self.expiry(), self.expiry()])
        return [b"GETEX", self.key(), *option]

    def of_key(self):
        name = self.pick(
            [b"GET", b"GET", b"GETDEL", b"STRLEN", b"INCR", b"DECR", b"TYPE", b"TTL", b"PTTL", b"EXPIRETIME", b"PEXPIRETIME", b"PERSIST"]
        )
        return [name, self.key()]

    def of_keys(self):
        return [self.pick([b"MGET", b"MGET", b"DEL", b"UNLINK", b"EXISTS", b"TOUCH"]), *self.some_keys()]

    def of_key_and_value(self):
        return [self.pick([b"SETNX", b"GETSET", b"APPEND", b"SET", b"SET"]), self.key(), self.value()]

    def of_key_and_integer(self):
        return [self.pick([b"INCRBY", b"DECRBY"]), self.key(), self.integer()]

    def incrbyfloat(self):
        return [b"INCRBYFLOAT", self.key(), self.float()]

    def of_pairs(self):
        pairs = [[key, self.value()] for key in self.some_keys()]
        return [self.pick([b"MSET", b"MSETNX"]), *sum(pairs, [])]

    def getrange(self):
        return [self.pick([b"GETRANGE", b"SUBSTR"]), self.key(), self.position(), self.position()]

    def setrange(self):
        offset = self.pick([b"%d" % self.random.randint(0, 12)] * 8 + [b"1000", b"-1", b"536870912", b"9223372036854775807", b"x"])
        return [b"SETRANGE", self.key(), offset, self.value()]

    def expire(self):
        name = self.pick([b"EXPIRE", b"PEXPIRE", b"EXPIREAT", b"PEXPIREAT"])
        unit = 1000 if name[:1] == b"P" else 1
        when = self.time(unit) if name.endswith(b"AT") else self.life(unit)
        options = self.pick([[]] * 4 + [[b"NX"], [b"XX"], [b"GT"], [b"LT"]] + [self.random.sample([b"NX", b"XX", b"GT", b"LT"], 2)])
        return [name, self.key(), when, *options]

    def of_two_keys(self):
        name = self.pick([b"RENAME", b"RENAMENX", b"COPY", b"COPY"])
        options = []
        if name == b"COPY":
            if self.chance(0.3):
                options.append([b"REPLACE"])
            if self.chance(0.3):
                options.append([b"DB", self.database()])
            self.random.shuffle(options)
        return [name, self.key(), self.key(), *sum(options, [])]

    def database(self):
        if self.chance(0.1):
            return self.pick([b"-1", b"%d" % DATABASES, b"999", b"x", b"", b"1.5", *OUT_OF_RANGE])
        return b"%d" % self.random.randrange(DATABASES)

    def of_database(self):
        if self.chance(0.4):
            return [b"MOVE", self.key(), self.database()]
        return [b"SELECT", self.database()]

    def of_keyspace(self):
        return self.pick(
            [
                [b"DBSIZE"], [b"DBSIZE"], [b"RANDOMKEY"], [b"KEYS", self.pick(PATTERNS)], [b"KEYS", self.pick(PATTERNS)],
                [b"FLUSHDB", *self.pick([[], [b"ASYNC"], [b"SYNC"], [b"x"]])],
                [b"FLUSHALL", *self.pick([[], [b"ASYNC"], [b"SYNC"], [b"x"]])] if self.chance(0.3) else [b"DBSIZE"],
                [b"OBJECT", self.pick([b"ENCODING", b"FREQ", b"IDLETIME", b"REFCOUNT"]), self.key()],
                [b"MEMORY", b"USAGE", self.key(), *self.pick([[], [], [b"SAMPLES"], [b"SAMPLES", self.integer()], [b"samples", b"5", b"SAMPLES", self.integer()]])],
                [b"SCAN", self.pick([b"x", b"1.5"])], [b"SCAN", b"0", b"COUNT", self.pick([b"0", b"-1", b"x"])],
                [b"SCAN", b"0", b"COUNT"], [b"SCAN", b"0", b"x", b"y"],
            ]
        )  # fmt: skip

    def of_server(self):
        return self.pick(
            [
                [b"PING"], [b"PING", self.value()], [b"ECHO", self.value()], [b"TIME"], [b"WAIT", b"0", b"10"], [b"LOLWUT"],
                [b"CLIENT", b"ID"], [b"CLIENT", b"GETNAME"], [b"CLIENT", b"SETNAME", self.pick([b"", b"me", b"a b", b"\n"])],
                [b"CLIENT", b"NO-EVICT", self.pick([b"on", b"OFF", b"x"])],
                [b"CONFIG", b"GET", self.pick([b"no-such-parameter", b"databases", b"DATA*"])], [b"CONFIG", b"RESETSTAT"],
                self.config_set(), [b"COMMAND", b"COUNT"],
                [b"COMMAND", b"GETKEYS", *self.command(0)], [b"COMMAND", b"INFO", *[self.command(0)[0] for _ in range(2)], b"nosuch"],
                [b"SLOWLOG", b"GET", *self.few([self.integer(), b"1"])], [b"SLOWLOG", b"LEN"], [b"SLOWLOG", b"RESET"],
                [b"HELLO"], [b"HELLO", b"%d" % self.protocol], [b"HELLO", self.pick([b"1", b"4", b"x", b""])], [b"HELLO", b"3", b"x"],
                [b"UNWATCH"], [b"INFO"], [b"INFO", b"keyspace"],
            ]
        )  # fmt: skip

    def few(self, arguments):
        """None of them, the first, the first two, .."""
        return arguments[: self.random.randint(0, len(arguments))]

    def config_set(self):
        """What changes nothing that the others notice."""
        pairs = [
            [self.pick([b"slowlog-max-len"] * 5 + [b"SLOWLOG-Max-Len", b"databases", b"no-such-parameter"]), self.pick([b"128"] * 4 + [b"1", b"x"])]
            for _ in range(self.pick([1, 2, 2, 3]))
        ]
        if self.chance(0.2):
            pairs.append([b"slowlog-log-slower-than", self.pick([b"10000", b"-2", b"x"])])
        self.random.shuffle(pairs)
        return [b"CONFIG", b"SET", *sum(pairs, [])]

    def of_clients(self):
        """About clients and channels. No number is a client's, and nobody is closed."""
        number = self.pick([b"1000000000", b"1000000001", b"9223372036854775807", *NO_INTEGERS])
        nobody = [
            [b"ID", number], [b"USER", self.pick([b"nobody", b"", b"a b"])], [b"TYPE", self.pick([b"master", b"Replica", b"slave", b"x", b""])],
            [b"ADDR", self.pick([b"1.2.3.4:5", b""])], [b"LADDR", b"x"],
        ]  # fmt: skip
        options = sum([self.pick([[b"SKIPME", self.pick([b"yes", b"NO", b"x"])], *nobody]) for _ in range(self.random.randint(0, 2))], [])
        return self.pick(
            [
                [b"CLIENT", b"KILL", *self.pick(nobody), *options, *self.few([b"ID"])], [b"CLIENT", b"KILL", self.pick([b"1.2.3.4:5", b"", b"x"])],
                [b"CLIENT", b"UNBLOCK", number, *self.few([self.pick([b"TIMEOUT", b"error", b"foo", b""]), b"x"])],
                [b"CLIENT", b"LIST", *self.pick([[], [b"x"], [b"ID"], [b"ID", number, number], [b"TYPE"], [b"TYPE", b"master"], [b"type", b"x"], [b"TYPE", b"master", b"x"]])],
                [b"CLIENT", b"PAUSE", self.pick([b"-1", b"x", b""]), *self.few([self.pick([b"ALL", b"write", b"x"]), b"x"])],
                [b"client", b"pause", b"0", self.pick([b"x", b""])], [b"CLIENT", b"UNPAUSE"], [b"CLIENT", b"REPLY", b"x"],
                [b"CLIENT", b"TRACKINGINFO"], [b"CLIENT", b"GETREDIR"], [b"CLIENT", b"INFO"],
                [b"PUBSUB", self.pick([b"CHANNELS", b"channels"]), *self.few([self.pick(PATTERNS), b"x"])],
                [b"PUBSUB", b"NUMSUB", *self.few([b"news", b"news", b"a:b"])], [b"PUBSUB", b"NUMPAT", *self.few([b"x"])],
                [b"LATENCY", b"LATEST"], [b"LATENCY", b"RESET", *self.few([b"x"])],
            ]
        )  # fmt: skip

    def of_transaction(self):
        return self.pick([[b"MULTI"], [b"EXEC"], [b"DISCARD"], [b"UNWATCH"], [b"MULTI", b"x"], [b"EXEC", b"x"], [b"WATCH"], [b"RESET"]])

    OF_DATA = [
        (set, 12), (setex, 2), (psetex, 2), (getex, 5), (of_key, 22), (of_keys, 10), (of_key_and_value, 10), (of_key_and_integer, 6),
        (incrbyfloat, 4), (of_pairs, 4), (getrange, 5), (setrange, 4), (expire, 10), (of_two_keys, 6),
    ]  # fmt: skip
    OF_ALL = OF_DATA + [(of_database, 3), (of_keyspace, 6), (of_server, 5), (of_clients, 3), (of_transaction, 1)]

    def command(self, wrong=0.06, of=OF_DATA):
        make = self.random.choices([each for each, _ in of], [weight for _, weight in of])[0]
        arguments = make(self)
        if self.chance(wrong) and arguments[0] != b"WAIT":  # which would wait for ever
            arguments = self.spoilt(arguments)
        if arguments[0] == b"SCAN" and re.fullmatch(rb"[-+]?[0-9]*", b"".join(arguments[1:2])):
            arguments[1:2] = [b"0"] * len(arguments[1:2])  # cursors are other numbers: see DIFFERENCES
        arguments[0] = self.in_some_case(arguments[0])
        return arguments

    def spoilt(self, arguments):
        """The command with something wrong about it, most likely."""
        for _ in range(100):
            tried = self.spoil(arguments)
            if not is_brief(tried) and not may_be_too_far(tried):
                return tried
        return arguments

    def spoil(self, arguments):
        arguments = list(arguments)
        at = self.random.randrange(len(arguments))
        how = self.pick(["cut", "leave out", "double", "add", "change", "swap", "no command"])
        if how == "cut":
            return arguments[: at + 1]
        if how == "leave out" and at > 0:
            del arguments[at]
        elif how == "double" and at > 0:
            arguments.insert(at, arguments[at])
        elif how == "add":
            arguments.insert(at + 1, self.pick([b"NX", b"XX", b"EX", b"GET", b"KEEPTTL", b"PERSIST", b"x", b"", b"1", b"DB", b"REPLACE", b"LIMIT"]))
        elif how == "change" and at > 0:
            arguments[at] = self.pick(NO_INTEGERS + TEXTS + self.keys) if at > 1 else self.key()
        elif how == "swap" and len(arguments) > 2:
            arguments[1:] = self.random.sample(arguments[1:], len(arguments) - 1)
        elif how == "no command":
            return list(self.pick(NO_COMMANDS))
        return arguments

    def in_some_case(self, word):
        if self.chance(0.8):
            return word
        return bytes(self.pick([each, each ^ 32]) if chr(each).isalpha() and each < 128 else each for each in word)

    # --- Sequences

    def sequence(self):
        while len(self.steps) < self.length:
            connection = self.random.randrange(CONNECTIONS)
            what = self.random.random()
            if what < 0.05:
                self.transaction(connection)
            elif what < 0.07:
                self.add(connection, "scan", self.scan())
            elif what < 0.09:
                self.short_life(connection)
            elif what < 0.10:
                self.messages(connection)
            elif what < 0.11:
                self.inline(connection)
            else:
                for _ in range(self.random.randint(1, 20)):
                    command = self.command(of=self.OF_ALL)
                    for each in self.clearing(command):
                        self.add(connection, "command", each)
                    self.add(connection, "command", command)
        return tuple(self.steps)

    @staticmethod
    def clearing(command):
        """What removes what has expired before a command that finds it in Redis: see DIFFERENCES."""
        name = [each.upper() for each in command[:2]]
        if name[0] == b"DBSIZE":
            return [[b"SCAN", b"0", b"COUNT", b"1000"]]
        if name == [b"MEMORY", b"USAGE"] and len(command) > 2:
            return [[b"EXISTS", command[2]]]
        return []

    def add(self, connection, kind, arguments):
        self.steps.append(Step(connection, kind, tuple(as_bytes(each) for each in arguments)))

    def scan(self):
        options = []
        for option, how_often in [([b"MATCH", self.pick(PATTERNS)], 0.5), ([b"COUNT", self.pick([b"1", b"2", b"10", b"1000"])], 0.6),
                                  ([b"TYPE", self.pick([b"string", b"STRING", b"list", b"x"])], 0.2)]:  # fmt: skip
            if self.chance(how_often):
                options.append(option)
        self.random.shuffle(options)
        return sum(options, [])

    def transaction(self, connection):
        """A transaction, and something that a watched key may notice: one write at most, see DIFFERENCES."""
        if self.chance(0.6):
            self.add(connection, "command", [b"WATCH", *self.some_keys()])
            if self.chance(0.3):
                self.add(connection, "command", [b"GET", self.key()])
            if self.chance(0.6):
                writer = connection if self.chance(0.3) else 1 - connection
                command = self.command(0, of=self.OF_DATA)
                if not is_gone_at_once(command):
                    self.add(writer, "command", command)
        self.add(connection, "command", [b"MULTI"])
        for _ in range(self.random.randint(0, 8)):
            self.add(connection, "command", self.command(0.02, of=self.OF_DATA))
        if self.chance(0.05):
            self.add(connection, "command", self.pick([[b"MULTI"], [b"WATCH", self.key()], [b"nosuch"], [b"GET"]]))
        self.add(connection, "command", [self.pick([b"EXEC", b"EXEC", b"EXEC", b"DISCARD"])])

    def short_life(self, connection):
        key = self.key()
        self.add(connection, "expire", self.pick([[b"SET", key, self.value(), b"PX", b"1"], [b"PEXPIRE", key, b"1"], [b"GETEX", key, b"PX", b"1"]]))

    def inline(self, connection):
        """A line of words. Some have quotes, some of which are wrong."""
        line = self.pick([
            b"SET a b", b"set a 'b c'", b'SET a "\\x00\\xff\\n\\"q"', b"  GET   a  ", b"GET a", b"PING", b"ping 'x\\'y'", b"GET 'a", b'GET "a"b',
            b"", b"   ", b"MGET a b a", b"nosuch a b", b"\tPING\t", b"SET a ''", b'echo "a\\tb\\a\\q\\x4"', b"'PING'",
        ])  # fmt: skip
        if line.strip():  # an empty one has no answer
            self.add(connection, "inline", [line])

    def messages(self, connection):
        """One subscribes, the other publishes."""
        other = 1 - connection
        self.add(connection, "command", [b"DISCARD"])
        self.add(other, "command", [b"DISCARD"])
        channel, pattern = self.pick([b"news", b"a:b", "\u00e4".encode()]), self.pick([b"n*", b"a:?", b"[nx]ews"])
        self.add(connection, "command", [b"SUBSCRIBE", channel])
        self.add(connection, "command", [b"PSUBSCRIBE", pattern])
        self.add(other, "command", self.pick([[b"PUBSUB", b"CHANNELS"], [b"PUBSUB", b"NUMSUB", channel], [b"PUBSUB", b"NUMPAT"]]))
        for _ in range(self.random.randint(1, 3)):
            to = self.pick([b"news", b"a:b", "\u00e4".encode(), b"other"])
            self.add(other, "publish", [b"PUBLISH", to, self.pick([b"", b"m", b"hello world", "\u20ac".encode()])])
        if self.protocol == 2:
            self.add(connection, "command", self.pick([[b"GET", b"a"], [b"PING"], [b"PING", b"x"], [b"MULTI"]]))
        else:
            self.add(connection, "command", [b"GET", self.key()])
        self.add(connection, "command", [b"PUNSUBSCRIBE", pattern])
        self.add(connection, "command", [b"UNSUBSCRIBE", channel])
