# SPDX-License-Identifier: MIT
"""Frames that would be joined with those around them, if they were right: to the
server of apps/netbench on a device that joins none."""
import random
import time

from scapy.layers.inet import IP, TCP
from scapy.packet import Raw

from guest import ECHO
from hostile_tcp import SPACE, Talk
from report import claim

APP = "netbench"
PIECE = 1000
PIECES = 20
ROUNDS = 20


def pieces_of(talk, data):
    """Segments of one stream, as a sender of much sends them."""
    return [talk.segment("A", data[at:at + PIECE], ahead=at)
            for at in range(0, len(data), PIECE)]


class Paused:
    """What is sent meanwhile comes to the image at once."""

    def __init__(self, guest):
        self.monitor = guest.monitor()

    def __enter__(self):
        self.monitor.command("stop")

    def __exit__(self, *_):
        self.monitor.command("cont")


def stream(guest, wire, spoil):
    """@spoil: a list of segments -> what is sent of them. The echo is right."""
    before = guest.figures()["gro_frames"]
    paused = Paused(guest)
    for _ in range(ROUNDS):
        talk = Talk(wire, ECHO)
        data = random.randbytes(PIECES * PIECE)
        wire.drain()
        with paused:
            talk.send(*spoil(talk, pieces_of(talk, data)))
            talk.send(*pieces_of(talk, data))
        talk.next = (talk.next + len(data)) % SPACE
        got = talk.take(len(data), 10)
        claim(got == data, f"the echo has {len(got)} bytes, or other ones")
        talk.send(talk.segment("R"))
    claim(guest.figures()["gro_frames"] > before + ROUNDS, "nothing was joined")


def as_they_are(guest, wire):
    """joined: segments that follow each other make the stream"""
    stream(guest, wire, lambda talk, pieces: [])


def wrong_sums(guest, wire):
    """joined: between them some with wrong checksums and other payload"""
    def spoil(_, pieces):
        for piece in pieces[1::3]:
            piece[TCP].chksum = 0x1234
            piece[Raw].load = b"z" * PIECE
        for piece in pieces[2::3]:
            piece[IP].chksum = 0x1234
        return pieces

    stream(guest, wire, spoil)


def wrong_lengths(guest, wire):
    """joined: between them some whose lengths lie"""
    def spoil(_, pieces):
        for number, piece in enumerate(pieces):
            if number % 2:
                piece[IP].len = random.choice((0, 19, 39, 40, 41, 1041, 65535))
        return pieces

    stream(guest, wire, spoil)


def overlaps(guest, wire):
    """joined: overlapping, twice, with gaps, in another order"""
    def spoil(talk, pieces):
        again = [piece for piece in pieces for _ in range(2)]
        random.shuffle(again)
        half = [talk.segment("A", bytes(pieces[3][Raw].load)[500:],
                             ahead=3 * PIECE + 500)]
        return half + again[:PIECES]

    stream(guest, wire, spoil)


def fragments(guest, wire):
    """joined: fragments and options of IP between them"""
    def spoil(_, pieces):
        pieces[1][IP].flags = "MF"
        pieces[3][IP].frag = 3
        pieces[5][IP].options = b"\x01\x01\x01\x00"
        pieces[7][TCP].options = [("NOP", None)] * 4
        return pieces[:9]

    stream(guest, wire, spoil)


def other_ends(guest, wire):
    """joined: two streams whose segments come in turn"""
    paused = Paused(guest)
    for _ in range(ROUNDS):
        talks = [Talk(wire, ECHO) for _ in range(2)]
        data = random.randbytes(PIECES * PIECE)
        wire.drain()
        with paused:
            for pair in zip(*(pieces_of(talk, data) for talk in talks)):
                wire.send(*pair)
        for talk in talks:
            talk.next = (talk.next + len(data)) % SPACE
        time.sleep(0.05)
        # What one has not taken the other has drained: only the first is read.
        claim(talks[0].take(len(data), 10) == data, "the first echo is wrong")
        for talk in talks:
            talk.send(talk.segment("R"))


CHECKS = (as_they_are, wrong_sums, wrong_lengths, overlaps, fragments, other_ends)
for each in CHECKS:
    each.keeps = each is fragments
