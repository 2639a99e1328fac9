#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""frames.py [plain] GROUP... - hostile frames of each kind; after each check the image
answers as before, every frame that came is accounted for, and nothing stays held.
With `plain` its device has no offloads.

In a network namespace: tools/netns.sh run tests/net/frames.py GROUP..."""
import importlib
import sys

from guest import Guest, check_balance
from report import Report
from variants import OFF
from wire import Wire

# Held until it is too old, 15 or 60 s (RFC 791, RFC 8200): looked at once at the end.
SLOW = ("pool_REASSDATA", "pool_FRAG_PBUF", "pool_IP6_REASSDATA",
        "pool_PBUF_REF/ROM", "frames_pinned", "memory_bytes")


def run_check(check, guest, wire):
    before = guest.figures()
    check(guest, wire)
    guest.check_sound()
    wire.check_answers()
    keeps = getattr(check, "keeps", False)
    check_balance(guest, before, without=SLOW if keeps else ())


def named(check):
    def run(*arguments):
        run_check(check, *arguments)

    run.__doc__ = check.__doc__
    return run


def main():
    plain = sys.argv[1] == "plain"
    modules = [importlib.import_module("hostile_" + name)
               for name in sys.argv[1 + plain:]]
    checks = [check for module in modules for check in module.CHECKS]
    app = modules[0].APP if hasattr(modules[0], "APP") else "shell"
    report = Report(len(checks))
    with Guest(app, device=OFF if plain else "") as guest:
        wire = Wire()
        wire.check_answers()
        for check in checks:
            report.run(named(check), guest, wire)
    return report.status()


if __name__ == "__main__":
    sys.exit(main())
