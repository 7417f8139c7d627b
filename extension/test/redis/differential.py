#!/usr/bin/env python3
"""Sends the same commands at random to redis-server and to kvstore-redis, and compares the replies.

Every byte of a reply counts, except for what differences.py allows and for the time that a key has
still to live. Sequences go through two connections, one command at a time or many at once, in RESP2
and in RESP3. On a difference it prints the seed, and the shortest sequence found that still differs.

The last line is the number of commands that were compared.
"""

import argparse
import os
import sys
import time
from dataclasses import replace

import conversations
from differences import is_allowed, table
from generator import CONNECTIONS, DATABASES, Generator
from resp import Closed, Connection, elements, encode, value_of

# --- What is equal ----------------------------------------------------------

# Replies of which only the kind and, of arrays, the length counts.
ONLY_THE_FORM = {
    (b"RANDOMKEY",), (b"TIME",), (b"LOLWUT",), (b"INFO",), (b"CLIENT", b"ID"), (b"COMMAND", b"COUNT"),
    (b"SCAN",), (b"OBJECT", b"ENCODING"), (b"MEMORY", b"USAGE"), (b"PUBLISH",),
    (b"SLOWLOG", b"LEN"), (b"CLIENT", b"LIST"), (b"CLIENT", b"INFO"), (b"OBJECT", b"IDLETIME"), (b"OBJECT", b"REFCOUNT"),
}  # fmt: skip
# Redis has taken something for slow, or not.
ONLY_THE_KIND = {(b"SLOWLOG", b"GET"), (b"COMMAND", None), (b"COMMAND", b"INFO")}
IN_ANY_ORDER = {(b"KEYS",), (b"PUBSUB", b"CHANNELS")}
TIMES = {(b"TTL",): 1, (b"PTTL",): 1000, (b"EXPIRETIME",): 1, (b"PEXPIRETIME",): 1000}  # with the unit
HELLO_DIFFERS = (b"version", b"id", b"modules", b"server")


def names(arguments):
    first, *rest = [each.upper() for each in arguments] or [b""]
    return [(first,), (first, rest[0] if rest else None)]


def is_one_of(arguments, of):
    return any(each in of for each in names(arguments))


def agree(arguments, expected, got, elapsed):
    """Whether two replies to a command are the same. So many seconds ago, at most, was anything done."""
    if expected == got:
        return True
    if expected[:1] != got[:1]:
        return False
    if expected[:1] in b"-+":
        return False
    if is_one_of(arguments, ONLY_THE_KIND):
        return True
    if is_one_of(arguments, ONLY_THE_FORM):
        return expected[:1] not in b"*~%" or elements(expected)[0] == elements(got)[0]
    if is_one_of(arguments, IN_ANY_ORDER):
        return expected[:1] == b"*" and elements(expected)[0] == elements(got)[0] and sorted(elements(expected)[1]) == sorted(elements(got)[1])
    if is_one_of(arguments, TIMES):
        unit = TIMES[names(arguments)[0]]
        times = value_of(expected), value_of(got)
        return min(times) >= 0 and abs(times[0] - times[1]) <= elapsed * unit + 1
    if arguments[0].upper() == b"HELLO" and expected[:1] in b"*%":
        pairs = elements(expected), elements(got)
        return pairs[0][0] == pairs[1][0] and without(pairs[0][1], HELLO_DIFFERS) == without(pairs[1][1], HELLO_DIFFERS)
    return False


def without(pairs, left_out):
    values = [value_of(each) for each in pairs]
    return {name: value for name, value in zip(values[::2], values[1::2]) if name not in left_out}


class Queue:
    """What a connection has queued since MULTI, to compare the replies of EXEC one by one."""

    def __init__(self):
        self.commands = []

    def agree(self, arguments, expected, got, elapsed):
        name = arguments[0].upper() if arguments else b""
        if expected == b"+QUEUED\r\n":
            self.commands.append(arguments)
            return got == expected
        if name in (b"MULTI", b"EXEC", b"DISCARD", b"RESET") and not expected.startswith(b"-ERR"):
            queued, self.commands = self.commands, []
            if name == b"EXEC" and expected[:1] == b"*" == got[:1]:
                return self.all_agree(queued, elements(expected), elements(got), elapsed)
        return agree(arguments, expected, got, elapsed)

    @staticmethod
    def all_agree(queued, expected, got, elapsed):
        return expected[0] == got[0] and all(
            agree(arguments, one, other, elapsed) for arguments, one, other in zip(queued, expected[1], got[1])
        )


