#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""pack_files.py FOLDER ARCHIVE [WORD...] - APP_FILES as a cpio archive (newc).

Each word names a file or a folder in FOLDER: `root` (a folder: what is in it
goes to /; a file goes to / by its name) or `a.lua=/usr/share/a.lua`. Modes and
symbolic links are kept; owners, times and the order are the same everywhere, so
that equal files make equal archives. An archive that is the same already is not
touched; no word makes an empty one.
"""
import os
import pathlib
import stat
import sys

LARGEST = 0xffffffff


def fail(text):
    sys.exit(f"vireo: APP_FILES: {text}")


class Tree:
    """Path in the image, without its first slash -> (mode, data)."""

    def __init__(self):
        self.entries = {}
        self.sources = {}

    def add(self, path, mode, data, source):
        parent = path.rpartition("/")[0]
        if parent:
            self.add_parent(parent, source)
        if path in self.entries:
            known = self.entries[path][0]
            if not (stat.S_ISDIR(known) and stat.S_ISDIR(mode)):
                fail(f"/{path} comes from both {self.sources[path]} and "
                     f"{source}")
        self.entries[path] = (mode, data)
        self.sources[path] = source

    def add_parent(self, path, source):
        if path not in self.entries:
            self.add(path, stat.S_IFDIR | 0o755, b"", source)
        elif not stat.S_ISDIR(self.entries[path][0]):
            fail(f"/{path} is no folder, and {source} lies below it")

    def add_file(self, path, source):
        """A file, symbolic link or folder as it stands at @source."""
        status = source.lstat()
        if stat.S_ISLNK(status.st_mode):
            mode, data = stat.S_IFLNK | 0o777, os.fsencode(os.readlink(source))
        elif stat.S_ISDIR(status.st_mode):
            mode, data = status.st_mode, b""
        elif stat.S_ISREG(status.st_mode):
            mode, data = status.st_mode, source.read_bytes()
        else:
            fail(f"{source} is neither file, folder nor symbolic link")
        if len(data) > LARGEST:
            fail(f"{source} is larger than 4 GiB")
        self.add(path, mode, data, source)

    def add_folder(self, path, source):
        """What is in it, in the order of names."""
        for name in sorted(os.listdir(source), key=os.fsencode):
            inner = f"{path}/{name}" if path else name
            self.add_file(inner, source / name)
            if not (source / name).is_symlink() and (source / name).is_dir():
                self.add_folder(inner, source / name)


def add_word(tree, folder, word):
    name, equals, target = word.partition("=")
    source = folder / name
    parts = [part for part in target.split("/") if part]
    if not name or not os.path.lexists(source):
        fail(f"there is no {source}")
    if equals and (not target.startswith("/") or ".." in parts or
                   "." in parts):
        fail(f"{word}: want NAME=/PATH, with no . and .. in it")
    path = "/".join(parts)
    if source.is_dir():
        if path:
            tree.add_parent(path, source)
        tree.add_folder(path, source)
    else:
        if target.endswith("/"):
            fail(f"{word}: want the name of the file behind the last /")
        tree.add_file(path or source.name, source)


def entry(number, name, mode, data):
    """One entry: header, name, data, each filled up to four bytes."""
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0,
              len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + name + b"\0"
    return b"".join(part + bytes(-len(part) % 4) for part in (head, data))


def pack(tree):
    if not tree.entries:
        return b""
    names = sorted(tree.entries, key=lambda path: os.fsencode(path).split(b"/"))
    entries = [entry(number, os.fsencode(name), *tree.entries[name])
               for number, name in enumerate(names, 1)]
    return b"".join(entries) + entry(0, b"TRAILER!!!", 0, b"")


def main():
    folder, archive = map(pathlib.Path, sys.argv[1:3])
    tree = Tree()
    try:
        for word in sys.argv[3:]:
            add_word(tree, folder, word)
        packed = pack(tree)
        if not archive.exists() or archive.read_bytes() != packed:
            archive.write_bytes(packed)
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}")


main()
