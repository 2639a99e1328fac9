# SPDX-License-Identifier: MIT
"""Commands for a Vireo image under gdb-multiarch (make debug).

harts            the harts: logical number, SBI id, state, where each one is
pt ADDR          the page-table walk of an address, level by level
vireo threads    all threads: state, hart, time, where they are; "vireo threads bt"
                 prints a backtrace of each that does not run
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


STATES = ("new", "ready", "running", "waiting", "dead")
KEPT = ((1, "ra"), (2, "sp"), (8, "s0"), (9, "s1")) + tuple(
    (18 + i, f"s{2 + i}") for i in range(10))


def all_threads():
    """struct thread of each, the oldest first."""
    found = []
    thread = gdb.parse_and_eval("'core/thread.c'::all")
    while int(thread):
        found.append(thread)
        thread = thread["all_next"]
    return reversed(found)


def where(thread):
    """Program counter at which a thread that does not run goes on."""
    frame = thread["frame"]
    return int(frame["sepc"] if int(thread["preempted"]) else frame["x"][1])


def backtrace(thread):
    """gdb's own, with the registers that the thread has in memory. They are put
    back, whatever happens: the hart goes on with what it has."""
    names = ["pc"] + [name for _, name in KEPT]
    before = {name: int(gdb.parse_and_eval(f"(unsigned long)${name}"))
              for name in names}
    try:
        for number, name in KEPT:
            value = int(thread["frame"]["x"][number])
            gdb.execute(f"set ${name} = {value}", to_string=True)
        gdb.execute(f"set $pc = {where(thread)}", to_string=True)
        return gdb.execute("backtrace 16", to_string=True)
    finally:
        for name in names:
            gdb.execute(f"set ${name} = {before[name]}", to_string=True)


class Vireo(gdb.Command):
    """vireo - what gdb alone does not know of an image."""

    def __init__(self):
        super().__init__("vireo", gdb.COMMAND_STATUS, prefix=True)


class Threads(gdb.Command):
    """vireo threads [bt] - all threads; with bt, backtraces of those that do not
    run."""

    def __init__(self):
        super().__init__("vireo threads", gdb.COMMAND_STATUS)

    def invoke(self, argument, _from_tty):
        for thread in all_threads():
            state = int(thread["state"])
            runs = state == STATES.index("running")
            hart = int(thread["hart"]["index"]) if int(thread["hart"]) else "-"
            waits = thread["waits_in"].string() if int(
                thread["waits_for"]) else ""
            place = "" if runs else gdb.execute(
                f"info symbol {where(thread)}", to_string=True).split(" in ")[0]
            print(f"{int(thread['id']):4} {thread['name'].string():15} "
                  f"{STATES[state]:8} hart {hart} priority "
                  f"{int(thread['priority'])} {place} {waits}".rstrip())
            if argument.strip() == "bt" and not runs:
                print(backtrace(thread))


Pt()
Harts()
Vireo()
Threads()
