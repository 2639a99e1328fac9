# SPDX-License-Identifier: MIT
"""TCP as nobody should speak it, to the server of apps/netbench."""
import itertools
import random
import struct
import time

from scapy.layers.inet import ICMP, IP, TCP, in4_chksum
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Raw

from guest import ADDRESS, ECHO, HTTP
from report import claim, say, within
from wire import GUEST_MAC, MINE, MY_MAC

APP = "netbench"
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
SPACE = 1 << 32
ports = itertools.count(20000)


class Talk:
    """One connection, segment by segment."""

    def __init__(self, wire, port, **fields):
        self.wire = wire
        self.here, self.there = next(ports), port
        self.next = random.randrange(SPACE)
        answer = self.ask(self.segment("S", window=60000, **fields), "SA")
        claim(answer, "no answer to a SYN")
        self.next = (self.next + 1) % SPACE
        self.want = (answer.seq + 1) % SPACE
        self.send(self.segment("A"))

    want = 0

    def segment(self, flags="PA", data=b"", ahead=0, **fields):
        """@ahead bytes beyond what is next; options and all as @fields say."""
        tcp = TCP(**{"sport": self.here, "dport": self.there, "flags": flags,
                     "seq": (self.next + ahead) % SPACE, "window": 60000,
                     "ack": self.want, **fields})
        return IP(src=MINE, dst=ADDRESS) / tcp / Raw(data) if data else \
            IP(src=MINE, dst=ADDRESS) / tcp

    def send(self, *segments):
        self.wire.send(*segments)

    def mine(self, packet):
        return TCP in packet and packet[TCP].dport == self.here and \
            packet[TCP].sport == self.there

    def ask(self, segment, flags, seconds=2):
        found = self.wire.ask(segment, lambda p: self.mine(p) and
                              str(p[TCP].flags) == flags, seconds)
        return found and found[TCP]

    def take(self, count, seconds=3):
        """The next @count bytes in order, acknowledged as they come."""
        got = b""
        for packet in self.wire.listen(seconds):
            if not self.mine(packet):
                continue
            data = data_of(packet)
            ahead = (packet[TCP].seq - self.want) % SPACE
            if data and ahead == 0:
                got += data
                self.want = (self.want + len(data)) % SPACE
                self.send(self.segment("A"))
            if len(got) >= count:
                break
        return got

    def put(self, data):
        self.send(self.segment("PA", data))
        self.next = (self.next + len(data)) % SPACE

    def lives(self):
        """Does it echo still? Only for ECHO."""
        data = random.randbytes(50)
        self.wire.drain()
        self.put(data)
        return self.take(50) == data

    def reset(self):
        self.send(self.segment("R"))


def data_of(packet):
    tcp = packet[TCP]
    return bytes(tcp.payload)[:packet[IP].len - 20 - 4 * tcp.dataofs]


def raw_segment(talk, options, flags=0x10, here=None):
    """With bytes for options, whatever they are, and a good checksum."""
    offset = 5 + len(options) // 4
    ports_of = struct.pack(">HH", here or talk.here, talk.there)
    rest = struct.pack(">IIBBHHH", talk.next, talk.want, offset << 4, flags,
                       60000, 0, 0) + options
    packet = IP(src=MINE, dst=ADDRESS, proto=6)
    total = in4_chksum(6, packet, ports_of + rest)
    rest = rest[:12] + struct.pack(">H", total) + rest[14:]
    return packet / Raw(ports_of + rest)


def bad_segments(guest, wire):
    """TCP: offsets, lengths and checksums that lie"""
    talk = Talk(wire, ECHO)
    before = guest.figures()
    wrong = [talk.segment("PA", b"wrong", chksum=n) for n in (0, 1, 0xfffe)]
    wrong += [talk.segment("PA", b"wrong", dataofs=n) for n in (0, 1, 4, 15)]
    wire.send(*wrong)
    wire.send(*[IP(src=MINE, dst=ADDRESS, proto=6) /
                Raw(bytes(talk.segment("PA")[TCP])[:n]) for n in range(20)])
    now = guest.figures()
    refused = sum(now[name] - before[name] for name in (
        "tcp_chkerr", "tcp_lenerr", "tcp_proterr"))
    claim(refused >= len(wrong), f"{refused} of {len(wrong)} are counted")
    claim(talk.lives(), "the connection does not go on")
    talk.reset()


