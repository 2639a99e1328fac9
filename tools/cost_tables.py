#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""cost_tables.py [PATTERN...] - count anew what docs/performance.md has in tables.

Between `<!-- profile: ROW OPTIONS -->` and `<!-- end -->` stands the table that
`make profile ARGS="-- ROW OPTIONS"` writes to build/profile/bench/profile.md. All
tables are replaced, or those whose row has one of the PATTERNs in it. `make
profile-docs` calls this; the counts are those of the sources as they are.
"""
import os
import pathlib
import re
import shlex
import subprocess
import sys

DOCUMENT = pathlib.Path("docs/performance.md")
TABLE = pathlib.Path(os.environ.get("BUILD", "build"), "profile/bench/profile.md")
BLOCK = re.compile(r"(<!-- profile: (.*?) -->\n).*?(<!-- end -->\n)", re.S)


def count(arguments):
    """The table of one row, with its sum above."""
    make = shlex.split(os.environ.get("PROFILE", "make -s profile"))
    done = subprocess.run([*make, f"ARGS=-- {arguments}"], check=False,
                          stdout=subprocess.PIPE, encoding="utf-8")
    if done.returncode:
        sys.exit(f"vireo: profile of {arguments} failed:\n{done.stdout}")
    return TABLE.read_text(encoding="utf-8")


def main():
    patterns = sys.argv[1:]

    def replace(match):
        if patterns and not any(each in match[2] for each in patterns):
            return match[0]
        print(match[2], file=sys.stderr)
        return match[1] + count(match[2]) + match[3]

    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(BLOCK.sub(replace, text), encoding="utf-8")


main()
