# SPDX-License-Identifier: MIT
"""What any httpd that serves the files of client.make_root() has to do."""
import email.utils
import itertools
import json
import random
import re
import socket
import time

import prometheus
from client import LARGE, SMALL, request

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def equal(got, want, what=""):
    assert got == want, f"{what}{': ' if what else ''}{got!r}, not {want!r}"


def refused(site, raw, status):
    """@status, and the end of the connection."""
    with site.connect() as connection:
        connection.send(raw)
        equal(connection.answer().status, status, repr(raw[:80]))
        assert connection.at_end(), f"goes on after {status}: {raw[:80]!r}"


@check
def small_file(site):
    answer = site.get("/small.html")
    equal(answer.status, 200)
    equal(answer.body, SMALL)
    equal(answer["Content-Type"], "text/html; charset=utf-8")
    equal(answer["Last-Modified"], "Sun, 13 Sep 2020 12:26:40 GMT")
    equal(answer["Accept-Ranges"], "bytes")
    assert re.fullmatch(r'"[0-9a-f-]+"', answer["ETag"]), answer["ETag"]
    assert answer.get("Connection") is None
    email.utils.parsedate_to_datetime(answer["Date"])


@check
def types(site):
    for target, kind in (("/text.txt", "text/plain; charset=utf-8"),
                         ("/large.bin", "application/octet-stream"),
                         ("/plain/zeta.css", "text/css; charset=utf-8"),
                         ("/plain/inner/x.js", "text/javascript; charset=utf-8"),
                         ("/no-index/one.json", "application/json")):
        equal(site.get(target)["Content-Type"], kind, target)


@check
def empty_file(site):
    answer = site.get("/empty.txt")
    equal((answer.status, answer.body, answer["Content-Length"]),
          (200, b"", "0"))


@check
def large_file(site):
    equal(site.get("/large.bin").body == LARGE, True)


@check
def head(site):
    for target in ("/small.html", "/large.bin", "/plain/", "/metrics", "/none"):
        with site.connect() as connection:
            connection.send(request(target, "HEAD"), request("/text.txt"))
            first = connection.answer("HEAD")
            assert int(first["Content-Length"]) > 0, target
            equal(connection.answer().body, b"0123456789" * 10, target)


@check
def keep_alive(site):
    with site.connect() as connection:
        for _ in range(50):
            connection.send(request("/small.html"))
            equal(connection.answer().body, SMALL)


@check
def connection_close(site):
    for raw, ends in (
            (request("/text.txt", Connection="close"), True),
            (request("/text.txt", Connection="x, Close ,y"), True),
            (request("/text.txt", version="1.0"), True),
            (request("/text.txt", version="1.0", Connection="keep-alive"),
             False)):
        with site.connect() as connection:
            connection.send(raw)
            answer = connection.answer()
            equal(answer["Connection"], "close" if ends else "keep-alive")
            if ends:
                assert connection.at_end()
            else:
                connection.send(raw)
                equal(connection.answer().status, 200)


@check
def pipelining(site):
    targets = ["/small.html", "/none", "/large.bin", "/text.txt", "/plain/",
               "/medium.bin", "/sub/", "/metrics", "/empty.txt"] * 8
    with site.connect() as connection:
        connection.send(b"".join(map(request, targets)))
        for target in targets:
            answer = connection.answer()
            equal(answer.status, 404 if target == "/none" else 200, target)
            if target == "/large.bin":
                equal(answer.body == LARGE, True, target)
            if target == "/small.html":
                equal(answer.body, SMALL)


@check
def pipelining_of_many_small(site):
    with site.connect() as connection:
        connection.send(request("/small.html") * 500)
        for _ in range(500):
            equal(connection.answer().body, SMALL)


