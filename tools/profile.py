#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""profile.py - every instruction of a run, counted by function and by caller.

    profile.py --elf ELF --prefix riscv64-unknown-elf- --out DIR
               [--root FUNCTION] -- QEMU-COMMAND...

Exact, not sampled: QEMU names each instruction that it executes
(tools/exec_trace.py). What the compiler inlined is shown under the function it
is part of. With --root only what runs below FUNCTION counts. The benchmark
harness's @bench line turns counts into counts for an operation.

Written to DIR, and the first of them to standard output:
    profile.txt     functions by what they execute themselves
    profile.md      the same as a table for documents
    stacks.folded   `main;f;g 12` a line; `_[i]` behind what was inlined
    flame.svg       the same as a picture
"""
import argparse
import json
import pathlib
import shlex
import sys
import tempfile
import threading

import bench_run
import exec_trace
import flame_graph
import qemu_control

LOOPS = "4096"    # of the harness, unless --loops says otherwise: 16 purges
SHOWN = 0.003     # share below which a function or part is not listed ...
DOCUMENTED = 0.01  # ... and in a document


class Part:
    """A function, or what was inlined into it: counts and parts of its own."""

    def __init__(self, name):
        self.name, self.itself, self.calls = name, 0, 0
        self.below = 0   # in functions that it calls
        self.parts = {}  # in the order of their first execution

    def part(self, name):
        return self.parts.setdefault(name, Part(name))

    def own(self):
        """Instructions of the function, with all that was inlined."""
        return self.itself + sum(part.own() for part in self.parts.values())


def descend(node):
    yield node
    for child in node.children.values():
        yield from descend(child)


def topmost(node, name):
    """Nodes of the function @name that are not below another one of it."""
    if node.name == name:
        yield node
        return
    for child in node.children.values():
        yield from topmost(child, name)


def own(node):
    return sum(node.pcs.values())


def total(node):
    return sum(own(each) for each in descend(node))


def by_function(roots, inlined):
    """{name: Part} of all that runs below @roots."""
    functions = {}

    def visit(node, above):
        function = functions.setdefault(node.name, Part(node.name))
        function.calls += node.calls
        for pc, count in node.pcs.items():
            part = function
            for name in inlined.get(pc, ()):
                part = part.part(name)
            part.itself += count
        if node.name not in above:
            function.below += total(node) - own(node)
        for child in node.children.values():
            visit(child, above | {node.name})

    for root in roots:
        visit(root, frozenset())
    return functions


def folded(roots, inlined):
    """{stack: instructions}"""
    stacks = {}

    def visit(node, path):
        path = path + (node.name,)
        for pc, count in node.pcs.items():
            stack = ";".join(path + tuple(
                name + "_[i]" for name in inlined.get(pc, ())))
            stacks[stack] = stacks.get(stack, 0) + count
        for child in node.children.values():
            visit(child, path)

    for root in roots:
        visit(root, ())
    return stacks


class Table:
    """Lines of (instructions, with callees, calls, depth, name), of functions
    and parts that have at least the share @least."""

    def __init__(self, functions, operations, least):
        self.operations = operations
        self.sum = sum(function.own() for function in functions)
        self.least = least * self.sum
        self.lines = []
        shown = [each for each in functions if each.own() >= self.least]
        for function in shown:
            self.add(function, 0)
        others = [each for each in functions if each not in shown]
        if others:
            self.lines.append((sum(each.own() for each in others), None, None,
                               0, f"{len(others)} others"))

    def add(self, part, depth):
        everything = part.own()
        with_callees = everything + part.below if part.below else None
        self.lines.append((everything, with_callees, part.calls or None, depth,
                           part.name))
        shown = [each for each in part.parts.values()
                 if each.own() >= self.least]
        for each in shown:
            self.add(each, depth + 1)
        rest = everything - sum(each.own() for each in shown)
        if shown and rest > self.least / 10:
            self.lines.append((rest, None, None, depth + 1, "itself"))

    def cell(self, value):
        if value is None:
            return ""
        if self.operations:
            return f"{value / self.operations:,.2f}"
        return f"{value:,}"

    def text(self):
        head = ["instructions", "with callees", "calls"]
        out = ["  ".join(f"{word:>12}" for word in head) + "  function"]
        for line in self.lines:
            cells = [f"{self.cell(value):>12}" for value in line[:3]]
            out.append("  ".join(cells) + "  " + "    " * line[3] + line[4])
        return "\n".join(out) + "\n"

    def markdown(self, title):
        out = [title, "", "| instructions | with callees | calls | where |",
               "|---:|---:|---:|---|"]
        for line in self.lines:
            cells = [self.cell(value) for value in line[:3]]
            name = line[4] if line[4].split()[-1] in ("itself", "others") \
                else f"`{line[4]}`"
            cells.append("· " * line[3] + name)
            out.append("| " + " | ".join(cells) + " |")
        return "\n".join(out) + "\n"


class Console:
    """What the image prints: the harness's lines are kept, the others shown,
    those of the firmware only when no harness comes after them."""

    def __init__(self, stream):
        self.rows, self.early = [], []
        self.thread = threading.Thread(target=self.read, args=(stream,))
        self.thread.start()

    def read(self, stream):
        for line in stream:
            line = line.rstrip("\r\n")
            if line.startswith("@machine"):
                self.early = []
            elif line.startswith("@bench "):
                self.rows.append(json.loads(line[len("@bench "):]))
            elif not line.startswith("@"):
                self.early.append(line)

    def show(self):
        self.thread.join()
        print("\n".join(self.early))


def with_loops(command):
    """The harness's own number of loops would take minutes here."""
    at = command.index("-append") + 1 if "-append" in command else None
    words = shlex.split(command[at]) if at else []
    if "--" not in words:
        raise SystemExit("vireo: profile: name a row: "
                         "ARGS='-- vmalloc_vfree/1'")
    for option, value in (("--loops", LOOPS), ("--repeats", "1")):
        if option not in words:
            words += [option, value]
    return command[:at] + [shlex.join(words)] + command[at + 1:]


