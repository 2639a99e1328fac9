#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""failure.py - memory fails while requests from outside are served: one request for
it, from where the boot ends on, each in a boot of its own; and every second, third,
fifth of them for a while. The image lives, and serves again when there is memory.
LOOPS: how many times as many points."""
import os
import sys

from guest import USUAL_IP, Guest
from report import Report, claim, say, within

LOOPS = int(os.environ.get("LOOPS") or 1)
POINTS = 10 * LOOPS
MOST = 4096
READY = r"^netbench: ready|^vireo: cannot boot|memory|ended"


def boot(failing):
    return Guest(options=f"{USUAL_IP} fail={failing}", ready="")


def exchange(image):
    """A request; what comes of it may be nothing."""
    try:
        return image.serves(seconds=2)
    except OSError:
        return False


def comes_up(kind, number):
    """With all that follow @number failing, does it get to the end of its boot?"""
    with boot(f"{kind}:{number}+1") as image:
        within(5, lambda: image.said(READY) or not image.running())
        claim(not image.said("^PANIC"), f"{kind}:{number}+1 is a panic")
        return bool(image.said("^netbench: ready"))


def end_of_boot(kind):
    low, high = 1, MOST
    while low < high:
        middle = (low + high) // 2
        if comes_up(kind, middle):
            high = middle
        else:
            low = middle + 1
    claim(low < MOST, f"{MOST} requests are not enough for a boot")
    return low


def gets_ready(image, failing):
    """False: the application was refused something, said so and ended."""
    within(10, lambda: image.said("^netbench: ready") or not image.running())
    claim(not image.said("^PANIC"), f"{failing} is a panic")
    claim(image.running() or image.said("Out of memory|cannot boot"),
          f"{failing}: it ended without a word")
    return image.running()


def one_point(failing, recovers):
    with boot(failing) as image:
        if not gets_ready(image, failing):
            return "ended"
        first = exchange(image)
        # One failure is over when it has happened: then it serves for sure.
        claim(not recovers or within(8, lambda: exchange(image)),
              f"{failing}: it never serves again")
        exchange(image)
        image.check_sound()
        return "served" if first else "refused first"


def sweep(kind):
    def check():
        start = end_of_boot(kind)
        results = [one_point(f"{kind}:{start + n}", True)
                   for n in range(POINTS)]
        say(f"{kind}: {start} requests in a boot; " + ", ".join(
            f"{results.count(r)} {r}" for r in sorted(set(results))))

    check.__doc__ = f"one request for a {kind} fails while a page is served"
    return check


def often(kind):
    def check():
        start = end_of_boot(kind)
        say(", ".join(one_point(f"{kind}:{start}+{every}", False)
                      for every in (2, 3, 5)))

    check.__doc__ = f"every few requests for a {kind} fail while pages are served"
    return check


CHECKS = [make(kind) for kind in ("page", "slab") for make in (sweep, often)]


def main():
    report = Report(len(CHECKS))
    for check in CHECKS:
        report.run(check)
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
