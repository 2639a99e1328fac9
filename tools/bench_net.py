#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench_net.py - load the network server of an image, and of another guest, from
this machine, and keep the figures.

    bench_net.py --out FILE --config NAME [--icount] [--address A] [--ports N]
                 [--peer COMMAND] [--peer-address A] [--boot-seconds N]
                 [--seconds N] [--rounds N] [--pattern P] [--budget FILE]
                 -- QEMU-COMMAND...

Both guests are the server of apps/netbench, by the same load generators, in turn:
round after round, so that what the host does meanwhile hits both; a ratio is the
median of those of the rounds. The peer has the network device of our command unless
its own has a -netdev. With --ports port P of either is port N + P at its address
(NET=user). With --icount
the unit is instructions of the guest for each request or MB (what a sleeping hart
does not execute does not count); without it requests or MB each second, and the
latency that 99 of 100 requests keep. Kicks and interrupts of the device stand
beside each row. Rows of the other guest begin with "peer/"; for those there are no
instructions, since only an image of ours counts them.

With --budget and --icount only the rows of FILE are run, and the exit status is 1
when one takes more than it says there.
"""
import argparse
import json
import re
import shlex
import socket
import statistics
import subprocess
import sys
import time

import bench_run
from bench_guest import DISCARD, ECHO, HTTP, SOURCE, Guest, Kind
from bench_run import Failure, figure, print_table, read_targets

SCHEMA = 1
MB = 1 << 20
BULK_MB = 64
NO_OFFLOAD = ("csum", "guest_csum", "gso", "guest_tso4", "guest_tso6", "host_tso4",
              "host_tso6", "guest_ecn", "host_ecn", "guest_ufo", "host_ufo")


def run_wrk(guest, connections, seconds):
    """Requests, seconds, and the 99th percentile in us."""
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency",
         f"http://{guest.where(HTTP)}/"], check=True, capture_output=True,
        text=True).stdout
    wrong = re.search(r"(Socket errors|Non-2xx).*|^.* 0 requests in", output, re.M)
    if wrong:
        raise ConnectionError("wrk: " + wrong[0].strip())
    requests = int(re.search(r"(\d+) requests in", output).group(1))
    each_second = float(re.search(r"Requests/sec:\s*([\d.]+)", output).group(1))
    late, unit = re.search(r"99%\s*([\d.]+)(us|ms|s)", output).groups()
    scale = {"us": 1, "ms": 1000, "s": 1000000}[unit]
    return requests, requests / each_second, float(late) * scale


def http(connections):
    def load(guest, seconds):
        count, took, late = run_wrk(guest, connections, seconds)
        return count, took, {"p99_us": late}
    return load


def echo_64(guest, seconds):
    count, began = 0, time.monotonic()
    with guest.connect(ECHO) as link:
        while time.monotonic() - began < seconds:
            link.sendall(b"x" * 64)
            left = 64
            while left:
                got = link.recv(left)
                if not got:
                    raise ConnectionError("the echo ended early")
                left -= len(got)
            count += 1
    return count, time.monotonic() - began, {}


def bulk_rx(guest, _seconds):
    """Until the guest has read the last byte: its end of the connection closes."""
    data = memoryview(bytearray(4 * MB))
    with guest.connect(DISCARD, 60) as link:
        began = time.monotonic()
        for _ in range(BULK_MB // 4):
            link.sendall(data)
        link.shutdown(socket.SHUT_WR)
        link.recv(1)
        return BULK_MB, time.monotonic() - began, {}


def bulk_tx(guest, _seconds):
    """What the guest has written beyond what is taken counts for nothing, and is
    little: its buffers."""
    room = bytearray(4 * MB)
    taken = 0
    with guest.connect(SOURCE, 60) as link:
        began = time.monotonic()
        while taken < BULK_MB * MB:
            count = link.recv_into(room)
            if not count:
                raise ConnectionError("the source ended early")
            taken += count
        return taken / MB, time.monotonic() - began, {}


# name, load, what is counted, does it want a device without offloads
ROWS = (("net/http_keepalive_c1", http(1), "requests", False),
        ("net/http_keepalive_c16", http(16), "requests", False),
        ("net/http_keepalive_c64", http(64), "requests", False),
        ("net/tcp_echo_64", echo_64, "requests", False),
        ("net/bulk_rx_MB", bulk_rx, "MB", False),
        ("net/bulk_tx_MB", bulk_tx, "MB", False),
        ("net/bulk_rx_MB_no_offload", bulk_rx, "MB", True),
        ("net/bulk_tx_MB_no_offload", bulk_tx, "MB", True))
EVENTS = {"kicks": ("device_kicks_in", "device_kicks_out"),
          "interrupts": ("device_interrupts",),
          "frames_in": ("device_frames_in",),
          "frames_out": ("device_frames_out",),
          "copied": ("frames_copied",),
          "mapped": ("frames_mapped",),
          "by_poll": ("stack_polled",),
          "rounds": ("stack_rounds",),
          "listens": ("stack_listens",)}


BUDGETED = (("instructions", "median"), ("kicks", "kicks_per_op"),
            ("interrupts", "interrupts_per_op"))


def without_offloads(command):
    return [word + "".join(f",{name}=off" for name in NO_OFFLOAD)
            if word.startswith("virtio-net-") else word for word in command]


def with_device(command, ours):
    """@command, with the network device of @ours if it has none of its own."""
    if "-netdev" in command:
        return command
    return command + [word for option, value in zip(ours, ours[1:])
                      if option == "-netdev" or
                      (option == "-device" and value.startswith("virtio-net-"))
                      for word in (option, value)]


def measure(guest, load, seconds, icount):
    """What is counted is the load's: to ask for the figures costs the guest 270,000
    instructions each time, so they are asked for twice before it."""
    first, before = guest.figures(), guest.figures()
    count, took, more = load(guest, seconds)
    spent = {key: value - 2 * before[key] + first[key]
             for key, value in guest.figures().items()}
    value = spent["instructions"] / count if icount else count / took
    events = {name + "_per_op": sum(spent[key] for key in keys) / count
              for name, keys in EVENTS.items()} if spent else {}
    return value, {**more, **events}


def row_of(name, unit, values):
    """@values: (figure, events) of each round."""
    figures = sorted(value for value, _ in values)
    row = {"name": name, "unit": unit, "runs": len(figures), "min": figures[0],
           "median": statistics.median(figures), "max": figures[-1]}
    for key in values[0][1]:
        row[key] = statistics.median(events[key] for _, events in values)
    return row


def ratios(ours, theirs):
    """Of the rounds' figures and of their latencies, if there are any."""
    pairs = list(zip(ours, theirs))
    found = {"ratio": statistics.median(a / b for (a, _), (b, _) in pairs)}
    if "p99_us" in ours[0][1]:
        found["p99_ratio"] = statistics.median(
            a["p99_us"] / b["p99_us"] for (_, a), (_, b) in pairs)
    return found


