#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""servers.py httpd|tls|tls-workers|echo|page tap|user HARTS [CONFIG] - the web server
and the echo server in an image, asked by the tests that try them on this machine
(tests/httpd).

tap: in a network namespace, tools/netns.sh run tests/net/servers.py ...; user: ports
of this machine, and no right of any kind. httpd serves files of an initial RAM disk,
and https with a certificate that is made for this run and lies there."""
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading

from guest import ADDRESS, TAP, USUAL_IP, Guest
from report import Report, claim, say, within

import archives  # tests/, by guest

sys.path.append("tests/httpd")
import client  # noqa: E402

HTTP, HTTPS, ECHO = 80, 443, 7
# A handshake is 0.1 s of this machine.
OVER_TLS = ("^(small_file|large_file|head|keep_alive|pipelining|bodies|"
            "slow_reader|metrics|map_of_areas)$")
# QEMU's own network accepts one connection at a time, and forwards no UDP here.
ONE_BY_ONE = "^(?!many_connections|thousands|datagrams|both_families)"
# Connections at once over TLS; a handshake is 0.1 s of this machine, all wait for all.
MANY, MANY_SECONDS = 200, 100
# What may be more after many connections than before: what an allocator keeps.
SOME = {"pages": 64, "slab pages": 16, "network bytes": 20000}
# Several workers, each of which takes its part of MANY: no fewer, no more.
BATCHES, WORKERS = 4, 4
CURVE = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")


def run(*command, seconds=100):
    """A test of tests/httpd: what it says when it fails is told."""
    done = subprocess.run([str(word) for word in command], text=True,
                          timeout=seconds, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          check=False)
    lines = done.stdout.splitlines()
    say("\n".join(line for line in lines if not line.startswith("ok - ")))
    claim(done.returncode == 0, f"{command[0]}: status {done.returncode}")
    claim(re.fullmatch(r"[1-9]\d* passed, 0 failed", lines[-1]), lines[-1])


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", *CURVE, "-nodes",
                    "-subj", "/CN=vireo", "-days", "30", "-out",
                    folder / "crt.pem", "-keyout", folder / "key.pem"],
                   check=True, capture_output=True)


def disk(folder):
    """The files that the tests ask for below /site, the certificate in /tls."""
    subprocess.run(["tests/httpd/test.py", "--root", folder / "site"],
                   check=True)
    (folder / "tls").mkdir()
    certificate(folder / "tls")
    entries = []
    for path in sorted(folder.glob("**/*")):
        status = path.stat()
        entries.append(archives.entry(
            str(path.relative_to(folder)), status.st_mode,
            path.read_bytes() if path.is_file() else b"",
            time=int(status.st_mtime)))
    (folder / "initrd").write_bytes(archives.archive(*entries))
    return folder / "initrd"


class Place:
    """How the image is reached: by the wire, or by ports of this machine."""

    def __init__(self, kind, ports):
        self.ports = {port: port for port in ports}
        self.host, self.netdev, self.options = ADDRESS, TAP, USUAL_IP
        self.checks = ""
        if kind == "user":
            self.checks = ONE_BY_ONE
            self.host, self.options = "127.0.0.1", ""
            self.ports = {port: free_port() for port in ports}
            self.netdev = "user,id=net0" + "".join(
                f",hostfwd=tcp:127.0.0.1:{mine}-:{port}"
                for port, mine in self.ports.items())

    def address(self, port):
        return f"{self.host}:{self.ports[port]}"


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def figures(place, prefix="vireo_net_"):
    """Name -> value of what /metrics tells, of the network."""
    with socket.create_connection((place.host, place.ports[HTTP]), 10) as link:
        link.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n"
                     b"Connection: close\r\n\r\n")
        with link.makefile() as file:
            lines = file.read().splitlines()
    pairs = (line.split() for line in lines if line.startswith(prefix))
    return {name[len(prefix):]: int(value) for name, value in pairs
            if value.isdecimal()}


def answers_http(guest, place, _):
    """Every request of the tests is answered over http as it should be."""
    run("tests/httpd/test.py", "-k", place.checks,
        f"http://{place.address(HTTP)}/")
    guest.check_sound()


def answers_https(guest, place, scratch):
    """Files, figures and a reader who is slow are the same over https."""
    run("tests/httpd/test.py", "-k", OVER_TLS, "--ca", scratch / "tls/crt.pem",
        f"https://{place.address(HTTPS)}/")
    guest.check_sound()


def ask_over_tls(site, all_here, failed):
    """One of many: no request before the last handshake is done."""
    try:
        with site.connect() as connection:
            all_here.wait(MANY_SECONDS)
            connection.send(client.request("/small.html"))
            claim(connection.answer().body == client.SMALL, "a wrong answer")
    except Exception as error:  # told by who started it
        failed.append(error)
        all_here.abort()


def many_over_tls(_, place, scratch):
    """200 connections at once over https are all answered"""
    client.SECONDS = MANY_SECONDS
    site = client.Site(place.host, place.ports[HTTPS], scratch / "tls/crt.pem")
    all_here, failed = threading.Barrier(MANY), []
    threads = [threading.Thread(target=ask_over_tls,
                                args=(site, all_here, failed))
               for _ in range(MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    claim(not failed, f"{len(failed)} failed: {failed[:3]}")


def held(place):
    """Pages, areas, what the network holds."""
    now = figures(place, "vireo_")
    return {"pages": now["memory_used_bytes"] // 4096,
            "areas": now["vmalloc_areas"],
            "slab pages": now["memory_slab_bytes"] // 4096,
            "connections": now["net_tcp_connections"],
            "frames": now["net_frames_pinned"],
            "network bytes": now["net_memory_bytes"]}


def many_leave_nothing(guest, place, scratch):
    """As many again hold no page, no area and no connection more afterwards than those
    before them"""
    # What each worker's part of the heap keeps grows to the most that it ever had.
    many_over_tls(guest, place, scratch)
    claim(within(20, lambda: held(place)["connections"] == 1),
          "connections stay")
    before = held(place)
    say(before)
    many_over_tls(guest, place, scratch)
    more = {}

    def settled():
        more.clear()
        more.update({name: (before[name], now)
                     for name, now in held(place).items()
                     if now > before[name] + SOME.get(name, 0)})
        return not more

    claim(within(20, settled), f"more than before: {more}")
    say(held(place))
    guest.check_sound()


def batches_are_flat(guest, place, scratch):
    """Of four workers each batch fills all to their limit, and the heap grows no more"""
    found = []
    for _ in range(BATCHES):
        many_over_tls(guest, place, scratch)
        claim(within(20, lambda: held(place)["connections"] == 1),
              "connections stay")
        found.append(held(place))
        say(found[-1])
    first, last = found[:BATCHES // 2], found[BATCHES // 2:]
    for name in found[0]:
        # Each worker has a heap; what is free between blocks is twice as much then.
        most = max(now[name] for now in first) + \
            2 * WORKERS * SOME.get(name, 0)
        claim(max(now[name] for now in last) <= most,
              f"{name}: {[now[name] for now in found]}")
    guest.check_sound()


def port_of_both(*_):
    """http and https at one port: a line says so, and http goes on"""
    with tempfile.TemporaryDirectory(dir="build/tests") as scratch:
        scratch = pathlib.Path(scratch)
        options = serve_files(scratch, https=HTTP)
        options["ready"] = "^httpd: https, port 80: Address in use$"
        # The tap is the other image's.
        place = Place("user", (HTTP,))
        with Guest("httpd", options=place.options, netdev=place.netdev,
                   memory="256M", config=config(), **options) as guest:
            claim(client.Site(place.host, place.ports[HTTP]).get(
                "/text.txt").status == 200, "http does not go on")
            guest.check_sound()


def gives_back(_, place, __):
    """Then no connection, no frame and no memory of the network stays held."""
    now = {}

    def settled():
        now.update(figures(place))
        return (now["tcp_connections"] == 1 and now["frames_pinned"] == 0 and
                now["memory_bytes"] < 20000)

    if not within(8, settled):
        say("\n".join(f"{name} {value}" for name, value in now.items()))
    claim(settled(), "something is held")


def draws_its_page(guest, place, _):
    """The page is drawn, moves and asks nobody else, as the browser sees it."""
    subprocess.run(["tools/setup.sh", "browser"], check=True,
                   stdout=subprocess.DEVNULL)
    shots = os.environ.get("SHOTS")
    run("tests/httpd/browser.py", *(("--shots", shots) if shots else ()),
        f"http://{place.address(HTTP)}/")
    guest.check_sound()


def echoes(guest, place, _):
    """What is sent comes back: much at once, from thousands, half closed."""
    run("tests/httpd/echo.py", "-k", place.checks, place.address(ECHO))
    guest.check_sound()


def serve_files(scratch, *options, https=HTTPS):
    return {"more": (f"-initrd {disk(scratch)}",),
            "arguments": ("-d", "/site", *options,
                          f"https={https},/tls/crt.pem,/tls/key.pem"),
            "ready": r"^httpd: https on port 443, serving /site"}


SERVERS = {
    "httpd": ("httpd", (HTTP, HTTPS), serve_files,
              (answers_http, answers_https, gives_back)),
    "tls": ("httpd", (HTTP, HTTPS), lambda scratch: serve_files(
        scratch, "-r", str(MANY_SECONDS), "-i", str(MANY_SECONDS)),
        (many_over_tls, many_leave_nothing, port_of_both)),
    "tls-workers": ("httpd", (HTTP, HTTPS), lambda scratch: serve_files(
        scratch, "-r", str(MANY_SECONDS), "-i", str(MANY_SECONDS),
        "-t", str(WORKERS), "-m", str(MANY)), (batches_are_flat,)),
    "page": ("httpd", (HTTP,), lambda _: {
        "ready": "^httpd: http on port 80, serving /www"}, (draws_its_page,)),
    "echo": ("echo", (ECHO,), lambda _: {
        "ready": "^echo: TCP and UDP on port 7$"}, (echoes,)),
}


def config():
    """That of the images."""
    return (sys.argv[4:] or ["test"])[0]


def main():
    what, kind, harts = sys.argv[1:4]
    app, ports, options, checks = SERVERS[what]
    place = Place(kind, ports)
    report = Report(len(checks))
    with tempfile.TemporaryDirectory(dir="build/tests") as scratch:
        scratch = pathlib.Path(scratch)
        with Guest(app, options=place.options, netdev=place.netdev,
                   smp=int(harts), memory="256M",
                   config=config(), **options(scratch)) as guest:
            for check in checks:
                report.run(check, guest, place, scratch)
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
