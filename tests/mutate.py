#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make mutants: breaks the code in named ways, one at a time, and demands that
a test fails each time.

The breaks are in tests/mutants/*.txt, a few lines each:

    [1.21/vmalloc-of-zero]                  rule of the contract / name
    mm/vmalloc.c: mm/bad_input              source: jobs, suites or tests
    - unlikely(wish->size == 0)             old text
    + false                                 new text (no such line: nothing)

The old text may be several `-` lines; white space counts as one blank, so that
a reshaped line still matches. It must be there exactly once: a break that has
become stale is an error. A test is named as `mm/vmap`, all of a suite;
`release:mm/vmap`, the same in another configuration; `test_claim`; or any job
of tests/plan.py.

Sources and objects are copied into build/mutants, so a break costs the
compilation of what it touches, a link and the boots that it names.

    tests/mutate.py [-j N] [--tables FOLDER] [PATTERN]   PATTERN as `make mutants T=`
    tests/mutate.py --stale     builds nothing: which do not fit the tree any more?
"""
import argparse
import dataclasses
import fcntl
import functools
import multiprocessing
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import jobs
import plan

SCRATCH = pathlib.Path("build/mutants")
SECONDS = 60     # a boot of a broken image may hang
COPIED = ("Kconfig", "Makefile", "sv39.ld", "apps", "boot", "configs", "core",
          "drivers", "include", "lib", "mm", "net", "posix", "tests", "tools")


@dataclasses.dataclass(frozen=True)
class Mutant:
    name: str
    source: str
    tests: tuple
    old: str
    new: str

    def changed(self, text):
        """@text with the break in it."""
        pattern = r"\s+".join(re.escape(word) for word in self.old.split())
        found = list(re.finditer(pattern, text))
        if len(found) != 1:
            raise ValueError(f"the old text is there {len(found)} times")
        return text[:found[0].start()] + self.new + text[found[0].end():]


def parse(path):
    """The breaks of one table."""
    for block in re.split(r"\n(?=\[)", path.read_text())[1:]:
        lines = [line for line in block.splitlines() if line.strip()]
        head = re.fullmatch(r"\[(\S+/\S+)\]", lines[0])
        where = re.fullmatch(r"(\S+): (.+)", lines[1])
        old = [line[1:].strip() for line in lines[2:] if line[0] == "-"]
        new = [line[1:].strip() for line in lines[2:] if line[0] == "+"]
        if not head or not where or not old or \
           len(old) + len(new) != len(lines) - 2:
            raise SystemExit(f"{path}: not a break:\n{block}")
        yield Mutant(head[1], where[1], tuple(where[2].split()),
                     "\n".join(old), "\n".join(new))


def every_mutant(tables):
    mutants = [mutant for path in sorted(tables.glob("*.txt"))
               for mutant in parse(path)]
    names = [mutant.name for mutant in mutants]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise SystemExit(f"two breaks have one name: {sorted(twice)}")
    return mutants


@functools.cache
def jobs_of(test):
    """What the name @test stands for, as jobs."""
    config, _, suite = test.rpartition(":")
    if suite in plan.suites() or config:
        image = jobs.Image("tests/image", config or "test")
        return [plan.tap(suite, image, [suite + ":"], seconds=SECONDS)]
    chosen = plan.select(f"^{re.escape(test)}$")
    if not chosen:
        raise ValueError(f"there is no test {test}")
    return chosen


def images_of(mutants):
    """What must be built; a name that means no test is told when its turn
    comes."""
    images = set()
    for mutant in mutants:
        try:
            images |= {job.image for test in mutant.tests
                       for job in jobs_of(test) if job.image}
        except ValueError:
            pass
    return images


def copy_tree(tree, images):
    """Sources and objects, with their times; third-party parts are shared."""
    shutil.rmtree(tree, ignore_errors=True)
    (tree / "build/tests/log").mkdir(parents=True)
    for name in COPIED:
        subprocess.run(["cp", "-a", name, tree], check=True)
    for name in ("third-party", ".have"):
        (tree / "build" / name).symlink_to(pathlib.Path("build", name).resolve())
    for config in {image.config for image in images}:
        subprocess.run(["cp", "-a", f"build/{config}", tree / "build"],
                       check=True)
    for objects in (*pathlib.Path("build").glob("sim-*"),
                    *pathlib.Path("build").glob("objects")):
        subprocess.run(["cp", "-a", objects, tree / "build"], check=True)


def why(result):
    """The first thing that failed, in a line."""
    return " ".join(result.failures[0].split())[:100]


def first_error(log):
    """What the compiler, or else the linker, says first."""
    for line in pathlib.Path(log).read_text(errors="replace").splitlines():
        if "error" in line or "undefined" in line:
            return line
    return log


def verdict(mutant):
    """(word, explanation) of the tree with the break in it."""
    for test in mutant.tests:
        for job in jobs_of(test):
            log = pathlib.Path("build/tests/log") / \
                (job.name.replace("/", "-") + ".log")
            if job.image:
                broken = job.image.build(log.parent)
                if broken:
                    return "INVALID", "does not build: " + \
                        first_error(broken.log)
            result = job.run(log)
            if result.failures:
                compiled = not why(result).startswith("does not compile")
                return "caught" if compiled else "INVALID", why(result)
            if result.passed == 0:
                return "INVALID", f"{test}: nothing ran"
    return "SURVIVED", " ".join(mutant.tests)


def try_mutant(mutant):
    started = time.monotonic()
    source = pathlib.Path(mutant.source)
    sound = source.read_text()
    try:
        source.write_text(mutant.changed(sound))
        word, text = verdict(mutant)
    except ValueError as error:
        word, text = "INVALID", str(error)
    finally:
        source.write_text(sound)
    return mutant, word, text, time.monotonic() - started


def staleness(mutant):
    """Why the break does not fit the tree, or None."""
    try:
        mutant.changed(pathlib.Path(mutant.source).read_text())
        for test in mutant.tests:
            jobs_of(test)
    except (OSError, ValueError) as error:
        return str(error)
    return None


def tell_stale(mutants):
    stale = [(mutant, staleness(mutant)) for mutant in mutants]
    stale = [(mutant, reason) for mutant, reason in stale if reason]
    for mutant, reason in stale:
        print(f"stale {mutant.name}: {mutant.source}: {reason}")
    print(f"{len(mutants)} breaks, {len(stale)} stale")
    return 1 if stale else 0


def start_worker(trees, images):
    """Each worker has a tree of its own and stays in it."""
    tree = trees.get()
    copy_tree(tree, images)
    os.environ["WERROR"] = ""  # what a break leaves unused is no error
    os.chdir(tree)


def run(mutants, workers):
    """Word -> how many; a line for each break."""
    images = images_of(mutants)
    logs = pathlib.Path("build/tests/log")
    logs.mkdir(parents=True, exist_ok=True)
    for image in sorted(images):
        broken = image.build(logs)
        if broken:
            raise SystemExit(f"the tree does not build: {broken.log}")
    trees = multiprocessing.Queue()
    for worker in range(workers):
        trees.put(SCRATCH / str(worker))
    count = {"caught": 0, "SURVIVED": 0, "INVALID": 0}
    with multiprocessing.Pool(workers, start_worker, (trees, images)) as pool:
        for mutant, word, text, seconds in pool.imap(try_mutant, mutants):
            print(f"{word:8} {mutant.name} ({seconds:.1f} s): {text}",
                  flush=True)
            count[word] += 1
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-j", type=int, default=2, help="breaks at once")
    parser.add_argument("--tables", default="tests/mutants",
                        type=pathlib.Path, help="folder of the breaks")
    parser.add_argument("--stale", action="store_true",
                        help="only look for breaks that fit no more")
    parser.add_argument("pattern", nargs="?", default=os.environ.get("T", ""))
    options = parser.parse_args()

    os.chdir(pathlib.Path(__file__).resolve().parent.parent)
    if options.stale:
        return tell_stale(every_mutant(options.tables))
    pattern = plan.expression(options.pattern)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    lock = open(SCRATCH / "lock", "w", encoding="ascii")
    fcntl.flock(lock, fcntl.LOCK_EX)
    mutants = [mutant for mutant in every_mutant(options.tables)
               if pattern.search(mutant.name)]
    if not mutants:
        print(f"no break matches '{options.pattern}'", file=sys.stderr)
        return 1
    count = run(mutants, min(options.j, len(mutants)))
    print(f"{len(mutants)} mutants: {count['caught']} caught, "
          f"{count['SURVIVED']} survived, {count['INVALID']} invalid")
    return 0 if count["caught"] == len(mutants) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("vireo: mutants: interrupted", file=sys.stderr)
        sys.exit(130)
