#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""load.py [runs] - many requests and connections, well and badly ended; afterwards
the image holds what it held before. LOOPS: how many times as long."""
import os
import re
import selectors
import socket
import struct
import subprocess
import sys
import threading
import time

from guest import (ADDRESS, DISCARD, ECHO, HTTP, SOURCE, Guest, check_balance)
from report import Report, claim, say

LOOPS = int(os.environ.get("LOOPS") or 1)
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
PAGE = 600
# Of the instructions that a request costs, over all runs. How many requests a second
# that makes depends on what else this machine does: it is told.
MOST_SPREAD = 0.10


def wrk(address, connections, seconds=1):
    """Requests each second; without one error."""
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s",
         f"http://{address}/"], check=True, capture_output=True,
        text=True).stdout
    claim("Socket errors" not in output and "Non-2xx" not in output, output)
    return float(re.search(r"Requests/sec:\s*([\d.]+)", output)[1])


def cost_of(guest, connections):
    """Requests each second, and instructions for each."""
    before = guest.figures()
    rate = wrk(ADDRESS, connections, LOOPS)
    after = guest.figures()
    return rate, (after["instructions"] - before["instructions"]) / \
        (after["requests"] - before["requests"])


def repeated(connections):
    def check(guest):
        rates, costs = zip(*[cost_of(guest, connections) for _ in range(10)])
        spread = (max(rates) - min(rates)) / max(rates)
        say(f"{connections} connections: " + " ".join(f"{n:.0f}" for n in rates)
            + f" requests/s, spread {spread:.0%}")
        say("instructions each: " + " ".join(f"{n:.0f}" for n in costs))
        claim(max(costs) < min(costs) * (1 + MOST_SPREAD),
              f"from {min(costs):.0f} to {max(costs):.0f} instructions")

    check.__doc__ = f"ten runs of wrk with {connections} connections"
    return check


def request(link):
    link.sendall(REQUEST)
    got = b""
    while got.count(b"x") < PAGE:
        more = link.recv(4096)
        claim(more, "the connection ended in an answer")
        got += more


def one_after_another(guest):
    """10,000 connections one after another, one request each"""
    def some(count):
        try:
            for n in range(count):
                with guest.connect(HTTP) as link:
                    request(link)
                    if n % 3 == 0:
                        reset_at_close(link)
        except Exception as error:
            failed.append(error)

    failed = []
    threads = [threading.Thread(target=some, args=(2500 * LOOPS,))
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    claim(not failed, f"{failed[:1]}")


def reset_at_close(link):
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))


def thousand(guest):
    """1,000 connections at a time, all of them served three times"""
    links = [guest.connect(HTTP) for _ in range(1000)]
    try:
        for _ in range(3):
            for link in links:
                link.sendall(REQUEST)
            for link in links:
                got = 0
                while got < PAGE:
                    got += len(link.recv(4096))
        claim(guest.figures()["tcp_connections"] >= 1000, "they are not there")
    finally:
        for link in links:
            link.close()


def slow_readers(guest):
    """50 peers that do not read what they asked for: others are served"""
    links = [guest.connect(SOURCE) for _ in range(50)]
    time.sleep(0.5)
    figures = guest.figures()
    say(f"held for them: {figures['memory_bytes']} bytes, "
        f"{figures['frames_pinned']} pages")
    rate = wrk(ADDRESS, 4)
    say(f"{rate:.0f} requests/s beside them")
    for link in links[:10]:
        got = 0
        while got < 300000:
            got += len(link.recv(65536))
    for link in links:
        link.close()


def half_closed(guest):
    """a peer that has said all it says still gets every answer"""
    for _ in range(20):
        with guest.connect(ECHO) as link:
            data = os.urandom(5000)
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)
            got = b""
            while more := link.recv(65536):
                got += more
            claim(got == data, f"{len(got)} of {len(data)} bytes came")


def reset_in_the_middle(guest):
    """300 connections that are reset while data flows in both directions"""
    for n in range(300):
        link = guest.connect((ECHO, SOURCE, DISCARD)[n % 3])
        if n % 3 != 1:
            link.sendall(bytes(20000))
        if n % 2:
            link.recv(100) if n % 3 != 2 else None
        reset_at_close(link)
        link.close()
    claim(guest.serves(), "nobody is served afterwards")


def burst(guest):
    """3,000 connections asked for while the image stands still"""
    monitor = guest.monitor()
    monitor.command("stop")
    chooser = selectors.DefaultSelector()
    for _ in range(3000):
        link = socket.socket()
        link.setblocking(False)
        link.connect_ex((ADDRESS, HTTP))
        chooser.register(link, selectors.EVENT_WRITE)
    monitor.command("cont")
    connected = 0
    until = time.monotonic() + 4
    while chooser.get_map() and time.monotonic() < until:
        for key, _ in chooser.select(0.5):
            error = key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            connected += error == 0
            chooser.unregister(key.fileobj)
            key.fileobj.close()
    for key in list(chooser.get_map().values()):
        key.fileobj.close()
    say(f"{connected} of 3,000 were accepted within 4 s")
    claim(connected >= 256, f"only {connected} were accepted")
    claim(guest.serves(), "nobody is served afterwards")


RUNS = (repeated(1), repeated(16), repeated(64))
CHECKS = (one_after_another, thousand, slow_readers, half_closed,
          reset_in_the_middle, burst)


def with_balance(check, before):
    def run(guest):
        check(guest)
        guest.check_sound()
        check_balance(guest, before, 12)

    run.__doc__ = check.__doc__
    return run


def main():
    runs = sys.argv[1:] == ["runs"]
    checks = RUNS if runs else CHECKS
    report = Report(len(checks))
    # Counted instructions need -icount, which costs speed.
    with Guest(memory="128M", more=("-icount shift=0",) if runs else ()) as guest:
        guest.serves()
        before = guest.figures()
        for check in checks:
            report.run(with_balance(check, before), guest)
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
