#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""check_ram.py ELF MEMORY - does the image fit into so much RAM?

QEMU refuses one that does not with ten lines about regions that overlap. It
puts the device tree, of which it reserves 1 MiB, at the highest multiple of
2 MiB that leaves room for it; the image ends below.
"""
import struct
import sys

RAM_START = 0x80000000
MIB = 1 << 20
UNITS = {"K": 1 << 10, "M": MIB, "G": 1 << 30}
PT_LOAD = 1


def memory_bytes(text):
    """As QEMU's -m reads it: MiB where there is no unit."""
    if text[-1] in UNITS:
        return int(text[:-1]) * UNITS[text[-1]]
    return int(text) * MIB


def image_end(path):
    with open(path, "rb") as file:
        data = file.read()
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    end = 0
    for at in range(offset, offset + size * count, size):
        kind, = struct.unpack_from("<I", data, at)
        _, paddr, _, bytes_in_memory = struct.unpack_from("<QQQQ", data,
                                                          at + 16)
        if kind == PT_LOAD:
            end = max(end, paddr + bytes_in_memory)
    return end


def main():
    path, memory = sys.argv[1:]
    end = image_end(path)
    tree = (RAM_START + memory_bytes(memory) - MIB) // (2 * MIB) * (2 * MIB)
    if end > tree:
        needed = (end - RAM_START + 2 * MIB - 1) // (2 * MIB) * 2 + 1
        sys.exit(f"vireo: {path} does not fit into MEM={memory}: it needs "
                 f"MEM={needed}M or more")


if __name__ == "__main__":
    main()
