# SPDX-License-Identifier: MIT
"""IPv4 and ICMP as nobody should send them."""
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.packet import Raw

from guest import ADDRESS
from report import claim, say
from wire import MINE

DATA = bytes(range(64))
NOBODY = "10.9.0.99"


def ip(**fields):
    return IP(**{"src": MINE, "dst": ADDRESS, "id": 1, **fields})


def ping(seq=1, data=DATA, **fields):
    return ip(**fields) / ICMP(id=66, seq=seq) / Raw(data)


def is_answer(packet):
    return ICMP in packet and packet[ICMP].type == 0 and packet[ICMP].id == 66


def grown(guest, before, *names):
    now = guest.figures()
    return sum(now[name] - before[name] for name in names)


def refused(guest, wire, packets, *counters):
    """None is answered, and each is counted under one of @counters."""
    before = guest.figures()
    wire.drain()
    wire.send(*packets)
    answers = [packet.summary() for packet in wire.listen(0.3)
               if is_answer(packet)]
    claim(not answers, f"answered: {answers}")
    if counters:
        count = grown(guest, before, *counters)
        claim(count == len(packets),
              f"{count} of {len(packets)} are counted as {counters}")


def bad_headers(guest, wire):
    """IPv4: version, header length, total length, checksum that lie"""
    refused(guest, wire, [ping(version=v) for v in (0, 5, 6, 15)], "ip4_err")
    refused(guest, wire, [ping(ihl=n) for n in (0, 1, 4)],
            "ip4_lenerr", "ip4_chkerr")
    short = [ip(ihl=15, proto=1)]
    lies = [ping(len=n) for n in (0, 1, 19, 65535, 1500, 93)]
    refused(guest, wire, short + lies, "ip4_lenerr", "ip4_chkerr")
    refused(guest, wire, [ping(chksum=n) for n in (0, 0xffff, 0x1234)],
            "ip4_chkerr")


def cut_short(guest, wire):
    """IPv4: total length shorter than the frame is cut to, not read beyond"""
    # What is cut away is no part of the message: the checksum is wrong then.
    refused(guest, wire, [ping(len=n) for n in (28, 40, 91)], "icmp4_chkerr")
    refused(guest, wire, [ping(len=n) for n in (20, 22, 23, 25, 27)],
            "icmp4_lenerr", "icmp4_chkerr")


