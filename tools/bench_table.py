#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench_table.py - instructions beside nanoseconds on 1, 2 and 4 harts.

    bench_table.py measure DIR [--args ARGS] [NAME=value...]
    bench_table.py write DIR

Rows are those of apps/bench/targets.tsv that the harness has. `measure` runs
`make bench` once with ICOUNT=1 on one hart and once for each number of harts in
nanoseconds, each hart with a loop of its own, and keeps what it got in
DIR/table.json; `write` makes DIR/table.csv and DIR/table.md of that and prints
the same. ARGS is as for `make bench`: rows and --loops, behind `--`.
"""
import argparse
import json
import pathlib

import bench_run
from bench_run import figure

HARTS = (1, 2, 4)
REPEATS = 3
HEAD = ["row", "Linux", "target", "instructions", "ratio", "met"] + \
    [f"ns, {harts} hart{'s' * (harts > 1)}" for harts in HARTS]
NOTE = """\
Instructions for one operation: QEMU, ICOUNT=1, one hart; `Linux` is Linux 6.12 there,
`ratio` Linux divided by ours. Nanoseconds are those of this host, of which the harts of
one machine share the processors: the time until all harts have done their loops, divided
by the operations of all; the least of three runs, as a busy host only ever adds.
"""


def measure(folder, arguments, variables):
    instructions, _ = bench_run.bench(arguments, ICOUNT="1", SMP="1",
                                      **variables)
    runs = {"instructions": bench_run.column(instructions, "median")}
    for harts in HARTS:
        options = f"--harts {harts} --repeats {REPEATS}"
        text = f"{arguments} {options}" if "--" in arguments.split() else \
            f"{arguments} -- {options}".strip()
        rows, _ = bench_run.bench(text, SMP=harts, ICOUNT="0", **variables)
        runs[f"ns_{harts}"] = bench_run.column(rows, "min")
    with bench_run.replacing(folder / "table.json") as file:
        json.dump(runs, file, indent=1)


def lines(runs, targets):
    """Cells of each row: numbers, None where nothing is known."""
    for name, (on_linux, target) in targets.items():
        ours = runs["instructions"].get(name)
        if ours is None:
            continue
        ratio = on_linux / ours if on_linux and ours else None
        # Boot is no loop: one hart does it, however many there are.
        times = [runs[f"ns_{harts}"].get(name)
                 if harts == 1 or not name.startswith("boot/") else None
                 for harts in HARTS]
        yield [name, on_linux, target, ours, ratio, ours <= target] + times


def as_text(line):
    name, on_linux, target, ours, ratio, met, *times = line
    return [name, figure(on_linux), figure(target), figure(ours),
            f"{ratio:.1f}x" if ratio else "-", "met" if met else "no",
            *map(figure, times)]


def write_markdown(path, text, summary):
    with bench_run.replacing(path) as file:
        file.write(NOTE + "\n| " + " | ".join(HEAD) + " |\n")
        file.write("|---|" + "---:|" * (len(HEAD) - 1) + "\n")
        for line in text:
            file.write("| " + " | ".join([f"`{line[0]}`"] + line[1:]) + " |\n")
        file.write(f"\n{summary}\n")


def write(folder):
    path = folder / "table.json"
    try:
        runs = json.loads(path.read_text(encoding="ascii"))
    except OSError as error:
        raise bench_run.Failure(f"{path}: {error.strerror}") from error
    all_lines = list(lines(runs, bench_run.read_targets()))
    met = sum(line[5] for line in all_lines)
    summary = f"{met} of {len(all_lines)} targets met"
    text = [as_text(line) for line in all_lines]
    bench_run.write_csv(folder / "table.csv", [
        ["row", "linux", "target", "instructions", "ratio", "met"] +
        [f"ns_{harts}_harts" for harts in HARTS]] + [
            line[:4] + [line[4] and round(line[4], 2), "yes" if line[5] else
                        "no"] + line[6:] for line in all_lines])
    write_markdown(folder / "table.md", text, summary)
    bench_run.print_table([HEAD] + text, left=1)
    print(f"\n{summary}")


def parse():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("verb", choices=("measure", "write"))
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--args", default="")
    parser.add_argument("variables", nargs="*")
    return parser.parse_intermixed_args()


def main():
    options = parse()
    if options.verb == "write":
        return write(options.folder)
    variables = dict(each.split("=", 1) for each in options.variables)
    return measure(options.folder, options.args, variables)


if __name__ == "__main__":
    bench_run.main(main)
