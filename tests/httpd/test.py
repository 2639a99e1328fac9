#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""test.py [-k PATTERN] [URL] - httpd and its answers.

Without a URL the server is built for this machine under ASan and UBSan and started
here, in plain and with TLS, and what needs other options is tried as well. With a
URL that server is asked; it serves what `test.py --root FOLDER` makes.
"""
import argparse
import contextlib
import os
import pathlib
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

import checks
import client
import prometheus
from checks import equal
from client import Site, request
from server import OUT, Server, build

ALONE = []


def alone(function):
    """A check that starts servers of its own: function(root, scratch)."""
    ALONE.append(function)
    return function


@contextlib.contextmanager
def running(root, *options, **more):
    server = Server("-d", str(root), "-p", "0", *options, **more)
    try:
        yield server
    finally:
        status = server.stop()
    assert status == 0, f"ended with status {status}\n{server.errors()}"


def local(server, scheme="http", tls=None):
    return Site("127.0.0.1", server.ports[scheme], tls)


def certificate(scratch, kind, name):
    """Signed by itself: (certificate, key)."""
    paths = [str(scratch / f"{name}.{end}") for end in ("crt", "key")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", *kind, "-nodes",
                    "-subj", "/CN=vireo", "-days", "30", "-out", paths[0],
                    "-keyout", paths[1]], check=True, capture_output=True)
    return paths


RSA = ("rsa:2048",)
CURVE = ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")


@alone
def slow_clients(root, scratch):
    """A head that does not end: 408; nothing at all: the end, without a word."""
    with running(root, "-r", "2", "-i", "3", "-w", "2", "-t", "1") as server:
        site = local(server)
        with site.connect() as slow, site.connect() as silent, \
                site.connect() as idle, site.connect() as body, \
                site.connect() as deaf:
            deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.send(request("/large.bin") * 8)
            idle.send(request("/text.txt"))
            equal(idle.answer().status, 200)
            body.send(request("/", Content_Length="10") + b"12345")
            begun = time.monotonic()
            slow.socket.settimeout(0.25)
            data = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 80
            with contextlib.suppress(OSError):
                for byte in data:
                    slow.send(bytes([byte]))
                    with contextlib.suppress(TimeoutError):
                        slow.more()
                        break
            assert 1.5 < time.monotonic() - begun < 5, "not in time"
            slow.socket.settimeout(client.SECONDS)
            equal(slow.answer().status, 408)
            equal(body.answer().status, 408)
            assert silent.at_end() and idle.at_end()
            time.sleep(4)
            figures = prometheus.parse(site.get("/metrics").body.decode())
            equal(figures["httpd_connections", ()], 1)
            equal(figures["httpd_timeouts_total", ()], 3)


@alone
def as_many_as_allowed(root, scratch):
    """At its limit the server lets others wait, and takes them when one ends."""
    with running(root, "-t", "1", "-m", "3") as server:
        site = local(server)
        taken = [site.connect() for _ in range(3)]
        for connection in taken:
            connection.send(request("/text.txt"))
            equal(connection.answer().status, 200)
        waiting = site.connect()
        waiting.send(request("/text.txt"))
        waiting.socket.settimeout(0.5)
        try:
            waiting.more()
            raise AssertionError("a fourth connection was served")
        except TimeoutError:
            pass
        waiting.socket.settimeout(client.SECONDS)
        taken.pop().socket.close()
        equal(waiting.answer().status, 200)
        for connection in (*taken, waiting):
            connection.socket.close()
    assert "as many as -m allows" in server.errors(), server.errors()


@alone
def out_of_descriptors(root, scratch):
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
    with running(root, "-t", "1", before=limit) as server:
        site = local(server)
        # A small file is kept in memory: it needs no descriptor.
        equal(site.get("/text.txt").status, 200)
        connections = [site.connect() for _ in range(60)]
        served = 0
        for connection in connections:
            connection.send(request("/text.txt"))
        for connection in connections:
            # Those that wait are taken when earlier ones are gone.
            equal(connection.answer().status, 200)
            connection.socket.close()
            served += 1
        equal(served, 60)
    assert "no connection is accepted for now" in server.errors()


@alone
def no_descriptor_for_a_file(root, scratch):
    """503, and later again 200."""
    limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))
    with running(root, "-t", "1", before=limit) as server:
        site = local(server)
        with site.connect() as first:
            others = [site.connect() for _ in range(12)]
            time.sleep(0.2)
            first.send(request("/large.bin"))
            equal(first.answer().status, 503)
            for connection in others:
                connection.socket.close()
            time.sleep(0.2)
            first.send(request("/large.bin"))
            equal(first.answer().status, 200)


@alone
def changed_files(root, scratch):
    """What is cached is compared with the file at most a second later."""
    folder = scratch / "changing"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"first")
    (folder / "b.bin").write_bytes(b"1" * 50000)
    with running(folder, "-t", "1") as server:
        site = local(server)
        first = site.get("/a.txt")
        equal(first.body, b"first")
        equal(site.get("/b.bin").body, b"1" * 50000)
        (folder / "a.txt").write_bytes(b"second one")
        (folder / "b.bin").unlink()
        time.sleep(1.1)
        second = site.get("/a.txt", If_None_Match=first["ETag"])
        equal((second.status, second.body), (200, b"second one"))
        equal(site.get("/b.bin").status, 404)
        (folder / "large").touch()
        os.truncate(folder / "large", 1 << 28)
        with site.connect() as connection:
            connection.send(request("/large"))
            connection.more()
            os.truncate(folder / "large", 100)
            with contextlib.suppress(EOFError, ConnectionError):
                connection.answer()
                raise AssertionError("bytes from behind the end of a file")
        equal(site.get("/a.txt").status, 200)


@alone
def files_of_other_kinds(root, scratch):
    folder = scratch / "kinds"
    folder.mkdir()
    os.mkfifo(folder / "fifo")
    (folder / "link").symlink_to("/dev/zero")
    (folder / "loop").symlink_to("loop")
    (folder / "dir").mkdir()
    (folder / ".hidden").write_bytes(b"x")
    with running(folder, "-n") as server:
        site = local(server)
        for target, status in (("/fifo", 403), ("/link", 403), ("/loop", 404),
                               ("/dir/", 403), ("/", 403), ("/dir", 301)):
            equal(site.get(target).status, status, target)


@alone
def network_counters(root, scratch):
    path = scratch / "counters"
    path.write_text("rx_packets 12\ntx_bytes_total 3456\nodd-name 7\n"
                    "nonsense\nname-without-number x\n\n")
    with running(root, environment={"HTTPD_NET_COUNTERS": str(path)}) as server:
        site = local(server)
        figures = prometheus.parse(site.get("/metrics").body.decode())
        equal({name: value for (name, _), value in figures.items()
               if name.startswith("vireo_net_")},
              {"vireo_net_rx_packets": 12, "vireo_net_tx_bytes_total": 3456,
               "vireo_net_odd_name": 7})


def run_out(*words):
    """(status, what it said) of a server that does not start."""
    done = subprocess.run([f"{OUT}/httpd", *words], capture_output=True,
                          text=True, timeout=20)
    return done.returncode, done.stderr


@alone
def wrong_words(root, scratch):
    with running(root) as server:
        status, said = run_out("-d", str(root), "-p", str(server.ports["http"]))
        equal((status, said.count("\n")), (1, 1))
        assert "Address already in use" in said, said
    for words, line in ((("-d", "/no/where"), "httpd: /no/where: No such file"),
                        (("-p", "70000"), "70000 is no number from 0 to 65535"),
                        (("-t", "0"), "0 is no number from 1"),
                        (("x",), "what is x?"), (("-z",), "usage: httpd"),
                        (("https=1",), "want https=PORT,CERT.PEM,KEY.PEM")):
        status, said = run_out(*words)
        assert status in (1, 2) and line in said, said


@alone
def port_of_both(root, scratch):
    """One line that https cannot have it, and http goes on."""
    crt, key = certificate(scratch, CURVE, "both")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with running(root, "-p", str(port), f"https={port},{crt},{key}") as server:
        equal(local(server).get("/text.txt").status, 200)
    equal(server.errors(),
          f"httpd: https, port {port}: Address already in use\n")


@alone
def bad_certificates(root, scratch):
    """One line, and http goes on."""
    good, key = certificate(scratch, CURVE, "good")
    _, other = certificate(scratch, CURVE, "other")
    junk = scratch / "junk"
    junk.write_bytes(os.urandom(5000))
    for crt, secret, line in (
            ("/none.pem", key, "/none.pem: No such file"),
            (good, "/none.key", "/none.key: No such file"),
            (str(junk), key, "no certificate in PEM"),
            (good, str(junk), "no key in PEM"), (key, key, "no certificate"),
            (good, other, "not the certificate's key")):
        with running(root, "-s", "0", "-c", crt, "-k", secret) as server:
            equal(local(server).get("/text.txt").status, 200)
        equal(server.errors().count("\n"), 1, server.errors())
        assert line in server.errors(), server.errors()
    with running(root, "-s", "0") as server:
        equal(local(server).get("/text.txt").status, 200)
    assert "want a certificate" in server.errors(), server.errors()


@alone
def tls_with_each_key(root, scratch):
    for kind, name in ((RSA, "rsa"), (CURVE, "curve")):
        crt, key = certificate(scratch, kind, name)
        with running(root, f"https=0,{crt},{key}", ready=2) as server:
            site = local(server, "https", crt)
            with site.connect() as connection:
                equal(connection.socket.version(), "TLSv1.2")
                connection.send(request("/large.bin"))
                equal(connection.answer().body == client.LARGE, True)
            # Plain words, and a hello that is cut.
            with Site("127.0.0.1", site.port).connect() as plain:
                plain.send(request("/"))
                with contextlib.suppress(ConnectionError):
                    plain.socket.recv(100)
            with Site("127.0.0.1", site.port).connect() as cut:
                cut.send(b"\x16\x03\x01\x01\x00\x01\x00")
            equal(site.get("/text.txt").status, 200)
            done = subprocess.run(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{site.port}",
                 "-tls1_1"], input="", capture_output=True, text=True,
                timeout=20)
            assert done.returncode != 0, "TLS 1.1 was accepted"


def report(name, function, *arguments):
    begun = time.monotonic()
    try:
        function(*arguments)
    except Exception:
        print(f"not ok - {name}")
        print("# " + traceback.format_exc().replace("\n", "\n# "))
        return False
    print(f"ok - {name} ({time.monotonic() - begun:.1f} s)", flush=True)
    return True


def run_checks(site, prefix, chosen):
    return [report(prefix + check.__name__, check, site)
            for check in checks.CHECKS
            if re.search(chosen, prefix + check.__name__)]


def run_here(chosen):
    build()
    results = []
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        root = client.make_root(scratch / "root")
        crt, key = certificate(scratch, CURVE, "site")
        # Handshakes of many at once take their time on a busy machine.
        server = Server("-d", str(root), "-p", "0", "-t", "2", "-s", "0", "-c",
                        crt, "-k", key, "-r", "120", "-i", "120", ready=2)
        results += run_checks(local(server), "http/", chosen)
        results += run_checks(local(server, "https", crt), "https/", chosen)
        status = server.stop()
        results.append(report("ends without a leak", equal, status, 0,
                              server.errors()))
        for function in ALONE:
            if re.search(chosen, "alone/" + function.__name__):
                folder = scratch / function.__name__
                folder.mkdir()
                results.append(report("alone/" + function.__name__, function,
                                      root, folder))
    return results


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("url", nargs="?")
    parser.add_argument("-k", default="", help="only what has this pattern in its name")
    parser.add_argument("--root", help="make the files there, and end")
    parser.add_argument("--ca", help="the certificate of an https URL")
    arguments = parser.parse_args()
    if arguments.root:
        client.make_root(arguments.root)
        return
    if arguments.url:
        url = urllib.parse.urlsplit(arguments.url)
        tls = arguments.ca if url.scheme == "https" else None
        site = Site(url.hostname, url.port or (443 if tls else 80), tls)
        results = run_checks(site, "", arguments.k)
    else:
        results = run_here(arguments.k)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(not results or not all(results))


main()
