#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""variants.py NAME... - a short load on each way to have a network: versions and
features of the device, harts, no interrupt, QEMU's own network. NAME: some of
VARIANTS, or all but mq, which needs TAP_QUEUES=2."""
import random
import sys

import guest
import trees
from guest import DISCARD, ECHO, HTTP, TAP, Guest, check_balance
from load import wrk
from report import Report, claim, say

PIECE = 60000
MODERN = ("-global virtio-mmio.force-legacy=false",)
NO_SUMS = ("csum", "guest_csum", "gso", "guest_tso4", "guest_tso6",
           "host_tso4", "host_tso6", "guest_ecn", "host_ecn", "guest_ufo",
           "host_ufo")
OFF = "".join(f",{name}=off" for name in NO_SUMS)
FORWARDS = "".join(f",hostfwd=tcp:127.0.0.1:{8000 + port}-:{port}"
                   for port in (HTTP, ECHO, DISCARD, guest.SOURCE,
                                guest.FIGURES))
VARIANTS = {
    "legacy": {},
    "legacy-2": {"smp": 2},
    "modern": {"more": MODERN},
    "modern-2": {"more": MODERN, "smp": 2},
    "no-joined-buffers": {"device": ",mrg_rxbuf=off"},
    "modern-no-joined-buffers": {"device": ",mrg_rxbuf=off", "more": MODERN},
    "no-joined-buffers-no-offload": {"device": ",mrg_rxbuf=off" + OFF},
    "no-event-index": {"device": ",event_idx=off"},
    "no-indirect": {"device": ",indirect_desc=off"},
    "no-offload": {"device": OFF},
    "no-segmentation": {"device": ",host_tso4=off,host_tso6=off"},
    "no-segmentation-6": {"device": ",host_tso6=off"},
    "no-segmentation-no-indirect": {"device": OFF + ",indirect_desc=off"},
    "no-plic": {"tree": trees.changed(trees.drop_node("plic@c000000"))},
    "user": {"netdev": "user,id=net0" + FORWARDS, "options": "ip=dhcp",
             "base": ("127.0.0.1", 8000)},
    "mq": {"netdev": TAP + ",queues=2", "device": ",mq=on", "smp": 2},
    "mq-modern": {"netdev": TAP + ",queues=2", "device": ",mq=on", "smp": 2,
                  "more": MODERN},
}
# Their devices join no segments.
JOINED = ("no-offload", "no-joined-buffers-no-offload",
          "no-segmentation-no-indirect", "user")
# Their devices leave segments of this or that version to the image.
CUT = ("no-offload", "no-segmentation", "no-segmentation-6",
       "no-joined-buffers-no-offload")


def both_ways(image, size, address=None):
    """@size bytes to the echo and back, each looked at; by pieces that its buffer
    has room for, since it does not wait for who sends and does not read."""
    data = random.Random(size).randbytes(size)
    with image.connect(ECHO, address=address) as link:
        for start in range(0, size, PIECE):
            piece = data[start:start + PIECE]
            link.sendall(piece)
            got = bytearray()
            while len(got) < len(piece):
                more = link.recv(65536)
                claim(more, f"the echo ended after {start} bytes")
                got += more
            claim(got == piece, f"bytes behind {start} differ")


def check_segments(name, figures):
    cut, frames = figures["gso_segments"], figures["gso_frames"]
    claim(name not in CUT or frames > 2 * cut > 0,
          f"{cut} segments were cut into {frames} frames")
    joined, packets = figures["gro_frames"], figures["gro_packets"]
    claim(joined >= 2 * packets and (packets > 0) == (name in JOINED),
          f"{joined} frames became {packets} packets")
    claim(not figures["gso_lost"], f"{figures['gso_lost']} frames were lost")


def variant(name):
    def check():
        with Guest(**VARIANTS[name]) as image:
            claim(image.serves(), "no answer")
            before = image.figures()
            for size in (1, 1000, 100000, 3000000):
                both_ways(image, size)
                if image.address6:
                    both_ways(image, size, image.address6)
            address, port = image.where(HTTP)
            for connections in (1, 16):
                rate = wrk(f"{address}:{port}", connections)
                say(f"{name}: {rate:.0f} requests/s with {connections}")
            image.check_sound()
            check_balance(image, before, 12)
            check_segments(name, image.figures())

    check.__doc__ = f"a short load: {name}"
    return check


def main():
    names = sys.argv[1:] or [name for name in VARIANTS
                             if not name.startswith("mq")]
    report = Report(len(names))
    for name in names:
        report.run(variant(name))
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