def odd_options(guest, wire):
    """IPv4: options of every kind and length"""
    options = [b"\x44\x04\x05\x00", b"\x07\x00\x00\x00", b"\x83\x03\x04\x00",
               b"\x94\x04\x00\x00", b"\x82\xff\x00\x00", b"\x01" * 40,
               b"\x89\x27\x04" + b"\x7f\0\0\1" * 9 + b"\x00"]
    for option in options:
        raw = bytearray(bytes(ping()))
        raw[0] = 0x40 | (5 + len(option) // 4)
        raw[20:20] = option
        raw[2:4] = len(raw).to_bytes(2, "big")
        raw[10:12] = b"\0\0"
        again = IP(bytes(raw))
        del again.chksum
        wire.send(again)


def odd_addresses(guest, wire):
    """IPv4: sources and destinations that nobody has; time to live 0"""
    refused(guest, wire, [ping(src=source) for source in (
        "255.255.255.255", "10.9.0.255", "224.0.0.1", "127.0.0.1", ADDRESS,
        "0.0.0.0")])
    refused(guest, wire, [ping(dst=to) for to in (
        NOBODY, "127.0.0.1", "0.0.0.0", "255.255.255.255", "10.9.0.255",
        "224.0.0.1", "239.1.2.3")])
    wire.send(ping(ttl=0), ping(ttl=1))
    wire.send(*[ip(proto=n) / Raw(DATA) for n in range(256)
                if n not in (1, 6, 17)])
    wire.send(*[ip(proto=n) for n in range(256)])


def fragments(data, size, **fields):
    """@data as pieces: (offset, more, bytes)"""
    pieces = [(at, at + size < len(data), data[at:at + size])
              for at in range(0, len(data), size)]
    return [ip(proto=1, flags=int(more), frag=at // 8, **fields) / Raw(piece)
            for at, more, piece in pieces]


def message(seq, size):
    data = bytes(n * 7 % 256 for n in range(size))
    return bytes(ICMP(id=66, seq=seq) / Raw(data)), data


def whole(guest, wire):
    """IPv4 fragments: in any order, each once or twice, make one datagram"""
    for seq, order in enumerate((lambda p: p, lambda p: p[::-1],
                                 lambda p: p[1::2] + p[::2])):
        text, data = message(seq, 9000)
        pieces = order(fragments(text, 1000, id=100 + seq))
        got = []
        wire.drain()
        wire.send(*pieces)
        for packet in wire.listen(1):
            if IP in packet and packet[IP].id and packet[IP].proto == 1:
                got.append(packet[IP])
                if not packet[IP].flags & 1:
                    break
        joined = b"".join(bytes(p.payload)[:p.len - 20] for p in
                          sorted(got, key=lambda p: p.frag))
        claim(joined[8:] == data, f"order {seq}: {len(joined)} bytes back")


def overlapping(guest, wire):
    """IPv4 fragments: overlapping, contradicting ends, a ping of death"""
    text, _ = message(7, 4000)
    overlap = fragments(text, 1000, id=200)
    overlap.insert(2, ip(proto=1, id=200, flags=1, frag=100) / Raw(b"E" * 800))
    wire.send(*overlap)
    # Two last ones that disagree.
    wire.send(ip(proto=1, id=201, flags=0, frag=200) / Raw(b"a" * 80),
              ip(proto=1, id=201, flags=0, frag=100) / Raw(b"b" * 80),
              ip(proto=1, id=201, flags=1, frag=0) / Raw(b"c" * 80),
              ip(proto=1, id=201, flags=1, frag=210) / Raw(b"d" * 800))
    # Beyond 65,535.
    wire.send(*[ip(proto=1, id=202, flags=int(at < 8190), frag=at) /
                Raw(b"P" * 1400) for at in (0, 175, 8100, 8189, 8190, 8191)])
    death, _ = message(8, 65527)
    wire.send(*fragments(death + b"beyond it all" * 10, 1480, id=203))
    # Of no bytes, of few, of what is no multiple of 8.
    for size in (0, 1, 7, 9, 20):
        wire.send(ip(proto=1, id=204, flags=1, frag=3) / Raw(b"s" * size),
                  ip(proto=1, id=204, flags=1, frag=0) / Raw(b"t" * size))
    # Many inside one another.
    wire.send(*[ip(proto=17, id=205, flags=1, frag=at) / Raw(b"o" * 16)
                for at in range(60)])


def missing(guest, wire):
    """IPv4 fragments: more datagrams than are kept, none complete"""
    wire.send(*[ip(proto=1, id=1000 + n, flags=1, frag=n % 7 * 100) /
                Raw(b"m" * 800) for n in range(400)])
    text, _ = message(9, 60000)
    wire.send(*fragments(text, 8, id=3000)[:600])
    figures = guest.figures()
    say("held: " + ", ".join(f"{name} {figures[name]}" for name in (
        "pool_REASSDATA", "pool_FRAG_PBUF", "frames_pinned", "memory_bytes")))
    claim(figures["pool_REASSDATA"] <= 16, "too many datagrams are kept")
    claim(figures["memory_bytes"] + figures["frames_pinned"] * 4096 < 4 << 20,
          "fragments hold more than 4 MiB")


def icmp(guest, wire):
    """ICMP: cut off, unknown, redirects, unreachables about anything"""
    wire.send(*[ip(proto=1) / Raw(bytes(ICMP() / Raw(DATA))[:n])
                for n in range(0, 12)])
    wire.send(*[ip() / ICMP(type=t, code=c) / Raw(DATA)
                for t in range(0, 45) for c in (0, 1, 15) if t != 8])
    inner = [IP(src=ADDRESS, dst=MINE) / TCP(sport=80, dport=1234),
             IP(src=ADDRESS, dst=MINE) / UDP(sport=68, dport=67),
             IP(src=ADDRESS, dst=MINE, ihl=15) / Raw(b"z" * 8)]
    for about in inner:
        whole_text = bytes(about)
        for size in (0, 4, 8, 19, 20, 24, len(whole_text)):
            for kind, code in ((3, 4), (3, 3), (5, 1), (11, 0), (12, 0)):
                wire.send(ip() / ICMP(type=kind, code=code, gw=NOBODY) /
                          Raw(whole_text[:size]))
    refused(guest, wire, [ip() / ICMP(id=66, chksum=n) / Raw(DATA)
                          for n in (0, 0x4321)], "icmp4_chkerr")
    for size in (0, 1, 2, 1000, 1472):
        claim(wire.echo(bytes(size)), f"no answer to {size} bytes")
    where = guest_routes(guest)
    claim(NOBODY not in where, "a redirect was followed: " + where)


def guest_routes(guest):
    return guest.ask("route") if guest.has_shell() else ""


def udp(guest, wire):
    """UDP: length and checksum that lie, port 0, cut off"""
    def datagram(**fields):
        return ip() / UDP(**{"sport": 5000, "dport": 6000, **fields}) / \
            Raw(DATA)

    before = guest.figures()
    wrong = [datagram(len=n) for n in (0, 1, 7, 73, 1000, 65535)]
    wrong += [datagram(chksum=n) for n in (1, 0xfffe)]
    wire.drain()
    wire.send(*wrong)
    wire.send(*[ip(proto=17) / Raw(bytes(UDP(sport=1, dport=68))[:n])
                for n in range(8)])
    for ports in ((0, 0), (0, 6000), (5000, 0), (67, 68), (53, 5353)):
        wire.send(datagram(sport=ports[0], dport=ports[1]))
    say(f"udp_lenerr +{grown(guest, before, 'udp_lenerr')}, udp_chkerr "
        f"+{grown(guest, before, 'udp_chkerr')}")
    unreachable = wire.ask(datagram(dport=6001), lambda p: ICMP in p and
                           p[ICMP].type == 3 and p[ICMP].code == 3)
    claim(unreachable, "nothing says that the port is unreachable")


# What is missing may still come.
overlapping.keeps = missing.keeps = True
CHECKS = (bad_headers, cut_short, odd_options, odd_addresses, whole,
          overlapping, missing, icmp, udp)