@check
def cut_anywhere(site):
    raw = (b"\r\n" + request("/text.txt", Accept="*/*\t") +
           request("/small.html"))
    for at in range(1, len(raw)):
        with site.connect() as connection:
            connection.send(raw[:at])
            if at % 7 == 0:
                time.sleep(0.002)
            connection.send(raw[at:])
            equal(connection.answer().status, 200, f"cut at {at}")
            equal(connection.answer().body, SMALL, f"cut at {at}")


@check
def single_bytes(site):
    with site.connect() as connection:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request("/text.txt"):
            connection.send(bytes([byte]))
        equal(connection.answer().status, 200)


@check
def statuses(site):
    for target, status in (("/none", 404), ("/text.txt/", 404),
                           ("/small.html/x", 404), ("/secret.txt", 403),
                           ("/sub", 301), ("/sub/", 200), ("/%zz", 400),
                           ("/%", 400), ("/%2", 400), ("/a%00b", 400),
                           ("/%0a", 400), ("/x" * 500, 404),
                           ("/" + "x" * 300, 404)):
        equal(site.get(target).status, status, target)
    for method, status in (("POST", 405), ("PUT", 405), ("DELETE", 405),
                           ("PATCH", 405), ("TRACE", 405), ("BREW", 501),
                           ("get", 501)):
        answer = site.get("/", method)
        equal(answer.status, status, method)
        if status == 405:
            equal(answer["Allow"], "GET, HEAD, OPTIONS")
    equal(site.raw(b"CONNECT x:80 HTTP/1.1\r\nHost: x\r\n\r\n").status, 405)
    for target in ("*", "/small.html"):
        answer = site.get(target, "OPTIONS")
        equal((answer.status, answer["Allow"]), (204, "GET, HEAD, OPTIONS"))
    equal(site.get("*").status, 400)


@check
def redirect(site):
    equal(site.get("/sub")["Location"], "/sub/")
    equal(site.get("/sub?a=b")["Location"], "/sub/?a=b")
    equal(site.get("//sub")["Location"], "/sub/")
    equal(site.get("/plain/inner")["Location"], "/plain/inner/")


@check
def paths(site):
    for target in ("/sub/../text.txt", "/./text.txt", "//text.txt",
                   "/%74ext.txt", "/plain/inner/../../text.txt?x=/../..",
                   "/text.txt?", "http://vireo/text.txt",
                   "HTTP://a.b:80/text.txt", "/plain%2F..%2ftext.txt"):
        equal(site.get(target).body, b"0123456789" * 10, target)
    equal(site.get("/%C3%BC.txt").body, b"umlaut\n")
    equal(site.get("/dots..txt").body, b"dots\n")
    equal(site.get("http://vireo").body, site.get("/").body)
    for target in ("/../etc/passwd", "/..", "/%2e%2e/%2e%2e/etc/passwd",
                   "/sub/../../etc/passwd", "/..%2fetc/passwd", "/sub/..//..",
                   "/%2e%2e%2fetc%2fpasswd"):
        equal(site.get(target).status, 400, target)
    for target in ("/%252e%252e/etc/passwd", "/..\\..\\etc\\passwd",
                   "/....//etc/passwd", "/etc/passwd"):
        equal(site.get(target).status, 404, target)


@check
def listing(site):
    page = site.get("/plain/").body.decode()
    for text in ('href="./inner/"', 'href="./zeta.css"', 'href="../"',
                 'href="./a%20b%26%3Cc%3E.txt"', "a b&amp;&lt;c&gt;.txt"):
        assert text in page, f"{text} is not in {page}"
    equal(site.get("/plain/a%20b%26%3Cc%3E.txt").body, b"strange name\n")
    assert page.index("inner") < page.index("zeta"), "folders come first"


