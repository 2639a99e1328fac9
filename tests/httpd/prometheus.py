# SPDX-License-Identifier: MIT
"""The text format of Prometheus, read strictly: what is wrong is an exception."""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (\S+)$")
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\n"])*)"(?:,|$)')
TYPES = ("counter", "gauge", "histogram", "summary", "untyped")
UNITS = ("_kb", "_mb", "_kib", "_pages_bytes", "_ms", "_milliseconds")


def labels_of(text):
    labels, at = {}, 0
    while text and at < len(text):
        match = LABEL.match(text, at)
        assert match, f"labels: {text}"
        assert match[1] not in labels, f"label twice: {text}"
        labels[match[1]] = match[2]
        at = match.end()
    return tuple(sorted(labels.items()))


def check_name(name, kind):
    """The conventions: base units, and _total for what only counts up."""
    assert not name.lower().endswith(UNITS), f"{name}: not a base unit"
    if kind == "counter":
        assert name.endswith("_total"), f"counter {name} without _total"
    if kind == "gauge":
        assert not name.endswith("_total"), f"gauge {name} with _total"


def parse(text):
    """{(name, labels): value}, every sample behind its HELP and TYPE."""
    assert text.endswith("\n"), "no end of line at the end"
    helps, types, samples, current, done = {}, {}, {}, None, set()
    for line in text.splitlines():
        assert line == line.strip() and line, f"blanks: {line!r}"
        if line.startswith("#"):
            _, what, name, rest = line.split(" ", 3)
            assert re.fullmatch(NAME, name), line
            known = {"HELP": helps, "TYPE": types}[what]
            assert name not in known, f"{what} of {name} twice"
            known[name] = rest
            if what == "TYPE":
                assert rest in TYPES, line
                assert name not in done, f"{name} is not in one piece"
                check_name(name, rest)
                current = name
                done.add(name)
            continue
        match = SAMPLE.match(line)
        assert match, f"no sample: {line}"
        name, key = match[1], (match[1], labels_of(match[2] or ""))
        assert name == current, f"{name} without its TYPE before it"
        assert helps.get(name), f"{name} without HELP"
        assert key not in samples, f"{key} twice"
        samples[key] = float(match[3])
        if types[name] == "counter":
            assert samples[key] >= 0, line
    assert set(types) == {name for name, _ in samples}, "a TYPE without samples"
    return samples
