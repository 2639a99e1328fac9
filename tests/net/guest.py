# SPDX-License-Identifier: MIT
"""An image in QEMU, with what its console says and its counters. It is known by
10.9.0.2 and fd09::2 (tools/netns.sh), and killed with whoever started it."""
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path += [str(TOP / "tests"), str(TOP / "tools")]
from jobs import Image, Machine  # noqa: E402
from qemu_control import Monitor  # noqa: E402
from report import Failed, claim, say, within  # noqa: E402

ADDRESS, ADDRESS6 = "10.9.0.2", "fd09::2"
HOST, HOST6 = "10.9.0.1", "fd09::1"
USUAL_IP = f"ip={ADDRESS}/24,gw={HOST},{ADDRESS6}/64"
TAP = "tap,id=net0,ifname=tap0,script=no,downscript=no"
HTTP, ECHO, DISCARD, SOURCE, FIGURES = 80, 7, 9, 19, 1
BOOT_SECONDS = 20
PROMPT = "vireo> "
# Of a broken image, whatever it was asked.
DEAD = re.compile(r"^(PANIC|REPORT|BUG|vireo: cannot boot).*", re.M)


class Guest:
    """@netdev and @device: options of -netdev and of the device at it. @ready is
    what the console says when the app is."""

    def __init__(self, app="netbench", options=USUAL_IP, netdev=TAP, device="",
                 ready=None, smp=1, memory="64M", more=(), tree=None,
                 arguments=(), base=(ADDRESS, 0), config="test"):
        self.scratch = tempfile.TemporaryDirectory(dir="build/tests")
        devices = []
        if netdev:
            devices = [f"-netdev {netdev}",
                       f"-device virtio-net-device,netdev=net0{device}"]
        pcap = os.environ.get("NET_PCAP")
        if pcap and netdev:
            devices.append("-object filter-dump,id=dump,netdev=net0,"
                           f"file={pcap}")
        machine = Machine(smp=smp, memory=memory, options=f"seed=1 {options}",
                          devices=(*devices, *more), tree=tree,
                          arguments=arguments)
        command = machine.command(Image(app, config), self.scratch.name)
        command[command.index("-monitor") + 1] = "none"
        command += ["-qmp", f"unix:{self.scratch.name}/qmp,server=on,wait=off"]
        say("$ " + " ".join(command))
        self.app = app
        self.base = base  # where its port 0 would be
        self.address6 = ADDRESS6 if base[0] == ADDRESS else None
        self.text = ""
        self.mark = 0
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        if ready is None:
            ready = PROMPT if self.has_shell() else f"^{app}: ready"
        if ready:
            self.expect(ready, BOOT_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def has_shell(self):
        return "shell" in self.app

    def read(self):
        while True:
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                return
            self.text += more.decode(errors="replace").replace("\r", "")

    def running(self):
        return self.process.poll() is None

    def said(self, pattern, since=0):
        return re.compile(pattern, re.M).search(self.text, since)

    def expect(self, pattern, seconds=10):
        """What the console says next that matches, behind what was expected
        last."""
        def seen():
            return self.said(pattern, self.mark) or not self.running()

        within(seconds, seen)
        match = self.said(pattern, self.mark)
        if not match:
            self.show()
            raise Failed(f"the console does not say /{pattern}/ "
                         f"within {seconds} s")
        self.mark = match.end()
        return match

    def show(self, lines=25):
        say("the console's last lines:")
        for line in self.text.splitlines()[-lines:]:
            say("| " + line)

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def ask(self, line, seconds=10):
        """What the shell prints for a command."""
        self.mark = len(self.text)
        self.type(line)
        self.expect(re.escape(line) + "$", seconds)
        start = self.mark
        self.expect("^" + PROMPT, seconds)
        return self.text[start:self.mark - len(PROMPT)].strip("\n")

    def figures(self):
        """Name -> value of everything that is counted; pools as pool_NAME."""
        if self.has_shell():
            lines = self.ask("netstat -s").splitlines()
            lines += [f"pool_{row.split()[0]} {row.split()[2]}" for row in
                      self.ask("netstat -p").splitlines()[1:]]
        else:
            with self.connect(FIGURES) as link, link.makefile() as file:
                lines = file.read().splitlines()
        found = dict(line.split() for line in lines if line.count(" ") == 1)
        return {name: int(value) for name, value in found.items()}

    def where(self, port):
        return self.base[0], self.base[1] + port

    def connect(self, port, seconds=10, address=None):
        where = (address, port) if address else self.where(port)
        link = socket.create_connection(where, seconds)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return link

    def monitor(self):
        return Monitor(f"{self.scratch.name}/qmp")

    def check_text(self):
        match = DEAD.search(self.text)
        if match:
            self.show()
        claim(not match, f"the image says: {match and match[0]}")

    def check_sound(self):
        self.check_text()
        if not self.running():
            self.show()
        claim(self.running(), "the image ended")

    def serves(self, address=None, seconds=5):
        """Does it answer a request? On a connection of its own."""
        with self.connect(HTTP, seconds, address) as link:
            link.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = b""
            while answer.count(b"x") < 600:
                more = link.recv(4096)
                if not more:
                    return False
                answer += more
        return answer.startswith(b"HTTP/1.1 200 ")

    def stop(self):
        if self.running():
            self.process.kill()
        self.process.wait()
        self.reader.join(5)
        self.scratch.cleanup()

    def end(self, seconds=10):
        """Wait for it: its exit status."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.show()
            raise Failed(f"the image runs on after {seconds} s") from None
        finally:
            time.sleep(0)


def frames_in(figures):
    """Where the frames that came have gone."""
    return (figures["frames_short_frames"] + figures["frames_long_frames"] +
            figures["frames_no_memory"] + figures["arp_recv"] +
            figures["arp_proterr"] + figures["ip4_recv"] +
            figures["ip6_recv"] - figures["link_recv"] +
            figures["gro_frames"] - figures["gro_packets"] +
            figures["gro_acks"])


# What comes and goes by itself.
RESTLESS = ("pool_SYS_TIMEOUT", "pool_IGMP_GROUP", "pool_MLD6_GROUP",
            "pool_UDP_PCB", "pool_TCP_PCB")


def held(figures, without=()):
    """What is held for others, by name."""
    names = [name for name in figures if name.startswith("pool_")]
    names += ["frames_pinned", "memory_bytes"]
    found = {name: figures[name] for name in names
             if name not in RESTLESS and name not in without}
    # Those that ended wait for some seconds: what asks for figures is one.
    found["connections"] = figures["pool_TCP_PCB"] - figures["tcp_time_wait"]
    return found


def check_balance(guest, before, seconds=8, without=()):
    """Every frame is accounted for, and what was held is given back."""
    def missing():
        now = held(figures, without)
        return [f"{name} {old} -> {now[name]}"
                for name, old in held(before, without).items()
                if now[name] > old]

    def settled():
        nonlocal figures
        figures = guest.figures()
        return not missing() and \
            figures["device_frames_in"] == frames_in(figures)

    figures = {}
    if within(seconds, settled):
        return
    claim(not missing(), "not given back: " + ", ".join(missing()))
    raise Failed(f"{figures['device_frames_in']} frames came, "
                 f"{frames_in(figures)} are accounted for")