@check
def ranges(site):
    whole = site.get("/text.txt")
    for value, want in (("bytes=0-0", (0, 0)), ("bytes=0-", (0, 99)),
                        ("bytes=10-19", (10, 19)), ("bytes=-7", (93, 99)),
                        ("bytes=90-1000", (90, 99)), ("Bytes=5-6", (5, 6)),
                        ("bytes=-1000", (0, 99)), ("bytes=99-", (99, 99)),
                        ("bytes=0-99999999999999999999999", (0, 99)),
                        ("bytes= 3-4 ,", None), ("bytes=4-3", None),
                        ("bytes=", None), ("bytes=a-b", None),
                        ("lines=1-2", None), ("bytes=1-2-3", None),
                        ("bytes=--1", None), ("bytes=1", None)):
        answer = site.get("/text.txt", Range=value)
        if want:
            equal(answer.status, 206, value)
            equal(answer["Content-Range"], f"bytes {want[0]}-{want[1]}/100")
            equal(answer.body, whole.body[want[0]:want[1] + 1], value)
        else:
            equal((answer.status, answer.body), (200, whole.body), value)
    for value in ("bytes=100-", "bytes=100-200", "bytes=-0",
                  "bytes=500-600, 700-"):
        answer = site.get("/text.txt", Range=value)
        equal((answer.status, answer["Content-Range"]), (416, "bytes */100"))
    equal(site.get("/empty.txt", Range="bytes=0-").status, 416)
    answer = site.get("/large.bin", Range="bytes=1000000-2999999")
    equal(answer.body == LARGE[1000000:3000000], True)
    equal(site.get("/text.txt", "HEAD", Range="bytes=1-2").status, 200)


def parts_of(answer):
    """[(content range, bytes)] of multipart/byteranges."""
    boundary = re.fullmatch(r"multipart/byteranges; boundary=(\S+)",
                            answer["Content-Type"])[1].encode()
    pieces = answer.body.split(b"--" + boundary)
    equal((pieces[0], pieces[-1]), (b"", b"--\r\n"))
    found = []
    for piece in pieces[1:-1]:
        fields, content = piece.split(b"\r\n\r\n", 1)
        assert content.endswith(b"\r\n")
        found.append((re.search(rb"Content-Range: bytes (\S+)", fields)[1]
                      .decode(), content[:-2]))
        assert b"Content-Type: " in fields
    return found


@check
def ranges_in_parts(site):
    answer = site.get("/text.txt", Range="bytes=0-4, 90-, -3,40-41")
    equal(answer.status, 206)
    equal(parts_of(answer), [("0-4/100", b"01234"), ("90-99/100", b"0123456789"),
                             ("97-99/100", b"789"), ("40-41/100", b"01")])
    answer = site.get("/large.bin", Range="bytes=5-2000004,3000000-3000009")
    equal(parts_of(answer) ==
          [("5-2000004/3200000", LARGE[5:2000005]),
           ("3000000-3000009/3200000", LARGE[3000000:3000010])], True)
    answer = site.get("/text.txt", Range="bytes=0-4,500-600")
    equal((answer.status, answer.body), (206, b"01234"))
    # More than the file, or more than a sane client asks for: all of it once.
    for value in ("bytes=0-,0-", "bytes=" + ",".join(["1-1"] * 17)):
        equal(site.get("/text.txt", Range=value).status, 200, value)
    with site.connect() as connection:
        connection.send(request("/text.txt", Range="bytes=1-2,4-5"),
                        request("/small.html"))
        equal(len(parts_of(connection.answer())), 2)
        equal(connection.answer().body, SMALL)


