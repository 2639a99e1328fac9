#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""services.py [addresses] - what an image is given by the hosts around it, and is known by: the
time, a name, an address that comes late, addresses of routers."""
import ipaddress
import re
import select
import socket
import struct
import subprocess
import sys
import threading
import time

from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dns import DNS, DNSQR
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import (ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_RA,
                                ICMPv6NDOptPrefixInfo, ICMPv6NDOptRDNSS,
                                ICMPv6NDOptSrcLLAddr, IPv6)
from scapy.layers.l2 import Ether

from guest import ADDRESS, HOST, USUAL_IP, Guest
from link import LEASED, Servers, address_of
from report import Report, claim, within
from wire import MINE, MY_MAC, Wire

TRUE, FALSE = 2000000000, 1900000000  # the time, and what it is not
UNIX_OF_NTP = 2208988800
NAMED = "10.9.0.55"  # what every name leads to (link.py)
GROUP, GROUP6 = "224.0.0.251", "ff02::fb"
GROUP_MAC, GROUP6_MAC = "01:00:5e:00:00:fb", "33:33:00:00:00:fb"
ROUTER, PREFIX = "fe80::77", "fd77::"
NEAR, NAME_SERVER = "fd77::77", "fd77::53"


def ntp_answer(request, seconds, origin=None, mode=4, stratum=1):
    stamp = struct.pack("!II", seconds + UNIX_OF_NTP & 0xffffffff, 0)
    return (bytes([4 << 3 | mode, stratum, 6, 0xec]) + bytes(8) + b"TEST" + stamp +
            (origin or request[40:48]) + stamp + stamp)


class Clock(threading.Thread):
    """An NTP server. What is not true comes at once, and the truth when ->honest
    is set."""

    def __init__(self, address=HOST):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 123))
        self.stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.stranger.bind((address, 0))
        self.lied = threading.Event()
        self.ended = threading.Event()
        self.honest = threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.honest.set()
        self.ended.set()
        self.join()
        self.socket.close()
        self.stranger.close()

    def lie(self, request, where):
        other = bytes([request[40] ^ 1]) + request[41:48]
        for origin in (bytes(8), other):
            self.socket.sendto(ntp_answer(request, FALSE, origin), where)
        good = ntp_answer(request, FALSE)
        for lie in (ntp_answer(request, FALSE, mode=3), good[:47], good[:20],
                    b"", good + b"\0"):
            self.socket.sendto(lie, where)
        self.stranger.sendto(good, where)

    def run(self):
        while not self.ended.is_set():
            if not select.select([self.socket], [], [], 0.1)[0]:
                continue
            request, where = self.socket.recvfrom(100)
            self.lie(request, where)
            self.lied.set()
            self.honest.wait()
            self.socket.sendto(ntp_answer(request, TRUE), where)


def date_of(guest):
    return int(re.search(r"\((\d+)\)", guest.ask("date"))[1])


def is_true(guest):
    return TRUE <= date_of(guest) < TRUE + 60


def time_comes(_servers):
    """ntp=ADDRESS: the time is the server's; answers to other questions, from
    others, too short and too long make no difference"""
    with Clock() as clock, Guest("shell", USUAL_IP + " ntp=" + HOST) as guest:
        claim(clock.lied.wait(3), "no question")
        time.sleep(0.2)
        date = date_of(guest)
        claim(not FALSE <= date < TRUE + 60, f"a lie is believed: {date}")
        clock.honest.set()
        claim(within(2, lambda: is_true(guest)), f"it is {date_of(guest)}")
        guest.check_sound()


def time_by_name(servers):
    """ntp=NAME: asked as soon as DHCP has brought an address and a name server"""
    subprocess.run(["ip", "address", "add", NAMED + "/32", "dev", "tap0"],
                   check=True)
    with Clock(NAMED) as clock, \
            Guest("shell", "ip=dhcp ntp=a.clock") as guest:
        clock.honest.set()
        claim(within(4, lambda: is_true(guest)), f"it is {date_of(guest)}")
        claim("a.clock." in servers.seen, "nobody asked for the name")


def time_by_dhcp(servers):
    """ntp=dhcp: the server is whom DHCP names"""
    servers.more = [("NTP_server", HOST)]
    with Clock() as clock, Guest("shell", "ip=dhcp ntp=dhcp") as guest:
        clock.honest.set()
        claim(within(4, lambda: is_true(guest)), f"it is {date_of(guest)}")
        guest.check_sound()


def question(name, kind, six=False):
    asked = DNS(rd=0, qd=DNSQR(qname=name, qtype=kind))
    if six:
        return (Ether(src=MY_MAC, dst=GROUP6_MAC) /
                IPv6(src=ROUTER, dst=GROUP6, hlim=255) /
                UDP(sport=5353, dport=5353) / asked)
    return (Ether(src=MY_MAC, dst=GROUP_MAC) / IP(src=MINE, dst=GROUP, ttl=255) /
            UDP(sport=5353, dport=5353) / asked)


def records(packet, name, kind):
    """What @packet says of @name, to everybody."""
    if UDP not in packet or packet[UDP].sport != 5353 or DNS not in packet or \
            not packet[DNS].qr or packet.dst not in (GROUP_MAC, GROUP6_MAC):
        return []
    found = [packet[DNS].an[i] for i in range(packet[DNS].ancount)]
    return [record.rdata for record in found if record.type == kind and
            record.rrname.decode().lower() == name + "."]


def is_found(wire, name, address, kind=1, six=False, seconds=4):
    """Does somebody say that @name is at @address? An announcement is as good."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if wire.ask(question(name, kind, six), lambda packet:
                    address in records(packet, name, kind), 0.3):
            return True
    return False


