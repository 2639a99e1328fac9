# SPDX-License-Identifier: MIT
"""Frames on tap0 as a host of their own would send them: 10.9.0.77 and fd09::77,
of which the kernel on this side knows nothing, so that it does not answer."""
import logging
import select
import socket
import time

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.arch import get_if_hwaddr  # noqa: E402
from scapy.layers.inet import ICMP, IP  # noqa: E402
from scapy.layers.inet6 import (ICMPv6EchoReply, ICMPv6EchoRequest,  # noqa: E402
                                ICMPv6ND_NA, ICMPv6ND_NS,
                                ICMPv6NDOptDstLLAddr, IPv6)
from scapy.layers.l2 import ARP, Ether  # noqa: E402
from scapy.packet import Raw  # noqa: E402

from guest import ADDRESS, ADDRESS6  # noqa: E402
from report import claim  # noqa: E402

MINE, MINE6 = "10.9.0.77", "fd09::77"
MY_MAC = "02:00:00:00:00:77"
GUEST_MAC = "52:54:00:12:34:56"
ALL = 3  # ETH_P_ALL


class Wire:
    """Also answers who asks for our addresses, while it listens."""

    def __init__(self, name="tap0"):
        self.name = name
        self.link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                                  socket.htons(ALL))
        self.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 << 20)
        self.link.bind((name, ALL))
        self.number = 0
        self.mine6 = {MINE6}
        self.host_mac = get_if_hwaddr(name)

    def raw(self, data):
        """As it is; False: this side takes no such frame."""
        while True:
            try:
                self.link.send(data)
                return True
            except BlockingIOError:
                time.sleep(0.001)
            except OSError as error:
                if error.errno == 105:  # ENOBUFS: the tap's queue is full
                    time.sleep(0.001)
                    continue
                return False

    def send(self, *packets):
        """IP packets get our Ethernet header."""
        for packet in packets:
            if not packet.haslayer(Ether):
                packet = Ether(src=MY_MAC, dst=GUEST_MAC) / packet
            self.raw(bytes(packet))

    def answer(self, packet):
        if ARP in packet and packet[ARP].op == 1 and packet[ARP].pdst == MINE:
            self.send(Ether(src=MY_MAC, dst=GUEST_MAC) /
                      ARP(op=2, hwsrc=MY_MAC, psrc=MINE, hwdst=GUEST_MAC,
                          pdst=packet[ARP].psrc))
        elif ICMPv6ND_NS in packet and packet[ICMPv6ND_NS].tgt in self.mine6:
            asked = packet[ICMPv6ND_NS].tgt
            self.send(IPv6(src=asked, dst=packet[IPv6].src, hlim=255) /
                      ICMPv6ND_NA(tgt=asked, R=0, S=1, O=1) /
                      ICMPv6NDOptDstLLAddr(lladdr=MY_MAC))

    def listen(self, seconds):
        """What the image sends meanwhile."""
        until = time.monotonic() + seconds
        while True:
            left = max(0, until - time.monotonic())
            if not select.select([self.link], [], [], left)[0]:
                return
            data, where = self.link.recvfrom(70000)
            if where[2] == socket.PACKET_OUTGOING:
                continue
            packet = Ether(data)
            if packet.src != GUEST_MAC:
                continue
            self.answer(packet)
            yield packet

    def drain(self):
        for _ in self.listen(0):
            pass

    def wait(self, wanted, seconds=2):
        """The first packet for which @wanted() is true, or None."""
        for packet in self.listen(seconds):
            if wanted(packet):
                return packet
        return None

    def ask(self, packet, wanted, seconds=2):
        self.drain()
        self.send(packet)
        return self.wait(wanted, seconds)

    def echo(self, data=b"abcdefgh", tries=5):
        """Does it answer a ping, with the same data? Of a long answer the first
        fragment is looked at."""
        start = data[:1400]
        for _ in range(tries):
            self.number += 1
            question = (IP(src=MINE, dst=ADDRESS) /
                        ICMP(id=77, seq=self.number) / Raw(data))
            if self.ask(question, lambda p: ICMP in p and p[ICMP].type == 0 and
                        p[ICMP].seq == self.number and
                        bytes(p[ICMP].payload)[:len(start)] == start, 1):
                return True
        return False

    def echo6(self, data=b"abcdefgh", tries=5):
        for _ in range(tries):
            self.number += 1
            question = (IPv6(src=MINE6, dst=ADDRESS6) /
                        ICMPv6EchoRequest(id=77, seq=self.number, data=data))
            if self.ask(question, lambda p: ICMPv6EchoReply in p and
                        p[ICMPv6EchoReply].seq == self.number and
                        p[ICMPv6EchoReply].data == data, 1):
                return True
        return False

    def check_answers(self):
        claim(self.echo(), "ping is not answered any more")
        claim(self.echo6(), "ping over IPv6 is not answered any more")
