#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""link.py - what the user of an image sees of its network: the link going down and
up, addresses by DHCP that come and go, names, no device, words that nobody
understands, a port in use."""
import os
import re
import sys
import threading
import time

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dns import DNS, DNSRR
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from guest import ADDRESS, HOST, USUAL_IP, Guest
from report import Report, claim, within
from wire import GUEST_MAC, Wire

LEASED = "10.9.0.2"
FALSE = "10.9.0.66"
LIES = 13
LONG, SHORT = 3600, 4  # leases, in seconds


class Servers(threading.Thread):
    """DHCP and DNS on 10.9.0.1, which say what the check wants."""

    def __init__(self):
        super().__init__(daemon=True)
        self.wire = Wire()
        self.mode = "good"
        self.seen = []
        self.lease = LEASED
        self.seconds = LONG
        self.more = []

    def run(self):
        while True:
            for packet in self.wire.listen(1):
                if BOOTP in packet and packet[BOOTP].op == 1:
                    self.dhcp(packet)
                elif DNS in packet and IP in packet and packet[IP].dst == HOST:
                    self.dns(packet)

    def frame(self, to="255.255.255.255"):
        return (Ether(src=self.wire.host_mac, dst=GUEST_MAC) /
                IP(src=HOST, dst=to))

    def dhcp(self, packet):
        kind = dict(o for o in packet[DHCP].options
                    if isinstance(o, tuple) and len(o) == 2)["message-type"]
        self.seen.append(kind)
        if self.mode == "silent":
            return
        answer = {1: "offer", 3: "ack"}.get(kind)
        if self.mode == "nak" and kind == 3:
            answer = "nak"
        if not answer:
            return
        options = [("message-type", answer), ("server_id", HOST),
                   ("lease_time", self.seconds), ("subnet_mask", "255.255.255.0"),
                   ("router", HOST), ("name_server", HOST), *self.more, "end"]
        reply = (self.frame() / UDP(sport=67, dport=68) /
                 BOOTP(op=2, yiaddr=self.lease, siaddr=HOST,
                       xid=packet[BOOTP].xid, chaddr=packet[BOOTP].chaddr) /
                 DHCP(options=options))
        for wrong in self.damaged(reply):
            self.wire.raw(bytes(wrong))
        self.wire.raw(bytes(reply))

    def damaged(self, reply):
        """What comes before the good answer, when @mode is to lie."""
        if self.mode != "lies":
            return
        text = bytes(reply[BOOTP])
        for size in (0, 1, 44, 200, 236, 239, 240, 241, 243, len(text) - 1):
            yield self.frame() / UDP(sport=67, dport=68) / Raw(text[:size])
        head = text[:240]
        for options in (b"\x35\xff\x02", b"\x35\x00", b"\x34\x01\x03",
                        b"\x01\x04\xff", b"\x33\x01\x00\x35\x01\x02", b"\x00" * 60,
                        b"\x35\x01\x05" * 40, b"\x06\xfc" + bytes(252),
                        b"\x35\x01\x05\x36\x02\x0a\x09"):
            yield (self.frame() / UDP(sport=67, dport=68) /
                   Raw(head + options))
        other = reply.copy()
        other[BOOTP].xid ^= 1
        other[BOOTP].yiaddr = FALSE
        del other[UDP].chksum, other[UDP].len, other[IP].len
        yield other

    def dns(self, packet):
        asked = packet[DNS]
        self.seen.append(asked.qd.qname.decode())
        good = DNS(id=asked.id, qr=1, ra=1, qd=asked.qd, an=DNSRR(
            rrname=asked.qd.qname, type="A", ttl=60, rdata="10.9.0.55"))
        answers = {"strangers": strangers(asked),
                   "lies": [lies(asked)[len(self.seen) % LIES]]}.get(
                       self.mode, [])
        for answer in [*answers, bytes(good)]:
            self.wire.raw(bytes(
                self.frame(packet[IP].src) /
                UDP(sport=53, dport=packet[UDP].sport) / Raw(answer)))


def believable(asked):
    return bytes(DNS(id=asked.id, qr=1, qd=asked.qd, an=DNSRR(
        rrname=asked.qd.qname, type="A", rdata=FALSE)))


def strangers(asked):
    """Answers to something else: they make no difference."""
    text = believable(asked)
    for at in (0, 1):  # of its number
        other = bytearray(text)
        other[at] ^= 0x41
        yield bytes(other)
    for size in (0, 1, 3):
        yield text[:size]


def lies(asked):
    """Answers to @asked that are no answer."""
    text = believable(asked)
    question = text[:len(bytes(asked))]
    end = len(question)
    record = b"\0\1\0\1\0\0\0\1\0\4" + bytes(map(int, FALSE.split(".")))
    # A name that points at itself, at what is not there, and far beyond.
    looping = [text[:end] + (0xc000 | pointer).to_bytes(2, "big") + record
               for pointer in (end, end + 1, 0x3fff, 5012)]
    cut = [text[:size] for size in (12, 13, 20, end, end + 1, len(text) - 1)]
    counts = [question[:6] + b"\xff\xff" + question[8:],
              question[:4] + b"\xff\xff" + question[6:]]
    return [*looping, *cut, *counts, question + b"\x3f" + b"a" * 20]


def address_of(guest):
    match = re.search(r"inet (10\S+)/", guest.ask("ifconfig"))
    return match and match[1]


def up_and_down(servers):
    """the link goes down and up: it says so, and answers again"""
    with Guest("shell") as guest:
        monitor = guest.monitor()
        for _ in range(3):
            claim(Wire().echo(), "no answer")
            monitor.human("set_link net0 off")
            claim(within(3, lambda: "link down" in guest.ask("ifconfig")),
                  "the link does not go down")
            claim(not Wire().echo(tries=1), "an answer without a link")
            monitor.human("set_link net0 on")
            claim(within(3, lambda: "link down" not in guest.ask("ifconfig")),
                  "the link does not come up")
        claim(Wire().echo(), "no answer afterwards")
        guest.check_sound()


def lease(servers):
    """DHCP: an address, a gateway, a server for names; also after the link was
    down, when it is refused first, and when nobody answers for a while"""
    with Guest("shell", "ip=dhcp") as guest:
        claim(within(8, lambda: address_of(guest) == LEASED), "no address")
        claim(f"default via {HOST}" in guest.ask("route"), "no gateway")
        claim("10.9.0.55" in guest.ask("dns some.name"), "no name server")
        monitor = guest.monitor()
        # Its lease is another's now.
        servers.mode, servers.lease = "nak", "10.9.0.3"
        monitor.human("set_link net0 off")
        claim(within(3, lambda: "link down" in guest.ask("ifconfig")),
              "the link does not go down")
        monitor.human("set_link net0 on")
        claim(within(8, lambda: address_of(guest) != LEASED),
              "an address that was refused is kept")
        servers.mode = "good"
        claim(within(20, lambda: address_of(guest) == "10.9.0.3"),
              "no other address comes")
        guest.check_sound()


def lease_expires(servers):
    """DHCP: a lease is renewed in time; when nobody answers any more its address goes
    with it, and comes back with the server"""
    servers.seconds = SHORT
    with Guest("shell", "ip=dhcp") as guest:
        claim(within(8, lambda: address_of(guest) == LEASED), "no address")
        servers.seen.clear()
        until = time.monotonic() + 2.5 * SHORT
        while time.monotonic() < until:
            claim(address_of(guest) == LEASED, "it goes while it is renewed")
            time.sleep(0.2)
        claim(3 in servers.seen and 1 not in servers.seen,
              f"the server was asked {servers.seen}")
        servers.mode = "silent"
        claim(within(SHORT + 2, lambda: not address_of(guest)),
              "it stays after its time")
        claim("unreachable" in guest.ask(f"ping {HOST} 1", 20), "a ping goes out")
        servers.mode = "good"
        claim(within(20, lambda: address_of(guest) == LEASED),
              "it does not come back")
        claim(Wire().echo(), "no answer afterwards")
        guest.check_sound()


def dhcp_lies(servers):
    """DHCP: answers that are cut off, for others, with options that lie"""
    servers.mode = "lies"
    servers.more = [("name_server", *[f"10.9.0.{n}" for n in range(1, 40)]),
                    ("hostname", b"h" * 200), ("domain", b"d" * 250)]
    try:
        with Guest("shell", "ip=dhcp") as guest:
            claim(within(10, lambda: address_of(guest) == LEASED),
                  f"its address is {address_of(guest)}")
            guest.check_sound()
    finally:
        servers.mode, servers.more = "good", []


def nobody_answers(servers):
    """DHCP: nobody answers; the image goes on, and asks on"""
    servers.mode = "silent"
    with Guest("shell", "ip=dhcp") as guest:
        servers.seen.clear()
        claim(within(8, lambda: servers.seen.count(1) >= 2), "it asks once")
        servers.mode = "good"
        claim(within(20, lambda: address_of(guest) == LEASED),
              "it does not ask any more")
        guest.check_sound()


def names(servers):
    """DNS: answers of strangers make no difference; answers that loop, end early or
    count wrong do no harm"""
    try:
        with Guest("shell", USUAL_IP + ",dns=" + HOST) as guest:
            servers.mode = "strangers"
            answer = guest.ask("dns a.name", 20)
            claim("10.9.0.55" in answer and FALSE not in answer,
                  "found: " + answer)
            servers.mode = "lies"
            for number in range(LIES):
                guest.ask(f"dns host{number}.name", 20)
            servers.mode = "good"
            answer = guest.ask("dns b.name", 20)
            claim("10.9.0.55" in answer, "not found afterwards: " + answer)
            claim(Wire().echo(), "no answer to a ping")
            guest.check_sound()
    finally:
        servers.mode = "good"


def bad_words(_servers):
    """ip=: one line for each word that nobody understands; the rest counts"""
    words = ("10.9.0.2", "10.9.0.2/33", "10.9.0.2/x", "fd09::2/65",
             "gw=nowhere", "gw=fd09::1", "dns=", "dhcpp", "x" * 100, "")
    with Guest("shell", f"ip={','.join(words)},10.9.0.2/24") as guest:
        for word in words:
            claim(guest.said(rf'^.*ip=: "{re.escape(word)}" is not ', 0),
                  f'no line about "{word}"')
        claim(address_of(guest) == ADDRESS, "the good word does not count")
        guest.check_sound()


def no_device(_servers):
    """no device: the image says so where somebody asks, and reaches itself"""
    with Guest("shell", "ip=dhcp", netdev="") as guest:
        claim("eth0" not in guest.ask("ifconfig"), "there is an eth0")
        claim("1 received" in guest.ask("ping 127.0.0.1 1"), "no loopback")
        claim("1 received" in guest.ask("ping ::1 1"), "no loopback of IPv6")
        answer = guest.ask("ping 10.9.0.1 1")
        claim("unreachable" in answer, "ping says: " + answer)
        guest.check_sound()


def network_off(_servers):
    """ip=none: no frame leaves"""
    wire = Wire()
    with Guest("shell", "ip=none") as guest:
        wire.drain()
        guest.ask("ping 127.0.0.1 1")
        sent = [packet.summary() for packet in wire.listen(0.5)]
        claim(not sent, f"sent: {sent}")
        guest.check_sound()


def interrupted(_servers):
    """Ctrl-C ends a ping that nobody answers"""
    with Guest("shell") as guest:
        guest.type("ping 10.9.0.200 1000")
        time.sleep(1.5)
        os.write(guest.process.stdin.fileno(), b"\x03")
        claim(within(5, lambda: guest.said(r"^vireo> $|sent, 0 received",
                                           guest.mark) or
                     not guest.running()), "it goes on")
        guest.show(4)
        claim(not guest.said("^PANIC"), "it panics")


CHECKS = (up_and_down, lease, lease_expires, dhcp_lies, nobody_answers, names, bad_words,
          no_device, network_off, interrupted)


def main():
    report = Report(len(CHECKS))
    servers = Servers()
    servers.start()
    for check in CHECKS:
        servers.mode, servers.lease, servers.seconds = "good", LEASED, LONG
        report.run(check, servers)
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
