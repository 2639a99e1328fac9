# SPDX-License-Identifier: MIT
"""What the tools around `make bench` share: running make, reading what it left.

make is started with an environment of its own: variables that the outer make
was given reach it only when they say where things are (BUILD, QEMU).
"""
import json
import os
import pathlib
import re
import subprocess
import sys

DROPPED = ("MFLAGS", "T", "CONFIG", "APP", "SMP", "MEM", "CPU", "ICOUNT",
           "ARGS", "V")


class Failure(Exception):
    """Why there is no result, in one line."""


def build_folder():
    return pathlib.Path(os.environ.get("BUILD", "build"))


def make(*words, quiet=True):
    """Standard output of `make words...`; Failure with its end when it fails."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("MAKE") and name not in DROPPED}
    run = subprocess.run(["make", "-s", *words], env=environment, text=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE if quiet else None,
                         check=False)
    if run.returncode != 0:
        tail = (run.stdout + (run.stderr or "")).splitlines()[-15:]
        print("\n".join(tail), file=sys.stderr)
        raise Failure(f"make {' '.join(words)} failed")
    return run.stdout


def bench(patterns, options="", **variables):
    """Rows of one `make bench`, by name, and the machine it ran on."""
    arguments = f"{options} -- {' '.join(patterns)}".strip()
    settings = [f"{name}={value}" for name, value in variables.items()]
    make("bench", *settings, *([f"ARGS={arguments}"] if arguments != "--"
                               else []))
    with open(build_folder() / "bench/results.json", encoding="ascii") as file:
        results = json.load(file)
    return {row["name"]: row for row in results["results"]}, results["machine"]


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


def main(function):
    """Run a tool: its own exit status, 1 for a Failure, 130 when interrupted."""
    os.chdir(pathlib.Path(__file__).resolve().parent.parent)
    name = pathlib.Path(sys.argv[0]).stem.replace("_", "-")
    try:
        sys.exit(function())
    except Failure as failure:
        print(f"vireo: {name}: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print(f"vireo: {name}: interrupted", file=sys.stderr)
        sys.exit(130)
