#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench.py - run the benchmark image, keep its figures, show them as a table.

    bench.py --image ELF --config NAME --out DIR [--silence SECONDS]
             -- QEMU-COMMAND...

The image prints `@machine {...}`, an `@bench {...}` for each row and `@end N
rows, M errors` (apps/bench/show.c); other lines are passed on, those before
@machine (the firmware's) only when it never comes. DIR/results.json and
DIR/results.csv are written when all of it has come. Exit status: 0; 1 when a row
is missing or failed; the image's own when it failed; 130 after Ctrl-C,
SIGTERM or SIGHUP.
"""
import argparse
import json
import os
import queue
import re
import shlex
import signal
import subprocess
import sys
import threading

import bench_run
from bench_run import EVENTS, Failure, figure, print_table, read_targets

SCHEMA = 1
END_SECONDS = 20  # from the last line to the end of QEMU
END_LINE = re.compile(r"(\d+) rows, (\d+) errors")


class Machine:
    """QEMU in a session of its own, read line by line without ever blocking."""

    def __init__(self, command):
        self.lines = queue.Queue()
        try:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                start_new_session=True, encoding="utf-8", errors="replace")
        except OSError as error:
            raise Failure(f"{command[0]}: {error.strerror}") from error
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\r\n"))
        self.lines.put(None)

    def line(self, seconds, what_is_late):
        """The next line, or None at the end."""
        try:
            return self.lines.get(timeout=seconds)
        except queue.Empty:
            raise Failure(f"{what_is_late} for {seconds} s: QEMU was stopped") \
                from None

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Report:
    """What the image has said so far."""

    def __init__(self, quiet):
        self.machine = None
        self.rows = []
        self.end = None
        self.quiet = quiet
        self.early = []

    def take(self, line):
        word, _, rest = line.partition(" ")
        try:
            if word == "@machine":
                self.machine = json.loads(rest)
            elif word == "@bench":
                self.rows.append(json.loads(rest))
                self.progress(self.rows[-1])
            elif word == "@end":
                self.end = [int(n) for n in END_LINE.fullmatch(rest).groups()]
            else:
                self.other(line)
        except (ValueError, AttributeError):
            raise Failure(f"a line that makes no sense: {line}") from None

    def progress(self, row):
        if not self.quiet:
            total = self.machine["rows"] if self.machine else "?"
            print(f"[{len(self.rows)}/{total}] {row['name']}", file=sys.stderr)

    def other(self, line):
        if self.machine:
            print(line, flush=True)
        else:
            self.early.append(line)

    def show_early(self):
        if not self.machine:
            print("\n".join(self.early), flush=True)

    def check(self, status):
        """All there? Raises Failure with the first thing that is wrong."""
        last = self.rows[-1]["name"] if self.rows else "none"
        if self.end is None and status:
            raise Failure(f"the image failed with status {status}; last row: "
                          f"{last}", status=max(status, 1))
        if self.machine is None or self.end is None:
            raise Failure(f"the output ends early; last row: {last}")
        if not self.end[0] == self.machine["rows"] == len(self.rows):
            raise Failure(f"{self.machine['rows']} rows were announced, "
                          f"{len(self.rows)} came; last row: {last}")


def compare(row, targets):
    """Linux, target, Linux/ours, target met; None where nothing is known."""
    on_linux, target = targets.get(row["name"], (None, None))
    if row["unit"] != "instructions" or target is None:
        return None, None, None, None
    ours = row["median"]
    ratio = on_linux / ours if on_linux and ours else None
    return on_linux, target, ratio, ours <= target


def table(rows, targets):
    """Lines of cells; Linux's figures and targets are of instructions."""
    known = any(row.get("unit") == "instructions" for row in rows)
    head = ["name", "unit", "min", "median", "max"]
    lines = [head + (["Linux", "target", "ratio", ""] if known else [])]
    for row in rows:
        if "error" in row:
            lines.append([row["name"], "error: " + row["error"]])
            continue
        line = [row["name"], row["unit"]]
        line += [figure(row[key]) for key in ("min", "median", "max")]
        if known:
            on_linux, target, ratio, met = compare(row, targets)
            line += [figure(on_linux), figure(target),
                     f"{ratio:,.1f}x" if ratio else "-", "met" if met else ""]
        lines.append(line)
    return lines


def print_summary(rows, targets):
    good = [row for row in rows if "error" not in row]
    judged = [met for met in (compare(row, targets)[3] for row in good)
              if met is not None]
    if judged:
        print(f"\n{sum(judged)} of {len(judged)} targets met")


def write_json(path, machine, options, rows):
    result = {
        "schema": SCHEMA,
        "machine": {"qemu": qemu_version(options.command[0])} |
                   {key: value for key, value in machine.items()
                    if key != "rows"},
        "image": {"config": options.config,
                  "bytes": os.path.getsize(options.image)},
        "results": rows,
    }
    with bench_run.replacing(path) as out:
        json.dump(result, out, indent=1)
        out.write("\n")


def write_csv(path, rows, targets):
    lines = [["name", "unit", "runs", "min", "median", "max", "linux",
              "target"] + EVENTS + ["error"]]
    for row in rows:
        both = compare(row, targets)[:2] if "unit" in row else (None, None)
        lines.append([row.get(key) for key in
                      ("name", "unit", "runs", "min", "median", "max")] +
                     [*both] + [row.get(key) for key in EVENTS + ["error"]])
    bench_run.write_csv(path, lines)


def qemu_version(qemu):
    text = subprocess.run([qemu, "--version"], capture_output=True,
                          encoding="utf-8", check=False).stdout
    match = re.search(r"version ([^\s(]+)", text)
    return match.group(1) if match else "unknown"


def check_icount(machine, command):
    """The image finds out by itself what it counts: both must agree."""
    asked = "-icount" in command
    if machine["icount"] != asked:
        raise Failure(f"the image says icount={machine['icount']}, the QEMU "
                      f"command says {asked}")


def is_for_people(command):
    """`-- --list`, `--table`, `--profile`: what comes is passed on, not kept."""
    if "-append" not in command:
        return False
    line = shlex.split(command[command.index("-append") + 1])
    argv = line[line.index("--"):] if "--" in line else []
    return not {"--list", "--table", "--profile", "--period"}.isdisjoint(argv)


def run(options, report):
    """Everything the image says, into report; returns its status."""
    machine = Machine(options.command)
    try:
        while True:
            line = (machine.line(END_SECONDS, "no power-off") if report.end
                    else machine.line(options.silence, "no output"))
            if line is None:
                return machine.process.wait()
            report.take(line)
    finally:
        machine.stop()
        report.show_early()


def measure(options):
    report = Report(quiet=not sys.stderr.isatty())
    targets = read_targets()
    try:
        status = run(options, report)
        if is_for_people(options.command) and not report.machine:
            return status
        report.check(status)
        check_icount(report.machine, options.command)
    except (Failure, KeyboardInterrupt):
        if report.rows:
            print_table(table(report.rows, targets))
        raise
    write_json(f"{options.out}/results.json", report.machine, options,
               report.rows)
    write_csv(f"{options.out}/results.csv", report.rows, targets)
    print_table(table(report.rows, targets))
    print_summary(report.rows, targets)
    if report.end[1]:
        raise Failure(f"{report.end[1]} of {report.end[0]} rows failed")
    return status


def parse(words):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--image", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--silence", type=int, default=600)
    parser.add_argument("command", nargs="+")
    return parser.parse_args(words)


def main():
    return measure(parse(sys.argv[1:]))


if __name__ == "__main__":
    bench_run.main(main)
