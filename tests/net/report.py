# SPDX-License-Identifier: MIT
"""Checks in order, told as TAP: a plan, then one line for each. A check is a
function whose docstring is its name; what it raises is why it failed."""
import sys
import time
import traceback


class Failed(Exception):
    """A check does not hold."""


def claim(holds, text):
    if not holds:
        raise Failed(text)


def say(text):
    """What a reader of the log wants to know; before a failure it explains it."""
    for line in str(text).splitlines():
        print("# " + line)
    sys.stdout.flush()


def name_of(check):
    return " ".join(check.__doc__.split()).rstrip(".")


def explain(error):
    if isinstance(error, (Failed, OSError)):
        say(f"{type(error).__name__}: {error}")
        return
    say(traceback.format_exc())


def within(seconds, holds):
    """Does @holds() become true in time?"""
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


class Report:
    def __init__(self, count):
        self.number = 0
        self.failed = 0
        print(f"1..{count}", flush=True)

    def run(self, check, *arguments):
        """True: it holds."""
        began = time.monotonic()
        self.number += 1
        try:
            check(*arguments)
            word = "ok"
        except Exception as error:  # whatever it is, the next one runs
            explain(error)
            word = "not ok"
            self.failed += 1
        say(f"{name_of(check)} took {time.monotonic() - began:.1f} s")
        print(f"{word} {self.number} - {name_of(check)}", flush=True)
        return word == "ok"

    def status(self):
        return 1 if self.failed else 0
