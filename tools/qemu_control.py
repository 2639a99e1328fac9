# SPDX-License-Identifier: MIT
"""QEMU, run at full speed to a function and from there on logged instruction by
instruction: a breakpoint through its gdb port, then the log switched on through
its monitor. Where the machine is when that happens changes nothing in what the
image executes (-icount).
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import threading
import time

CONNECT_SECONDS = 20


class Ended(Exception):
    """QEMU is gone."""


def connect(path):
    """QEMU makes the socket some time after its start."""
    until = time.monotonic() + CONNECT_SECONDS
    while True:
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(str(path))
            return link
        except OSError:
            link.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


class Monitor:
    """QMP: a line of JSON each way."""

    def __init__(self, path):
        self.file = connect(path).makefile("rw", encoding="utf-8")
        self.file.readline()
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        self.file.write(json.dumps({"execute": name, "arguments": arguments}))
        self.file.flush()
        for line in self.file:
            answer = json.loads(line)
            if "error" in answer:
                raise RuntimeError(f"QEMU: {name}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise Ended

    def human(self, line):
        complaint = self.command("human-monitor-command",
                                 **{"command-line": line})
        if complaint.strip():
            raise RuntimeError(f"QEMU: {line}: {complaint.strip()}")


class Debugger:
    """The few packets of gdb's remote protocol that a breakpoint takes."""

    def __init__(self, path):
        self.link = connect(path)
        self.bytes = b""

    def send(self, packet):
        sum_of = sum(packet.encode()) & 0xff
        self.link.sendall(f"${packet}#{sum_of:02x}".encode())

    def answer(self):
        while True:
            match = re.search(rb"\$([^#]*)#..", self.bytes)
            if match:
                self.bytes = self.bytes[match.end():]
                self.link.sendall(b"+")
                return match[1].decode()
            more = self.link.recv(4096)
            if not more:
                raise Ended
            self.bytes += more

    def ask(self, packet):
        self.send(packet)
        return self.answer()

    def run_to(self, address):
        """False: the machine ended before it came there."""
        if self.ask(f"Z1,{address:x},2") != "OK":
            raise RuntimeError("QEMU: no breakpoint can be set")
        if not self.ask("c").startswith("T"):
            return False
        return self.ask(f"z1,{address:x},2") == "OK"

    def run_on(self):
        self.send("c")


def one_at_a_time(qemu):
    """What the monitor calls the execution of single instructions."""
    text = subprocess.run([qemu, "--version"], stdout=subprocess.PIPE,
                          encoding="utf-8", check=True).stdout
    version = tuple(int(n) for n in re.search(r"(\d+)\.(\d+)", text).groups())
    return "one-insn-per-tb" if version >= (8, 1) else "singlestep"


class Machine:
    """QEMU running @command; its log goes to .log, a descriptor, until it ends.
    pre: @scratch is an empty folder. Ranges of addresses are first and last."""

    def __init__(self, command, scratch, addresses):
        scratch = pathlib.Path(scratch)
        pipe = scratch / "log"
        os.mkfifo(pipe)
        # QEMU opens its end with the log: neither side waits for the other.
        self.log = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(self.log, True)
        self.single = one_at_a_time(command[0])
        self.process = subprocess.Popen(
            [*command, "-S", "-D", str(pipe),
             "-dfilter", "{:#x}..{:#x}".format(*addresses),
             "-qmp", f"unix:{scratch}/qmp,server=on,wait=off",
             "-gdb", f"unix:{scratch}/gdb,server=on,wait=off"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8",
            errors="replace")
        self.scratch = scratch

    def begin(self, address=None):
        """Start the machine; log from @address on, None: from the beginning.
        False: it ended and never came there."""
        monitor = Monitor(self.scratch / "qmp")
        debugger = Debugger(self.scratch / "gdb")
        threading.Thread(target=self.process.wait, daemon=True).start()
        try:
            if address is not None and not debugger.run_to(address):
                return False
            monitor.human(f"{self.single} on")
            monitor.human("log exec,nochain")
            debugger.run_on()
        except Ended:
            return False
        return True

    def end(self):
        """Its exit status."""
        return self.process.wait()

    def stop(self):
        self.process.kill()
        self.process.wait()
        os.close(self.log)
