#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench_gate.py - are instructions, bytes and memory within the budget?

    bench_gate.py measure FIGURES           take every figure, write the file
    bench_gate.py compare BUDGET FIGURES    1 when a figure is above its budget
    bench_gate.py update BUDGET FIGURES     the figures become the budget

Both files have a line `name<TAB>figure` for each row; the name's first part says
what it is and so how much more is allowed. Instruction counts are those of
`make bench ICOUNT=1`, the same in every run on every host; images and memory are
of the release configuration.
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys

import bench_run
from bench_run import Failure

MACHINE = {"ICOUNT": "1", "SMP": "1", "MEM": "512M", "CPU": "rv64"}
IMAGES = ("hello", "shell", "bench")
BOOT_SECONDS = 60
PAGE_KB = 4
MEMORY = "memory_at_main/hello"
MEMORY_LINE = re.compile(r"^memory: main\(\) begins with (\d+) KiB in use", re.M)
MADE_WITH = "# made with "
HEAD = """\
# What each figure may be; `make bench-gate` says which have grown. Instructions
# for one operation (2 % more are allowed; 10 % where several threads meet), image/:
# bytes of the stripped release image (1 %), memory_at_main/: KiB in use when main()
# begins (one page).
# `make bench-gate UPDATE=1` writes this file: on purpose only, with the reason
# in the commit.
"""


# Where a slice ends, and so who waits for whom, changes with every byte of the
# image.
THREADS_MEET = ("heap/larson/", "heap/mstress/")


def allowed(name, budget):
    """The most that @name may be."""
    if name.startswith("image/"):
        return budget * 1.01
    if name.startswith("memory_at_main/"):
        return budget + PAGE_KB
    if name.startswith(THREADS_MEET):
        return budget * 1.1
    return budget * 1.02


def read(path):
    """name -> figure, and what it was made with."""
    figures, made_with = {}, "unknown tools"
    try:
        lines = pathlib.Path(path).read_text(encoding="ascii").splitlines()
    except OSError as error:
        raise Failure(f"{path}: {error.strerror}") from error
    for line in lines:
        if line.startswith(MADE_WITH):
            made_with = line[len(MADE_WITH):]
        elif line and not line.startswith("#"):
            name, figure = line.split("\t")
            figures[name] = float(figure)
    return figures, made_with


def write(path, figures, made_with):
    text = HEAD + MADE_WITH + made_with + "\n#\n# name\tfigure\n"
    text += "".join(f"{name}\t{figure:.2f}\n".replace(".00\n", "\n")
                    for name, figure in figures.items())
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(path + ".new").write_text(text, encoding="ascii")
    os.replace(path + ".new", path)


def memory_at_main():
    """hello's boot with loglevel=5, which says it."""
    command = bench_run.make(
        "qemu-cmd", "APP=hello", "CONFIG=release", "ARGS=loglevel=5",
        *(f"{name}={value}" for name, value in MACHINE.items()))
    output = subprocess.run(
        shlex.split(command), stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, timeout=BOOT_SECONDS, check=False).stdout
    found = MEMORY_LINE.search(output)
    if not found:
        raise Failure("hello does not say how much memory is in use")
    return float(found[1])


def image_bytes(app):
    bench_run.make("image", f"APP={app}", "CONFIG=release", quiet=False)
    return float((bench_run.build_folder() /
                  f"release/{app}/vireo.stripped.elf").stat().st_size)


def measure(path):
    rows, _ = bench_run.bench(CONFIG="bench", APP="bench", **MACHINE)
    figures = {name: row["median"] for name, row in rows.items()}
    figures |= {f"image/{app}": image_bytes(app) for app in IMAGES}
    figures[MEMORY] = memory_at_main()
    write(path, figures, bench_run.toolchain())


def judge(name, budget, now):
    """Why the row is worth a line, or None; whether it fails."""
    if budget is None:
        return "not in the budget: UPDATE=1 adds it", True
    if now is None:
        return "in the budget, but was not measured", True
    if now > allowed(name, budget):
        return f"FAIL: at most {allowed(name, budget):,.2f} are allowed", True
    if now < budget * 0.98:
        return "better: UPDATE=1 lowers the budget", False
    if now > budget:
        return "more, and allowed", False
    return None, False


def figure(value):
    return "-" if value is None else f"{value:,.2f}".removesuffix(".00")


def compare(budget_path, figures_path):
    budget, made_with = read(budget_path)
    figures, here = read(figures_path)
    failed = told = 0
    for name in list(budget) + [name for name in figures if name not in budget]:
        before, now = budget.get(name), figures.get(name)
        text, fails = judge(name, before, now)
        failed += fails
        if not text:
            continue
        if not told:
            print(f"{'name':<32} {'budget':>12} {'now':>12} {'change':>8}")
        told += 1
        change = f"{(now / before - 1) * 100:+.1f} %" if before and now else "-"
        print(f"{name:<32} {figure(before):>12} {figure(now):>12} "
              f"{change:>8}  {text}")
    if failed and here != made_with:
        print(f"(the budget was made with {made_with}; this is {here})")
    print(f"bench-gate: {len(figures)} figures, {failed} failed")
    return 1 if failed else 0


def main():
    verb, *paths = sys.argv[1:] or [""]
    if verb == "measure" and len(paths) == 1:
        measure(*paths)
    elif verb == "compare" and len(paths) == 2:
        return compare(*paths)
    elif verb == "update" and len(paths) == 2:
        write(paths[0], *read(paths[1]))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    bench_run.main(main)