@check
def conditions(site):
    for target in ("/small.html", "/large.bin"):
        whole = site.get(target)
        tag, date = whole["ETag"], whole["Last-Modified"]
        later, sooner = ("Mon, 14 Sep 2020 00:00:00 GMT",
                         "Sat, 12 Sep 2020 00:00:00 GMT")
        for fields, status in (
                ({"If_None_Match": tag}, 304),
                ({"If_None_Match": "W/" + tag}, 304),
                ({"If_None_Match": f'"a", W/"b" ,{tag}'}, 304),
                ({"If_None_Match": "*"}, 304),
                ({"If_None_Match": '"other"'}, 200),
                ({"If_None_Match": "nonsense"}, 200),
                ({"If_None_Match": '"other"', "If_Modified_Since": later}, 200),
                ({"If_Modified_Since": date}, 304),
                ({"If_Modified_Since": later}, 304),
                ({"If_Modified_Since": sooner}, 200),
                ({"If_Modified_Since": "Sunday, 13-Sep-20 12:26:40 GMT"}, 304),
                ({"If_Modified_Since": "Sun Sep 13 12:26:40 2020"}, 304),
                ({"If_Modified_Since": "yesterday"}, 200),
                ({"If_Match": tag}, 200), ({"If_Match": "*"}, 200),
                ({"If_Match": "W/" + tag}, 412), ({"If_Match": '"x"'}, 412),
                ({"If_Unmodified_Since": sooner}, 412),
                ({"If_Unmodified_Since": date}, 200),
                ({"If_Unmodified_Since": "bad"}, 200),
                ({"If_Match": tag, "If_Unmodified_Since": sooner}, 200),
                ({"Range": "bytes=1-2", "If_Range": tag}, 206),
                ({"Range": "bytes=1-2", "If_Range": date}, 206),
                ({"Range": "bytes=1-2", "If_Range": later}, 200),
                ({"Range": "bytes=1-2", "If_Range": "W/" + tag}, 200),
                ({"Range": "bytes=1-2", "If_Range": '"x"'}, 200),
                ({"Range": "bytes=1-2", "If_None_Match": tag}, 304)):
            answer = site.get(target, **fields)
            equal(answer.status, status, f"{target} {fields}")
            if status == 304:
                equal(answer["ETag"], tag)
                assert answer.get("Content-Length") is None


