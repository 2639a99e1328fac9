#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""check_layers.py - includes point one way, as tools/layers.txt says.

Every source file belongs to a layer; it includes its own layer and earlier
ones; X_internal.h stays in its folder; no header includes itself in a circle.
"""
import graphlib
import os
import re
import sys

FOLDERS = ["include", "boot", "core", "lib", "mm", "drivers", "net", "posix",
           "apps", "tests"]
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def read_rules(path):
    layers, never, also, foreign = [], {}, {}, []
    with open(path, encoding="ascii") as lines:
        for line in lines:
            word, _, rest = line.partition("#")[0].strip().partition("\t")
            if word in ("never", "also"):
                layer, _, paths = rest.partition(":")
                (never if word == "never" else also)[layer] = paths.split()
            elif word == "foreign":
                foreign += rest.split()
            elif word:
                layers.append((word, rest.split()))
    return layers, never, also, tuple(foreign)


def inside(path, prefix):
    return path == prefix or path.startswith(prefix + "/")


def layer_of(path, layers):
    """Index of the layer with the longest path that holds this file."""
    matches = [(len(prefix), index) for index, (_, prefixes)
               in enumerate(layers) for prefix in prefixes
               if inside(path, prefix)]
    return max(matches)[1] if matches else None


def sources():
    for folder in FOLDERS:
        for place, _, names in os.walk(folder):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".S")):
                    yield os.path.join(place, name)


def includes(path):
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            match = INCLUDE.match(line)
            if match:
                yield number, match.group(1), match.group(2)


def resolve(path, kind, name, also):
    """The file of ours that an #include means, or None."""
    folder = os.path.dirname(path)
    places = [f"include/{name}"] + [f"{place}/{name}" for place in also]
    if kind == '"':
        places = [os.path.normpath(f"{folder}/{name}")] + places + [name]
    return next((place for place in places if os.path.exists(place)), None)


def check_file(path, rules, graph):
    layers, never, also, foreign = rules
    own = layer_of(path, layers)
    if own is None:
        yield f"{path}:1: belongs to no layer of tools/layers.txt"
        return
    for number, kind, name in includes(path):
        target = resolve(path, kind, name, also.get(layers[own][0], ()))
        where = f"{path}:{number}"
        if target is None:
            if kind == '"' and not name.startswith(foreign):
                yield f'{where}: "{name}" does not exist in this tree'
            continue
        graph.setdefault(path, []).append(target)
        other = layer_of(target, layers)
        if other is not None and other > own:
            yield (f"{where}: {layers[own][0]} includes {target}, which is "
                   f"of the later layer {layers[other][0]}")
        if any(inside(target, prefix)
               for prefix in never.get(layers[own][0], ())):
            yield f"{where}: {layers[own][0]} never includes {target}"
        if (target.endswith("_internal.h") and
                os.path.dirname(target) != os.path.dirname(path)):
            yield f"{where}: {target} is private to its folder"


def circles(graph):
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        yield " -> ".join(error.args[1])


def main():
    rules = read_rules("tools/layers.txt")
    graph, problems = {}, []
    for path in sources():
        problems += check_file(path, rules, graph)
    problems += [f"circle of includes: {circle}" for circle in circles(graph)]
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(bool(problems))


main()