# --- Two servers side by side -----------------------------------------------


class Difference(Exception):
    def __init__(self, step, expected, got):
        super().__init__(step)
        self.step, self.expected, self.got = step, expected, got

    def what(self):
        """What shortening keeps: the command that differs, and how its replies begin."""
        name = self.step.arguments[0].upper() if self.step.arguments else b""
        return self.step.kind, name, self.expected[:1], self.got[:1]

    def __str__(self):
        return f"    Redis:   {self.expected[:600]!r}\n    kvstore: {self.got[:600]!r}"


class Allowed(Exception):
    """A difference that differences.py lists, after which the two go different ways."""


class Server:
    """One of the two: the address, and the connections of a run."""

    def __init__(self, address):
        self.address = address
        self.connections = []

    def begin(self, protocol):
        self.end()
        self.connections = [Connection(self.address) for _ in range(CONNECTIONS)]
        for each in self.connections:
            if protocol == 3:
                each.ask("HELLO", 3)
        # What was sent before and not read may still be under way.
        while self.connections[0].ask("CLIENT", "LIST").count(b"\n") > CONNECTIONS:
            time.sleep(0.001)
        answer = self.connections[0].ask("FLUSHALL")
        if answer != b"OK":
            sys.exit(f"{self.address}: FLUSHALL answers {answer}")

    def end(self):
        for each in self.connections:
            each.close()
        self.connections = []

    def reply(self, connection):
        try:
            return self.connections[connection].reply()
        except Closed as error:
            return b"(%b)" % str(error).encode()

    def send(self, connection, data):
        try:
            self.connections[connection].send(data)
        except Closed:
            pass  # seen when the reply is read

    def ask(self, connection, *arguments):
        self.send(connection, encode(arguments))
        return self.reply(connection)


class Comparison:
    """One sequence, sent to both."""

    def __init__(self, redis, kvstore, protocol, pipelined):
        self.servers = redis, kvstore
        self.protocol, self.pipelined = protocol, pipelined

    def run(self, steps):
        """Raises a Difference, if there is one."""
        self.started = time.monotonic()
        self.queues = [Queue() for _ in range(CONNECTIONS)]
        for server in self.servers:
            server.begin(self.protocol)
        for group in self.groups(steps):
            getattr(self, group[0].kind)(group)

    def groups(self, steps):
        """Steps that are sent at once: those of one connection, if at all."""
        group = []
        for step in steps:
            goes_on = self.pipelined and len(group) < 50 and step.kind == "command"
            if group and not (goes_on and group[-1].kind == "command" and group[-1].connection == step.connection):
                yield group
                group = []
            group.append(step)
        if group:
            yield group

    def compare(self, step, expected, got):
        elapsed = time.monotonic() - self.started
        if not self.queues[step.connection].agree(step.arguments, expected, got, elapsed):
            if is_allowed(expected, got):
                raise Allowed
            raise Difference(step, expected, got)

    def command(self, group):
        connection = group[0].connection
        data = b"".join(encode(step.arguments) for step in group)
        for server in self.servers:
            server.send(connection, data)
        for step in group:
            self.compare(step, *[server.reply(connection) for server in self.servers])

    def inline(self, group):
        step = group[0]
        for server in self.servers:
            server.send(step.connection, step.arguments[0] + b"\r\n")
        replies = [server.reply(step.connection) for server in self.servers]
        if replies[0] == b"-ERR Protocol error: unbalanced quotes in request\r\n":
            replies += [server.reply(step.connection) for server in self.servers]  # it closes
            self.reconnect(step.connection)
        words = step.arguments[0].split()
        if replies[0] == b"+QUEUED\r\n":
            self.queues[step.connection].commands.append(words)
        if replies[::2] != replies[1::2]:
            raise Difference(step, b"".join(replies[::2]), b"".join(replies[1::2]))

    def reconnect(self, connection):
        self.queues[connection] = Queue()
        for server in self.servers:
            server.connections[connection].close()
            server.connections[connection] = Connection(server.address)
            if self.protocol == 3:
                server.connections[connection].ask("HELLO", 3)

    def expire(self, group):
        step = group[0]
        self.command([replace(step, arguments=(b"DISCARD",))])
        self.command([step])
        time.sleep(0.005)
        # Redis forgets it when it is asked for, and DBSIZE counts it until then.
        self.command([replace(step, arguments=(b"EXISTS", step.arguments[1]))])

    def scan(self, group):
        step = group[0]
        self.compare_scans(step, *[self.scan_all(server, step) for server in self.servers])

    def compare_scans(self, step, expected, got):
        if isinstance(expected, list) and isinstance(got, list):
            if sorted(set(expected)) != sorted(got):
                raise Difference(step, repr(sorted(set(expected))).encode(), repr(sorted(got)).encode())
        elif isinstance(expected, list) or isinstance(got, list):
            raise Difference(step, repr(expected).encode(), repr(got).encode())
        else:
            self.compare(replace(step, arguments=(b"SCAN", b"0", *step.arguments)), expected, got)

    @staticmethod
    def scan_all(server, step):
        """All keys, or what else is answered to the first SCAN."""
        keys, cursor = [], b"0"
        while True:
            reply = server.ask(step.connection, b"SCAN", cursor, *step.arguments)
            if reply[:4] != b"*2\r\n":
                return reply
            cursor, more = value_of(reply)
            keys += more
            if cursor == b"0":
                return keys

    def publish(self, group):
        step = group[0]
        redis, kvstore = self.servers
        replies = [server.ask(step.connection, *step.arguments) for server in self.servers]
        self.compare(step, *replies)
        for connection in range(CONNECTIONS):
            heard = self.heard(redis, connection)
            got = [kvstore.reply(connection) for _ in heard]
            # A subscriber's PING stands in the same row, so nothing else has come.
            got += self.heard(kvstore, connection)
            if sorted(heard) != sorted(got):
                raise Difference(step, b"".join(heard), b"".join(got))

    @staticmethod
    def heard(server, connection):
        """The messages that have arrived before the answer to a PING."""
        server.send(connection, encode([b"PING"]))
        messages = []
        while True:
            reply = server.reply(connection)
            if reply[:1] == b">" or reply.startswith((b"*3\r\n$7\r\nmessage", b"*4\r\n$8\r\npmessage")):
                messages.append(reply)
            else:
                return messages if b"PONG" in reply.upper() else [*messages, reply]


