"""What a client sends byte by byte, well-formed or not, and all that comes back until the server closes."""

import re
import sys

from resp import Connection, encode

QUIT = encode([b"QUIT"])
SENT = [
    b"PING\r\nPING\n\r\n\r\nPING\r\n",
    b"*1\r\n$4\r\nPING\r\n*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n",
    b"*x\r\n", b"*1\r\nPING\r\n", b"*1\r\n$x\r\n", b"*1\r\n$-1\r\n", b"*1\r\n$999999999999\r\n", b"*99999999999\r\n",
    b"*1\r\n$ 4\r\nPING\r\n", b"* 1\r\n", b"*+1\r\n$4\r\nPING\r\n", b"*1\r\n*1\r\n$4\r\nPING\r\n",
    b"GET 'a\r\n", b'GET "a"b\r\n', b"GET '\\'a'\r\nGET \"\\x41\\n\\\"\"\r\n",
    encode([b"CLIENT", b"REPLY", b"SKIP"]) + encode([b"PING"]) + encode([b"ECHO", b"heard"]),
    encode([b"CLIENT", b"REPLY", b"OFF"]) + encode([b"PING"]) + encode([b"CLIENT", b"REPLY", b"ON"]) + encode([b"ECHO", b"heard"]),
    encode([b"CLIENT", b"REPLY", b"OFF"]) + encode([b"RESET"]) + encode([b"ECHO", b"heard"]),
    encode([b"CLIENT", b"REPLY", b"SKIP"]) + encode([b"RESET"]) + encode([b"ECHO", b"heard"]),
    encode([b"CLIENT", b"REPLY", b"OFF"]) + encode([b"SUBSCRIBE", b"a"]) + encode([b"PSUBSCRIBE", b"a*"]) + encode([b"UNSUBSCRIBE", b"a"]) + encode([b"PING"]),
    encode([b"CLIENT", b"REPLY", b"SKIP"]) + encode([b"SUBSCRIBE", b"a", b"b"]) + encode([b"PING"]),
    encode([b"MULTI"]) + encode([b"PING"]) + encode([b"CLIENT", b"REPLY", b"OFF"]) + encode([b"SET", b"a", b"1"]) + encode([b"EXEC"]) + encode([b"PING"]),
    encode([b"CLIENT", b"REPLY", b"OFF"]) + encode([b"MULTI"]) + encode([b"PING"]) + encode([b"CLIENT", b"REPLY", b"ON"]) + encode([b"PING"]) + encode([b"EXEC"]),
    encode([b"MULTI"]) + encode([b"CLIENT", b"REPLY", b"SKIP"]) + encode([b"PING"]) + encode([b"EXEC"]) + encode([b"ECHO", b"a"]) + encode([b"ECHO", b"b"]),
    encode([b"CLIENT", b"PAUSE", b"0"]) + encode([b"CLIENT", b"PAUSE", b"-1"]) + encode([b"CLIENT", b"PAUSE", b"x"]) + encode([b"CLIENT", b"PAUSE", b"-1", b"x"]),
    encode([b"CLIENT", b"PAUSE", b"1", b"WRITE", b"x"]) + encode([b"CLIENT", b"PAUSE", b"1", b"WRITE"]) + encode([b"PUBLISH", b"a", b"b"]),
    encode([b"MULTI"]) + encode([b"SET", b"a", b"1"]) + encode([b"INCR", b"a"]) + encode([b"INCR", b"a", b"b"]) + encode([b"EXEC"]),
    encode([b"MULTI"]) + encode([b"GET", b"a"]) + encode([b"QUIT"]) + encode([b"EXEC"]),
    encode([b"HELLO", b"3"])[:-2], encode([b"SET", b"a", b"b"])[:-5],
    encode([b"SUBSCRIBE", b"a", b"b", b"a"]) + encode([b"UNSUBSCRIBE", b"b"]) + encode([b"UNSUBSCRIBE"]) + encode([b"PING"]),
    encode([b"SUBSCRIBE", b"a"]) + encode([b"GET", b"a"]) + encode([b"PING"]) + encode([b"PING", b"x"]) + encode([b"RESET"]) + encode([b"PING"]),
    encode([b"PSUBSCRIBE", b"a*", b"*"]) + encode([b"PUNSUBSCRIBE", b"a*", b"x"]) + encode([b"PUNSUBSCRIBE"]) + encode([b"UNSUBSCRIBE"]),
    encode([b"HELLO", b"3"])[:0] + encode([b"UNSUBSCRIBE", b"a"]) + encode([b"PUNSUBSCRIBE"]),
    encode([b"PUBSUB", b"CHANNELS"]) + encode([b"PUBSUB", b"NUMSUB", b"a", b"b"]) + encode([b"PUBSUB", b"NUMPAT"]),
    encode([b"SUBSCRIBE", b"a"]) + encode([b"MULTI"]) + encode([b"SUBSCRIBE"]) + encode([b"PSUBSCRIBE"]),
    encode([b"CLIENT", b"SETNAME", b"me"]) + encode([b"CLIENT", b"GETNAME"]) + encode([b"RESET"]) + encode([b"CLIENT", b"GETNAME"]),
    encode([b"SELECT", b"1"]) + encode([b"SET", b"a", b"1"]) + encode([b"RESET"]) + encode([b"GET", b"a"]) + encode([b"SELECT", b"1"]) + encode([b"GET", b"a"]),
    encode([b"quit", b"x"]) + encode([b"PING"]),
]  # fmt: skip


def without_numbers(replies):
    """HELLO's version and the number of the connection are each server's own."""
    return re.sub(rb"\$\d+\r\n\d\.\d\.\d+\r\n|(?<=\$2\r\nid\r\n):\d+", b"..", replies)


def compare(redis, kvstore):
    """How many there were; ends the program if some differ."""
    different = 0
    for address in redis, kvstore:
        connection = Connection(address)
        connection.ask("FLUSHALL")
        connection.close()
    for sent in SENT:
        replies = []
        for address in redis, kvstore:
            connection = Connection(address)
            connection.send(sent + QUIT)
            replies.append(without_numbers(connection.rest()))
            connection.close()
        if replies[0] != replies[1]:
            print(f"sent: {sent!r}\n    Redis:   {replies[0]!r}\n    kvstore: {replies[1]!r}")
            different += 1
    if different:
        sys.exit(1)
    return len(SENT)
