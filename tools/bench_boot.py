#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench_boot.py - how long until the application's first line?

    bench_boot.py --payload ELF --image ELF --runs N --out FILE -- QEMU-COMMAND...

Wall time from the start of QEMU to the first byte of hello's line, and to the
one character of a payload of ten instructions: the difference is what Vireo
adds to QEMU and firmware. The two run in turn, so that both see the same host;
which goes first changes from round to round. There is no verdict: a busy host
makes any wall time large, and only figures of one series can be compared. What
the host's processors spent on QEMU, from start to end, depends less on it.
"""
import argparse
import json
import os
import pathlib
import resource
import select
import shlex
import statistics
import subprocess
import time

import bench_run
from bench_run import Failure

PAYLOAD_SAYS = b"!"
IMAGE_SAYS = b"Hello"
SECONDS = 60
# Does not count: the files may not be in the host's memory yet.
ROUNDS_BEFORE = 1


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--payload", required=True)
    parser.add_argument("--image", required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("qemu", nargs="+")
    return parser.parse_args()


def command(qemu, kernel):
    at = qemu.index("-kernel") + 1
    return qemu[:at] + [kernel] + qemu[at + 1:]


def processor_seconds():
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def boot(words, text):
    """Seconds from the start of @words to the first byte of @text in its output,
    and what it cost the host until its end."""
    seen, arrivals = b"", []
    spent, start = processor_seconds(), time.monotonic()
    with subprocess.Popen(words, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as qemu:
        output = qemu.stdout.fileno()
        while text not in seen:
            ready = select.select([output], [], [], SECONDS)[0]
            piece = os.read(output, 4096) if ready else b""
            if not piece:
                qemu.kill()
                raise Failure(f"no {text.decode()!r} from {shlex.join(words)}")
            seen += piece
            arrivals.append((len(seen), time.monotonic()))
        qemu.communicate()
    first = seen.index(text)
    wall = next(when - start for end, when in arrivals if end > first)
    return wall, processor_seconds() - spent


def measure(arguments):
    """For each round (wall, processor) of the payload and of the image."""
    what = ((command(arguments.qemu, arguments.payload), PAYLOAD_SAYS),
            (command(arguments.qemu, arguments.image), IMAGE_SAYS))
    rounds = []
    for number in range(ROUNDS_BEFORE + arguments.runs):
        took = [None, None]
        for which in (0, 1) if number % 2 else (1, 0):
            took[which] = boot(*what[which])
        rounds.append(took)
    return rounds[ROUNDS_BEFORE:]


def row(name, seconds):
    values = [one * 1000 for one in seconds]
    return {"name": name, "unit": "milliseconds", "min": min(values),
            "median": statistics.median(values), "max": max(values)}


def rows_of(name, pairs):
    return [row(f"{name}_payload", [payload for payload, _ in pairs]),
            row(name, [image for _, image in pairs]),
            row(f"{name}_above_payload",
                [image - payload for payload, image in pairs])]


def main():
    arguments = parse_arguments()
    rounds = measure(arguments)
    rows = [one for column, name in enumerate(("boot/wall", "boot/processor"))
            for one in rows_of(name, [(payload[column], image[column])
                                      for payload, image in rounds])]
    print(f"{'name':<32}{'unit':<14}{'min':>10}{'median':>10}{'max':>10}")
    for one in rows:
        print(f"{one['name']:<32}{one['unit']:<14}{one['min']:>10.1f}"
              f"{one['median']:>10.1f}{one['max']:>10.1f}")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(
        {"made_with": bench_run.toolchain(), "qemu": arguments.qemu,
         "runs": arguments.runs, "results": rows}, indent=1) + "\n",
        encoding="ascii")
    return 0


if __name__ == "__main__":
    bench_run.main(main)