# --- Runs -------------------------------------------------------------------


def difference_of(comparison, steps):
    try:
        comparison.run(steps)
    except Difference as difference:
        return difference
    except Allowed:
        pass
    return None


def shortened(comparison, steps, difference):
    """Leaves out what it can while the same command still differs. And the difference then."""
    what, size = difference.what(), max(len(steps) // 2, 1)
    while size:
        at = 0
        while at < len(steps):
            fewer = steps[:at] + steps[at + size :]
            found = difference_of(comparison, fewer)
            if found and found.what() == what:
                steps, difference = fewer, found
            else:
                at += size
        size //= 2
    return steps, difference


def show(seed, comparison, steps, difference):
    print(f"seed {seed}: RESP{comparison.protocol}, {'pipelined' if comparison.pipelined else 'one at a time'}:")
    for step in steps:
        print(f"    {step}")
    print(f"differs at {difference.step}")
    print(difference, flush=True)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--redis", help="host:port, or socket, of redis-server")
    parser.add_argument("--kvstore", help="the same of kvstore-redis")
    parser.add_argument("--commands", type=int, default=20000, help="so many at least (%(default)s)")
    parser.add_argument("--length", type=int, default=150, help="commands in a sequence (%(default)s)")
    parser.add_argument("--seed", type=int, help="of the first sequence; the others follow")
    parser.add_argument("--differences", type=int, default=1, help="go on until there are so many (%(default)s)")
    parser.add_argument("--only-random", action="store_true", help="leave out the conversations byte by byte")
    parser.add_argument("--table", action="store_true", help="print the table of differences that are allowed")
    return parser.parse_args()


def main():
    options = parse_arguments()
    if options.table:
        print(table())
        return
    redis, kvstore = Server(options.redis), Server(options.kvstore)
    seed = options.seed if options.seed is not None else int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}", file=sys.stderr)
    done = 0 if options.only_random else conversations.compare(options.redis, options.kvstore)
    found = set()
    while done < options.commands and len(found) < options.differences:
        protocol, pipelined = 2 + seed % 2, seed // 2 % 2 == 1
        steps = Generator(seed, options.length, protocol).sequence()
        comparison = Comparison(redis, kvstore, protocol, pipelined)
        difference = difference_of(comparison, steps)
        if difference and difference.what() not in found:
            found.add(difference.what())
            show(seed, comparison, *shortened(comparison, steps, difference))
        done += len(steps)
        seed += 1
    if found:
        sys.exit(1)
    print(done)


if __name__ == "__main__":
    main()
