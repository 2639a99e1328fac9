# SPDX-License-Identifier: MIT
"""QEMU's log of executed instructions -> who called whom, how often each ran.

QEMU runs one instruction at a time (-singlestep) and names each in its log, which
is read from a pipe and never stored. The stack is followed by what the image's
own disassembly says of each instruction: calls push, returns cut back to the
frame that waits for this address, jumps into another function are tail calls,
trap_entry pushes and sret cuts back to what it interrupted.

Firmware is not in the log (-dfilter): its calls are counted, not its
instructions.
"""
import bisect
import collections
import fcntl
import itertools
import operator
import os
import re
import subprocess
import time

CALL, RETURN, TRAP_RETURN, JUMP, FIRMWARE = range(1, 6)
# One executed instruction: hart, address. QEMU may say that it did not begin
# one after all, in the next line.
EXECUTED = re.compile(rb"^Trace (\d+): \S+ \[[0-9a-f]+/([0-9a-f]{16})/.*\n"
                      rb"(?!Stopped)", re.M)
INSTRUCTION = re.compile(r"\s*([0-9a-f]{16}):\s+(\S+)\s*(\S*)")
PIPE_BYTES = 1 << 20
NAP_SECONDS = 0.002  # lets the pipe fill: QEMU writes each line by itself


def key(address):
    """Addresses stay as the log writes them: no conversion for each line."""
    return b"%016x" % address


class Code:
    """What the image's instructions do to the stack."""

    def __init__(self, elf, prefix):
        self.elf, self.prefix = elf, prefix
        self.starts, self.names = self.read_symbols()
        self.kinds, self.after = {}, {}
        self.first = self.last = 0
        self.read_instructions()
        self.entries = {key(address) for address in self.starts}
        self.trap_entry = key(self.starts[self.names.index("trap_entry")])
        self.known = {}

    def tool(self, name, *arguments, **options):
        return subprocess.run([self.prefix + name, *arguments, self.elf],
                              check=True, stdout=subprocess.PIPE,
                              encoding="ascii", **options).stdout

    def read_symbols(self):
        """Starts and names of functions; the cold part of one is that one."""
        found = {}
        for line in self.tool("nm", "-n").splitlines():
            address, kind, name = line.split()
            if kind in "tTwW" and not name.startswith((".L", "__text_", "$")):
                found.setdefault(int(address, 16), name.removesuffix(".cold"))
        return list(found), list(found.values())

    def read_instructions(self):
        before = None
        for line in self.tool("objdump", "-d", "-M", "no-aliases",
                              "--no-show-raw-insn").splitlines():
            match = INSTRUCTION.match(line)
            if not match:
                continue
            address = int(match[1], 16)
            self.first = self.first or address
            self.last = address
            if before:
                self.after[before] = key(address)
            before = key(address)
            kind = self.kind(address, match[2], match[3])
            if kind:
                self.kinds[before] = kind

    def kind(self, address, name, operands):
        if name == "sret":
            return TRAP_RETURN
        if name == "ecall":
            return FIRMWARE
        if name == "c.jalr" or (name in ("jal", "jalr") and
                                operands.startswith("ra,")):
            return CALL
        if (name == "c.jr" and operands == "ra") or \
           (name == "jalr" and operands.startswith("zero,0(ra)")):
            return RETURN
        if name in ("c.jr", "jalr"):
            return JUMP
        if name in ("c.j", "jal"):
            target = int(operands.rpartition(",")[2], 16)
            if self.index(target) != self.index(address):
                return JUMP
        return None

    def index(self, address):
        return bisect.bisect_right(self.starts, address) - 1

    def function(self, pc):
        name = self.known.get(pc)
        if name is None:
            name = self.known[pc] = self.names[self.index(int(pc, 16))]
        return name

    def inlined(self, pcs):
        """pc -> names of the inlined functions it is part of, outermost first."""
        text = "\n".join(pc.decode() for pc in pcs)
        output = self.tool("addr2line", "-a", "-i", "-f", "-e", input=text)
        found, pc = {}, None
        for line in output.splitlines():
            if line.startswith("0x"):
                pc = b"%016x" % int(line, 16)
                found[pc] = []
            elif not re.search(r":(\d+|\?)( |$)", line):
                found[pc].insert(0, line)
        return {pc: names[1:] for pc, names in found.items()}


