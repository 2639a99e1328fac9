# SPDX-License-Identifier: MIT
"""Kinds of jobs: host binaries, boots that print TAP, boots and commands whose
output and exit status a table fixes."""
import dataclasses
import functools
import itertools
import os
import pathlib
import re
import shlex
import signal
import subprocess
import tempfile
import threading

HOST_SECONDS = 120
BUILD_SECONDS = 600


@dataclasses.dataclass
class Result:
    name: str
    log: str
    passed: int = 0
    skipped: int = 0
    operations: int = 0  # of harts against harts
    seconds: float = 0.0
    failures: list = dataclasses.field(default_factory=list)
    log_tells: bool = False  # more than the failures themselves do
    why: str = ""  # something is skipped

    def fail(self, text, log_tells=True):
        self.failures.append(text)
        self.log_tells |= log_tells


class Stopped(Exception):
    """stop() was called: nothing is started any more."""


class Processes:
    """Each runs in a session of its own, so that it ends with all it started."""

    def __init__(self):
        self.lock = threading.Lock()
        self.running = set()
        self.stopped = False

    def start(self, command, **options):
        with self.lock:
            if self.stopped:
                raise Stopped
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
                start_new_session=True, **options)
            self.running.add(process)
        return process

    def end(self, process):
        with self.lock:
            self.running.discard(process)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def stop(self):
        with self.lock:
            self.stopped = True
            for process in self.running:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)


processes = Processes()


def execute(command, log, seconds, **options):
    """Run to the end or to the time limit: (status or None, output)."""
    with log.open("wb") as file:
        file.write(("$ " + shlex.join(command) + "\n").encode())
        file.flush()
        process = processes.start(command, stdout=file, **options)
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            processes.end(process)
    return status, log.read_text(errors="replace").replace("\r", "")


@dataclasses.dataclass(frozen=True, order=True)
class Image:
    """An app folder built with a configuration."""
    app: str
    config: str = "test"

    @property
    def elf(self):
        return f"build/{self.config}/{pathlib.Path(self.app).name}/vireo.elf"

    def build(self, logs):
        """None, or the failed result."""
        name = f"build/{self.config}/{pathlib.Path(self.app).name}"
        log = logs / (name.replace("/", "-") + ".log")
        status, _ = execute(
            ["make", "image", f"APP={self.app}", f"CONFIG={self.config}"],
            log, BUILD_SECONDS, env=make_environment())
        if status == 0:
            return None
        result = Result(name, str(log))
        result.fail(died(status, BUILD_SECONDS))
        return result


