#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench_matrix.py - the same image and rows under many settings, as one CSV.

    bench_matrix.py --matrix FILE --out CSV [--args ARGS] NAME=value...

FILE has a line `name<TAB>options` for each setting, the options being those of
the kernel command line. ARGS (as for `make bench`) holds options that all have
in common and, behind `--`, the rows. NAME=value are variables of `make bench`.
CSV gets a line for each setting and row: figures and counters. The first
setting is what the others are compared with on the console.

Every setting is tried before the first is measured, and a bad one is named.
"""
import argparse
import pathlib
import re
import shlex

import bench_run
from bench_run import EVENTS, Failure, figure

NAME = re.compile(r"[A-Za-z0-9_.,+-]+")
REASON = re.compile(r"^(?:vireo: cannot boot: |bench: |vireo: )(.*)", re.M)
FIGURES = ["name", "unit", "runs", "harts", "min", "median", "max"]
SHOWN = ["fences_per_op", "remote_fences_per_op", "purges_per_op",
         "repaired_faults_per_op", "pages_per_purge"]


def setting_of(line):
    """(name, options) of one line; ValueError says what is wrong with it."""
    name, tab, options = line.partition("\t")
    if not NAME.fullmatch(name):
        raise ValueError(f"\"{name}\" is no name of a setting")
    if "\t" in options:
        raise ValueError("more than a name, a tab and options")
    if "--" in shlex.split(options):
        raise ValueError("what stands behind -- goes into ARGS")
    return name, options.strip() if tab else ""


def read_matrix(path):
    """name -> options, in the order of the file."""
    settings = {}
    try:
        lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeError) as error:
        raise Failure(f"MATRIX={path}: "
                      f"{getattr(error, 'strerror', 'no text')}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            name, options = setting_of(line)
            if name in settings:
                raise ValueError(f"there is a setting \"{name}\" already")
        except ValueError as error:
            raise Failure(f"{path}:{number}: {error}") from error
        settings[name] = options
    if not settings:
        raise Failure(f"{path} has no setting")
    return settings


def arguments(options, common, *more):
    """ARGS of a setting; @more are words for the harness."""
    words = [options, common]
    if more and "--" not in common.split():
        words.append("--")
    return " ".join(word for word in (*words, *more) if word)


def attempt(name, options, action):
    """action(), or a Failure that names the setting and says why."""
    try:
        return action()
    except Failure as failure:
        reasons = REASON.findall(failure.output)
        raise Failure(f"setting {name} ({options or 'no option'}): "
                      f"{reasons[0] if reasons else failure}",
                      "" if reasons else failure.output) from failure


def try_all(settings, common, variables):
    for name, options in settings.items():
        words = bench_run.settings(arguments(options, common, "--list"),
                                   **variables)
        attempt(name, options, lambda: bench_run.make("bench", *words))


def measure_all(settings, common, variables):
    """(setting, row) of all, setting by setting."""
    for name, options in settings.items():
        print(f"{name}: {options or 'no option'}", flush=True)
        text = arguments(options, common)
        rows, _ = attempt(name, options,
                          lambda: bench_run.bench(text, **variables))
        for row in rows.values():
            yield name, row


def write(path, settings, results):
    lines = [["setting", "options"] + FIGURES + EVENTS]
    for name, row in results:
        lines.append([name, settings[name]] +
                     [row.get(key) for key in FIGURES + EVENTS])
    bench_run.write_csv(path, lines)


def count(value):
    return "-" if not value else f"{value:,.4f}" if value < 10 else \
        f"{value:,.0f}"


def show(results):
    """Row by row, one line a setting; the first has 1.00."""
    lines = [["row", "setting", results[0][1]["unit"], "of first"] +
             [key.removesuffix("_per_op") for key in SHOWN]]
    firsts = {}
    for name in dict.fromkeys(row["name"] for _, row in results):
        for setting, row in results:
            if row["name"] != name:
                continue
            first = firsts.setdefault(name, row["median"])
            share = f"{row['median'] / first:.2f}" if first else "-"
            lines.append([name, setting, figure(row["median"]), share] +
                         [count(row.get(key)) for key in SHOWN])
    print()
    bench_run.print_table(lines)


def parse():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--matrix", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--args", default="")
    parser.add_argument("variables", nargs="*")
    return parser.parse_intermixed_args()


def main():
    options = parse()
    variables = dict(each.split("=", 1) for each in options.variables)
    settings = read_matrix(options.matrix)
    try_all(settings, options.args, variables)
    results = list(measure_all(settings, options.args, variables))
    write(options.out, settings, results)
    show(results)
    print(f"\n{len(settings)} settings in {options.out}")


if __name__ == "__main__":
    bench_run.main(main)
