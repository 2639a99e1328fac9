#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""servers.py httpd|echo|page tap|user HARTS [CONFIG] - the web server and the echo
server in an image, asked by the tests that try them on this machine (tests/httpd).

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

from guest import ADDRESS, TAP, USUAL_IP, Guest
from report import Report, claim, say, within

import archives  # tests/, by guest

HTTP, HTTPS, ECHO = 80, 443, 7
# A handshake is 0.1 s of this machine.
OVER_TLS = ("^(small_file|large_file|head|keep_alive|pipelining|bodies|"
            "slow_reader|metrics|map_of_areas)$")
# QEMU's own network accepts one connection at a time, and forwards no UDP here.
ONE_BY_ONE = "^(?!many_connections|thousands|datagrams|both_families)"
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


def figures(place):
    """Name -> value of what /metrics tells of the network."""
    with socket.create_connection((place.host, place.ports[HTTP]), 10) as link:
        link.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n"
                     b"Connection: close\r\n\r\n")
        with link.makefile() as file:
            lines = file.read().splitlines()
    pairs = (line.split() for line in lines if line.startswith("vireo_net_"))
    return {name[len("vireo_net_"):]: int(value) for name, value in pairs}


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


def serve_files(scratch):
    return {"more": (f"-initrd {disk(scratch)}",),
            "arguments": ("-d", "/site", f"https={HTTPS},/tls/crt.pem,"
                          "/tls/key.pem"),
            "ready": r"^httpd: https on port 443, serving /site"}


SERVERS = {
    "httpd": ("httpd", (HTTP, HTTPS), serve_files,
              (answers_http, answers_https, gives_back)),
    "page": ("httpd", (HTTP,), lambda _: {
        "ready": "^httpd: http on port 80, serving /www"}, (draws_its_page,)),
    "echo": ("echo", (ECHO,), lambda _: {
        "ready": "^echo: TCP and UDP on port 7$"}, (echoes,)),
}


def main():
    what, kind, harts, *config = sys.argv[1:]
    app, ports, options, checks = SERVERS[what]
    place = Place(kind, ports)
    report = Report(len(checks))
    with tempfile.TemporaryDirectory(dir="build/tests") as scratch:
        scratch = pathlib.Path(scratch)
        with Guest(app, options=place.options, netdev=place.netdev,
                   smp=int(harts), memory="256M",
                   config=(config or ["test"])[0], **options(scratch)) as guest:
            for check in checks:
                report.run(check, guest, place, scratch)
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
