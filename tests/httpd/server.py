# SPDX-License-Identifier: MIT
"""The servers as programs of this machine (native.mk), started and ended."""
import os
import re
import signal
import subprocess
import tempfile
import threading

OUT = os.environ.get("HTTPD_OUT", "build/tests/httpd")


def build():
    subprocess.run(["make", "-s", "-j2", "-f", "tests/httpd/native.mk",
                    f"OUT={OUT}"], check=True, stdout=subprocess.DEVNULL)


class Server:
    """httpd with some options; its lines are kept, its end is looked at."""

    def __init__(self, *options, ready=1, environment=None, before=None):
        self.lines, self.ports = [], {}
        self.ready = threading.Event()
        self.wanted = ready
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [f"{OUT}/httpd", *options], stdout=subprocess.PIPE,
            stderr=self.log, text=True, preexec_fn=before,
            env={**os.environ, **(environment or {})})
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        if not self.ready.wait(20):
            self.stop()
            raise AssertionError("not ready: " + self.errors())

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            match = re.match(r"httpd: (https?) on port (\d+), serving ", line)
            if match:
                self.ports[match[1]] = int(match[2])
            if len(self.ports) == self.wanted:
                self.ready.set()
        self.ready.set()

    def errors(self):
        self.log.seek(0)
        return self.log.read()

    def stop(self, number=signal.SIGTERM):
        """The exit status: sanitizers, leaks included, speak through it."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        return status
