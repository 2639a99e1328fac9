# SPDX-License-Identifier: MIT
"""IPv6, ICMPv6 and neighbour discovery as nobody should speak them."""
from scapy.layers.inet import UDP
from scapy.layers.inet6 import (ICMPv6EchoReply, ICMPv6EchoRequest,
                                ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA,
                                ICMPv6NDOptDstLLAddr, ICMPv6NDOptPrefixInfo,
                                IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,
                                IPv6ExtHdrHopByHop, IPv6ExtHdrRouting)
from scapy.packet import Raw

from guest import ADDRESS6
from report import claim, say
from wire import MINE6, MY_MAC

DATA = bytes(range(64))
ROUTER = "fe80::77"
ALL_NODES = "ff02::1"


def ip(**fields):
    return IPv6(**{"src": MINE6, "dst": ADDRESS6, **fields})


def echo(seq=1, data=DATA):
    return ICMPv6EchoRequest(id=66, seq=seq, data=data)


def is_answer(packet):
    return ICMPv6EchoReply in packet and packet[ICMPv6EchoReply].id == 66


def refused(wire, *packets):
    wire.drain()
    wire.send(*packets)
    answers = [p.summary() for p in wire.listen(0.3) if is_answer(p)]
    claim(not answers, f"answered: {answers}")


def bad_headers(guest, wire):
    """IPv6: version and payload length that lie, sources that nobody has"""
    refused(wire, *[ip(version=n) / echo() for n in (0, 4, 5, 15)])
    refused(wire, *[ip(plen=n) / echo() for n in (0, 1, 7, 71, 73, 65535)])
    refused(wire, *[ip(src=source) / echo() for source in (
        "ff02::1", "::", "::1", "::ffff:10.9.0.1")])
    refused(wire, *[ip(dst=to) / echo() for to in (
        "::", "::1", "fd09::99", "::ffff:10.9.0.2", "ff02::99")])
    refused(wire, *[ip() / ICMPv6EchoRequest(id=66, data=DATA, cksum=n)
                    for n in (1, 0xffff)])
    wire.send(*[ip(nh=n) / Raw(DATA) for n in range(256)],
              *[ip(nh=n) for n in range(256)],
              *[ip(nh=n) / Raw(bytes((n, 255)) + bytes(6)) for n in range(256)])


def extensions(guest, wire):
    """IPv6: chains of extension headers, cut off, endless, in the wrong order"""
    good = ip() / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / echo()
    claim(wire.ask(good, is_answer), "known extensions are not read over")
    chain = ip()
    for _ in range(100):
        chain = chain / IPv6ExtHdrDestOpt()
    wire.send(chain / echo())
    wire.send(ip() / IPv6ExtHdrDestOpt() / IPv6ExtHdrHopByHop() / echo())
    for nh in (0, 43, 44, 51, 60, 135):
        for size in (0, 1, 7, 8, 15, 16, 40):
            for length in (0, 1, 4, 255):
                body = bytes((nh, length)) + b"\x05\x02" * 30
                wire.send(ip(nh=nh) / Raw(body[:size]))
    for kind in range(0, 8):
        for left in (0, 1, 255):
            wire.send(ip() / IPv6ExtHdrRouting(
                type=kind, segleft=left, addresses=["fd09::99"]) / echo())


def options(guest, wire):
    """IPv6: options of every type, of lengths beyond their header"""
    for nh in (0, 60):
        for kind in range(256):
            for length in (0, 4, 5, 200, 255):
                body = bytes((58, 0, kind, length)) + bytes(4)
                wire.send(ip(nh=nh) / Raw(body + bytes(echo())))
        # The last byte of the header begins an option.
        wire.send(ip(nh=nh) / Raw(bytes((58, 0, 1, 3)) + bytes(3) + b"\x05"))


def pieces(data, size, number, nh=58):
    return [ip() / IPv6ExtHdrFragment(id=number, nh=nh, offset=at // 8,
                                      m=int(at + size < len(data))) /
            Raw(data[at:at + size]) for at in range(0, len(data), size)]


def message(size, seq=9):
    data = bytes(n * 5 % 256 for n in range(size))
    whole = ip() / echo(seq, data)
    return bytes(whole)[40:], data


def fragments(guest, wire):
    """IPv6 fragments: in any order, and atomic, they make the datagram"""
    atomic = ip() / IPv6ExtHdrFragment(id=5, nh=58) / echo()
    claim(wire.ask(atomic, is_answer), "an atomic fragment is not answered")
    for number, turn in enumerate((1, -1)):
        text, data = message(3000)
        wire.drain()
        wire.send(*pieces(text, 1000, 50 + number)[::turn])
        got = {}
        for packet in wire.listen(1):
            if IPv6ExtHdrFragment in packet:
                header = packet[IPv6ExtHdrFragment]
                got[header.offset] = bytes(header.payload)
                if sum(map(len, got.values())) >= len(text):
                    break
        joined = b"".join(got[at] for at in sorted(got))
        claim(joined[8:] == data, f"{len(joined)} bytes came back")