class Node:
    """A function as called by those above it. A new one for each path."""

    def __init__(self, name, parent=None):
        self.name, self.parent = name, parent
        self.children = {}
        self.pcs = collections.defaultdict(int)  # pc -> how often
        self.calls = 0

    def child(self, name):
        node = self.children.get(name)
        if node is None:
            node = self.children[name] = Node(name, self)
        return node


class Frame:
    __slots__ = ("node", "back", "pending")

    def __init__(self, node, back, pending=None):
        self.node = node
        self.back = back        # where a return from here goes; None: tail call
        self.pending = pending  # a trap's: what the last instruction began


class Hart:
    """The stack of one hart, instruction by instruction."""

    def __init__(self, code, root):
        self.code = code
        self.frames = [Frame(root, b"")]
        self.kind = None  # of the last instruction
        self.last = b""
        self.ecalls = 0

    def push(self, name, back, pending=None):
        node = self.frames[-1].node.child(name)
        node.calls += 1
        self.frames.append(Frame(node, back, pending))

    def cut_back_to(self, pc):
        """A return to @pc. Nobody waits there: longjmp(), into a function that
        is on the stack, or into one that was entered before the log began."""
        for i in range(len(self.frames) - 1, 0, -1):
            if self.frames[i].back == pc:
                del self.frames[i:]
                return
        name = self.code.function(pc)
        for i in range(len(self.frames) - 1, 0, -1):
            if self.frames[i].node.name == name:
                del self.frames[i + 1:]
                return
        del self.frames[1:]
        self.push(name, None)

    def arrive(self, pc):
        """At @pc without a call: the same function, one that called it by a
        jump, or one that is jumped to now."""
        name = self.code.function(pc)
        for i in range(len(self.frames) - 1, -1, -1):
            if self.frames[i].node.name == name:
                del self.frames[i + 1:]
                return
            if self.frames[i].back is not None:
                break
        self.push(name, None)

    def leave_trap(self):
        while len(self.frames) > 1:
            frame = self.frames.pop()
            if frame.back == b"trap":
                return frame.pending
        return None

    def move(self, pc):
        """To the node of @pc: the last instruction was not a plain one, or this
        is the first of a function."""
        kind, last = self.kind, self.last
        if pc == self.code.trap_entry:
            self.push("trap_entry", b"trap", (kind, last))
            return
        if kind == TRAP_RETURN:
            kind, last = self.leave_trap() or (None, b"")
        if kind == CALL:
            self.push(self.code.function(pc), self.code.after[last])
        elif kind == RETURN:
            self.cut_back_to(pc)
        elif kind != FIRMWARE:
            self.arrive(pc)

    def run(self, pcs):
        kinds, entries = self.code.kinds, self.code.entries
        kind = self.kind
        counts = self.frames[-1].node.pcs
        for pc in pcs:
            if kind or pc in entries:
                self.kind = kind
                self.move(pc)
                counts = self.frames[-1].node.pcs
            counts[pc] += 1
            kind = kinds.get(pc)
            if kind:
                self.last = pc
                self.ecalls += kind == FIRMWARE
        self.kind = kind


class Trace:
    """All harts. After read(): root, ecalls."""

    def __init__(self, code, harts):
        self.root = Node("")
        roots = [self.root] if harts == 1 else \
            [self.root.child(f"hart {i}") for i in range(harts)]
        self.harts = [Hart(code, root) for root in roots]

    @property
    def ecalls(self):
        return sum(hart.ecalls for hart in self.harts)

    def take(self, text):
        for hart, group in itertools.groupby(EXECUTED.findall(text),
                                             operator.itemgetter(0)):
            self.harts[int(hart)].run([pc for _, pc in group])

    def read(self, descriptor):
        """To the end. A line is taken when the one behind it is there."""
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        rest = b""
        while True:
            text = os.read(descriptor, PIPE_BYTES)
            if not text:
                self.take(rest)
                return
            text = rest + text
            end = text.rfind(b"\n", 0, text.rfind(b"\n")) + 1
            self.take(text[:end] + text[end:end + 7])
            rest = text[end:]
            if len(text) < PIPE_BYTES // 2:
                time.sleep(NAP_SECONDS)
