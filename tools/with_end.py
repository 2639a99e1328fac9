#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""with_end.py - standard input for an image with stdin=file, whose serial line
has no end: a DLE and an EOT are the end, and a DLE in the input is two.
"""
import signal
import sys

DLE = b"\x10"
EOT = b"\x04"

# The image may end first.
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
while part := sys.stdin.buffer.read1():
    sys.stdout.buffer.write(part.replace(DLE, DLE + DLE))
    sys.stdout.buffer.flush()
sys.stdout.buffer.write(DLE + EOT)
