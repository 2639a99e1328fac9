#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench_plots.py - how cost grows: curves as data files and as pictures.

    bench_plots.py measure DIR [NAME=value...]
    bench_plots.py data DIR
    bench_plots.py draw DIR

`measure` runs the rows curve/OPERATION/AXIS_N with ICOUNT=1, those of several
harts in nanoseconds as well, and keeps the figures in DIR/curves.json: medians
of instructions, and of nanoseconds the least, as a busy host only ever adds.
`data` makes DIR/AXIS.csv of that, a line for each N and a column for each
operation, with Linux's figure where apps/bench/targets.tsv has one for the same
work. `draw` gives each to gnuplot (apps/bench/plots.gp): an .svg and a .png.
"""
import argparse
import csv
import json
import pathlib
import re
import subprocess

import bench_run
from bench_run import Failure

ROW = re.compile(r"curve/(\w+)/([a-z]+)_(\d+)")
SCRIPT = "apps/bench/plots.gp"
FORMATS = ("svg", "png")
# Row of targets.tsv that is the same work as OPERATION at N of an axis.
SAME_WORK = {
    "pages": lambda n: n,
    "live": {0: 1}.get,
    "singles": {0: 256}.get,
    "harts": {1: 1}.get,
}


def measure(folder, variables):
    one, _ = bench_run.bench("-- curve/*/live_* curve/*/pages_* "
                             "curve/*/singles_*", ICOUNT="1", SMP="1",
                             **variables)
    counted, _ = bench_run.bench("-- curve/*/harts_*", ICOUNT="1", SMP="4",
                                 **variables)
    timed, _ = bench_run.bench("-- curve/*/harts_*", ICOUNT="0", SMP="4",
                               **variables)
    curves = {"instructions": bench_run.column(one | counted, "median"),
              "ns": bench_run.column(timed, "min")}
    with bench_run.replacing(folder / "curves.json") as file:
        json.dump(curves, file, indent=1)


def read_curves(folder):
    """axis -> N -> column -> figure"""
    path = folder / "curves.json"
    try:
        curves = json.loads(path.read_text(encoding="ascii"))
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from error
    axes = {}
    for unit, rows in curves.items():
        for name, median in rows.items():
            operation, axis, number = ROW.fullmatch(name).groups()
            point = axes.setdefault(axis, {}).setdefault(int(number), {})
            suffix = "" if unit == "instructions" else f" {unit}"
            point[operation + suffix] = median
    return axes


def add_linux(axis, points, targets):
    """Linux's figures beside ours; no column where it has none."""
    for number, point in points.items():
        same = SAME_WORK[axis](number)
        for operation in list(point):
            on_linux, _ = targets.get(f"{operation}/{same}", (None, None))
            if on_linux:
                point[f"Linux {operation}"] = on_linux


def data(folder):
    targets = bench_run.read_targets()
    for axis, points in read_curves(folder).items():
        add_linux(axis, points, targets)
        columns = sorted(dict.fromkeys(column for point in points.values()
                                       for column in point),
                         key=lambda column: column.startswith("Linux"))
        lines = [[axis] + columns]
        lines += [[number] + [points[number].get(column) for column in columns]
                  for number in sorted(points)]
        bench_run.write_csv(folder / f"{axis}.csv", lines)


def settings(table, form):
    """What the script is told, in gnuplot's language."""
    with open(table, encoding="ascii") as file:
        columns = next(csv.reader(file))
    ours = [name for name in columns[1:] if " " not in name]
    linux = [name.removeprefix("Linux ") for name in columns
             if name.startswith("Linux ")]
    words = {"axis": columns[0], "data": table, "ours": " ".join(ours),
             "linux": " ".join(linux), "form": form,
             "picture": table.with_suffix("." + form)}
    return "; ".join(f"{name}='{word}'" for name, word in words.items())


def draw(folder):
    for table in sorted(folder.glob("*.csv")):
        for form in FORMATS:
            try:
                run = subprocess.run(
                    ["gnuplot", "-e", settings(table, form), SCRIPT],
                    capture_output=True, text=True, check=False)
            except OSError as error:
                raise Failure(f"gnuplot: {error.strerror}") from error
            # To gnuplot a column that is not there is a warning.
            if run.returncode or run.stderr:
                raise Failure(f"gnuplot cannot draw {table}", run.stderr)
            print(table.with_suffix("." + form))


def parse():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("verb", choices=("measure", "data", "draw"))
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("variables", nargs="*")
    return parser.parse_intermixed_args()


def main():
    options = parse()
    if options.verb == "measure":
        measure(options.folder, dict(each.split("=", 1)
                                     for each in options.variables))
    elif options.verb == "data":
        data(options.folder)
    else:
        draw(options.folder)


if __name__ == "__main__":
    bench_run.main(main)
