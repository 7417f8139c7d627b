"""Redis's protocol as a client speaks it: commands out, and the bytes of the replies as they came."""

import socket

# A server that does not answer for so long has failed.
PATIENCE = 120


class Closed(Exception):
    """The server has closed the connection, or does not answer."""


def encode(arguments):
    """A command as an array of bulk strings."""
    parts = [b"*%d\r\n" % len(arguments)]
    for each in arguments:
        parts.append(b"$%d\r\n%b\r\n" % (len(each), each))
    return b"".join(parts)


class Connection:
    """To "host:port", or to the socket at a path."""

    def __init__(self, address, patience=PATIENCE):
        if address.startswith("/"):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.settimeout(patience)
            self.socket.connect(address)
        else:
            host, port = address.rsplit(":", 1)
            self.socket = socket.create_connection((host, int(port)), timeout=patience)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.at = 0

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError as error:
            raise Closed(f"cannot send: {error}") from None

    def ask(self, *arguments):
        """The value that one command answers. Arguments are bytes, or text, or numbers."""
        self.send(encode([as_bytes(each) for each in arguments]))
        return value_of(self.reply())

    def reply(self):
        """The bytes of the next reply."""
        while True:
            end = end_of(self.buffer, self.at)
            if end:
                reply = self.buffer[self.at : end]
                self.at = end
                return reply
            self.receive()

    def rest(self):
        """All bytes until the server closes."""
        try:
            while True:
                self.receive()
        except Closed:
            return self.buffer[self.at :]

    def receive(self):
        try:
            more = self.socket.recv(1 << 16)
        except TimeoutError:
            raise Closed("no answer") from None
        except OSError as error:
            raise Closed(str(error)) from None
        if not more:
            raise Closed("closed")
        self.buffer = self.buffer[self.at :] + more
        self.at = 0

    def close(self):
        self.socket.close()


def as_bytes(argument):
    return argument if isinstance(argument, bytes) else str(argument).encode()


# --- What is in a reply -----------------------------------------------------

LINES = b"+-:,_#("
BULKS = b"$=!"
AGGREGATES = b"*~>"
MAPS = b"%|"


def end_of(data, at):
    """Where the reply that begins there ends; 0 if it is not all there yet."""
    left = 1  # replies that are still to be read
    while left:
        line = data.find(b"\r\n", at)
        if line < 0:
            return 0
        kind = data[at]
        left -= 1
        if kind in LINES:
            at = line + 2
            continue
        if kind not in BULKS + AGGREGATES + MAPS:
            raise Closed(f"no reply begins with {data[at : at + 20]!r}")
        count = int(data[at + 1 : line])
        at = line + 2
        if kind in BULKS:
            if count >= 0:
                at += count + 2
                if at > len(data):
                    return 0
        elif kind in AGGREGATES:
            left += max(count, 0)
        else:
            left += 2 * max(count, 0) + (kind == ord("|"))
    return at


def elements(reply):
    """The first line of an aggregate, and the bytes of each of its elements."""
    at = reply.index(b"\r\n") + 2
    head, found = reply[:at], []
    while at < len(reply):
        end = end_of(reply, at)
        found.append(reply[at:end])
        at = end
    return head, found


class Error(str):
    """An error that a server answered."""


def value_of(reply):
    """A reply as a value of Python's: int, bytes, list, dict, None, bool, float or Error."""
    kind, line = reply[:1], reply[1 : reply.index(b"\r\n")]
    if kind == b"-":
        return Error(line.decode(errors="replace"))
    if kind == b":":
        return int(line)
    if kind == b",":
        return float(line)
    if kind == b"#":
        return line == b"t"
    if kind == b"_" or (kind in (b"$", b"*") and line == b"-1"):
        return None
    if kind in (b"$", b"!", b"="):
        bulk = reply[len(line) + 3 : -2]
        return Error(bulk.decode()) if kind == b"!" else bulk[4:] if kind == b"=" else bulk
    if kind in (b"*", b"~", b">"):
        return [value_of(each) for each in elements(reply)[1]]
    if kind == b"%":
        values = [value_of(each) for each in elements(reply)[1]]
        return dict(zip(values[::2], values[1::2]))
    return line