def hostile_fragments(guest, wire):
    """IPv6 fragments: overlapping, beyond 65,535, missing, of nothing"""
    text, _ = message(3000)
    some = pieces(text, 1000, 70)
    some.insert(1, ip() / IPv6ExtHdrFragment(id=70, nh=58, offset=10, m=1) /
                Raw(b"E" * 800))
    wire.drain()
    wire.send(*some)
    claim(not any(b"E" * 20 in bytes(p) for p in wire.listen(0.3)),
          "a fragment that overlaps is taken for what was there")
    wire.send(*[ip() / IPv6ExtHdrFragment(id=71, nh=58, offset=at, m=m) /
                Raw(b"p" * 1400) for at in (0, 175, 8100, 8189, 8191)
                for m in (0, 1)])
    for size in (0, 1, 7, 9):
        wire.send(ip() / IPv6ExtHdrFragment(id=72 + size, offset=0, m=1) /
                  Raw(b"s" * size),
                  ip() / IPv6ExtHdrFragment(id=72 + size, offset=1, m=0) /
                  Raw(b"s" * size))
    wire.send(*[ip() / IPv6ExtHdrFragment(id=1000 + n, nh=17, m=1, offset=n) /
                Raw(b"m" * 800) for n in range(200)])
    figures = guest.figures()
    say(f"IP6_REASSDATA {figures['pool_IP6_REASSDATA']}, pinned "
        f"{figures['frames_pinned']}")
    claim(figures["pool_IP6_REASSDATA"] <= 16, "too many datagrams are kept")


def neighbour(kind, options=b"", **fields):
    packet = ip(hlim=255, **fields) / kind
    return packet / Raw(options) if options else packet


def discovery(guest, wire):
    """neighbour discovery: options of length 0, cut off, spoofed, from afar"""
    lies = (b"\x01\x00" + bytes(6), b"\x02\x00", b"\x01\x01", b"\x01\x20" +
            bytes(6), b"\x00\x00" * 4, b"\x05\x01\0\0\0\0\0\0", b"\xff\xff" * 8,
            b"\x03\x04" + bytes(5), b"\x01\x01" + bytes(6) + b"\x01")
    for lie in lies:
        for kind in (ICMPv6ND_NS(tgt=ADDRESS6), ICMPv6ND_NA(tgt=MINE6),
                     ICMPv6ND_RA()):
            wire.send(neighbour(kind, lie),
                      neighbour(kind, lie, src=ROUTER, dst=ALL_NODES))
    # It has this address, whatever others say.
    other = ICMPv6NDOptDstLLAddr(lladdr="02:00:00:00:00:78")
    wire.send(neighbour(ICMPv6ND_NA(tgt=ADDRESS6, O=1) / other,
                        src=ADDRESS6, dst=ALL_NODES),
              neighbour(ICMPv6ND_NA(tgt=ADDRESS6, O=1) / other, dst=ALL_NODES),
              neighbour(ICMPv6ND_NS(tgt=ADDRESS6), src="::",
                        dst="ff02::1:ff00:2"),
              # A router two hops away.
              ip(hlim=254) / ICMPv6ND_NA(tgt=MINE6, O=1) / other)
    for n in range(300):
        wire.send(neighbour(ICMPv6ND_NS(tgt=ADDRESS6), src=f"fd09::1:{n:x}"))
    # The truth about this neighbour.
    wire.send(neighbour(ICMPv6ND_NA(tgt=MINE6, O=1) /
                        ICMPv6NDOptDstLLAddr(lladdr=MY_MAC)))


def advertisements(guest, wire):
    """routers: prefixes of odd lengths and lifetimes, more of them than fit"""
    for length in (0, 1, 63, 65, 127, 128, 255):
        wire.send(neighbour(ICMPv6ND_RA(routerlifetime=10) /
                            ICMPv6NDOptPrefixInfo(prefix="2001:db8::",
                                                  prefixlen=length),
                            src=ROUTER, dst=ALL_NODES))
    for n in range(40):
        wire.send(neighbour(
            ICMPv6ND_RA(routerlifetime=2) / ICMPv6NDOptPrefixInfo(
                prefix=f"2001:db8:{n:x}::", prefixlen=64, validlifetime=2,
                preferredlifetime=9), src=f"fe80::1:{n:x}", dst=ALL_NODES))
    wire.send(neighbour(ICMPv6ND_RA(routerlifetime=65535), src="fd09::77",
                        dst=ALL_NODES),
              neighbour(ICMPv6ND_RA(), b"\x05\x01\0\0\0\0\0\1", src=ROUTER,
                        dst=ALL_NODES),
              neighbour(ICMPv6ND_RA(), b"\x19\x01" + bytes(6), src=ROUTER,
                        dst=ALL_NODES),
              neighbour(ICMPv6ND_RA(), b"\x19\x02" + bytes(14), src=ROUTER,
                        dst=ALL_NODES))


def messages(guest, wire):
    """ICMPv6: every type, cut off anywhere; errors about nothing"""
    text = bytes(ip() / echo())[40:]
    for kind in range(256):
        for size in (0, 1, 4, 8, 20):
            wire.send(ip(nh=58) / Raw((bytes((kind,)) + text[1:])[:size]))
    inner = bytes(IPv6(src=ADDRESS6, dst=MINE6) / UDP(sport=53, dport=53))
    for kind in (1, 2, 3, 4):
        for size in (0, 8, 39, 40, 44, 48):
            wire.send(ip(nh=58) / Raw(bytes((kind, 0, 0, 0)) +
                                      b"\0\0\0\1" + inner[:size]))


# What is missing may still come.
bad_headers.keeps = extensions.keeps = hostile_fragments.keeps = True
CHECKS = (bad_headers, extensions, options, fragments, hostile_fragments,
          discovery, advertisements, messages)
