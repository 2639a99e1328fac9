#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""echo.py [-k PATTERN] [HOST:PORT] - what echo sends back. Without an address the server is built
for this machine and started here."""
import argparse
import contextlib
import random
import re
import resource
import select
import socket
import subprocess
import sys
import threading
import time
import traceback

from server import OUT, build

SECONDS = 20


def connect(address):
    return socket.create_connection(address, SECONDS)


def take(connection, length):
    got = b""
    while len(got) < length:
        piece = connection.recv(min(65536, length - len(got)))
        assert piece, f"the end after {len(got)} of {length} bytes"
        got += piece
    return got


def lines(address):
    with connect(address) as connection:
        for text in (b"a", b"hello\r\n", bytes(range(256)), b"x" * 16384):
            connection.sendall(text)
            assert take(connection, len(text)) == text


def much_at_once(address):
    """The sender does not read meanwhile; nothing is lost or turned round."""
    data = random.Random(5).randbytes(20 << 20)
    with connect(address) as connection:
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        time.sleep(0.5)
        got = bytearray()
        while len(got) < len(data):
            piece = connection.recv(1 << 20)
            assert piece, "the end too early"
            got += piece
        sender.join()
        assert got == data


def half_closed(address):
    """What was sent before the end comes back, then the end."""
    with connect(address) as connection:
        connection.sendall(b"y" * 100_000)
        connection.shutdown(socket.SHUT_WR)
        assert take(connection, 100_000) == b"y" * 100_000
        assert connection.recv(1) == b""


def gone_and_reset(address):
    for _ in range(50):
        with connect(address) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  b"\1\0\0\0\0\0\0\0")
            connection.sendall(b"z" * 50_000)
    lines(address)


def thousands(address):
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(connect(address))
                       for _ in range(3000)]
        for number, connection in enumerate(connections):
            connection.sendall(b"%08d" % number)
        for number, connection in enumerate(connections):
            assert take(connection, 8) == b"%08d" % number
    lines(address)


def datagrams(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(SECONDS)
        udp.connect(address)
        for size in (0, 1, 1400, 9000, 60_000):
            udp.send(b"d" * size)
            assert udp.recv(65536) == b"d" * size, size


def both_families(address):
    if address[0] != "127.0.0.1":
        return
    with socket.create_connection(("::1", address[1]), SECONDS) as connection:
        connection.sendall(b"six")
        assert take(connection, 3) == b"six"


CHECKS = (lines, much_at_once, half_closed, gone_and_reset, thousands,
          datagrams, both_families)


def wrong_words(address):
    for words, status, line in ((("0",), 2, "usage: echo"),
                                (("70000",), 2, "usage"), (("x",), 2, "usage"),
                                (("1", "2"), 2, "usage"),
                                ((str(address[1]),), 1, "Address already in")):
        done = subprocess.run([f"{OUT}/echo", *words], capture_output=True,
                              text=True, timeout=SECONDS)
        assert (done.returncode, line in done.stderr) == (status, True), done
        assert status == 2 or done.stderr.count("\n") == 1, done.stderr


def udp_port_taken(_):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", 0))
        port = taken.getsockname()[1]
        done = subprocess.run([f"{OUT}/echo", str(port)], capture_output=True,
                              text=True, timeout=SECONDS)
    assert (done.returncode, done.stderr) == (
        1, f"echo: port {port}: Address already in use\n"), done


def few_descriptors(_):
    """Those that find none wait until others have gone."""
    with start(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))) \
            as address:
        connections = [connect(address) for _ in range(40)]
        for connection in connections:
            connection.sendall(b"one")
            assert take(connection, 3) == b"one"
            connection.close()


@contextlib.contextmanager
def start(before=None):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([f"{OUT}/echo", str(port)], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               preexec_fn=before)
    try:
        assert select.select([process.stdout], [], [], SECONDS)[0], "not ready"
        line = process.stdout.readline()
        assert line == f"echo: TCP and UDP on port {port}\n", line
        yield ("127.0.0.1", port)
        assert process.poll() is None, process.stderr.read()
    finally:
        process.terminate()
        process.communicate()


def run(checks, address):
    results = []
    for check in checks:
        try:
            check(address)
            print(f"ok - {check.__name__}", flush=True)
            results.append(True)
        except Exception:
            print(f"not ok - {check.__name__}")
            print("# " + traceback.format_exc().replace("\n", "\n# "))
            results.append(False)
    return results


def main():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    parser = argparse.ArgumentParser()
    parser.add_argument("address", nargs="?")
    parser.add_argument("-k", default="", help="only what has this pattern in "
                        "its name")
    arguments = parser.parse_args()
    chosen = [check for check in (*CHECKS, wrong_words, udp_port_taken,
                               few_descriptors)
              if re.search(arguments.k, check.__name__)]
    if arguments.address:
        host, _, port = arguments.address.rpartition(":")
        results = run([check for check in chosen if check in CHECKS],
                      (host, int(port)))
    else:
        build()
        with start() as address:
            results = run(chosen, address)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(not results or not all(results))


main()