def run(command, code, root):
    """The trace of a run, its console, and the image's status."""
    harts = int(command[command.index("-smp") + 1])
    address = code.starts[code.names.index(root)] if root else None
    trace = exec_trace.Trace(code, harts)
    with tempfile.TemporaryDirectory() as scratch:
        machine = qemu_control.Machine(command, scratch,
                                       (code.first, code.last))
        try:
            console = Console(machine.process.stdout)
            if machine.begin(address):
                trace.read(machine.log)
            status = machine.end()
        finally:
            machine.stop()
        console.show()
    return trace, console, status


def note(functions, operations, trace, rows):
    """How the sum fits to what the harness measured."""
    everything = sum(function.own() for function in functions)
    lines = [f"{everything:,} instructions"]
    if operations:
        lines[0] = (f"{rows[0]['name']}: {everything / operations:.2f} "
                    "instructions, the loop included; the harness, without an "
                    f"empty loop, says {rows[0]['median']:.2f}")
        if everything / operations < 0.9 * rows[0]["median"]:
            lines.append("The rest ran in other threads, or after a switch to "
                         "one, and is not among these.")
    if trace.ecalls:
        lines.append(f"{trace.ecalls} calls of the firmware, whose "
                     "instructions are not among these")
    return "\n".join(lines) + "\n"


def write(out, functions, operations, notes, stacks):
    """Most instructions first; in a document as they first ran."""
    by_count = Table(sorted(functions, key=Part.own, reverse=True), operations,
                     SHOWN)
    by_time = Table(functions, operations, DOCUMENTED)
    out.mkdir(parents=True, exist_ok=True)
    lines = [f"{stack} {count}" for stack, count in sorted(stacks.items())]
    picture = flame_graph.svg(lines, notes.splitlines()[0])
    for name, text in (("profile.txt", notes + "\n" + by_count.text()),
                       ("profile.md", by_time.markdown(notes.splitlines()[0])),
                       ("stacks.folded", "\n".join(lines) + "\n"),
                       ("flame.svg", picture)):
        (out / name).write_text(text, encoding="utf-8")


def parse(words):
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--elf", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--root")
    parser.add_argument("command", nargs="+")
    return parser.parse_args(words)


def main():
    options = parse(sys.argv[1:])
    code = exec_trace.Code(options.elf, options.prefix)
    command = options.command
    if options.root == "run_counted":
        command = with_loops(command)
    trace, console, status = run(command, code, options.root)
    roots = list(topmost(trace.root, options.root)) if options.root \
        else list(trace.root.children.values())
    rows = [row for row in console.rows if "error" not in row]
    # What other harts do is not below --root.
    operations = rows[0]["operations"] // rows[0]["harts"] \
        if len(rows) == 1 else None
    pcs = {pc for root in roots for node in descend(root) for pc in node.pcs}
    if not pcs:
        sys.exit(f"vireo: profile: nothing ran below {options.root}"
                 if options.root else "vireo: profile: nothing ran")
    inlined = code.inlined(pcs)
    functions = list(by_function(roots, inlined).values())
    notes = note(functions, operations, trace, rows)
    write(options.out, functions, operations, notes, folded(roots, inlined))
    print((options.out / "profile.txt").read_text(encoding="utf-8"))
    return status


if __name__ == "__main__":
    bench_run.main(main)
