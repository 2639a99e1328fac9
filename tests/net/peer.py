#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""peer.py - `make bench-net PEER=...`: an image against another guest, by the wire and
by ports of this machine; a peer that ends, that never serves, that ends under load."""
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import time

from guest import HOST, Image, Machine
from report import Report, claim, say

ROW = "net/tcp_echo_64"
# Answers one request, then a few bytes of the load.
SHORT_LIVED = f"""
import socket
def accept(port):
    server = socket.create_server(("{HOST}", port))
    return lambda: server.accept()[0]
http, echo = accept(80), accept(7)
link = http()
link.recv(100)
link.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n")
link = echo()
for _ in range(5):
    link.sendall(link.recv(64))
print("it was too much", flush=True)
raise SystemExit(5)
"""


def netbench(options=""):
    """The QEMU command of the server, without a device."""
    with tempfile.TemporaryDirectory() as scratch:
        return Machine(smp=1, options=f"seed=1 {options}").command(
            Image("netbench"), scratch)


def against_image(net, options):
    """One row by `make`: what it leaves, what it prints."""
    result = pathlib.Path("build/bench/net.json")
    result.unlink(missing_ok=True)
    done = subprocess.run(
        ["make", "-s", "bench-net", "CONFIG=test", "SMP=1", f"NET={net}",
         f"T={ROW}$", "ROUNDS=1", "PEER=" + shlex.join(netbench(options))],
        text=True, capture_output=True, check=False, timeout=60,
        env={name: value for name, value in os.environ.items()
             if name not in ("T", "CONFIG", "APP")})
    say(done.stdout + done.stderr)
    claim(done.returncode == 0, f"status {done.returncode}")
    rows = {row["name"]: row for row in json.loads(result.read_text())["results"]}
    ours, theirs = rows[ROW], rows["peer/" + ROW]
    claim(ours["kicks_per_op"] > 0 and "kicks_per_op" not in theirs,
          "the peer's kicks, not ours")
    claim(abs(ours["ratio"] - ours["median"] / theirs["median"]) < 0.01,
          f"a ratio of {ours['ratio']}")
    head, ours_line, *_ = done.stdout.splitlines()
    claim("ours : peer" in head and f"{ours['ratio']:,.2f}" in ours_line,
          "the table has no ratio")


def by_wire():
    """one row with another image as the peer, by the wire: both, and a ratio"""
    against_image("tap", "ip=10.9.0.2/24")


def by_ports():
    """the same by ports of this machine (NET=user)"""
    against_image("user", "")


def refused(peer, line, *options):
    """The status, and one line at the end; how long after the image was done."""
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run(
            ["tools/bench_net.py", "--out", out.name, "--config", "test",
             "--rounds", "1", "--seconds", "1", "--pattern", ROW + "$",
             "--peer", shlex.join(peer), *options, "--",
             *netbench("ip=10.9.0.2/24"), "-netdev",
             "tap,id=net0,ifname=tap0,script=no,downscript=no", "-device",
             "virtio-net-device,netdev=net0"],
            text=True, capture_output=True, check=False, timeout=60)
        left = out.read()
    said = done.stderr.splitlines()
    claim(done.returncode == 1 and
          re.fullmatch("vireo: bench-net: the peer " + line, said[-1]),
          f"status {done.returncode}: {done.stderr[-600:]}")
    claim(not done.stdout and not left, "there are results")
    return said


def ends_early():
    """a peer that ends before it serves: its last words and one line"""
    said = refused(["sh", "-c", "echo no kernel here; exit 3"],
                   "ended with status 3")
    claim("no kernel here" in said, f"{said}")


def never_serves():
    """a peer that never serves: one line, and it is ended"""
    began = time.monotonic()
    refused(["sh", "-c", "sleep 77.7; true"],
            r"does not serve at 10\.9\.0\.2:80 after 10 s: .*",
            "--boot-seconds", "10")
    claim(time.monotonic() - began < 40, "after a long time")
    claim(subprocess.run(["pgrep", "-f", "^sleep 77.7"], check=False,
                         stdout=subprocess.DEVNULL).returncode == 1, "it goes on")


def ends_under_load():
    """a peer that ends under load: its last words and one line"""
    said = refused([sys.executable, "-c", SHORT_LIVED], "ended with status 5",
                   "--peer-address", HOST)
    claim("it was too much" in said, f"{said}")


CHECKS = (by_wire, by_ports, ends_early, never_serves, ends_under_load)


def main():
    report = Report(len(CHECKS))
    for check in CHECKS:
        report.run(check)
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
