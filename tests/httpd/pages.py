#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""pages.py - what httpd's pages say of a real kernel: tests/httpd/pages is run, and
what it prints is read."""
import json
import re
import subprocess
import sys

import prometheus
from checks import equal


def printed():
    """{page: text}; the console ends lines with CR LF."""
    done = subprocess.run(
        ["tools/run.sh", "APP=tests/httpd/pages", "CONFIG=test", "SMP=2",
         "MEM=64M", "ARGS=quiet"], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=300)
    output = done.stdout.replace("\r", "")
    assert done.returncode == 0, output[-2000:] + done.stderr[-2000:]
    pages = {}
    for name, failed, length, text in re.findall(
            r"^== (\w+) (\d) (\d+)\n(.*?)(?=^== )", output, re.M | re.S):
        equal((failed, len(text)), ("0", int(length)), name)
        pages[name] = text
    return pages


def check_map(text):
    page = json.loads(text)
    start, size = int(page["window"][0], 16), page["window"][1]
    equal(size, 64 << 30)
    end = 0
    found = {}
    for offset, length, kind, caller, pages, _, physical, owner in page["areas"]:
        assert end <= offset and length > 0, "areas overlap"
        end = offset + length
        found.setdefault(kind, []).append(
            (offset + start, length, caller, pages, physical, owner))
    assert {"ioremap", "vmalloc", "stack", "vm_map_ram", "mmap",
            "lazy"} <= set(found), found.keys()
    assert any(area[5] == "sleeper" for area in found["stack"]), found["stack"]
    assert any(re.match(r"ns16550_init\+0x", area[2]) and
               area[4] == "0x10000000" for area in found["ioremap"])
    assert any(re.match(r"main\+0x", area[2]) and area[3] == 5
               for area in found["vmalloc"]), found["vmalloc"]
    equal([area[3] for area in found["vm_map_ram"]], [1], "live pages")
    # The names are there; nothing was sent or received.
    assert {"device_frames_in", "device_frames_out"} <= set(page["network"])
    equal(set(page["network"].values()), {0})
    return {area[0]: area for areas in found.values() for area in areas}


def check_metrics(text):
    figures = prometheus.parse(text)
    assert 32 << 20 < figures["vireo_memory_total_bytes", ()] <= 64 << 20
    assert figures["vireo_maps_total", ()] > 5
    assert figures["vireo_vmalloc_areas", ()] > 5
    assert figures["vireo_uptime_seconds", ()] > 0
    # Every line that the table of metrics.c knows is one that the kernel has.
    known = re.findall(r'^\t\{ "(\w+)", "(\w+)", "', open(
        "apps/httpd/metrics.c", encoding="ascii").read(), re.M)
    assert len(known) > 25
    for name, metric in known:
        assert ("vireo_" + metric, ()) in figures, f"the kernel has no {name}"


def check_vmallocinfo(text, areas):
    *lines, total = text.splitlines()
    assert total.startswith("total: busy "), total
    for line in lines:
        start = int(line.split("-")[0], 16)
        assert start in areas, f"not in the map: {line}"


def main():
    pages = printed()
    areas = check_map(pages["map"])
    check_metrics(pages["metrics"])
    check_vmallocinfo(pages["vmallocinfo"], areas)
    print(f"{len(areas)} areas, every page as it should be")


if __name__ == "__main__":
    sys.exit(main())
