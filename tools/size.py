#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""size.py vireo.map - bytes in the image by folder, from the linker's map."""
import collections
import re
import sys

import bench_run

KINDS = {".text": "text", ".rodata": "rodata", ".init_array": "rodata",
         ".fini_array": "rodata", ".tdata": "data", ".data": "data",
         ".ksyms": "symbols", ".bss": "bss"}
COLUMNS = ["text", "rodata", "data", "symbols", "bss"]
# "  0xaddress  0xsize  file", behind an input section's name or below it.
PIECE = re.compile(r"\s+0x([0-9a-f]{8,})\s+0x([0-9a-f]+)\s+(\S+\.o\)?|/\S+)$")


def module(path):
    """Object file or archive member -> the folder that a reader knows."""
    if "libc.a(" in path:
        return "musl"
    if "libgcc.a(" in path:
        return "libgcc"
    if "/obj/" in path:
        return path.split("/obj/")[1].rpartition("/")[0]
    if "/objects/" in path:
        return path.split("/objects/")[1].split("/")[1]
    return "app" if "/app/" in path else "symbol table"


def read(lines):
    sizes = collections.defaultdict(collections.Counter)
    kind = None
    for line in lines:
        if line[0] not in " \n":
            kind = KINDS.get(line.split()[0])
        piece = PIECE.search(line)
        if kind and piece and int(piece.group(2), 16):
            sizes[module(piece.group(3))][kind] += int(piece.group(2), 16)
    return sizes


def main():
    with open(sys.argv[1], encoding="utf-8") as lines:
        text = lines.read().split("Linker script and memory map")[1]
    sizes = read(text.splitlines(keepends=True))
    print(f"{'module':14}" + "".join(f"{name:>9}" for name in COLUMNS))
    total = collections.Counter()
    for name in sorted(sizes, key=lambda name: -sizes[name]["text"]):
        total += sizes[name]
        print(f"{name:14}" + "".join(f"{sizes[name][c]:9}" for c in COLUMNS))
    print(f"{'total':14}" + "".join(f"{total[c]:9}" for c in COLUMNS))


if __name__ == "__main__":
    bench_run.main(main)
