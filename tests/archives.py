# SPDX-License-Identifier: MIT
"""Initial RAM disks: cpio archives as the tools of Linux make them, and as they
should not be."""
import gzip
import pathlib
import stat

FILE = stat.S_IFREG | 0o644
FOLDER = stat.S_IFDIR | 0o755
LINK = stat.S_IFLNK | 0o777


def entry(name, mode=FILE, data=b"", size=None, name_size=None, magic=b"070701",
          time=0):
    """One entry; its header claims @size and @name_size when they are given."""
    name = name.encode() + b"\0"
    fields = (1, mode, 0, 0, 1, time, len(data) if size is None else size, 0, 0,
              0, 0, len(name) if name_size is None else name_size, 0)
    head = magic + b"".join(b"%08X" % field for field in fields) + name
    return b"".join(part + bytes(-len(part) % 4) for part in (head, data))


TRAILER = entry("TRAILER!!!", 0)


def archive(*entries):
    """As cpio fills it up."""
    packed = b"".join(entries) + TRAILER
    return packed + bytes(-len(packed) % 512)


def initrd(contents):
    """For Machine(initrd=...): the file with @contents."""
    def make(scratch):
        path = pathlib.Path(scratch) / "initrd"
        path.write_bytes(contents)
        return str(path)
    return make


SOUND = archive(
    entry(".", FOLDER), entry("etc", FOLDER),
    entry("etc/motd", stat.S_IFREG | 0o600, b"From the initrd.\n"),
    entry("etc/issue", FILE, b"no link any more\n"),
    entry("srv/data/big", FILE, b"big\n" + bytes(3 << 20)))

GOOD = entry("good", FILE, b"good\n")
# What is wrong -> an archive, what the line says, whether `good` is there.
HOSTILE = {
    "empty-file": (b"x", "has no header where one should be", False),
    "no-archive": (b"\x7fELF" + bytes(4096), "has no header", False),
    "gzip": (gzip.compress(SOUND, mtime=0), "is compressed by gzip", False),
    "xz": (b"\xfd7zXZ\0" + bytes(100), "is compressed by xz", False),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(100), "is compressed by zstd", False),
    "old-cpio": (b"070707" + b"0" * 200, "is cpio of the old kind", False),
    "checksums": (entry("x", magic=b"070702") + TRAILER,
                  "is cpio with checksums", False),
    "cut-in-header": ((GOOD + entry("x"))[:len(GOOD) + 50],
                      "is cut off in a header", True),
    "cut-in-name": ((GOOD + entry("x" * 50))[:len(GOOD) + 120],
                    "is cut off in a name", True),
    "cut-in-file": ((GOOD + entry("x", FILE, b"y" * 500))[:-300],
                    "is cut off in a file", True),
    "no-trailer": (GOOD, "ends without its trailer", True),
    "bad-magic": (GOOD + b"0707" + b"f" * 200, "has no header", True),
    "no-digits": (GOOD + b"070701" + b"g" * 200, "else than digits", True),
    "huge-file": (GOOD + entry("x", FILE, b"y", 0xffffffff) + TRAILER,
                  "is cut off in a file", True),
    "huge-name": (GOOD + entry("x", name_size=0xffffffff) + TRAILER,
                  "is cut off in a name", True),
    "long-name": (GOOD + entry("x" * 5000) + TRAILER, "name that is too long",
                  True),
    "parent": (GOOD + entry("../etc/passwd") + TRAILER, "name with \\.\\.", True),
    "hidden-parent": (GOOD + entry("a/b/../../../c") + TRAILER,
                      "name with \\.\\.", True),
    "absolute": (GOOD + entry("/etc/passwd") + TRAILER, "absolute name", True),
    "no-name": (GOOD + entry("") + TRAILER, "without a name", True),
    "no-kind": (GOOD + entry("x", 0o077777) + TRAILER, "of no known kind", True),
    "link-to-nothing": (GOOD + entry("x", LINK) + TRAILER, "link to nowhere",
                        True),
    "garbage-behind": (archive(GOOD) + b"garbage!" * 20, "has no header", True),
    # Entries that lie in one another: a size that ends inside the next header.
    "overlapping": (GOOD + entry("x", FILE, b"y" * 4, 60) + entry("z") +
                    TRAILER, "has no header", True),
    "below-a-file": (GOOD + entry("good/more") + TRAILER,
                     "/good/more cannot be made \\(error 20", True),
}
