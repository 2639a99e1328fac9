# SPDX-License-Identifier: MIT
"""Device trees that QEMU would not make: its own, dumped, changed as text and
compiled again. With -dtb QEMU takes the command line from the tree, too."""
import pathlib
import re
import struct
import subprocess
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "tools"))
import check_ram  # noqa: E402


def dump(machine, qemu, scratch):
    path = f"{scratch}/virt.dtb"
    subprocess.run(
        [qemu, "-machine", f"virt,dumpdtb={path}", "-cpu", machine.cpu,
         "-smp", str(machine.smp), "-m", machine.memory, "-display", "none"],
        check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)
    return path


def changed(change):
    """A tree maker from a function on the source text."""
    def make(machine, qemu, scratch):
        path = dump(machine, qemu, scratch)
        source = subprocess.run(["dtc", "-q", "-I", "dtb", "-O", "dts", path],
                                check=True, stdout=subprocess.PIPE,
                                text=True).stdout
        source = re.sub(r'\tchosen \{\n', '\tchosen {\n\t\tbootargs = "' +
                        machine.append().replace('"', '\\"') + '";\n', source)
        new = change(source)
        assert new != source or change is same
        pathlib.Path(f"{scratch}/new.dts").write_text(new)
        subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o",
                        f"{scratch}/new.dtb", f"{scratch}/new.dts"],
                       check=True)
        return f"{scratch}/new.dtb"
    return make


def same(source):
    return source


def node_end(source, start):
    """Index just behind the `};` of the node that begins at @start."""
    depth = 0
    for match in re.compile(r"[{}]").finditer(source, start):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return source.index("\n", match.end()) + 1
    raise ValueError("unbalanced source")


def drop_node(pattern):
    def change(source):
        match = re.search(r"^\t*" + pattern + r" \{", source, re.M)
        return source[:match.start()] + source[node_end(source,
                                                        match.start()):]
    return change


def cpu_node(source, number):
    match = re.search(rf"^\t\tcpu@{number:x} \{{", source, re.M)
    return match.start(), node_end(source, match.start())


def disable_harts(*numbers):
    def change(source):
        for number in numbers:
            start, end = cpu_node(source, number)
            node = re.sub(r'status = "okay"', 'status = "disabled"',
                          source[start:end])
            source = source[:start] + node + source[end:]
        return source
    return change


def add_hart(number):
    """A hart that the tree knows and the machine has not."""
    def change(source):
        start, end = cpu_node(source, 0)
        node = source[start:end].replace("cpu@0", f"cpu@{number:x}")
        node = re.sub(r"reg = <0x0+>", f"reg = <{number:#x}>", node)
        node = re.sub(r"phandle = <(0x[0-9a-f]+)>", lambda m:
                      f"phandle = <{int(m[1], 16) + 0x100:#x}>", node)
        return source[:end] + node + source[end:]
    return change


def replace(pattern, text):
    def change(source):
        return re.sub(pattern, text, source, count=1, flags=re.M)
    return change


def chain(*changes):
    def change(source):
        for one in changes:
            source = one(source)
        return source
    return change


def damaged(make, damage):
    """The compiled tree with @damage(bytes) done to it."""
    def maker(machine, qemu, scratch):
        path = pathlib.Path(make(machine, qemu, scratch))
        data = bytearray(path.read_bytes())
        damage(data)
        path.write_bytes(data)
        return str(path)
    return maker


def break_last_token(data):
    """The token that ends the structure block: all before it can be found, so
    that QEMU and firmware notice nothing."""
    start, = struct.unpack_from(">I", data, 8)  # off_dt_struct
    size, = struct.unpack_from(">I", data, 36)  # size_dt_struct
    struct.pack_into(">I", data, start + size - 4, 0x77)


def memory_behind_image(elf, extra):
    """RAM that ends @extra bytes behind the image."""
    def change(source):
        size = check_ram.image_end(elf) + extra - 0x80000000
        return replace(r"0x80000000 0x00 0x4000000>",
                       f"0x80000000 0x00 {size:#x}>")(source)
    return change
