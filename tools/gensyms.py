#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Write the table of function names that an image carries (CONFIG_SYMBOLS).

    gensyms.py table < nm-output > ksyms.S
    gensyms.py same FIRST SECOND          exit 1 if a function has moved

`table` reads `nm -n` of the first link. The table is linked in a second pass
into .ksyms, behind all code, so that the functions stay where they are:

    u32 count, u32 nr_groups
    u8 pairs[128][2]                      what the bytes 128 to 255 stand for
    { u32 start, u32 entries }[nr_groups] one for each GROUP functions: address
                                          of the first, from __image_start, and
                                          place of its entry in the table
    entries: by address, the distance from the function before (0 for the first
    of a group) in units of 2 bytes, 7 bits a byte, the lowest first; the name;
    NUL

Names are written by byte pair encoding: the most frequent pair of bytes gets a
byte of its own, again and again. core/symbol.c reads the table.
"""
import collections
import sys

PAIR_CODES = 128
GROUP = 16
DEPTH_MAX = 16


def functions(lines):
    """Return {address: name} of functions, and the image's start.

    Of several names at an address, a global one says most."""
    found, start, local = {}, None, set()
    for line in lines:
        address, kind, name = line.split()
        address = int(address, 16)
        if name == "__image_start":
            start = address
        elif name == "__text_end":
            break  # nm -n: what follows is no code
        elif kind in "tTwW" and not name.startswith((".L", "__text_", "$")):
            if address not in found or (address in local and kind != "t"):
                found[address] = name
                (local.add if kind == "t" else local.discard)(address)
    if start is None:
        sys.exit("gensyms.py: the first link has no __image_start")
    return found, start


def depth(code, pairs):
    """How many bytes core/symbol.c has to keep while it reads @code."""
    if ord(code) < PAIR_CODES:
        return 0
    left, right = pairs[ord(code) - PAIR_CODES]
    return max(1 + depth(left, pairs), depth(right, pairs))


def encode(names):
    """Return the names in pairs, and the pairs."""
    text, pairs = "\0".join(names), []
    while len(pairs) < PAIR_CODES:
        counted = collections.Counter(zip(text, text[1:]))
        best = max((pair for pair in counted if "\0" not in pair),
                   key=counted.__getitem__, default=None)
        if not best:
            break
        pairs.append(best)
        code = chr(PAIR_CODES + len(pairs) - 1)
        if depth(code, pairs) > DEPTH_MAX:
            sys.exit("gensyms.py: pairs in pairs, deeper than core/symbol.c reads")
        text = text.replace("".join(best), code)
    return text.split("\0"), pairs + [("\0", "\0")] * (PAIR_CODES - len(pairs))


def distance(value):
    out = bytearray()
    value //= 2
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes([value])


def table(lines):
    found, start = functions(lines)
    addresses = sorted(found)
    if any(address % 2 for address in addresses):
        sys.exit("gensyms.py: a function lies at an odd address")
    names, pairs = encode([found[address] for address in addresses])
    groups, entries = [], b""
    nr_groups = -(-len(addresses) // GROUP)
    entries_at = 8 + 2 * PAIR_CODES + 8 * nr_groups
    for i, (address, name) in enumerate(zip(addresses, names)):
        if i % GROUP == 0:
            groups.append((address - start, entries_at + len(entries)))
            before = address
        entries += distance(address - before) + name.encode("latin-1") + b"\0"
        before = address
    out = ["/* Written by tools/gensyms.py. */",
           '\t.section .ksyms, "a"', "\t.balign 4",
           f"\t.4byte {len(addresses)}, {nr_groups}"]
    out += [f"\t.byte {ord(left)}, {ord(right)}" for left, right in pairs]
    out += [f"\t.4byte {first}, {entry}" for first, entry in groups]
    out += [f"\t.byte {byte}" for byte in entries]
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
