#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""make test: builds what the tests need, runs them, counts.

A job (tests/plan.py) is one host binary, one boot or one command; its log is
kept in build/tests/log/. A job that hangs, crashes, ends with another status
than it must or prints less than it planned has failed, whatever else it said.

    tests/run.py [-j N] [PATTERN]     PATTERN as `make test T=PATTERN`
"""
import argparse
import concurrent.futures
import fcntl
import os
import pathlib
import signal
import sys
import time

import jobs
import plan

LOGS = pathlib.Path("build/tests/log")
TAIL_LINES = 15


def show(result):
    """One line for the job; for a failure what failed and where to look."""
    word = "ok  " if not result.failures else "FAIL"
    why = f" ({result.why})" if result.why else ""
    skipped = f", {result.skipped} skipped{why}" if result.skipped else ""
    done = f", {result.operations:,} operations" if result.operations else ""
    print(f"{word} {result.name}: {result.passed} passed, "
          f"{len(result.failures)} failed{skipped}{done} "
          f"({result.seconds:.1f} s)")
    for failure in result.failures:
        print("     " + failure.replace("\n", "\n     "))
    if result.failures:
        print(f"     log: {result.log}")
    if result.log_tells:
        text = pathlib.Path(result.log).read_text(errors="replace")
        for line in text.splitlines()[-TAIL_LINES:]:
            print("     | " + line)
    sys.stdout.flush()


def build(selected):
    """Build every image that a selected job needs. A failure is one result, and
    the jobs that need the image are not run: (jobs left, failed results)."""
    failed = {}
    for image in sorted({job.image for job in selected if job.image}):
        result = image.build(LOGS)
        if result:
            idle = sum(job.image == image for job in selected)
            result.failures[0] += f"; {idle} jobs need it and do not run"
            failed[image] = result
    left = [job for job in selected if job.image not in failed]
    return left, list(failed.values())


def run(job):
    started = time.monotonic()
    log = LOGS / (job.name.replace("/", "-") + ".log")
    try:
        result = job.run(log)
    except Exception as error:  # a broken test is a failed test
        with log.open("a") as file:
            print(f"tests/run.py: {error!r}", file=file)
        result = jobs.Result(job.name, str(log))
        result.fail(repr(error))
    result.seconds = time.monotonic() - started
    return result


def run_all(selected, at_once, take):
    """Each result to take() as it comes. Whatever ends this ends all that runs."""
    pool = concurrent.futures.ThreadPoolExecutor(at_once)
    try:
        futures = [pool.submit(run, job) for job in selected]
        for future in concurrent.futures.as_completed(futures):
            take(future.result())
    except BaseException:
        jobs.processes.stop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def interrupt(_signal, _frame):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-j", type=int, default=2, help="jobs at once")
    parser.add_argument("pattern", nargs="?", default=os.environ.get("T", ""))
    options = parser.parse_args()

    os.chdir(pathlib.Path(__file__).resolve().parent.parent)
    pattern = plan.expression(options.pattern)
    LOGS.mkdir(parents=True, exist_ok=True)
    # A second run in the same tree would write the same logs: it waits.
    lock = open("build/tests/lock", "w", encoding="ascii")
    fcntl.flock(lock, fcntl.LOCK_EX)
    selected = plan.select(pattern)
    if not selected:
        print(f"no test matches '{options.pattern}'", file=sys.stderr)
        return 1

    selected, broken = build(selected)
    passed = failed = skipped = operations = 0

    def take(result):
        nonlocal passed, failed, skipped, operations
        show(result)
        passed += result.passed
        failed += len(result.failures)
        skipped += result.skipped
        operations += result.operations

    for result in broken:
        take(result)
    run_all(selected, options.j, take)
    if operations:
        print(f"{operations:,} operations by harts against harts")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed + skipped else 0


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("vireo: tests: interrupted", file=sys.stderr)
        sys.exit(130)