def name_is_found(_servers):
    """hostname=NAME: NAME.local is asked for over multicast, by IPv4 and IPv6, and
    answered with both addresses; others are not"""
    wire = Wire()
    with Guest("shell", USUAL_IP + " hostname=some-host") as guest:
        claim(is_found(wire, "some-host.local", ADDRESS), "not found")
        time.sleep(0.5)  # its announcements are over
        wire.drain()
        claim(is_found(wire, "some-host.local", "fd09::2", 28),
              "not found by IPv6")
        claim(is_found(wire, "some-host.local", ADDRESS, six=True),
              "not found over IPv6")
        claim(not is_found(wire, "other-host.local", ADDRESS, seconds=0.5),
              "it is everybody")
        guest.check_sound()


class Listener(Servers):
    """Also keeps the names that are told to DHCP; answers after ->delay."""

    def __init__(self):
        super().__init__()
        self.names = set()
        self.delay = 0

    def dhcp(self, packet):
        self.names |= {option[1] for option in packet[DHCP].options
                       if option[0] == "hostname"}
        time.sleep(self.delay)
        super().dhcp(packet)


def name_by_dhcp(servers):
    """hostname=NAME: DHCP is told, and the address that it gives is found"""
    wire = Wire()
    with Guest("shell", "ip=dhcp hostname=leased") as guest:
        claim(is_found(wire, "leased.local", LEASED), "not found")
        claim(b"leased" in servers.names, f"DHCP is told {servers.names}")
        guest.check_sound()


def bad_names(servers):
    """hostname=: one line about a name that is none; the image goes on as vireo"""
    for name in ("x" * 64, "a.b", "a_b", "-a", "a-"):
        servers.names.clear()
        with Guest("shell", f"ip=dhcp hostname={name}") as guest:
            lines = [line for line in guest.text.splitlines()
                     if "hostname=" in line and "letters" in line]
            claim(len(lines) == 1, f"{name}: {lines}")
            claim(within(3, lambda: servers.names == {b"vireo"}),
                  f"{name}: DHCP is told {servers.names}")
            guest.check_sound()