def make_environment(**extra):
    """make's own variables would follow us into the makes that we start."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("MAKE") and name not in
                   ("MFLAGS", "T", "CONFIG", "APP")}
    environment.update(extra)
    return environment


@functools.lru_cache(maxsize=None)
def qemu_command(image):
    """What `make run` would run, as a list to change options in."""
    output = subprocess.run(
        ["make", "-s", "qemu-cmd", f"APP={image.app}",
         f"CONFIG={image.config}", "SMP=1", "MEM=64M"],
        env=make_environment(), check=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, text=True).stdout
    return shlex.split(output.strip().splitlines()[-1])


@dataclasses.dataclass(frozen=True)
class Machine:
    """QEMU options of one boot."""
    smp: int = 2
    memory: str = "64M"
    cpu: str = "rv64"
    icount: bool = False
    board: str = "virt"     # -machine
    options: str = "seed=1"  # kernel command line before `--`
    arguments: tuple = ()    # argv of the app
    tree: object = None      # makes a device tree: tests/trees.py
    initrd: object = None    # makes an initial RAM disk: tests/archives.py
    devices: tuple = ()      # options of QEMU that add devices

    def append(self):
        words = [self.options] if self.options else []
        if self.arguments:
            words += ["--", *self.arguments]
        return " ".join(words)

    def command(self, image, scratch):
        command = list(qemu_command(image))
        for option, value in (("-machine", self.board),
                              ("-smp", str(self.smp)), ("-m", self.memory),
                              ("-cpu", self.cpu)):
            command[command.index(option) + 1] = value
        if self.icount:
            # Asleep, the machine's time must not follow the host's.
            command += ["-icount", "shift=0,sleep=off",
                        "-rtc", "base=2020-01-01,clock=vm"]
        for device in self.devices:
            command += device.format(scratch=scratch).split()
        if self.initrd:
            command += ["-initrd", self.initrd(scratch)]
        if self.tree:
            command += ["-dtb", self.tree(self, command[0], scratch)]
        else:
            command += ["-append", self.append()]
        return command


@dataclasses.dataclass
class Job:
    name: str
    image: Image = None

    def boot(self, machine, log, seconds):
        with tempfile.TemporaryDirectory(dir="build/tests") as scratch:
            status, output = execute(machine.command(self.image, scratch),
                                     log, seconds)
        return status, output


def died(status, seconds):
    if status is None:
        return f"hang: no end after {seconds} s"
    return f"ended with status {status}"


@dataclasses.dataclass
class Tap(Job):
    """A boot of the test image that runs suites. @claims: how many tests the
    sources hold; a plan that differs means tests that nobody runs."""
    machine: Machine = Machine()
    claims: int = 0
    seconds: int = 60
    may_skip: bool = True

    def run(self, log):
        result = Result(self.name, str(log))
        status, output = self.boot(self.machine, log, self.seconds)
        self.judge(result, status, output)
        return result

    def judge(self, result, status, output):
        read_tap(result, output, self.claims)
        want = 1 if result.failures else 0
        if status != want:
            result.fail(died(status, self.seconds))
        if status == 0 and result.passed + result.skipped == 0:
            result.fail("nothing ran")
        if result.skipped > 0 and not self.may_skip:
            result.fail(f"{result.skipped} skipped, where all can run")


def read_tap(result, output, claims):
    """Count `ok` and `not ok`; comments before a failure explain it."""
    result.operations = sum(map(int, re.findall(
        r"^# (\d+) operations by \d+ harts", output, re.M)))
    planned = re.search(r"^1\.\.(\d+)$", output, re.M)
    if not planned:
        result.fail("no TAP plan")
        return
    comments, number = [], 0
    for line in output[planned.end():].splitlines():
        match = re.match(r"(not )?ok (\d+) - (.*)", line)
        if not match:
            if line.startswith("# ") and "took" not in line:
                comments.append(line[2:])
            continue
        comments = [text for text in comments if text != match[3]]
        number += 1
        if match[1]:
            result.fail("\n  ".join([match[3], *comments[-3:]]), False)
        elif match[3].endswith("# SKIP"):
            result.skipped += 1
        else:
            result.passed += 1
        comments = []
        if int(match[2]) != number:
            result.fail(f"test {number} is numbered {match[2]}")
    if number != int(planned[1]):
        result.fail(
            f"{planned[1]} tests planned, {number} ended; " +
            (comments[-1] if comments else "none began"))
    if claims and int(planned[1]) != claims:
        result.fail(f"{claims} tests in the sources, "
                               f"{planned[1]} in the image")


@dataclasses.dataclass
class Host(Job):
    """A test program for this machine, under ASan and UBSan."""
    sources: tuple = ()
    flags: tuple = ()
    claims: int = 0

    def run(self, log):
        result = Result(self.name, str(log))
        binary = pathlib.Path("build/host") / self.name.replace("/", "-")
        binary.parent.mkdir(parents=True, exist_ok=True)
        compiler = os.environ.get("HOSTCC", "gcc")
        status, output = execute(
            [compiler, *self.flags, "-o", str(binary), *self.sources], log,
            HOST_SECONDS)
        if status != 0:
            result.fail("does not compile:\n" + "\n".join(
                line for line in output.splitlines() if "error" in line))
            return result
        status, output = execute([str(binary)], log, HOST_SECONDS)
        read_tap(result, output, self.claims)
        if status != (1 if result.failures else 0):
            result.fail(died(status, HOST_SECONDS))
        return result


@dataclasses.dataclass
class Made(Job):
    """A test program for this machine that make builds, one make at a time."""
    target: str = ""
    claims: int = 0

    def run(self, log):
        result = Result(self.name, str(log))
        pathlib.Path("build").mkdir(exist_ok=True)
        status, _ = execute(["flock", "build/made.lock", "make", "-s", self.target],
                            log, BUILD_SECONDS, env=make_environment())
        if status != 0:
            result.fail("does not compile: " + died(status, BUILD_SECONDS))
            return result
        status, output = execute([self.target], log, HOST_SECONDS)
        read_tap(result, output, self.claims)
        if status != (1 if result.failures else 0):
            result.fail(died(status, HOST_SECONDS))
        return result


@dataclasses.dataclass
class Model(Job):
    """The model on the simulated machine, once for each of @runs: options that
    are set in its environment."""
    variant: str = "plain"
    runs: tuple = ()
    claims: int = 0

    def run(self, log):
        result = Result(self.name, str(log))
        status, _ = execute(["make", "-s", f"sim-{self.variant}"], log,
                            BUILD_SECONDS, env=make_environment())
        if status != 0:
            result.fail("does not compile: " + died(status, BUILD_SECONDS))
        for options in self.runs if not result.failures else ():
            # In the command, so that the log tells how to repeat it.
            status, output = execute(
                ["env", *options.split(), f"build/sim-{self.variant}/model"],
                log, HOST_SECONDS)
            read_tap(result, output, self.claims)
            if status != (1 if result.failures else 0):
                result.fail(died(status, HOST_SECONDS))
            if result.failures:
                break
        return result


@functools.lru_cache(maxsize=None)
def no_namespaces():
    """Why there is no network namespace for us here; None: there is."""
    if os.geteuid() != 0:
        return "a network namespace needs root"
    tried = subprocess.run(["unshare", "--net", "test", "-c", "/dev/net/tun"],
                           stdin=subprocess.DEVNULL, capture_output=True,
                           text=True, check=False)
    if tried.returncode == 0:
        return None
    return tried.stderr.strip() or "there is no /dev/net/tun"


@dataclasses.dataclass
class Net(Job):
    """A script of tests/net with the arguments behind it, which boots the image
    and prints TAP; with @wire in a network namespace of its own (tools/netns.sh)."""
    script: str = ""
    environment: dict = dataclasses.field(default_factory=dict)
    seconds: int = 120
    wire: bool = True

    def run(self, log):
        result = Result(self.name, str(log))
        result.why = no_namespaces() if self.wire else None
        if result.why:
            result.skipped = 1
            return result
        name, *arguments = self.script.split()
        place = ["tools/netns.sh", "run"] if self.wire else []
        status, output = execute(
            [*place, "/usr/bin/python3", f"tests/net/{name}", *arguments], log,
            self.seconds,
            env=make_environment(**self.environment))
        read_tap(result, output, 0)
        if status != (1 if result.failures else 0):
            result.fail(died(status, self.seconds))
        return result


def judge_text(result, status, output, want_status, patterns, absent, seconds):
    """One test: the status and every pattern, in order, or it failed."""
    problems, at = [], 0
    if status is None or (want_status == "fails" and status == 0) or \
       (want_status != "fails" and status != want_status):
        problems.append(died(status, seconds) + f", not {want_status}")
    for pattern in patterns:
        match = re.compile(pattern, re.M).search(output, at)
        if match:
            at = match.end()
        else:
            problems.append(f"nothing (more) matches /{pattern}/")
    for pattern in absent:
        match = re.search(pattern, output, re.M)
        if match:
            problems.append(f"/{pattern}/ is there: {match[0]}")
    if problems:
        result.fail("\n".join(problems))
    else:
        result.passed += 1


@dataclasses.dataclass
class FailureSweep(Job):
    """Boots in which the N-th request of @kind fails, once and with all that
    follow, for N = 1, 2, 3 ... until none is left to fail. Each must end like
    one of @endings: a status and what the last line matches."""
    kind: str = "page"
    endings: tuple = ()
    most: int = 64

    def run(self, log):
        result = Result(self.name, str(log))
        for number, more in itertools.product(range(1, self.most), ("", "+1")):
            machine = Machine(
                options=f"seed=1 fail={self.kind}:{number}{more}")
            status, output = self.boot(machine, log, 30)
            last = output.strip().splitlines()[-1]
            if not any(status == wanted and re.search(pattern, last)
                       for wanted, pattern in self.endings):
                result.fail(f"{machine.options}: {died(status, 30)}: {last}")
                return result
            if more and status == 0:
                result.passed += 1
                return result
        result.fail(f"the {number}th request fails and matters")
        return result


@dataclasses.dataclass
class Boot(Job):
    """A boot whose console and exit status are known."""
    machine: Machine = Machine()
    status: object = 0
    patterns: tuple = ()
    absent: tuple = ()
    seconds: int = 30
    times: int = 1  # all must do; the first that does not is the result

    def run(self, log):
        for _ in range(self.times):
            result = Result(self.name, str(log))
            status, output = self.boot(self.machine, log, self.seconds)
            judge_text(result, status, output, self.status, self.patterns,
                       self.absent, self.seconds)
            if result.failures:
                break
        return result


@dataclasses.dataclass
class TwiceTheSame(Job):
    """Two boots with -icount print the same to the last digit."""
    machine: Machine = Machine()
    seconds: int = 60

    def run(self, log):
        result = Result(self.name, str(log))
        other = log.with_suffix(".again.log")
        first = self.boot(self.machine, log, self.seconds)
        second = self.boot(self.machine, other, self.seconds)
        judge_text(result, first[0], first[1], 0, (r"^# .* \d+ instructions",), (),
                   self.seconds)
        if result.failures:
            return result
        if first[1].split("\n", 1)[1] != second[1].split("\n", 1)[1]:
            result.passed = 0
            result.fail(f"differs from {other}")
        return result


@dataclasses.dataclass
class Command(Job):
    """A command on this machine. {scratch} in it is a folder of its own."""
    script: str = ""
    status: object = "fails"
    patterns: tuple = ()
    absent: tuple = ()
    seconds: int = 120
    environment: dict = dataclasses.field(default_factory=dict)

    def run(self, log):
        result = Result(self.name, str(log))
        with tempfile.TemporaryDirectory(dir="build/tests") as scratch:
            script = self.script.format(scratch=scratch)
            status, output = execute(
                ["bash", "-c", script], log, self.seconds,
                env=make_environment(**self.environment))
        output = output.split("\n", 1 + script.count("\n"))[-1]
        judge_text(result, status, output, self.status, self.patterns,
                   self.absent, self.seconds)
        return result
