#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""iperf.py - apps/iperf against iperf 2 of this side, both ways; who is wrong.

In a network namespace: tools/netns.sh run tests/net/iperf.py"""
import re
import socket
import struct
import subprocess
import sys

from guest import ADDRESS, HOST, Guest
from report import Report, claim, say

RESULT = r"([\d.]+) MB in ([\d.]+) s, ([\d.]+) Mbit/s$"
PORT = 5001


def mbit(text):
    """Mbit/s of iperf's last line in CSV."""
    return int(text.strip().splitlines()[-1].split(",")[8]) / 1e6


def near(ours, theirs):
    """Both ends measure the same, but for what lies in buffers."""
    say(f"{ours:.0f} Mbit/s says the image, {theirs:.0f} this side")
    claim(ours > 10 and 0.7 < ours / theirs < 1.4, "they do not agree")


def client(*options, seconds=20):
    return subprocess.run(["iperf", "-c", ADDRESS, "-y", "C", *options],
                          capture_output=True, text=True, check=True,
                          timeout=seconds)


def receives(guest):
    """What iperf sends is received and reported."""
    theirs = mbit(client("-t", "1").stdout)
    near(float(guest.expect(rf"^iperf: from {HOST} port \d+: {RESULT}")[3]),
         theirs)


def receives_four(guest):
    """Four connections at a time are served and reported."""
    done = client("-t", "1", "-P", "4")
    claim(not done.stderr, done.stderr)
    for _ in range(4):
        guest.expect(rf"^iperf: from {HOST} port \d+: {RESULT}")


def sends_back(guest):
    """Asked to, it sends as well (iperf -r)."""
    client("-t", "1", "-r")
    guest.expect(rf"^iperf: to {HOST} port \d+: {RESULT}")


def survives_others(guest):
    """Who speaks something else or resets is told of, and the next is served."""
    with guest.connect(PORT) as link:
        link.sendall(b"GET")
        try:
            claim(link.recv(10) == b"", "an answer")
        except ConnectionResetError:
            pass
    guest.expect("the other end does not speak iperf 2, after 0.0 MB")
    with guest.connect(PORT) as link:
        link.sendall(bytes(50000))
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
    guest.expect("the other end refused or broke the connection, after")
    receives(guest)


def run_client(*arguments, seconds=30, **more):
    """Its exit status and its lines."""
    with Guest("iperf", arguments=arguments, ready="^(iperf|usage): ",
               **more) as guest:
        status = guest.end(seconds)
        guest.reader.join(5)
        return status, guest.text


def sends(_):
    """As a client it sends for as long as it is told, and ends."""
    with subprocess.Popen(["iperf", "-s", "-y", "C", "-P", "1"], text=True,
                          stdout=subprocess.PIPE) as server:
        try:
            status, text = run_client("-c", HOST, "-t", "1")
            theirs = mbit(server.communicate(timeout=10)[0])
        finally:
            server.kill()
    match = re.search(rf"^iperf: to {HOST} port 5001: {RESULT}", text, re.M)
    claim(status == 0 and match, f"status {status}: {text[-300:]}")
    claim(0.9 < float(match[2]) < 1.6, f"{match[2]} s")
    near(float(match[3]), theirs)


WRONG = ((("-c", HOST, "-t", "1"), 1, "refused or broke the connection"),
         (("-c", "10.9.0.99"), 1, "no answer for 10 seconds"),
         (("-c", "nowhere.invalid"), 1, "iperf: nowhere.invalid: "),
         (("-p", "0"), 2, "iperf: 0 is no number from 1 to 65535"),
         (("-t", "x"), 2, "iperf: x is no number from 1 to 86400"),
         (("more",), 2, "usage: iperf"))


def says_what_is_wrong(_):
    """Nobody there, no such host, wrong words: a line and a status each."""
    for arguments, wanted, line in WRONG:
        status, text = run_client(*arguments)
        claim(status == wanted and line in text,
              f"{arguments}: status {status}: {text[-300:]}")
    status, text = run_client(netdev=None, options="")
    claim(status == 1 and "there is no network device" in text, text[-300:])


CHECKS = (receives, receives_four, sends_back, survives_others, sends,
          says_what_is_wrong)


def main():
    report = Report(len(CHECKS))
    with Guest("iperf", ready="^iperf: TCP on port 5001$") as guest:
        for check in CHECKS[:4]:
            report.run(check, guest)
        guest.check_sound()
    for check in CHECKS[4:]:
        report.run(check, None)
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
