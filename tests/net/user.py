#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""user.py - QEMU's own network with many connections: it takes one at a time off a
queue of one (docs/network.md), and what it has taken is served."""
import pathlib
import socket
import sys
import time

from guest import DISCARD, HTTP, SOURCE, Guest, check_balance
from load import REQUEST, request, wrk
from report import Report, claim, say, within
from variants import VARIANTS

COUNT = 64
BULK, BULK_SECONDS = 8 << 20, 5
ESTABLISHED = "01"


def taken(image):
    """How many connections to port 80 QEMU has."""
    _, port = image.where(HTTP)
    lines = pathlib.Path("/proc/net/tcp").read_text(encoding="ascii").split("\n")
    fields = [line.split() for line in lines[1:-1]]
    return sum(field[1].endswith(f":{port:04X}") and field[3] == ESTABLISHED and
               field[9] != "0" for field in fields)


def one_after_another(image):
    """64 connections, made one after another, are served together"""
    links = [image.connect(HTTP) for _ in range(COUNT)]
    for _ in range(3):
        for link in links:
            link.sendall(REQUEST)
        for link in links:
            got = b""
            while got.count(b"x") < 600:
                more = link.recv(4096)
                claim(more, "the connection ended in an answer")
                got += more
    for link in links:
        link.close()


def at_once(image):
    """of 64 connections asked for at once, each that QEMU took is served"""
    links = [socket.socket() for _ in range(COUNT)]
    for link in links:
        link.setblocking(False)
        link.connect_ex(image.where(HTTP))
    time.sleep(2)
    before = image.figures()["requests"]
    for link in links:
        link.send(REQUEST)
    claim(within(10, lambda: image.figures()["requests"] - before >=
                 taken(image) > 2), "not all that were taken are served")
    say(f"{taken(image)} of {COUNT} were taken within 2 s")
    for link in links:
        link.close()
    with image.connect(HTTP) as link:
        request(link)


def generated(image):
    """wrk with 64 connections meets no error"""
    address, port = image.where(HTTP)
    say(f"{wrk(f'{address}:{port}', COUNT):.0f} requests/s")


def bulk(image):
    """8 MiB each way do not wait: its window is not scaled, and it acknowledges each
    segment, of which most are none of lwIP's"""
    data = bytes(BULK)
    before = image.figures()
    began = time.monotonic()
    with image.connect(DISCARD, BULK_SECONDS) as link:
        link.sendall(data)
        link.shutdown(socket.SHUT_WR)
        claim(link.recv(1) == b"", "an answer")
    with image.connect(SOURCE, BULK_SECONDS) as link:
        left = BULK
        while left > 0:
            left -= len(link.recv(1 << 20))
    took = time.monotonic() - began
    after = image.figures()
    acks, frames = (after[name] - before[name]
                    for name in ("gro_acks", "device_frames_in"))
    claim(acks > frames / 8, f"of {frames} frames {acks} were one with a later one")
    say(f"{2 * BULK / took / 1e6:.0f} MB/s, {acks} acknowledgements of {frames} "
        "frames saved")


CHECKS = (one_after_another, at_once, generated, bulk)


def main():
    report = Report(len(CHECKS))
    # Windows of a MiB.
    with Guest(**VARIANTS["user"], memory="512M") as image:
        image.serves()
        before = image.figures()
        for check in CHECKS:
            report.run(check, image)
            image.check_sound()
        check_balance(image, before, 12)
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
