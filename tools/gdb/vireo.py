# SPDX-License-Identifier: MIT
"""Commands for a Vireo image under gdb-multiarch (make debug).

harts      the harts: logical number, SBI id, state, where each one is
pt ADDR    the page-table walk of an address, level by level
"""
import gdb

SATP_PPN = (1 << 44) - 1
LEVELS = 3
PTE_BITS = ((1 << 1, "R"), (1 << 2, "W"), (1 << 3, "X"), (1 << 4, "U"),
            (1 << 5, "G"), (1 << 6, "A"), (1 << 7, "D"))
PTE_LEAF = 0b1110
PTE_NAPOT = 1 << 63
PBMT = ("PMA", "NC", "IO", "reserved")


def read_physical(address):
    """Eight bytes of physical memory, which QEMU's stub can switch to."""
    gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
    try:
        memory = gdb.selected_inferior().read_memory(address, 8)
    finally:
        gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)
    return int.from_bytes(bytes(memory), "little")


def describe(pte):
    bits = "".join(name if pte & bit else "-" for bit, name in PTE_BITS)
    napot = " napot" if pte & PTE_NAPOT else ""
    return f"{bits} {PBMT[(pte >> 61) & 3]}{napot}"


class Pt(gdb.Command):
    """pt ADDR - walk the Sv39 page table of this hart for an address."""

    def __init__(self):
        super().__init__("pt", gdb.COMMAND_DATA)

    def invoke(self, argument, _from_tty):
        if not argument:
            raise gdb.GdbError("usage: pt ADDR")
        mask = (1 << 64) - 1
        address = int(gdb.parse_and_eval(f"(unsigned long)({argument})"))
        satp = int(gdb.parse_and_eval("$satp")) & mask
        if satp >> 60 != 8:
            raise gdb.GdbError(f"satp is {satp:#x}: not Sv39")
        table = (satp & SATP_PPN) << 12
        for level in reversed(range(LEVELS)):
            shift = 12 + 9 * level
            index = (address >> shift) & 511
            pte = read_physical(table + 8 * index)
            print(f"level {level}: [{index:3}] of {table:#x} = {pte:#018x}")
            if not pte & 1:
                print("not valid")
                return
            table = ((pte >> 10) & SATP_PPN) << 12
            if pte & PTE_LEAF:
                break
        else:
            print("a pointer at the last level: malformed")
            return
        # A NAPOT leaf of 64 KiB says so in its low frame bits.
        size = 1 << (16 if pte & PTE_NAPOT else shift)
        physical = (table & ~(size - 1)) | (address & (size - 1))
        print(f"{describe(pte)}: {address:#x} -> {physical:#x}, "
              f"a page of {size >> 10} KiB")


class Harts(gdb.Command):
    """harts - the harts that run: number, id, idle or not, and the place."""

    def __init__(self):
        super().__init__("harts", gdb.COMMAND_STATUS)

    def invoke(self, _argument, _from_tty):
        selected = gdb.selected_thread()
        if selected is None:
            raise gdb.GdbError("the image does not run")
        places = {}
        for thread in gdb.selected_inferior().threads():
            thread.switch()
            hart = int(gdb.parse_and_eval("(unsigned long)$gp"))
            frame = gdb.newest_frame()
            places[hart] = f"{frame.name() or '?'} at {frame.pc():#x}"
        selected.switch()
        for index in range(int(gdb.parse_and_eval("nr_harts"))):
            hart = gdb.parse_and_eval(f"harts[{index}]")
            place = places.get(int(hart), "not seen by gdb")
            state = "idle" if int(hart["idle"]) else "busy"
            print(f"{index:3}  id {int(hart['id']):3}  {state}  {place}")


Pt()
Harts()