def odd_options(guest, wire):
    """TCP: options of length 0 and 1, beyond the header, unknown, twice"""
    options = (b"\x02\x00\x05\xb4", b"\x02\x01\x05\xb4", b"\x02\x03\x05\x00",
               b"\x02\xff\x05\xb4", b"\x01\x01\x01\x02", b"\x03\x03\xff\x00",
               b"\x05\x02\x05\x02", b"\x05\xfa\x00\x00" + bytes(36),
               b"\x08\x0a" + bytes(2), b"\xfe\x00\x00\x00", b"\xfe\x02" * 20,
               b"\x01" * 39 + b"\x02", b"\x02\x04\x00\x00", b"\x1e\x28" * 20)
    talk = Talk(wire, ECHO)
    for option in options:
        wire.send(raw_segment(talk, option))
        wire.send(raw_segment(talk, option, 0x02, next(ports)))
    end_all(guest, wire)
    claim(talk.lives(), "the connection does not go on")
    talk.reset()
    # A largest segment of nothing would be sent for ever.
    small = Talk(wire, HTTP, options=[("MSS", 0)])
    wire.drain()
    small.put(REQUEST)
    claim(len(small.take(1)) >= 1, "nothing comes in small segments")
    small.reset()
    for packet in small.wire.listen(0.2):
        pass


def odd_flags(guest, wire):
    """TCP: every set of flags, to a connection, to a listener, to nobody"""
    for port in (HTTP, 12345):
        for flags in range(256):
            wire.send(IP(src=MINE, dst=ADDRESS) /
                      TCP(sport=next(ports), dport=port, flags=flags, seq=1,
                          ack=1))
    end_all(guest, wire)
    talk = Talk(wire, ECHO)
    for flags in range(256):
        if not flags & 0x05:  # RST and FIN end it
            if flags % 32 == 0:
                talk.reset()
                talk = Talk(wire, ECHO)
            wire.send(talk.segment(flags, ahead=-1), talk.segment(flags))
    talk.reset()
    end_all(guest, wire)
    claim(syn_fin(wire) is None, "SYN with FIN is answered")


def syn_fin(wire):
    port = next(ports)
    return wire.ask(IP(src=MINE, dst=ADDRESS) /
                    TCP(sport=port, dport=HTTP, flags="SF", seq=5),
                    lambda p: TCP in p and p[TCP].dport == port and
                    str(p[TCP].flags) == "SA", 0.3)


def end_all(guest, wire):
    """A reset for what listens half open: answers tell what it wants."""
    for packet in wire.listen(0.3):
        if TCP in packet and str(packet[TCP].flags) in ("SA", "A"):
            wire.send(IP(src=MINE, dst=ADDRESS) /
                      TCP(sport=packet[TCP].dport, dport=packet[TCP].sport,
                          flags="R", seq=packet[TCP].ack))


def resets(guest, wire):
    """TCP: a reset counts when its number is what is next; else it is asked for"""
    talk = Talk(wire, ECHO)
    wire.send(talk.segment("R", ahead=-1), talk.segment("R", ahead=1 << 30),
              talk.segment("R", ahead=-(1 << 20)))
    claim(talk.lives(), "a reset outside of the window ends it")
    talk.send(talk.segment("R", ahead=100))
    claim(talk.lives(), "a reset that guesses the window ends it (RFC 5961)")
    talk.send(talk.segment("S", ahead=10))
    claim(talk.lives(), "a SYN inside a connection ends it (RFC 5961)")
    talk.reset()
    claim(not talk.lives(), "a good reset does not end it")


def syn_with_data(guest, wire):
    """TCP: data in a SYN, a SYN twice, an answer to nothing"""
    port, start = next(ports), 1000
    syn = IP(src=MINE, dst=ADDRESS) / TCP(
        sport=port, dport=ECHO, flags="S", seq=start) / Raw(b"early data")
    answer = wire.ask(syn, lambda p: TCP in p and p[TCP].dport == port)
    claim(answer and answer[TCP].ack in (start + 1, start + 11),
          "the answer to a SYN with data is wrong")
    again = wire.ask(syn, lambda p: TCP in p and p[TCP].dport == port)
    claim(again and again[TCP].seq == answer[TCP].seq,
          "a SYN that comes again has another answer")
    wire.send(IP(src=MINE, dst=ADDRESS) /
              TCP(sport=port, dport=ECHO, flags="R", seq=answer[TCP].ack))
    for flags in ("A", "FA", "SA", "PA"):
        port = next(ports)
        refused = wire.ask(IP(src=MINE, dst=ADDRESS) /
                           TCP(sport=port, dport=HTTP, flags=flags, ack=77),
                           lambda p: TCP in p and p[TCP].dport == port)
        claim(refused and refused[TCP].flags.R, f"no reset for {flags}")


