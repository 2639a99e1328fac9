#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""own.py - an image talks to its own addresses, with and without a device that cuts
segments and sums up.

In a network namespace: tools/netns.sh run tests/net/own.py"""
import sys

from guest import ADDRESS, ADDRESS6, Guest
from report import Report, claim
from variants import OFF

VARIANTS = {"as it is": "", "no offload": OFF,
            "no joined buffers": ",mrg_rxbuf=off",
            "no segmentation": ",host_tso4=off,host_tso6=off"}


def variant(name):
    def check():
        with Guest("tests/apps/own", device=VARIANTS[name], ready="^own: ",
                   arguments=(ADDRESS, ADDRESS6)) as guest:
            status = guest.end()
            guest.reader.join(5)
            guest.check_text()
            claim(status == 0 and guest.text.count("all there, in time") == 2,
                  f"status {status}: {guest.text[-300:]}")

    check.__doc__ = f"own addresses: {name}"
    return check


def main():
    report = Report(len(VARIANTS))
    for name in VARIANTS:
        report.run(variant(name))
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
