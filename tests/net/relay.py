#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""relay.py - a wire between this side's tap0 and the image that loses 5 % of the
frames, and delivers others twice, late or in another order: streams arrive whole all
the same."""
import fcntl
import heapq
import os
import pathlib
import random
import select
import socket
import struct
import sys
import tempfile
import threading
import time

from guest import DISCARD, ECHO, HTTP, SOURCE, Guest, check_balance
from load import request
from report import Report, claim, say
from variants import both_ways

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 2, 0x1000
LOST, TWICE, LATE = 0.05, 0.02, 0.05
LATE_SECONDS = 0.01
BULK = 1 << 19
# A socket holds so many frames, not the ten of Linux's default.
FRAMES_HELD = "/proc/sys/net/unix/max_dgram_qlen"


class Relay(threading.Thread):
    """Frames from tap0 go to the image's socket and the other way."""

    def __init__(self, here, there):
        super().__init__(daemon=True)
        self.tap = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(self.tap, TUNSETIFF, struct.pack(
            "16sH", b"tap0", IFF_TAP | IFF_NO_PI))
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        self.link.setblocking(False)
        self.link.bind(here)
        self.there = there
        self.some = random.Random(1)
        self.rough = False
        self.late = []
        self.number = 0
        self.counts = {"lost": 0, "twice": 0, "late": 0, "carried": 0}

    def deliver(self, to_image, data):
        try:
            if to_image:
                self.link.sendto(data, self.there)
            else:
                os.write(self.tap, data)
        except OSError:
            self.counts["lost"] += 1

    def treat(self, to_image, data):
        self.counts["carried"] += 1
        chance = self.some.random() if self.rough else 1
        if chance < LOST:
            self.counts["lost"] += 1
            return
        if chance < LOST + LATE:
            self.counts["late"] += 1
            self.number += 1
            at = time.monotonic() + self.some.random() * LATE_SECONDS
            heapq.heappush(self.late, (at, self.number, to_image, data))
            return
        if chance < LOST + LATE + TWICE:
            self.counts["twice"] += 1
            self.deliver(to_image, data)
        self.deliver(to_image, data)

    def run(self):
        while True:
            wait = max(0, self.late[0][0] - time.monotonic()) if self.late \
                else None
            ready = select.select([self.tap, self.link], [], [], wait)[0]
            if self.tap in ready:
                self.treat(True, os.read(self.tap, 70000))
            if self.link in ready:
                self.treat(False, self.link.recv(70000))
            while self.late and self.late[0][0] <= time.monotonic():
                self.deliver(*heapq.heappop(self.late)[2:])


def smooth(image):
    """through the relay as it is: a page, and bytes both ways"""
    claim(image.serves(), "no answer")
    both_ways(image, BULK)


def rough(image):
    """with loss and disorder: 512 KiB to the image and back, each byte looked at"""
    began = time.monotonic()
    both_ways(image, BULK)
    say(f"{BULK / (time.monotonic() - began) / 1000:.0f} kB/s")


def into(image):
    """with loss and disorder: 1 MiB into the image, all of it counted"""
    before = image.figures()["bytes_in"]
    with image.connect(DISCARD, 60) as link:
        link.sendall(bytes(2 * BULK))
        link.shutdown(socket.SHUT_WR)
        claim(link.recv(1) == b"", "the end does not come back")
    count = image.figures()["bytes_in"] - before
    claim(count == 2 * BULK, f"{count} bytes arrived")


def out_of(image):
    """with loss and disorder: 1 MiB out of the image"""
    got = 0
    began = time.monotonic()
    with image.connect(SOURCE, 60) as link:
        while got < 2 * BULK:
            more = link.recv(65536)
            claim(more, f"it ends after {got} bytes")
            got += len(more)
    say(f"{got / (time.monotonic() - began) / 1000:.0f} kB/s")


def requests(image):
    """with loss and disorder: 8 times 50 requests are all answered"""
    def some():
        with image.connect(HTTP, 60) as link:
            for _ in range(50):
                request(link)

    by_eight(some)


def by_eight(deed):
    def some():
        try:
            deed()
        except Exception as error:  # it is told at the end
            failed.append(error)

    failed = []
    threads = [threading.Thread(target=some) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    claim(not failed, f"{len(failed)} of 8 fail: {failed[:1]}")


def connections(image):
    """with loss and disorder: 8 times 10 connections one after another"""
    def some():
        for _ in range(10):
            with image.connect(ECHO, 60) as link:
                link.sendall(b"hello")
                claim(link.recv(100) == b"hello", "the echo is wrong")

    by_eight(some)


CHECKS = (smooth, rough, into, out_of, requests, connections)


def main():
    report = Report(len(CHECKS))
    pathlib.Path(FRAMES_HELD).write_text("4096")
    with tempfile.TemporaryDirectory() as scratch:
        here, there = f"{scratch}/here", f"{scratch}/there"
        relay = Relay(here, there)
        relay.start()
        with Guest(netdev="dgram,id=net0,local.type=unix,local.path=" + there +
                   ",remote.type=unix,remote.path=" + here) as image:
            image.serves()
            before = image.figures()
            for check in CHECKS:
                relay.rough = check is not smooth

                def run(check=check):
                    check(image)
                    relay.rough = False
                    image.check_sound()
                    check_balance(image, before, 12)

                run.__doc__ = check.__doc__
                report.run(run)
                say(relay.counts)
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