def own_address(guest, wire):
    """TCP: from its own address and port to itself"""
    wire.send(*[IP(src=ADDRESS, dst=ADDRESS) /
                TCP(sport=port, dport=port, flags="S", seq=n)
                for port in (HTTP, ECHO) for n in range(20)])


def urgent(guest, wire):
    """TCP: urgent pointers, anywhere"""
    talk = Talk(wire, ECHO)
    got = b""
    for pointer in (0, 1, 3, 100, 65535):
        wire.drain()
        talk.send(talk.segment("PAU", b"12345", urgptr=pointer))
        talk.next += 5
        got += talk.take(5)
    claim(got == b"12345" * 5, f"the stream is {got}")
    talk.reset()


def stream_in_pieces(guest, wire):
    """TCP: segments that overlap, repeat and come in any order make the stream"""
    data = random.Random(5).randbytes(12000)
    for seed in range(3):
        some = random.Random(seed)
        pieces = []
        at = 0
        while at < len(data):
            size = some.randrange(1, 1400)
            before = some.randrange(0, min(at, 300) + 1)
            pieces.append((at - before, data[at - before:at + size]))
            at += size
        pieces += some.sample(pieces, len(pieces) // 2)
        some.shuffle(pieces)
        talk = Talk(wire, ECHO)
        wire.drain()
        for start, piece in pieces:
            talk.send(talk.segment("PA", piece, ahead=start))
        # What was beyond what is kept out of order comes again.
        for start in range(0, len(data), 1000):
            talk.send(talk.segment("PA", data[start:start + 1000],
                                   ahead=start))
        talk.next = (talk.next + len(data)) % SPACE
        got = talk.take(len(data), 5)
        talk.reset()
        claim(got == data, f"order {seed}: {len(got)} bytes came back, "
              f"alike up to {len(common(got, data))}")


def common(one, other):
    return list(itertools.takewhile(lambda p: p[0] == p[1], zip(one, other)))


def outside_window(guest, wire):
    """TCP: data beyond the window, and long acknowledged, is not taken"""
    talk = Talk(wire, ECHO)
    for ahead in (-5, -70000, 3 << 20, 1 << 31):
        talk.send(talk.segment("PA", b"EVIL!", ahead=ahead))
    for ack in (1, 5000, -70000, 1 << 30):
        talk.send(talk.segment("A", ack=(talk.want + ack) % SPACE))
    claim(talk.lives(), "the connection does not go on")
    talk.reset()


def zero_window(guest, wire):
    """TCP: a peer without room is asked from time to time, then gets the rest"""
    talk = Talk(wire, HTTP)
    wire.drain()
    # A window shrinks with a segment that is newer than the last.
    talk.put(REQUEST[:5])
    talk.send(talk.segment("PA", REQUEST[5:], window=0))
    talk.next += len(REQUEST) - 5
    probe = wire.wait(lambda p: talk.mine(p) and len(data_of(p)) == 1, 5)
    claim(probe, "no probe of a closed window")
    claim(not any(talk.mine(p) and len(data_of(p)) > 1
                  for p in wire.listen(0.3)), "data against a closed window")
    wire.drain()
    talk.send(talk.segment("A"))
    got = talk.take(600, 8)
    claim(got.startswith(b"HTTP/1.1 200") and got.count(b"x") >= 600,
          f"{len(got)} bytes came when there was room")
    talk.reset()


def tiny_segments(guest, wire):
    """TCP: 1,000 segments of one byte, every second twice"""
    talk = Talk(wire, ECHO)
    data = random.Random(9).randbytes(1000)
    got = b""
    for start in range(0, len(data), 100):
        wire.drain()
        for n in range(start, start + 100):
            segment = bytes(talk.segment("PA", data[n:n + 1], ahead=n - start))
            talk.wire.raw(frame(wire, segment))
            if n % 2:
                talk.wire.raw(frame(wire, segment))
        talk.next = (talk.next + 100) % SPACE
        got += talk.take(100)
    claim(got == data, f"{len(got)} bytes of {len(data)} came back")
    talk.reset()


def frame(wire, packet):
    return bytes.fromhex("525400123456" "020000000077" "0800") + packet


def about_connections(guest, wire):
    """ICMP: unreachable and too big for a connection do not end it"""
    talk = Talk(wire, ECHO)
    inner = bytes(IP(src=ADDRESS, dst=MINE) /
                  TCP(sport=ECHO, dport=talk.here, seq=talk.want))
    for kind, code, size in ((3, 0, 0), (3, 1, 0), (3, 3, 0), (3, 4, 0),
                             (3, 4, 68), (3, 4, 1), (3, 4, 65535), (11, 0, 0),
                             (4, 0, 0), (12, 0, 0)):
        wire.send(IP(src=MINE, dst=ADDRESS) /
                  ICMP(type=kind, code=code, nexthopmtu=size) / Raw(inner[:28]))
    claim(talk.lives(), "the connection does not go on")
    talk.reset()


def syn_flood(guest, wire):
    """10,000 SYN of as many hosts: others are served, and it ends"""
    head = frame(wire, bytes(IP(src=MINE, dst=ADDRESS) /
                             TCP(dport=HTTP, window=1024)))
    for n in range(10000):
        wire.raw(flood_of(head, n, 0x02))
        if n % 2500 == 2499:
            claim(guest.serves(), f"nobody is served after {n + 1}")
    figures = guest.figures()
    say(f"TCP_PCB {figures['pool_TCP_PCB']}, memory "
        f"{figures['memory_bytes']}, ARP_QUEUE {figures['pool_ARP_QUEUE']}")
    # The tap drops what the image does not take in time: say it until it is heard.
    claim(within(20, lambda: flood_ends(guest, wire, head)),
          "a reset does not end what is half open")


def flood_ends(guest, wire, head):
    for n in range(10000):
        wire.raw(flood_of(head, n, 0x04))
    time.sleep(0.2)
    figures = guest.figures()
    return figures["pool_TCP_PCB"] - figures["tcp_time_wait"] < 10


def flood_of(head, number, flags):
    """From a host and port by @number: a SYN, or the reset that ends it."""
    frame_bytes = bytearray(head)
    frame_bytes[26:30] = bytes((10, 9, 0, 100 + number % 100))
    frame_bytes[34:36] = (1024 + number % 50000).to_bytes(2, "big")
    frame_bytes[38:42] = (number + (flags == 0x04)).to_bytes(4, "big")
    frame_bytes[47] = flags
    for at, start, end, more in ((24, 14, 34, 0), (50, 34, 54, 0)):
        frame_bytes[at:at + 2] = b"\0\0"
        words = bytes(frame_bytes[start:end])
        if start == 34:
            words = bytes(frame_bytes[26:34]) + b"\0\x06\0\x14" + words
        total = sum(struct.unpack(f">{len(words) // 2}H", words))
        total = (total & 0xffff) + (total >> 16)
        total = (total & 0xffff) + (total >> 16)
        frame_bytes[at:at + 2] = (~total & 0xffff).to_bytes(2, "big")
    return bytes(frame_bytes)


def two_neighbours(guest, wire):
    """connections of two hosts: each is answered at its own MAC address"""
    for mac, host in ((MY_MAC, MINE), ("02:00:00:00:00:78", "10.9.0.78")):
        port = next(ports)
        head = Ether(src=mac, dst=GUEST_MAC)
        wire.send(head / ARP(hwsrc=mac, psrc=host, pdst=ADDRESS))
        answer = wire.ask(head / IP(src=host, dst=ADDRESS) /
                          TCP(sport=port, dport=ECHO, flags="S", seq=1),
                          lambda p: TCP in p and p[TCP].dport == port)
        claim(answer, f"{host} is not answered")
        claim(answer.dst == mac, f"{host} is answered at {answer.dst}")
        wire.send(head / IP(src=host, dst=ADDRESS) /
                  TCP(sport=port, dport=ECHO, flags="R", seq=2))


CHECKS = (two_neighbours, bad_segments, odd_options, odd_flags, resets, syn_with_data,
          own_address, urgent, stream_in_pieces, outside_window, zero_window,
          tiny_segments, about_connections, syn_flood)