def measure_row(row, kinds, options):
    name, load, what, plain = row
    values = {kind.prefix: [] for kind in kinds}
    for _ in range(options.rounds):
        for kind in kinds:
            command = without_offloads(kind.command) if plain else kind.command
            with Guest(kind, command, options.boot_seconds) as guest:
                load(guest, 1)  # once, not counted
                values[kind.prefix].append(
                    measure(guest, load, options.seconds, options.icount))
    unit = "instructions" if options.icount else f"{what}/s"
    rows = [row_of(kind.prefix + name, unit, values[kind.prefix])
            for kind in kinds]
    if len(kinds) == 2:
        rows[0].update(ratios(*values.values()))
    return rows


def show(rows, targets):
    lines = [["name", "unit", "min", "median", "max", "Linux", "target", "kicks",
              "interrupts", "p99 us"]]
    against_peer = any("ratio" in row for row in rows)
    if against_peer:
        lines[0] += ["ours : peer", "p99 ours : peer"]
    for row in rows:
        known = targets.get(row["name"], (None, None)) \
            if row["unit"] == "instructions" else (None, None)
        lines.append([row["name"], row["unit"],
                      *(figure(row[key]) for key in ("min", "median", "max")),
                      figure(known[0]), figure(known[1]),
                      *(f"{row[key]:.3f}" if key in row else "-" for key in
                        ("kicks_per_op", "interrupts_per_op")),
                      figure(row.get("p99_us"))])
        if against_peer:
            lines[-1] += [figure(row.get(key)) for key in ("ratio", "p99_ratio")]
    print_table(lines)


def read_budget(path):
    """name -> most of each of BUDGETED"""
    with open(path, encoding="ascii") as lines:
        rows = [line.split() for line in lines if not line.startswith("#")]
    return {row[0]: [float(word) for word in row[1:]] for row in rows}


def over_budget(rows, budget):
    """A line for each figure that is."""
    return [f"{row['name']}: {what} {row[key]:,.2f}, and {most:,.2f} are allowed"
            for row in rows
            for (what, key), most in zip(BUDGETED, budget[row["name"]])
            if row[key] > most]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--icount", action="store_true")
    parser.add_argument("--address", default="10.9.0.2")
    parser.add_argument("--ports", type=int, default=0)
    parser.add_argument("--peer", default="")
    parser.add_argument("--peer-address", default="")
    parser.add_argument("--boot-seconds", type=int, default=30)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pattern", default="")
    parser.add_argument("--budget", default="")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    command = options.command[options.command[:1] == ["--"]:]
    kinds = [Kind("", "the image", command, options.address, options.ports, True)]
    if options.peer:
        if options.icount:
            raise Failure("PEER= with ICOUNT=1: only an image of ours counts its "
                          "instructions")
        kinds.append(Kind("peer/", "the peer",
                          with_device(shlex.split(options.peer), command),
                          options.peer_address or options.address, options.ports,
                          False))

    budget = read_budget(options.budget) if options.budget else None
    rows = []
    for row in ROWS:
        if re.search(options.pattern, row[0]) and \
                (budget is None or row[0] in budget):
            print(f"[{row[0]}]", file=sys.stderr)
            rows += measure_row(row, kinds, options)
    if not rows:
        raise Failure(f"no row matches '{options.pattern}'")
    result = {"schema": SCHEMA,
              "machine": {"qemu": command[0], "icount": options.icount,
                          "command": shlex.join(command), "peer": options.peer},
              "image": {"config": options.config}, "results": rows}
    with open(options.out, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    show(rows, read_targets())
    if budget is not None:
        over = over_budget(rows, budget)
        print("\n".join([*over, f"network: {len(rows)} rows, {len(over)} figures over "
                         "their budget"]))
        return bool(over)
    return 0


if __name__ == "__main__":
    bench_run.main(main)
