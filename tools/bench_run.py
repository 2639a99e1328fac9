# SPDX-License-Identifier: MIT
"""What the tools around `make bench` share: running make, reading what it left,
tables.

make is started with an environment of its own: variables that the outer make
was given reach it only when they say where things are (BUILD, QEMU).
"""
import contextlib
import csv
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

TARGETS = "apps/bench/targets.tsv"
# What the harness counts beside the figure, in the order of its columns.
EVENTS = [name + "_per_op" for name in
          ("maps", "unmaps", "fences", "remote_fences", "purges",
           "purged_pages", "repaired_faults", "tables_reclaimed")] + \
         ["pages_per_purge"]
DROPPED = ("MFLAGS", "T", "CONFIG", "APP", "SMP", "MEM", "CPU", "ICOUNT",
           "ARGS", "V")
INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Failure(Exception):
    """Why there is no result, in one line; what a command said before; the exit
    status."""

    def __init__(self, message, output="", status=1):
        super().__init__(message)
        self.output = output
        self.status = status


def build_folder():
    return pathlib.Path(os.environ.get("BUILD", "build"))


def make(*words, quiet=True):
    """Standard output of `make words...`; Failure when it fails."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("MAKE") and name not in DROPPED}
    with subprocess.Popen(["make", "-s", *words], env=environment, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE if quiet else None) as run:
        try:
            output, errors = run.communicate()
        except KeyboardInterrupt:
            run.terminate()  # make ends what it has started
            run.communicate()
            raise
    if run.returncode != 0:
        raise Failure(f"make {' '.join(words)} failed", output + (errors or ""))
    return output


def bench(arguments="", **variables):
    """Rows of one `make bench ARGS=arguments`, by name, and the machine."""
    path = build_folder() / "bench/results.json"
    path.unlink(missing_ok=True)
    make("bench", *settings(arguments, **variables))
    try:
        results = json.loads(path.read_text(encoding="ascii"))
    except OSError as error:
        raise Failure(f"make bench ARGS='{arguments}' left no results: --list "
                      "and the like are for people") from error
    return {row["name"]: row for row in results["results"]}, results["machine"]


def settings(arguments="", **variables):
    """Words for make; without arguments ARGS is not set."""
    words = [f"{name}={value}" for name, value in variables.items()]
    return words + ([f"ARGS={arguments}"] if arguments else [])


def column(rows, key):
    """name -> the figure @key of each row."""
    return {name: row[key] for name, row in rows.items()}


def read_targets():
    """name -> (Linux or None, target)"""
    targets = {}
    with open(TARGETS, encoding="ascii") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                name, on_linux, target = line.split()
                targets[name] = (None if on_linux == "-" else int(on_linux),
                                 int(target))
    return targets


def figure(value):
    if value is None:
        return "-"
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"


def print_table(lines, left=2):
    """Cells in columns, the first @left from the left. A line of two cells does
    not make the second column wider."""
    full = [line for line in lines if len(line) > 2]
    widths = [max(len(line[i]) for line in full) for i in range(len(full[0]))]
    widths[0] = max(len(line[0]) for line in lines)
    for line in lines:
        cells = [cell.ljust(width) if i < left else cell.rjust(width)
                 for i, (cell, width) in enumerate(zip(line, widths))]
        print("  ".join(cells).rstrip())


@contextlib.contextmanager
def replacing(path):
    """A file to write that takes the place of @path when all of it is there."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    with open(new, "w", encoding="ascii", newline="") as file:
        yield file
    os.replace(new, path)


def write_csv(path, lines):
    """What is None or not there is an empty cell."""
    with replacing(path) as file:
        csv.writer(file, lineterminator="\n").writerows(
            ["" if cell is None else cell for cell in line] for line in lines)


def toolchain():
    """What the figures also depend on, as text."""
    def version(command, option):
        text = subprocess.run([command, option], capture_output=True,
                              text=True, check=False).stdout
        found = re.search(r"\d+(\.\d+)+", text)
        return found[0] if found else "unknown"

    gcc = os.environ.get("CROSS_COMPILE", "riscv64-unknown-elf-") + "gcc"
    qemu = os.environ.get("QEMU", "qemu-system-riscv64")
    return (f"gcc {version(gcc, '-dumpfullversion')}, "
            f"QEMU {version(qemu, '--version')}")


def interrupt(_signal, _frame):
    """Once: what is done about it is not interrupted."""
    for number in INTERRUPTS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main(function):
    """Run a tool: its own exit status, that of a Failure, 130 when interrupted."""
    os.chdir(pathlib.Path(__file__).resolve().parent.parent)
    name = pathlib.Path(sys.argv[0]).stem.replace("_", "-")
    for number in INTERRUPTS:
        signal.signal(number, interrupt)
    try:
        status = function()
        sys.stdout.flush()
        sys.exit(status)
    except Failure as failure:
        if failure.output:
            print("\n".join(failure.output.splitlines()[-15:]),
                  file=sys.stderr)
        print(f"vireo: {name}: {failure}", file=sys.stderr)
        sys.exit(failure.status)
    except KeyboardInterrupt:
        print(f"vireo: {name}: interrupted; no results written",
              file=sys.stderr)
        sys.exit(130)
    except OSError as error:  # a full disk, a reader that has gone
        print(f"vireo: {name}: {error.filename or 'output'}: {error.strerror}",
              file=sys.stderr)
        # What is still to be written would fail again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
