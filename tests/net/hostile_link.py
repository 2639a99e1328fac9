# SPDX-License-Identifier: MIT
"""Ethernet and ARP as nobody should speak them; runts and giants."""
import random
import struct
import subprocess

from scapy.layers.l2 import ARP, Ether

from guest import ADDRESS
from report import claim, say
from wire import GUEST_MAC, MINE, MY_MAC

OTHER = "02:00:00:00:00:78"
EVERYBODY = "ff:ff:ff:ff:ff:ff"
HEAD = bytes.fromhex("525400123456" "020000000077")
IP4, ARP_TYPE, IP6 = b"\x08\x00", b"\x08\x06", b"\x86\xdd"


def arp(**fields):
    return Ether(src=MY_MAC, dst=GUEST_MAC) / ARP(**{
        "hwsrc": MY_MAC, "psrc": MINE, "pdst": ADDRESS, **fields})


def neighbours(guest):
    return guest.ask("route")


def bad_arp(guest, wire):
    """ARP: wrong lengths, kinds and operations, cut off anywhere"""
    wire.send(*[arp(hwlen=n) for n in (0, 1, 7, 255)],
              *[arp(plen=n) for n in (0, 3, 16, 255)],
              *[arp(hwtype=n) for n in (0, 2, 65535)],
              *[arp(ptype=n) for n in (0, 0x86dd, 0x0806)],
              *[arp(op=n) for n in (0, 3, 4, 65535)])
    text = bytes(arp())
    for size in range(14, len(text)):
        wire.raw(text[:size])


def spoofed(guest, wire):
    """ARP: somebody else says that he has the image's address"""
    wire.send(arp(op=2, hwsrc=OTHER, psrc=ADDRESS, pdst=ADDRESS),
              arp(op=1, hwsrc=OTHER, psrc=ADDRESS, pdst=ADDRESS),
              Ether(src=OTHER, dst=EVERYBODY) / ARP(
                  op=2, hwsrc=OTHER, psrc=ADDRESS, pdst=ADDRESS,
                  hwdst=EVERYBODY),
              arp(op=2, hwsrc=GUEST_MAC, psrc=MINE),
              arp(op=2, hwsrc=EVERYBODY, psrc=MINE),
              arp(op=2, psrc="0.0.0.0"), arp(op=2, psrc="255.255.255.255"),
              arp(op=2, psrc="224.0.0.1"), arp(op=2, psrc="127.0.0.1"))
    # The truth comes back with the next one who knows it.
    wire.send(arp(op=1))


def arp_flood(guest, wire):
    """ARP: 5,000 requests and answers of as many hosts"""
    base = bytearray(bytes(arp()))
    for n in range(5000):
        frame = bytearray(base)
        frame[20:22] = (1 + n % 2).to_bytes(2, "big")
        frame[26:28] = n.to_bytes(2, "big")
        frame[28:32] = bytes((10, 9, 0, 3 + n % 250))
        wire.raw(bytes(frame))
    rows = neighbours(guest).count(" at ")
    say(f"{rows} neighbours are known")
    claim(rows <= 64, f"{rows} neighbours are kept")
    wire.send(arp())


def runts(guest, wire):
    """frames of 14 to 59 bytes of every kind"""
    for kind in (IP4, ARP_TYPE, IP6, b"\x88\xcc", b"\x00\x10", b"\x81\x00"):
        for size in range(46):
            for fill in (b"\x00", b"\x45", b"\x60", b"\xff"):
                wire.raw(HEAD + kind + fill * size)


def giants(guest, wire):
    """frames of 1,515 to 65,549 bytes, whole or cut into what they promise"""
    subprocess.run(["ip", "link", "set", wire.name, "mtu", "65521"],
                   check=True)
    sent = 0
    for kind, first in ((IP4, b"\x45"), (IP6, b"\x60"), (ARP_TYPE, b"\0"),
                        (b"\x88\xcc", b"\1")):
        for size in (1501, 1502, 2048, 4070, 4086, 4096, 8192, 9000, 16384,
                     32768, 65521):
            data = bytearray(size)
            data[0:1] = first
            struct.pack_into(">H", data, 2, min(size, 65535))
            sent += wire.raw(HEAD + kind + bytes(data))
    say(f"{sent} of 44 went")
    claim(sent >= 40, f"only {sent} of 44 can be sent here")
    for size in (1473, 3000, 8000, 20000, 40000):
        claim(wire.echo(bytes(range(250)) * (size // 250)),
              f"no answer to a frame of {size} bytes")
    subprocess.run(["ip", "link", "set", wire.name, "mtu", "1500"], check=True)


def random_frames(guest, wire):
    """5,000 frames of random bytes, with a type that is known"""
    some = random.Random(3)
    for n in range(5000):
        kind = (IP4, ARP_TYPE, IP6)[n % 3]
        data = bytearray(some.randbytes(some.randrange(0, 300)))
        if data:
            data[0] = (0x45, 0, 0x60)[n % 3]
        wire.raw(HEAD + kind + bytes(data))


def unknown_types(guest, wire):
    """Ethernet: types that nobody here speaks, tags of VLANs, odd addresses"""
    for kind in (0x0000, 0x05dc, 0x0842, 0x8100, 0x88a8, 0x8847, 0x8863, 0x9000,
                 0xffff):
        wire.raw(HEAD + kind.to_bytes(2, "big") + bytes(60))
    for to in (b"\xff" * 6, b"\x01\x00\x5e\x00\x00\x01", b"\x33\x33\0\0\0\1",
               b"\0" * 6, b"\x02" * 6):
        for source in (b"\xff" * 6, b"\0" * 6, bytes.fromhex("525400123456")):
            wire.raw(to + source + IP4 + bytes(60))


CHECKS = (bad_arp, spoofed, arp_flood, runts, giants, random_frames,
          unknown_types)