def advertisement(life, prefix_life):
    return (Ether(src=MY_MAC, dst="33:33:00:00:00:01") /
            IPv6(src=ROUTER, dst="ff02::1", hlim=255) /
            ICMPv6ND_RA(routerlifetime=life) /
            ICMPv6NDOptSrcLLAddr(lladdr=MY_MAC) /
            ICMPv6NDOptPrefixInfo(prefix=PREFIX, prefixlen=64, L=1, A=1,
                                  validlifetime=prefix_life,
                                  preferredlifetime=prefix_life) /
            ICMPv6NDOptRDNSS(lifetime=life, dns=[NAME_SERVER]))


def routed_address(guest):
    """The one it made of the prefix, when nobody else has it."""
    match = re.search(r"inet6 (fd77:\S+)/64$", guest.ask("ifconfig"), re.M | re.I)
    return match and match[1].lower()


def answers_at(wire, address):
    asked = (IPv6(src=NEAR, dst=address) / ICMPv6EchoRequest(id=7, data=b"router"))
    return wire.ask(asked, lambda packet: ICMPv6EchoReply in packet and
                    packet[IPv6].src == str(ipaddress.ip_address(address)) and
                    packet[ICMPv6EchoReply].data == b"router", 1)


def router(_servers):
    """IPv6: a router's prefix becomes an address that answers, the router a route,
    its name server known; with a lifetime of 0 they go, the address when its own
    time is over"""
    wire = Wire()
    wire.mine6.add(NEAR)
    with Guest("shell", "ip=10.9.0.2/24") as guest:
        wire.send(advertisement(1800, 4))
        claim(within(4, lambda: routed_address(guest)), "no address")
        claim(answers_at(wire, routed_address(guest)), "it does not answer")
        route = guest.ask("route")
        claim(re.search(f"default via {ROUTER}", route, re.I), route)
        claim(NAME_SERVER in guest.ask("cat /etc/resolv.conf").lower(),
              "no name server")
        wire.send(advertisement(0, 0))
        claim(within(2, lambda: not re.search(f"default via {ROUTER}",
                                              guest.ask("route"), re.I)),
              "the route stays")
        claim(NAME_SERVER not in guest.ask("cat /etc/resolv.conf").lower(),
              "the name server stays")
        claim(within(5, lambda: not routed_address(guest)), "the address stays")
        guest.check_sound()


def at_once(command, netdev=None):
    """What an image says that does @command right after its boot."""
    chosen = {"netdev": netdev} if netdev else {}
    with Guest("shell", "ip=dhcp", arguments=("-c", f'"{command}"'), ready="",
               **chosen) as guest:
        began = time.monotonic()
        status = guest.end(9)
        guest.reader.join(2)
        guest.check_text()
        return guest.text, status, time.monotonic() - began


def early_by_user(_servers):
    """an application that sends at once has the answer of QEMU's own network"""
    said, status, _ = at_once("ping 10.0.2.2 1; cat /etc/resolv.conf",
                              "user,id=net0")
    claim("1 sent, 1 received" in said and status == 0, said[-300:])
    claim("nameserver 10.0.2.3" in said, said[-300:])


def early_by_slow_dhcp(servers):
    """DHCP takes a second to answer: who connects, sends and asks for names waits"""
    servers.delay = 0.5  # for each of its two answers
    said, status, _ = at_once(f"ping {HOST} 1; dns some.name")
    claim("1 sent, 1 received" in said and status == 0, said[-300:])
    claim(NAMED in said, said[-300:])


def early_without_dhcp(servers):
    """DHCP does not answer: who waits is told after 5 s"""
    servers.mode = "silent"
    said, status, took = at_once(f"ping {HOST} 1")
    claim("Network unreachable" in said and status != 0, said[-300:])
    claim(4.5 < took < 8, f"after {took:.1f} s")


NAMES = (time_comes, time_by_name, time_by_dhcp, name_is_found, name_by_dhcp,
         bad_names)
ADDRESSES = (router, early_by_user, early_by_slow_dhcp, early_without_dhcp)


def main():
    checks = ADDRESSES if sys.argv[1:] == ["addresses"] else NAMES
    report = Report(len(checks))
    servers = Listener()
    servers.start()
    for check in checks:
        servers.mode, servers.more, servers.delay = "good", [], 0
        report.run(check, servers)
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
