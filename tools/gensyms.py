#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Write the table of function names that an image carries (CONFIG_SYMBOLS).

    gensyms.py table < nm-output > ksyms.S
    gensyms.py same FIRST SECOND          exit 1 if a function has moved

`table` reads `nm -n` of the first link. The table is linked in a second pass
into .ksyms, behind all code, so that the functions stay where they are:

    u32 count, u32 strings_offset         offset from the table's start
    u32 address[count]                    sorted, offset from __image_start
    u32 name[count]                       offset from the strings' start
    char strings[]                        each ends in NUL; equal ones once
"""
import sys


def functions(lines):
    """Return {address: name} of functions, and the image's start.

    Of several names at an address, a global one says most."""
    found, start, local = {}, None, set()
    for line in lines:
        address, kind, name = line.split()
        address = int(address, 16)
        if name == "__image_start":
            start = address
        elif kind in "tTwW" and not name.startswith((".L", "__text_", "$")):
            if address not in found or (address in local and kind != "t"):
                found[address] = name
                (local.add if kind == "t" else local.discard)(address)
    if start is None:
        sys.exit("gensyms.py: the first link has no __image_start")
    return found, start


def table(lines):
    found, start = functions(lines)
    offsets, strings = {}, []
    size = 0
    for name in found.values():
        if name not in offsets:
            offsets[name] = size
            strings.append(name)
            size += len(name) + 1
    out = ["/* Written by tools/gensyms.py. */",
           '\t.section .ksyms, "a"', "\t.balign 4",
           f"\t.4byte {len(found)}, {8 + 8 * len(found)}"]
    addresses = sorted(found)
    out += [f"\t.4byte {address - start}" for address in addresses]
    out += [f"\t.4byte {offsets[found[address]]}" for address in addresses]
    out += [f'\t.asciz "{name}"' for name in strings]
    print("\n".join(out))


def same(first, second):
    with open(first, encoding="ascii") as one, \
            open(second, encoding="ascii") as two:
        if functions(one) != functions(two):
            sys.exit(f"vireo: functions moved between the two links: compare "
                     f"{first} and {second}")


if sys.argv[1:] == ["table"]:
    table(sys.stdin)
elif len(sys.argv) == 4 and sys.argv[1] == "same":
    same(sys.argv[2], sys.argv[3])
else:
    sys.exit(__doc__)