@check
def malformed(site):
    for raw, status in (
            (b"GET\r\n\r\n", 400), (b"GET /\r\n\r\n", 400),
            (b" GET / HTTP/1.1\r\n\r\n", 400),
            (b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            (b"GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 400),
            (b"GET / HTTP/1.1\nHost: x\n\n", 400),
            (b"GET / http/1.1\r\nHost: x\r\n\r\n", 400),
            (b"GET / HTTP/11\r\nHost: x\r\n\r\n", 400),
            (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            (b"GET / HTTP/1.1\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\n Host: x\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400),
            (b"GET /\x80 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            (b"GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            (b"GET text.txt HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            (b"GET http:///x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            (b"G@T / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            (b"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
            (b"GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n", 417),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 3 + b"\r\n", 400)):
        refused(site, raw, status)
    equal(site.raw(b"\r\n" + request("/text.txt")).status, 200)
    equal(site.raw(b"GET /text.txt HTTP/1.0\r\n\r\n").status, 200)
    equal(site.raw(b"GET /text.txt HTTP/1.1\r\nHost:\r\n\r\n").status, 200)
    equal(site.raw(b"GET /text.txt HTTP/1.9\r\nHost: x\r\nX:\t\xff \r\n\r\n")
          .status, 200)


@check
def limits(site):
    refused(site, b"GET /" + b"a" * 4200 + b" HTTP/1.1\r\n", 414)
    refused(site, b"GET /" + b"a" * 9000, 414)
    refused(site, b"GET /" + b"a" * 1500 + b" HTTP/1.1\r\nHost: x\r\n"
            b"Connection: close\r\n\r\n", 414)
    refused(site, b"A" * 9300, 414)
    refused(site, b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 9000, 431)
    refused(site, request("/", **{f"A{i}": "b" for i in range(100)}), 431)
    refused(site, b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 8200 +
            b"\r\n\r\n", 431)
    equal(site.get("/text.txt", **{f"A{i}": "b" for i in range(99)}).status, 200)
    equal(site.get("/text.txt", A="a" * 8000).status, 200)


@check
def smuggling(site):
    start = b"POST / HTTP/1.1\r\nHost: x\r\n"
    for fields, status in (
            (b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", 400),
            (b"Content-Length: 3\r\nContent-Length: 4\r\n", 400),
            (b"Content-Length: 3\r\nContent-Length: 3\r\n", 400),
            (b"Content-Length: 3, 3\r\n", 400),
            (b"Content-Length: +3\r\n", 400), (b"Content-Length: -3\r\n", 400),
            (b"Content-Length: 0x3\r\n", 400), (b"Content-Length:\r\n", 400),
            (b"Content-Length: 3 \t3\r\n", 400),
            (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", 400),
            (b"Transfer-Encoding: chunked, identity\r\n", 400),
            (b"Transfer-Encoding: gzip\r\n", 501),
            (b"Transfer-Encoding: xchunked\r\n", 501),
            (b"Transfer-Encoding : chunked\r\n", 400),
            (b"Transfer-Encoding:\x0bchunked\r\n", 400),
            (b"Content-Length: 99999999999999999999999\r\n", 413),
            (b"Content-Length: 65537\r\n", 413)):
        refused(site, start + fields + b"\r\n0\r\n\r\n", status)
    refused(site, b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400)


@check
def bodies(site):
    """The request behind a body is found where it begins."""
    chunks = (b"3;x=\"y\"\r\nabc\r\n0a\r\n0123456789\r\n000\r\nT: x\r\n"
              b"Other:\r\n\r\n")
    after = request("/small.html")
    head = b"POST /x HTTP/1.1\r\nHost: x\r\n"
    for raw in (head + b"Content-Length: 12\r\n\r\nGET / HTTP/1",
                head + b"Transfer-Encoding: Chunked\r\n\r\n" + chunks,
                head + b"Content-Length: 0\r\n\r\n",
                head + b"Content-Length: 60000\r\n\r\n" + b"\r\n" * 30000,
                head + b"Transfer-Encoding: chunked\r\n\r\n" +
                b"1000\r\n" + b"x" * 4096 + b"\r\n0\r\n\r\n"):
        for cut in (0, len(raw) // 2, len(raw) - 1, len(raw)):
            with site.connect() as connection:
                connection.send(after + raw[:cut])
                equal(connection.answer().body, SMALL)
                connection.send(raw[cut:] + after)
                equal(connection.answer().status, 405)
                equal(connection.answer().body, SMALL)
    with site.connect() as connection:
        connection.send(request("/text.txt", Transfer_Encoding="chunked"))
        for at in range(len(chunks)):
            connection.send(chunks[at:at + 1])
        equal(connection.answer().status, 200)
    for bad in (b"x\r\n", b"\r\n", b"3\nabc\r\n", b"3\r\nabcd\r\n", b"-1\r\n",
                b"3\r\nabc\n", b"0\r\nA: b\n", b"1;\n\r\n"):
        refused(site, head + b"Transfer-Encoding: chunked\r\n\r\n" + bad, 400)
    for large in (b"ffffffffffffffffff\r\n", b"20000\r\n",
                  b"1000\r\n" + b"x" * 4096 + b"\r\nfffff\r\n"):
        refused(site, head + b"Transfer-Encoding: chunked\r\n\r\n" + large, 413)
    refused(site, request("/text.txt", Expect="100-continue",
                          Content_Length="5"), 200)


@check
def random_malformed(site):
    """A thousand requests with something wrong: an answer or an end, no hang."""
    if site.tls:
        return  # a half-closed connection of TLS has no more to say
    generator = random.Random(7)
    good = [request("/small.html", Range="bytes=0-5", If_None_Match='"a"'),
            request("/plain/?x=%20", "HEAD", Accept="*/*"),
            b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"5\r\nabcde\r\n0\r\n\r\n"]
    for number in range(1000):
        raw = bytearray(generator.choice(good))
        for _ in range(generator.randint(1, 8)):
            at = generator.randrange(len(raw))
            kind = generator.randrange(4)
            if kind == 0:
                raw[at] = generator.randrange(256)
            elif kind == 1:
                del raw[at:at + generator.randint(1, 9)]
            elif kind == 2:
                raw[at:at] = bytes(generator.choices(
                    b"\r\n\0 :,;/%\xff\t", k=generator.randint(1, 9)))
            else:
                raw[at:at] = raw[:generator.randint(1, 40)]
            if not raw:
                raw += b"\r"
        with site.connect() as connection:
            connection.send(bytes(raw))
            try:
                connection.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            got = b""
            try:
                while piece := connection.socket.recv(65536):
                    got += piece
            except ConnectionResetError:
                pass
            assert not got or got.startswith(b"HTTP/1.1 "), (number, raw, got)
    equal(site.get("/small.html").body, SMALL)


@check
def many_connections(site):
    connections = [site.connect() for _ in range(200)]
    for connection in connections:
        connection.send(request("/small.html"))
    for connection in connections:
        equal(connection.answer().body, SMALL)
    for connection in connections:
        connection.socket.close()


@check
def gone_in_the_middle(site):
    for _ in range(20):
        with site.connect() as connection:
            connection.send(request("/large.bin"))
            connection.socket.recv(1000)
    equal(site.get("/text.txt").status, 200)


@check
def slow_reader(site):
    with site.connect() as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        connection.send(request("/large.bin"), request("/text.txt"))
        for _ in range(20):
            connection.more()
            time.sleep(0.01)
        equal(connection.answer().body == LARGE, True)
        equal(connection.answer().status, 200)


@check
def metrics(site):
    answer = site.get("/metrics")
    equal(answer["Content-Type"],
          "text/plain; version=0.0.4; charset=utf-8")
    before = prometheus.parse(answer.body.decode())
    site.get("/none")
    after = prometheus.parse(site.get("/metrics").body.decode())
    key = ("httpd_requests_total", (("code", "404"),))
    equal(after[key] - before[key], 1)
    for name in ("vireo_memory_total_bytes", "vireo_memory_free_bytes",
                 "vireo_fences_total", "vireo_purges_total",
                 "vireo_vmalloc_areas", "vireo_lazy_pages",
                 "vireo_vmalloc_lazy_bytes", "httpd_connections",
                 "httpd_sent_bytes_total", "vireo_uptime_seconds"):
        assert (name, ()) in after, f"{name} is not in /metrics"
    assert after["httpd_connections", ()] >= 1
    assert after["httpd_sent_bytes_total", ()] > \
        before["httpd_sent_bytes_total", ()]


@check
def map_of_areas(site):
    answer = site.get("/api/map")
    equal(answer["Content-Type"], "application/json")
    equal(answer["Cache-Control"], "no-store")
    page = json.loads(answer.body)
    start, size = page["window"]
    assert int(start, 16) > 1 << 63 and size > 1 << 30
    end = 0
    assert page["areas"]
    for offset, length, kind, caller, pages, guarded, _, _ in page["areas"]:
        assert end <= offset and offset + length <= size, "areas overlap"
        assert length > 0 and pages >= 0 and guarded in (0, 1)
        assert kind and isinstance(caller, str)
        end = offset + length
    assert page["memory"]["MemTotal"] > page["memory"]["MemFree"] > 0
    assert page["server"]["connections"] >= 1
    assert "fences" in page["counters"]


@check
def vmallocinfo(site):
    text = site.get("/vmallocinfo").body.decode()
    *lines, last = text.splitlines()
    assert last.startswith("total: "), last
    for line in lines:
        assert re.match(r"0x[0-9a-f]{16}-0x[0-9a-f]{16} +\d+ ", line), line


@check
def statuses_of_made_pages(site):
    for page, method in itertools.product(("/metrics", "/api/map"), ("POST",)):
        equal(site.get(page, method).status, 405)
    equal(site.get("/metrics/").status, 404)
    equal(site.get("/metrics", Range="bytes=0-3").status, 200)
