#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""flame_graph.py [TITLE] < stacks.folded > flame.svg

A picture of folded stacks (`main;f;g 12` a line, as the profilers of Vireo and
others write them): who calls is below, width is the share of the whole. Point
at a box for its name and numbers. Plain SVG, no script.
"""
import html
import sys

WIDTH, ROW, CHARACTER, LEAST = 1200, 17, 6.6, 0.3  # pixels
COLOURS = {"plain": "#f0b27a", "inline": "#f9e79f", "mark": "#aed6f1"}


def read(lines):
    """{name: [count, children]}, as deep as the stacks are."""
    tree = {}
    for line in lines:
        stack, _, count = line.rstrip("\n").rpartition(" ")
        level = tree
        for name in stack.split(";") if stack else []:
            entry = level.setdefault(name, [0, {}])
            entry[0] += float(count)
            level = entry[1]
    return tree


def boxes(tree, x, depth, scale):
    """(x, depth, width, name, count) of each box wide enough to be seen."""
    for name, (count, children) in sorted(tree.items()):
        width = count * scale
        if width >= LEAST:
            yield x, depth, width, name, count
            yield from boxes(children, x, depth + 1, scale)
        x += width


def colour(name):
    if name.endswith("_[i]"):
        return COLOURS["inline"]
    return COLOURS["mark" if name.startswith("[") else "plain"]


def box(shape, height, total):
    x, depth, width, name, count = shape
    y = height - (depth + 1) * ROW
    title = html.escape(f"{name}: {count:,.0f} ({count / total:.1%})")
    fits = int((width - 4) / CHARACTER)
    label = name if len(name) <= fits else name[:max(fits - 1, 0)] + "…"
    text = "" if fits < 3 else (
        f'<text x="{x + 3:.1f}" y="{y + 12}">{html.escape(label)}</text>')
    return (f'<g><title>{title}</title><rect x="{x:.1f}" y="{y}" '
            f'width="{width:.1f}" height="{ROW - 1}" fill="{colour(name)}"/>'
            f"{text}</g>")


def svg(lines, title):
    tree = read(lines)
    total = sum(count for count, _ in tree.values())
    if not total:
        return None
    shapes = list(boxes(tree, 0, 0, WIDTH / total))
    height = (max(shape[1] for shape in shapes) + 3) * ROW
    head = (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
            f'height="{height}" font-family="monospace" font-size="11">\n'
            f'<rect width="{WIDTH}" height="{height}" fill="white"/>\n'
            f'<text x="3" y="13">{html.escape(title)}</text>')
    return "\n".join([head, *(box(shape, height, total) for shape in shapes),
                      "</svg>\n"])


if __name__ == "__main__":
    picture = svg(sys.stdin, " ".join(sys.argv[1:]))
    if not picture:
        sys.exit("flame_graph.py: no stacks")
    sys.stdout.write(picture)
