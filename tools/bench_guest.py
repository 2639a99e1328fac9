# SPDX-License-Identifier: MIT
"""A guest that serves while bench_net.py loads it: its machine, where its ports are,
what it counts."""
import os
import signal
import socket
import subprocess
import tempfile
import time

from bench_run import Failure

HTTP, ECHO, DISCARD, SOURCE, FIGURES = 80, 7, 9, 19, 1
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Kind:
    """A command that starts a guest, and how it is known: @prefix of its rows, @name
    in what is said of it, @address and how much higher its @ports are there."""

    def __init__(self, prefix, name, command, address, ports, counts):
        self.prefix = prefix
        self.name = name
        self.command = command
        self.address = address
        self.ports = ports
        self.counts = counts  # has the port of figures of ours


class Guest:
    """One of @kind, started by @command, that has answered a request within @seconds.
    It is ended with the block."""

    def __init__(self, kind, command, seconds):
        self.kind = kind
        self.console = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.console,
            stderr=subprocess.STDOUT, start_new_session=True)
        try:
            self.wait(seconds)
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, _type, error, _trace):
        try:
            missing = getattr(error, "filename", None)  # of ours, not the guest's
            if isinstance(error, OSError) and not missing:
                raise self.failure(f"did not bear the load: {error}") from None
        finally:
            self.stop()

    def failure(self, what):
        """@what it did, unless it ended; with its console."""
        # A reset by a machine that goes comes before its end.
        time.sleep(0.2)
        status = self.process.poll()
        if status is not None:
            what = f"ended with status {status}"
        self.console.seek(0)
        return Failure(f"{self.kind.name} {what}",
                       self.console.read().decode(errors="replace"))

    def wait(self, seconds):
        """A forwarded port takes connections before the guest does: only an answer
        counts."""
        until = time.monotonic() + seconds
        while True:
            try:
                with self.connect(HTTP, 1) as link:
                    link.sendall(REQUEST)
                    if link.recv(4096).startswith(b"HTTP/1.1 200 "):
                        return
                    error = "the connection ended without an answer"
            except OSError as caught:
                error = caught
            if self.process.poll() is not None or time.monotonic() > until:
                raise self.failure(f"does not serve at {self.where(HTTP)} after "
                                   f"{seconds} s: {error}")
            time.sleep(0.05)

    def where(self, port):
        return f"{self.kind.address}:{self.kind.ports + port}"

    def connect(self, port, seconds=20):
        link = socket.create_connection(
            (self.kind.address, self.kind.ports + port), seconds)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return link

    def figures(self):
        if not self.kind.counts:
            return {}
        with self.connect(FIGURES) as link, link.makefile() as lines:
            return {name: int(value) for name, value in map(str.split, lines)}

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.console.close()
