# SPDX-License-Identifier: MIT
"""A client that says exactly what it is told to, and files to ask for."""
import os
import pathlib
import socket
import ssl

SECONDS = 10
# Every byte is told from its neighbours by where it stands.
LARGE = b"".join(b"%08x" % number for number in range(400_000))
SMALL = (b"<!doctype html>\n<title>small</title>\n<p>" +
         b"The quick brown fox. " * 26)[:600]


def make_root(folder):
    """The files that the tests ask for."""
    folder = pathlib.Path(folder)
    for name in ("sub", "plain/inner", "no-index"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, content in (
            ("index.html", b"<!doctype html>\n<title>index</title>\n"),
            ("small.html", SMALL), ("empty.txt", b""), ("large.bin", LARGE),
            ("text.txt", b"0123456789" * 10),
            ("medium.bin", LARGE[:100_000]), ("sub/index.html", b"in sub\n"),
            ("plain/a b&<c>.txt", b"strange name\n"),
            ("plain/zeta.css", b"body{}\n"), ("plain/inner/x.js", b"1\n"),
            ("no-index/one.json", b"{}\n"), ("dots..txt", b"dots\n"),
            ("secret.txt", b"secret\n"), ("\u00fc.txt", b"umlaut\n")):
        (folder / name).write_bytes(content)
        os.utime(folder / name, (1_600_000_000, 1_600_000_000))
    (folder / "secret.txt").chmod(0)
    return folder


class Answer:
    """One answer, read from a connection."""

    def __init__(self, status, fields, body, http):
        self.status, self.fields, self.body = status, fields, body
        self.http = http

    def __getitem__(self, name):
        return self.fields[name.lower()]

    def get(self, name):
        return self.fields.get(name.lower())


class Connection:
    def __init__(self, site):
        self.socket = socket.create_connection((site.host, site.port), SECONDS)
        if site.tls:
            context = ssl.create_default_context(cafile=site.tls)
            context.check_hostname = False
            self.socket = context.wrap_socket(self.socket)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *pieces):
        for piece in pieces:
            self.socket.sendall(piece)

    def more(self):
        got = self.socket.recv(65536)
        if not got:
            raise EOFError("the connection was closed")
        self.buffer += got

    def take(self, length):
        while len(self.buffer) < length:
            self.more()
        taken, self.buffer = self.buffer[:length], self.buffer[length:]
        return taken

    def answer(self, method="GET"):
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        line, *rest = head.decode("latin-1").split("\r\n")
        http, status, _ = line.split(" ", 2)
        assert http == "HTTP/1.1", line
        fields = {}
        for field in rest:
            name, value = field.split(": ", 1)
            assert name.lower() not in fields, f"{name} twice"
            fields[name.lower()] = value
        body = b""
        if method != "HEAD" and status not in ("204", "304"):
            body = self.take(int(fields["content-length"]))
        return Answer(int(status), fields, body, http)

    def at_end(self):
        """The other end has nothing more to say, and closes."""
        try:
            rest = self.buffer + self.socket.recv(4096)
        except (ConnectionResetError, ssl.SSLError):
            return False
        return rest == b""


class Site:
    def __init__(self, host, port, tls=None):
        self.host, self.port, self.tls = host, port, tls

    def connect(self):
        return Connection(self)

    def raw(self, *pieces, method="GET"):
        """The answer to bytes on a connection of their own."""
        with self.connect() as connection:
            connection.send(*pieces)
            return connection.answer(method)

    def get(self, target, method="GET", **fields):
        return self.raw(request(target, method, **fields), method=method)


def request(target, method="GET", version="1.1", **fields):
    lines = [f"{method} {target} HTTP/{version}", "Host: vireo"]
    lines += [f"{name.replace('_', '-')}: {value}"
              for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
