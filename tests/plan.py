# SPDX-License-Identifier: MIT
"""What `make test` runs: every suite, boot and command, by name."""
import dataclasses
import functools
import itertools
import os
import pathlib
import re

import archives
import trees
from jobs import (Boot, Command, FailureSweep, Host, Image, Machine, Made, Model,
                  Net, Tap, TwiceTheSame)

TESTS = pathlib.Path("tests")
SUITES = Image("tests/image")
RELEASED = Image("tests/image", "release")
ONE_HART = Image("tests/image_one_hart")
MALLOCNG = Image("tests/image_mallocng")
DEATH = Image("tests/death")
LIAR = Image("tests/liar")
EARLY = Image("tests/early")
MODEL = Image("tests/model")
MODEL_RELEASED = Image("tests/model", "release")
SOAK = Image("tests/soak")
HELLO = Image("hello")
SHELL = Image("shell")
SERVER = Image("netbench")
ARGS = Image("tests/apps/args")
FILES = Image("tests/apps/files")
LINES = Image("tests/apps/lines")

FOLDERS = ("core", "drivers", "lib", "mm", "posix")
CLAIM = re.compile(r"^\t?(?:TEST|EVERY_KIND|WITH_PAGES|ALONE)\((\w+)", re.M)
# Suites whose subject is more than one hart, or an extension of the ISA.
HARTS = ("core/hart", "core/irq", "core/mutex", "core/profile", "core/sched",
         "core/thread", "core/timer", "core/wait", "core/work", "mm/aliases",
         "mm/concurrency", "mm/context", "mm/fault_inject", "mm/owner_races",
         "mm/stale_races", "mm/tlb", "mm/vmallocinfo", "posix/cancel",
         "posix/futex", "posix/pthread", "posix/pthread_sync", "posix/sched",
         "posix/signal", "posix/signal_thread")
EXTENSIONS = ("core/hart", "core/profile", "core/sched", "core/string",
              "core/thread", "core/timer",
              "mm/aliases", "mm/backing", "mm/ioremap", "mm/pgtable",
              "mm/vm_map_ram", "mm/vmap", "posix/signal_thread")
OPTIONAL = ("svpbmt", "svnapot", "svinval", "sstc")
LIBFDT = "build/third-party/src/u-boot/scripts/dtc/libfdt"
# Memory and the numbers of harts it is tried with: every number, and the least
# and the most memory with many.
SIZES = {"5M": (1, 2), "6M": (1, 2, 4), "7M": (1, 3), "16M": (1, 2, 8), "127M": (2, 5),
         "512M": (4, 6), "1025M": (1, 2, 7), "4500M": (1, 4, 8), "17G": (2, 8)}


@functools.cache
def suites(folders=FOLDERS):
    """Suite name -> the claims its source holds."""
    found = {}
    for folder in folders:
        for path in sorted((TESTS / folder).glob("test_*.c")):
            claims = [claim for claim in CLAIM.findall(path.read_text())
                      if claim != "claim"]
            found[f"{folder}/{path.stem[len('test_'):]}"] = claims
    return found


def count(names):
    """Claims of the suites in @names, as the image selects them: by prefix."""
    return sum(len(claims)
               for suite, claims in suites((*FOLDERS, "stress")).items()
               if (suite + ":").startswith(tuple(names)))


def tap(name, image, names, machine=Machine(), seconds=60, more=()):
    return Tap(name, image, Machine(**{**vars(machine),
                                       "arguments": (*names, *more)}),
               count(names), seconds)


def suite_jobs():
    for suite in suites():
        # The end of the name keeps mm/vmap from selecting mm/vmap_more.
        yield tap(suite, SUITES, [suite + ":"])
    yield tap("harts/4", SUITES, [suite + ":" for suite in HARTS],
              Machine(smp=4), 120)
    # More harts than the host has processors: holders of locks stand still.
    yield tap("harts/8", SUITES, ["core/mutex:", "core/sched:", "core/thread:",
                                  "core/wait:", "core/work:",
                                  "posix/pthread", "posix/signal"],
              Machine(smp=8), 120)
    yield tap("harts/1", SUITES, ["core/", "mm/", "posix/cancel:",
                                  "posix/futex:", "posix/pthread",
                                  "posix/sched:", "posix/signal"],
              Machine(smp=1), 120)
    yield tap("harts/compiled-for-1", ONE_HART, ["core/", "mm/", "lib/"],
              Machine(smp=2), 120)
    yield tap("malloc/musl", MALLOCNG,
              [f"posix/{suite}:" for suite in ("malloc", "mmap", "mremap",
                                               "pthread", "stdio")])
    # What malloc() keeps for later depends on all that ran before; these are counted
    # to the last area and page table.
    alone = [suite for suite in suites(("posix",))
             if suite.startswith(("posix/socket", "posix/mmap_ranges"))]
    rest = [folder + "/" for folder in FOLDERS if folder != "posix"] + \
        [suite + ":" for suite in suites(("posix",)) if suite not in alone]
    yield tap("release", RELEASED, rest, Machine(memory="256M"), 120)
    yield tap("release/alone", RELEASED, [suite + ":" for suite in alone],
              Machine(memory="256M"), 120)
    yield Tap("cost", RELEASED,
              Machine(smp=1, icount=True, arguments=("cost/",)))
    yield TwiceTheSame("cost/twice-the-same", RELEASED,
                       Machine(smp=1, icount=True, arguments=("cost/",)))


def stress_jobs():
    """Harts against harts: every check with some operations, none with many."""
    loops = int(os.environ.get("LOOPS") or 1)
    for smp in (2, 4, 8):
        for name, image in (("stress", SUITES), ("stress/release", RELEASED)):
            yield tap(f"{name}/{smp}", image, ["stress/"],
                      Machine(smp=smp, memory="128M",
                              options=f"seed={smp}"), 400 * loops,
                      more=[f"loops={loops}"])
    yield Boot("stress/soak", SOAK,
               Machine(smp=4, memory="256M",
                       arguments=("seed=4", f"seconds={60 * loops}")), 0,
               (r"^soak: \d+ deeds in \d+ s, nothing leaked$",),
               seconds=120 + 120 * loops)


def extension_jobs():
    names = [suite + ":" for suite in EXTENSIONS]
    every = "rv64,svpbmt=true,svnapot=true,svinval=true"
    for name, cpu, options in (
            ("isa/all", every, "seed=1"),
            ("isa/all-switched-off", every,
             "seed=1 isa=-svpbmt,-svnapot,-svinval,-sstc,-zicboz"),
            ("isa/napot-only", "rv64,svnapot=true", "seed=1"),
            ("isa/no-sstc", "rv64,sstc=false", "seed=1"),
            ("isa/vector", "rv64,v=true", "seed=1")):
        yield tap(name, SUITES, names, Machine(cpu=cpu, options=options))
    # Alone and together, each there or not.
    for there in itertools.product((False, True), repeat=len(OPTIONAL)):
        name = "+".join(itertools.compress(OPTIONAL, there)) or "none"
        cpu = ",".join(["rv64", *(f"{extension}={str(has).lower()}" for
                                  extension, has in zip(OPTIONAL, there))])
        yield tap(f"isa/with/{name}", SUITES,
                  ["mm/ioremap:", "mm/pgtable:", "mm/vmap:"],
                  Machine(cpu=cpu))
    for policy in ("eager", "lazy", "ipi", "rfence", "svinval"):
        yield tap(f"flush/{policy}", SUITES,
                  [suite + ":" for suite in ("mm/vmalloc", "mm/vmap",
                                             "mm/context",
                                             "mm/concurrency")],
                  Machine(cpu="rv64,svinval=true",
                          options=f"seed=1 vmap.flush={policy}"))
    yield tap("flush/tiny-lazy-limit", SUITES, ["mm/concurrency:", "mm/v"],
              Machine(options="seed=1 vmap.lazy_max=1"))
    yield tap("huge/off", SUITES, ["mm/backing:", "mm/bad_input:",
                                   "mm/concurrency:", "mm/vmalloc:"],
              Machine(options="seed=1 vmap.huge=off"))


def memory_jobs():
    """Odd sizes of memory by harts: hello, and a suite that fits any."""
    for size, numbers in SIZES.items():
        for smp in numbers:
            machine = Machine(smp=smp, memory=size, options="")
            yield Boot(f"memory/{size}-{smp}-hello", HELLO, machine,
                       patterns=(rf"^Vireo: {smp} of {smp} harts",
                                 r"^Hello from Vireo"))
            # The image of the suites is too large for less.
            if size not in ("5M", "6M", "7M"):
                yield tap(f"memory/{size}-{smp}", SUITES, ["mm/smoke:"],
                          machine)
    yield Boot("memory/more-harts-than-the-image-has-room-for", HELLO,
               Machine(smp=9), patterns=(r"^Vireo: 8 of 9 harts", r"^Hello"))
    # Enough memory for a hart to keep blocks of 2 MiB.
    for name, image in (("leaves", SUITES), ("leaves-release", RELEASED)):
        yield tap(f"memory/{name}", image, ["mm/backing:"],
                  Machine(smp=1, memory="240M"))
    # Both zones and the short paths.
    yield tap("memory/4500M-release", RELEASED, ["mm/smoke:"],
              Machine(memory="4500M", options=""))


def tree(change, *more):
    return trees.changed(trees.chain(change, *more))


def reserve(start, size):
    return trees.replace(
        r"\n\tchosen \{",
        "\n\treserved-memory {\n\t\t#address-cells = <2>;\n"
        "\t\t#size-cells = <2>;\n\t\tranges;\n\t\tmine@0 {\n"
        f"\t\t\treg = <0 {start:#x} 0 {size:#x}>;\n\t\t}};\n\t}};\n\tchosen {{")


def tree_jobs():
    """Trees of other machines: hart ids with gaps, other boot harts, memory in
    two nodes; and trees that are wrong."""
    names = ["core/hart:", "mm/vm_map_ram:", "mm/aliases:"]
    for name, disabled, smp in (("gap", (1,), 3), ("two-gaps", (0, 2), 4),
                                ("boot-hart-1", (0,), 2),
                                ("boot-hart-3", (0, 1, 2), 4),
                                ("sparse", (0, 2, 3, 4, 6), 8)):
        yield tap(f"tree/{name}", SUITES, names, Machine(
            smp=smp, tree=tree(trees.disable_harts(*disabled))))
    for smp in (2, 4):
        # Any hart may win firmware's lottery, and all must come up.
        yield Boot(f"tree/lottery-of-{smp}", HELLO, Machine(smp=smp), 0,
                   (rf"^Vireo: {smp} of {smp} harts", r"^Hello"), times=25)
    split = trees.replace(
        r"reg = <0x00 0x80000000 0x00 0x4000000>;",
        "reg = <0x00 0x80000000 0x00 0x1100000 0x00 0x81234000 0x00 "
        "0x2dcc000>;")
    yield tap("tree/memory-in-two-pieces", SUITES, ["mm/smoke:"],
              Machine(tree=tree(split)))
    yield tap("tree/reserved-memory", SUITES, ["mm/smoke:", "core/trap:"],
              Machine(tree=tree(reserve(0x81800000, 0x3000))))

    yield refusal("no-memory-node", tree(trees.drop_node("memory@80000000")),
                  "the device tree has no memory node")
    yield refusal("ram-without-image",
                  tree(trees.memory_behind_image(HELLO.elf, -4096)),
                  "the image needs RAM at 0x80200000")
    yield refusal("ram-too-little",
                  tree(trees.memory_behind_image(HELLO.elf, 0x10000),
                       reserve(0x80080000, 0x180000)),
                  "only .* KiB of RAM are free")
    yield refusal("damaged", trees.damaged(trees.changed(trees.same),
                                           trees.break_last_token),
                  "the device tree is malformed")
    yield refusal("absent-hart", tree(trees.add_hart(9)),
                  r"hart 9 does not start")


END_OF_INPUT = r"""
run="make -s run APP=shell CONFIG=test SMP=2 MEM=64M ARGS=quiet"
printf 'echo a\020b\004c\020\020\004d\necho last' | $run 2>&1 |
	tr '\020\004' '<>' && $run </dev/null >{scratch}/nothing &&
	seq -f 'echo line %.0f' 2000 | $run >{scratch}/lines &&
	echo "$(grep -c '^line' {scratch}/lines) of 2000"
"""


def input_jobs():
    """Text that somebody pastes, Ctrl-C, the time of day; machines whose
    interrupts nobody serves."""
    for smp in (1, 4):
        for kind in ("pipe", "tty"):
            yield Command(
                f"input/pasted-{kind}-{smp}", LINES,
                r"(printf '\0\0\0\0'; seq 1000 2999) | tools/run.sh APP=tests/apps/lines CONFIG=test "
                f"SMP={smp} ARGS='quiet stdin={kind} -- 1000 2999'", 0,
                (r"^all there, by interrupts, 0 overruns",))
    yield Command("input/ctrl-c-while-computing", LINES,
                  r"(printf '\0\0\0\0go\n'; "
                  "until grep -q computing {scratch}/out; do sleep 0.1; done; "
                  r"sleep 0.3; printf '\003'; sleep 2) | "
                  "tools/run.sh APP=tests/apps/lines CONFIG=test SMP=1 "
                  "ARGS='stdin=tty -- compute' 2>&1 | tee {scratch}/out; "
                  "exit ${{PIPESTATUS[1]}}", 130,
                  (r"^computing\n(.*\n)*.*ended by signal 2",))
    # Each byte arrives, then the end, which is no byte; also when it comes first.
    yield Command("input/end-of-a-pipe", SHELL, END_OF_INPUT, 0,
                  (r"^a<b>c<<>d\r?\nlast\r?\n2000 of 2000$",))
    # The image's clock between two looks at the host's.
    yield Command("input/date", Image("shell"),
                  "a=$(date +%s); b=$(tools/run.sh APP=shell CONFIG=test SMP=1 "
                  "ARGS='quiet -- -c date' </dev/null | "
                  "sed -nE 's/.* UTC \\(([0-9]+)\\).*/\\1/p'); "
                  'c=$(date +%s); echo "$a $b $c"; [ $a -le $b ] && '
                  "[ $b -le $c ]", 0, (r"^\d+ \d+ \d+$",))
    names = ["core/irq:", "core/realtime:", "drivers/", "posix/terminal:"]
    no_plic = tree(trees.drop_node("plic@c000000"))
    no_clock = tree(trees.drop_node("rtc@101000"))
    wrong = tree(trees.replace(r"riscv,ndev = <0x60>", "riscv,ndev = <0x600>"))
    short = tree(trees.replace(r"0xc000000 0x00 0x600000>",
                               "0xc000000 0x00 0x200000>"))
    deaf = tree(trees.replace(r"interrupts-extended = <(0x\w+ 0x0b )0x\w+ 0x09",
                              r"interrupts-extended = <\g<1>0xffff 0x09"))
    for name, machine in (("no-plic", Machine(tree=no_plic)),
                          ("no-clock", Machine(tree=no_clock)),
                          ("plic-sources", Machine(tree=wrong)),
                          ("plic-size", Machine(tree=short)),
                          ("deaf-hart", Machine(smp=1, tree=deaf)),
                          ("aia", Machine(board="virt,aia=aplic"))):
        yield tap(f"input/{name}", SUITES, names, machine, 120)
    yield Boot("input/no-plic-says-so", SUITES,
               Machine(tree=no_plic, options="loglevel=4",
                       arguments=("posix/terminal:",)), 0,
               (r"^console ns16550: .* no interrupt serves it",))
    yield Boot("input/no-clock-says-so", SUITES,
               Machine(tree=no_clock, options="loglevel=4",
                       arguments=("core/realtime:",)), 0,
               (r"^no real-time clock: this is 1970",))


RNG = ("-object rng-random,filename=/dev/urandom,id=rng{0} "
       "-device virtio-rng-device,rng=rng{0}")
MODERN = "-global virtio-mmio.force-legacy=false"


def virtio_jobs():
    """Drivers against QEMU's devices of both versions."""
    # One that the system takes for itself, one that is the test's.
    devices = (RNG.format(0), RNG.format(1))

    def job(name, image, **machine):
        names = ["drivers/virtio"]
        return dataclasses.replace(
            tap(f"virtio/{name}", image, names, Machine(**machine)),
            may_skip=False)

    for name, more in (("legacy", ()), ("modern", (MODERN,))):
        for smp in (1, 2):
            yield job(f"{name}-{smp}", SUITES, smp=smp, devices=devices + more)
        yield job(f"{name}-release", RELEASED, devices=devices + more,
                  options="")
    yield job("no-plic", SUITES, devices=devices,
              tree=tree(trees.drop_node("plic@c000000")))


# Queue, lie -> what the driver says of it.
LIES = {
    "net-in id": "used a chain that cannot be",
    "net-in length": "wrote more bytes than a chain holds",
    "net-in index": "used more chains than it had",
    "net-in no-buffers": "a frame in no buffer",
    "net-in missing-buffers": "promised more buffers of a frame than it used",
    "net-out id": "used more chains than it had",
    "net-out index": "used more chains than it had",
    "rng id": "used a chain that cannot be",
    "rng length": "wrote more bytes than a chain holds",
    "rng index": "used more chains than it had",
    "console-in id": "used a chain that cannot be",
    "console-in length": "wrote more bytes than a chain holds",
    "console-in index": "used more chains than it had",
    "console-out id": "used more chains than it had",
    "console-out index": "used more chains than it had",
}


# Who waits for a line when the console's device lies gets it from the UART.
READER = r"""
command=$(make -s qemu-cmd APP=%s CONFIG=test SMP=2 MEM=64M "ARGS=x") &&
{{ printf '\0\0\0\0'; sleep 2; echo typed; }} | eval "${{command%%-append*}} %s \
	-monitor none -serial stdio -chardev file,id=console,path={scratch}/console \
	-device virtio-serial-device -device virtconsole,chardev=console" \
	-append "'seed=1 console=virtio -- console-in id reader'"
"""


def liar_jobs():
    """A device that writes what no device may, in the place of a real one."""
    # One byte every 100 s: the second request stays out.
    devices = ("-object rng-random,filename=/dev/urandom,id=rng "
               "-device virtio-rng-device,rng=rng,max-bytes=1,period=100000",
               "-netdev user,id=net0 -device virtio-net-device,netdev=net0",
               "-chardev file,id=console,path={scratch}/console "
               "-device virtio-serial-device -device virtconsole,chardev=console")
    def job(lie, line, *more, suffix=""):
        kind = lie.split("-")[0].split()[0]
        return Boot("liar/" + lie.replace(" ", "-") + suffix, LIAR,
                    Machine(smp=1, devices=devices + more,
                            options="seed=1" + " console=virtio" *
                            (kind == "console"), arguments=tuple(lie.split())),
                    0, (rf"^(virtio-)?{kind}: the virtio device at 0x\w+ is "
                        rf"stopped: .*{line}",
                        r"^liar: -?\d+ pages came back$"),
                    (r"is stopped(.*\n)*.*is stopped",))

    for suffix, more in ("", ""), ("-polled", "-machine virt,aia=aplic"):
        yield Command("liar/console-reader" + suffix, LIAR,
                      READER % (LIAR.app, more), 0,
                      (r"^liar: read typed$",))
    for lie, line in LIES.items():
        yield job(lie, line)
        if lie.startswith("console-in"):
            yield job(lie, line, "-machine virt,aia=aplic", suffix="-polled")


# QEMU's command with a virtio console on standard input and output, and the UART in
# a file. $1: command line; the rest are options of QEMU.
CONSOLE = r"""
console() {{
	append=$1; shift
	command=$(make -s qemu-cmd APP=%s CONFIG=test SMP=2 MEM=64M "ARGS=x") &&
	eval "${{command%%-append*}} $* -monitor none \
		-serial file:{scratch}/uart -chardev stdio,id=console \
		-device virtio-serial-device -device virtconsole,chardev=console" \
		-append "'$append'"
}}
"""
CONSOLE_OUTPUT = r"""
words='-- -c "hexdump /dev/urandom 100000"'
console "seed=1 quiet console=virtio $words" </dev/null >{scratch}/one || exit 1
console "seed=1 quiet $words" </dev/null >{scratch}/none || exit 2
[ ! -s {scratch}/none ] || exit 3
sed -n '/^00000000/,$p' {scratch}/uart >{scratch}/two
cmp {scratch}/one {scratch}/two && tr -d '\r' <{scratch}/two | wc -c
"""
CONSOLE_SWEEP = r"""
for kind in page slab table vspace; do
	for n in $(seq 99); do
		for more in "" +1; do
			console "console=virtio seed=1 fail=$kind:$n$more" \
				</dev/null >{scratch}/out
			status=$?
			if [ $status = 0 ] && cat {scratch}/out {scratch}/uart |
				grep -q ^Hello; then
				[ "$more" = +1 ] && grep -q ^Hello {scratch}/out &&
					echo "$kind: $n" && continue 3
			elif [ $status != 1 ] || ! grep -qE \
				"^vireo: cannot boot: .*(no|too little) memory" \
				{scratch}/uart; then
				echo "bad: $kind:$n$more, status $status"
				cat {scratch}/out {scratch}/uart
			fi
		done
	done
	echo "endless: $kind"
done
"""


def console_jobs():
    """console=virtio: the device, and what happens without it."""
    def job(name, image, script, status, patterns, absent=(), **more):
        return Command(f"console/{name}", image,
                       CONSOLE % image.app + script, status, patterns, absent,
                       **more)

    pasted = "seq 1000 2999 | console 'quiet stdin=pipe console=virtio -- " \
        "1000 2999' "
    for name, options, how in (
            ("legacy", "", "by"), ("modern", MODERN, "by"),
            ("polled", "-machine virt,aia=aplic", "without")):
        yield job(f"input-{name}", LINES, pasted + options, 0,
                  (f"^all there, {how} interrupts, 0 overruns",))
    yield job("output", Image("shell"), CONSOLE_OUTPUT, 0, (r"^537500$",))
    yield job("panic", DEATH,
              "console 'console=virtio seed=1 -- null-write' </dev/null", 134,
              (r"^PANIC on hart 0: store page fault at 0$", "^backtrace:$",
               r"null_write\+", "^log:$"))
    yield job("out-of-memory", HELLO, CONSOLE_SWEEP, 0,
              (r"^page: \d+$", r"^slab: \d+$", r"^table: \d+$",
               r"^vspace: \d+$"), ("bad:", "endless:", "PANIC"), seconds=300)
    yield Boot("console/no-device", HELLO, Machine(options="console=virtio"),
               0, (r"^console=virtio: there is no such device; ns16550 stays",
                   r"^Hello"))
    yield Boot("console/no-driver", Image("hello", "release"),
               Machine(options="console=virtio"), "fails",
               (r'^vireo: cannot boot: option "console=virtio": want '
                r"console=uart",))


def net_jobs():
    """What comes from outside an image, and what it does then."""
    loops = int(os.environ.get("LOOPS") or 1)
    longer = {"seconds": 120 * loops, "environment": {"LOOPS": str(loops)}}
    for name, image in (("link", SHELL), ("ip4", SHELL), ("ip6", SHELL),
                        ("tcp", SERVER)):
        yield Net(f"net/frames-{name}", image, f"frames.py {name}")
    yield Net("net/frames-joined", SERVER, "frames.py plain joined tcp")
    yield Net("net/link", SHELL, "link.py")
    yield Net("net/services", SHELL, "services.py")
    yield Net("net/services-addresses", SHELL, "services.py addresses")
    yield Net("net/failure", SERVER, "failure.py", **longer)
    yield Net("net/load", SERVER, "load.py", **longer)
    yield Net("net/load-runs", SERVER, "load.py runs", **longer)
    yield Net("net/relay", SERVER, "relay.py")
    yield Net("net/peer", SERVER, "peer.py")
    yield Net("net/user", SERVER, "user.py")
    yield Net("net/variants", SERVER, "variants.py")
    yield Net("net/variants-mq", SERVER, "variants.py mq mq-modern",
              {"TAP_QUEUES": "2"})


def net_server_jobs():
    """The servers in images, by a wire and by ports of this machine."""
    for what, kind, harts, config in (
            ("httpd", "tap", 1, "default"), ("httpd", "tap", 4, "test"),
            ("echo", "tap", 1, "test"), ("echo", "tap", 4, "default"),
            ("tls", "tap", 1, "default"), ("tls-workers", "tap", 4, "default"),
            ("httpd", "user", 4, "test"), ("echo", "user", 1, "default"),
            ("page", "user", 4, "test")):
        yield Net(f"net/{what}-{kind}-{harts}",
                  Image("echo" if what == "echo" else "httpd", config),
                  f"servers.py {what} {kind} {harts} {config}",
                  wire=kind == "tap",
                  seconds=300 if what.startswith("tls") else 120)
    yield Net("net/iperf", Image("iperf"), "iperf.py")
    yield Net("net/own-address", Image("tests/apps/own"), "own.py")
    yield Boot("net/own-address-user", Image("tests/apps/own"),
               Machine(devices=("-netdev user,id=net0 -device "
                                "virtio-net-device,netdev=net0",),
                       options="ip=10.0.2.15/24,gw=10.0.2.2,fd00::99/64",
                       arguments=("10.0.2.15", "fd00::99", "127.0.0.1", "::1")),
               0, tuple(rf"^own: {address}: all there, in time$" for address in
                        ("10.0.2.15", "fd00::99", "127.0.0.1", "::1")))
    yield Boot("net/iperf-port-taken", Image("tests/apps/taken"),
               Machine(devices=("-netdev user,id=net0 -device "
                                "virtio-net-device,netdev=net0",)),
               1, (r"^iperf: port 5001: Address in use$",), ("after",))


def refusal(name, make, line):
    """One line that says why, a status that is not 0, no panic, no hang."""
    return Boot(f"tree/{name}", HELLO, Machine(tree=make), "fails",
                (r"^vireo: cannot boot: .*" + line,), ("PANIC", "Hello"))


def command_line_jobs():
    def job(name, options, line, image=HELLO, **more):
        return Boot(f"options/{name}", image, Machine(options=options, **more),
                    "fails", (r"^vireo: cannot boot: .*" + line,),
                    ("PANIC", "Hello"))

    yield job("unknown", "sed=1", 'unknown option "sed=1".*known:.* seed')
    yield job("app-argument", "help", 'unknown option "help"')
    yield job("injection", "fail=page", "fail=page: want page:N")
    for value in ("page:", "page:0", "leaf:1", "page:1+", "page:1+x", "page:1-"):
        yield job(f"injection/{value}", f"fail={value}",
                  f"fail={re.escape(value)}: want page:N")
    for value in ("abc", "0x", "7x", "0x1" + 16 * "0"):
        yield job(f"no-number/{value}", f"seed={value}",
                  f'option "seed={value}": want seed=N')
    yield job("no-hart", "harts=0", "harts=0: want a number of harts")
    yield job("no-lazy-page", "vmap.lazy_max=0",
              "vmap.lazy_max=0: want a number of pages from 1 to 16777216")
    yield job("more-lazy-pages-than-addresses", "vmap.lazy_max=16777217",
              "vmap.lazy_max=16777217: want a number of pages from 1")
    yield job("flush-that-the-machine-lacks", "vmap.flush=svinval",
              "vmap.flush=svinval: this machine has no Svinval")
    yield job("flush-that-was-switched-off",
              "vmap.flush=svinval isa=-svinval",
              "vmap.flush=svinval: this machine has no Svinval",
              cpu="rv64,svinval=true")
    yield job("no-choice-of-two", "vmap.huge=yes",
              'option "vmap.huge=yes": want vmap.huge=on|off')
    yield job("no-choice", "vmap.flush=never",
              'option "vmap.flush=never": want vmap.flush=eager|lazy')
    yield job("no-value", "seed", 'option "seed": want seed=N')
    yield job("flag-with-value", "quiet=1", 'option "quiet=1": want quiet')
    yield job("extension", "isa=-sv99", "isa=-sv99")
    yield job("too-long", "seed=" + "1" * 2100, "command line has")
    yield Boot("options/arguments", ARGS,
               Machine(options="seed=5",
                       arguments=("one", '"two words"', "--", "a=b")), 5,
               (r"^argv\[1\] = <one>$", r"^argv\[2\] = <two words>$",
                r"^argv\[3\] = <-->$", r"^argv\[4\] = <a=b>$"))
    yield Boot("options/no-arguments", ARGS, Machine(options=""), 1,
               (r"^argv\[0\] = <.+>$",))
    yield Boot("options/one-hart", HELLO, Machine(smp=4, options="harts=1"), 0,
               (r"^Vireo: 1 of 4 harts",))
    yield Boot("options/quiet", HELLO, Machine(options="quiet"), 0,
               (r"^Hello",), ("^Vireo:",))


def failure_jobs():
    """Memory fails on demand in images to be put to use: a boot says why it
    cannot go on, an application goes on or says so."""
    for kind in ("page", "table", "slab", "vspace"):
        yield FailureSweep(f"failure/{kind}", Image("hello", "release"), kind,
                           ((0, "^Hello"), (1, "^vireo: cannot boot: .*"
                                               "(no|too little) memory")))
    # Far from the requests of the boot, and fewer than the application's own.
    for kind, at in (("page", 80), ("slab", 60), ("table", 11), ("vspace", 21)):
        yield Boot(f"failure/heapdemo-{kind}", Image("heapdemo", "release"),
                   Machine(options=f"seed=1 fail={kind}:{at}+1"), 1,
                   (r"^heapdemo: out of memory$",), ("PANIC",))
    some = [word for size in (2, 3, 5, 7, 9, 11)
            for word in ("vmalloc", f"{size}M;")]
    refused = r"^vmalloc: \d+ bytes cannot be had$"
    for kind, at, line in (("page", "22+1", refused), ("slab", "14+1", refused),
                           ("vspace", "7+1", refused), ("page", "22+7", ""),
                           ("slab", "14+5", ""), ("table", "7+2", "")):
        yield Boot(f"failure/shell-{kind}-{at}", Image("shell", "release"),
                   Machine(options=f"seed=1 fail={kind}:{at}", arguments=(
                       "-c", *some, "meminfo;", "map;", "vmallocinfo;",
                       "counters")), 0,
                   (line, r"^free .* in \d+ holes", r"^reports +0$"),
                   ("PANIC",))


def death_jobs():
    for line in (TESTS / "death/expect.tsv").read_text().splitlines():
        if line.startswith("#"):
            continue
        act, status, *patterns = line.split("\t")
        options = "seed=1"
        if act == "panic-on-report":
            options += " panic_on_report"
        if act.startswith("watchdog"):
            options += " watchdog=1"
        absent = ("still alive",)
        if status == "0":
            absent += ("PANIC",)
        elif not act.startswith("overflow-both"):
            absent += ("a panic inside a panic", "do not stop")
        yield Boot(f"death/{act}", DEATH,
                   Machine(options=options, arguments=(act,)), int(status),
                   tuple(patterns), absent)
    acts = [line.split("\t")[0] for line in
            (TESTS / "death/expect.tsv").read_text().splitlines()[1:]]
    yield Boot("death/list-is-complete", DEATH, Machine(), 0,
               (r"^" + r"\n".join(acts) + r"$",))


def early_jobs():
    """Before vmalloc_init(): calls are refused, mistakes of the image panic."""
    yield Tap("early/calls", EARLY, Machine())
    for mistake, line in (
            ("overlap", r"vm_area_add_early: \[0x\w+, 0x\w+\) overlaps"),
            ("unaligned", r"vm_area_add_early: .* is not whole pages"),
            ("above", r"vm_area_add_early: .* is not whole pages"),
            ("below", r"vm_area_add_early: .* is not whole pages"),
            ("too-large", r"vm_area_add_early: .* is not whole pages"),
            ("align", r"vm_area_register_early: alignment 0x3000 is no")):
        yield Boot(f"early/{mistake}", EARLY, Machine(arguments=(mistake,)),
                   134, (r"^PANIC on hart 0: " + line,), ("^1\\.\\.",))
    yield Boot("early/stack", EARLY, Machine(arguments=("stack",)), 134,
               ("^PANIC on hart 0: store page fault at",
                "^sp points there: the stack has overflowed", r" recurse\+"),
               ("^1\\.\\.",))


def image_jobs():
    """Images themselves: what the linker made, and cannot make."""
    yield Command("image/starts-with-code", SUITES,
                  "riscv64-unknown-elf-readelf -lW " + SUITES.elf, 0,
                  (r"LOAD +0x\w+ 0xffffffff80200000 0x0000000080200000",),
                  (r" RWE ",))
    yield Command(
        "image/same-input-same-bytes", HELLO,
        "make -s image APP=hello CONFIG=test && "
        "make -s image APP=hello CONFIG=test BUILD={scratch} && "
        "cmp {scratch}/test/hello/vireo.stripped.elf "
        "build/test/hello/vireo.stripped.elf", 0, seconds=400)
    # What is measured is what is released, with every protection.
    yield Command("image/bench-is-configured-as-release", None,
                  "for name in bench release; do tools/genconfig.py defconfig "
                  "$name {scratch}/$name || exit 1; done; "
                  "cmp {scratch}/bench {scratch}/release", 0)
    # Somebody else is building in this tree: nothing is written meanwhile.
    yield Command("image/one-make-at-a-time", None,
                  "mkdir {scratch}/b; exec 9>{scratch}/b/lock; flock 9; "
                  "timeout 3 make image APP=hello BUILD={scratch}/b; "
                  'echo "status $?"; ls {scratch}/b/default', 0,
                  ("^status 124", "^auto.mk"), ("^obj", "^hello"))
    yield Command("image/without-main", None,
                  "make image APP=tests/apps/nomain CONFIG=test",
                  patterns=(r"^vireo: .*nomain.* has no main\(\)",))
    yield Command("image/stack-too-small", None,
                  "make image APP=tests/apps/nostack CONFIG=test",
                  patterns=(r"APP_STACK_KB must be 16 to 65536",))
    yield Command("image/time-to-boot", Image("hello", "release"),
                  "make -s bench-boot RUNS=1", 0,
                  (r"^boot/wall_payload +milliseconds", r"^boot/wall +mill",
                   r"^boot/processor_above_payload +milliseconds"))
    yield Command("image/too-big-for-ram", None,
                  "make run APP=tests/apps/huge CONFIG=test MEM=16M SMP=1",
                  patterns=(r"^vireo: .*huge.* does not fit into MEM=16M: "
                            r"it needs MEM=\d+M",),
                  absent=("overlap", "PANIC"))
    yield Command("image/exit-status", None,
                  'tools/run.sh APP=tests/apps/args CONFIG=test SMP=1 '
                  'ARGS="quiet -- a b"', 3, (r"argv\[2\] = <b>",))
    yield Command("image/names-of-the-kernel", None,
                  "tools/run.sh APP=tests/apps/names CONFIG=test SMP=1", 7,
                  (r"^up: report, panic is 1",))
    yield Command("image/input-at-its-end", None,
                  "make run APP=hello CONFIG=test SMP=1", 0, (r"^Hello",))


# One boot each: a session on the console, or what the program says of itself.
LUA = r"""
run() {{ make -s run APP=lua CONFIG=test SMP=2 MEM=128M "$@"; }}
printf '%s\n' 'function twice(f) return function(x) return f(f(x)) end end' \
	'twice(function(x) return x * 7 end)(2)' \
	'("%5.2f|%q"):format(math.pi, "a\n")' 'utf8.len("\u{{e4}}\u{{20ac}}")' \
	'string.pack("<i4", 258):byte(1, 4)' 'error("mine")' \
	'string.rep("x", 1 << 30)' \
	'io.open("/tmp/x", "w"):write("one\ntwo\n"):close()' \
	'for line in io.lines("/tmp/x") do print("<" .. line .. ">") end' \
	'os.rename("/tmp/x", "/tmp/y")' 'io.open("/tmp/x")' \
	'io.open("/tmp/y"):seek("end")' 'os.remove(os.tmpname())' \
	'local t = setmetatable({{}}, {{__gc = function() print("collected") end}})' \
	'collectgarbage()' 'require "nosuch"' \
	'local function f(n) return n + f(n + 1) end f(1)' \
	'coroutine.wrap(function() coroutine.yield(os.exit(7)) end)()' |
	run ARGS=stdin=tty
"""
MUJS = r"""
printf '%s\n' 'function f(n) {{ return n < 2 ? n : f(n - 1) + f(n - 2); }}' \
	'f(15)' '"a-b".replace(/(.)-(.)/, "$2+$1")' 'JSON.stringify({{a: [1, 0.5]}})' \
	'null.x' 'function g() {{ return g() + 1; }} g()' 'quit(4)' |
	make -s run APP=mujs CONFIG=test SMP=2 MEM=64M ARGS=stdin=tty
"""


# An app outside of the tree, made from a package under a name of its own, with a
# patch and a file that a script makes; then what is wrong with another.
OUTSIDE = r"""
mkdir {scratch}/outside {scratch}/wrong && cd {scratch}/outside
sed -n 's/^zlib\t/mine\t/p' "$OLDPWD/tools/deps.lock" >deps.lock
cat >app.mk <<'END'
APP_SOURCE := mine
APP_PATCHES := version.patch
APP_PREPARE := make-words.sh
APP_SRCS := main.c mine/crc32.c mine/zutil.c mine/words.c
APP_CFLAGS = -isystem $(APP_TREE)/mine
END
cat >version.patch <<'END'
--- a/mine/zlib.h
+++ b/mine/zlib.h
@@ -40 +40 @@
-#define ZLIB_VERSION "1.2.13"
+#define ZLIB_VERSION "patched"
END
echo "echo 'const char words[] = \"made here\";' >mine/words.c" >make-words.sh
cat >main.c <<'END'
#include <stdio.h>
#include <zlib.h>
extern const char words[];
int main(void)
{{
	printf("%s, %s, %lx\n", zlibVersion(), words,
	       crc32(0, (const void *)"123456789", 9));
	return 3;
}}
END
cp -r . ../wrong && cd - && tree() {{ make -s image CONFIG=test "$@"; }}
tools/run.sh APP={scratch}/outside CONFIG=test SMP=1
echo "status $?"
for config in test release; do
	tree APP={scratch}/outside CONFIG=$config
done
ls -d build/objects/*/mine | wc -l
sed -i s/1.2.13/1.2.12/ {scratch}/wrong/version.patch && tree APP={scratch}/wrong
sed -i 1iexit\ 3 {scratch}/wrong/make-words.sh
sed -i s/1.2.12/1.2.13/ {scratch}/wrong/version.patch && tree APP={scratch}/wrong
sed -i s/version.patch/no.patch/ {scratch}/wrong/app.mk && tree APP={scratch}/wrong
rm {scratch}/wrong/deps.lock && tree APP={scratch}/wrong
sed -i 's/ = / := /' {scratch}/wrong/app.mk && tree APP={scratch}/wrong
rm -rf build/third-party/apps/mine-* build/objects/*/mine build/*/outside
"""
SQLITE = r"""
printf '%s\n' '.open /tmp/x.db' 'PRAGMA journal_mode = wal;' \
	'CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT);' \
	'WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n' \
	'WHERE i < 5000) INSERT INTO t SELECT i, hex(i * i) FROM n;' \
	'.output /tmp/x.sql' '.dump t' '.output' '.open /tmp/y.db' '.read /tmp/x.sql' \
	"ATTACH '/tmp/x.db' AS x;" \
	'SELECT count(*), sum(length(t.b)), sqrt(max(a)) FROM t JOIN x.t AS u USING (a, b);' \
	"SELECT load_extension('x');" 'PRAGMA x.integrity_check;' \
	"SELECT name FROM fsdir('/tmp') WHERE name GLOB '*.db*' ORDER BY 1;" \
	'.shell ls' '.exit 5' |
	make -s run APP=sqlite CONFIG=test SMP=2 MEM=64M ARGS=stdin=tty
"""
# The commands of the document, in a folder that is not the neighbour's.
PORTING = r"""
awk '/^```sh$/ {{ on = 1; next }} /^```$/ {{ on = 0 }} on' docs/porting.md |
	sed 's|\.\./figlet|{scratch}/figlet|g; s|build/default|build/test|g' \
	>{scratch}/commands
bash -e {scratch}/commands
rm -rf build/test/figlet
"""


def server_jobs():
    """The servers as programs of this machine, under ASan and UBSan; what a
    request costs in the image; the page in a browser."""
    for name, script, seconds in (
            ("server/httpd", "tests/httpd/test.py", 300),
            ("server/echo", "tests/httpd/echo.py", 120),
            ("server/page",
             "tools/setup.sh browser && tests/httpd/browser.py", 600)):
        # Jobs run side by side: each builds its own.
        yield Command(name, None,
                      "export HTTPD_OUT={scratch}/out; " + script, 0,
                      (r"^\d+ passed, 0 failed$",), ("^not ok",), seconds)
    yield Command("server/pages", Image("tests/httpd/pages"),
                  "tests/httpd/pages.py", 0,
                  (r"^\d+ areas, every page as it should be$",))
    yield Boot("server/httpd-cost", Image("tests/httpd/cost", "release"),
               Machine(smp=1, icount=True), 0,
               (r"^httpd: \d+ instructions a request, \d+ bytes answered$",))


def program_jobs():
    """Programs from Debian source packages, and how an app says so."""
    yield Command("program/outside", Image("zlib", "release"), OUTSIDE, 0,
                  (r"^patched, made here, cbf43926$", r"^status 3$", r"^1$",
                   r"FAILED", r"^vireo: \S+/wrong/version\.patch does not apply",
                   r"^vireo: \S+/wrong/make-words\.sh failed",
                   r"app\.mk: there is no \S+/wrong/no\.patch",
                   r"app\.mk: APP_SOURCE: neither \S+/wrong/deps\.lock nor "
                   r"tools/deps\.lock has a part named 'mine'",
                   r"app\.mk: a variable that uses APP_TREE is set by ="))
    yield Command("program/lua-console", Image("lua"), LUA, 2,
                  (r"98$", r" 3\.14\|\"a\\$", r'^"$', r"2$",
                   r"2\t1\t0\t0$", r"stdin:1: mine$",
                   r"not enough memory$", r"<one>\n<two>$", r"true$",
                   r"nil\t/tmp/x: No such file or directory\t2$",
                   r"8$", r"true$",
                   r"collected$", r"module 'nosuch' not found",
                   r"stack overflow", r"vireo: exit status 7$"), ("PANIC",), 300)
    yield Boot("program/lua", Image("lua"),
               Machine(arguments=("/usr/share/lua/bench.lua",)), 0,
               (r"^100 rounds: sum 900900, 300 words, first FFF-91:FFF-91, "
                r"293 kinds$",))
    yield Boot("program/mujs", Image("mujs"),
               Machine(arguments=("/usr/share/mujs/primes.js",)), 0,
               (r"^primes: 791 groups, 11 of <1><2><3><7>: \[1237,1327,1723\]$",))
    yield Boot("program/zlib", Image("zlib"), Machine(), 0,
               (r"^zlib version 1\.2\.13", r"^uncompress\(\): hello, hello!",
                r"^gzgets\(\) after gzseek:  hello!",
                r"^inflate with dictionary: hello, hello!",
                r"^minigzip: \d+ bytes as \d+, 20000 of 20000 lines came back$"))
    # What is typed is echoed when it comes, so anywhere in a line of output.
    yield Command("program/sqlite-console", Image("sqlite"), SQLITE, 2,
                  (r"wal$", r"5000\|\d+\|70\.71",
                   r"not authorized|no such function: load_extension",
                   r"ok$", r"/tmp/x\.db$", r"/tmp/x\.db-wal$",
                   r"/tmp/y\.db$", r"vireo: exit status 5$"), ("PANIC",), 300)
    for smp, options in ((1, ("-n", "3000", "-t", "4")),
                         (4, ("-n", "3000", "-t", "4")),
                         (2, ("-n", "500", "-j", "delete"))):
        yield Boot(f"program/sqlite_bench-{smp}", Image("sqlite_bench"),
                   Machine(smp=smp, arguments=options), 0,
                   (r"^insert +\d+ ", r"^query by key ", r"^threads ",
                    r"^every result was right$"), ("PANIC",), 60)
    yield Boot("program/sqlite_bench-usage", Image("sqlite_bench"),
               Machine(arguments=("-n", "0")), 2, (r"^usage: sqlite_bench",))
    yield Boot("program/sqlite_bench-nowhere", Image("sqlite_bench"),
               Machine(arguments=("/no/where",)), 1,
               (r"^sqlite_bench: /no/where: unable to open database file",))
    yield Command("program/porting", Image("zlib"), PORTING, 0,
                  (r"implicit declaration of function .getopt",
                   r"^\|___/_/_/   \\___/\\____/", r"^  \\_/", r"^\| ' \\/ _",
                   r"nosuch: Unable to open font file", r"^status 1$"),
                  ("PANIC",), 300, {"CONFIG": "test"})
    yield Command("program/mujs-console", Image("mujs"), MUJS, 2,
                  (r"> 610$", r'"b\+a"$', r"a\S+:\[1,0\.5\]", r"^TypeError",
                   r"^stack overflow", r"vireo: exit status 4$"), ("PANIC",), 300)
    for seed, matrix in ((1, "258a"), (2, "0539")):
        yield Boot(f"program/coremark-{seed}", Image("coremark"),
                   Machine(smp=1, icount=True, arguments=("20", str(seed))), 0,
                   (r"^list +crc \w{4} +\d+ instructions an iteration",
                    rf"^matrix +crc {matrix} ", r"^20 iterations .* score \d"))
    yield Boot("program/coremark-usage", Image("coremark"),
               Machine(arguments=("20", "3")), 2, (r"^usage: coremark",))


# The app outside the tree; what make has built of another folder of its name goes.
FILES_OUTSIDE = """
rm -rf build/test/%(name)s && cp -a tests/apps/files {scratch}/%(name)s &&
(cd {scratch}/%(name)s && %(change)s) &&
make -s %(goal)s APP={scratch}/%(name)s CONFIG=test SMP=1
"""


def outside(name, change, status, patterns, goal="image"):
    script = FILES_OUTSIDE % {"name": f"files-{name}", "change": change, "goal": goal}
    return Command(f"files/{name}", FILES, script, status, patterns,
                   ("Traceback",))


def files_jobs():
    """APP_FILES and initial RAM disks."""
    packed = (r"^100755 20 /bin/tool: #!/bin/sh$", r"^100\d+ 24 /data\.txt: data",
              r"^120777 \d+ /etc/issue -> motd$",
              r"^100\d+ 23 /etc/motd: Packed into the image\.$",
              r"^100\d+ 24 /usr/share/files/data: data", r"^041777 0 /tmp$",
              r"^end 0$")
    yield Boot("files/packed", FILES, Machine(smp=1), 0, packed, ("error",))
    yield outside("outside-the-tree", "echo new >root/etc/motd", 0,
                  (r"^100\d+ 4 /etc/motd: new$", "^end 0$"), "run")
    yield outside("missing", "rm data.txt", "fails",
                  (r"^vireo: APP_FILES: there is no \S+/data\.txt$",))
    for name, words, line in (
            ("relative", "data.txt=usr/x", r"data\.txt=usr/x: want NAME=/PATH"),
            ("parent", "data.txt=/a/../b", r"want NAME=/PATH, with no \. and"),
            ("no-file-name", "data.txt=/a/", "want the name of the file"),
            ("twice", "root data.txt=/etc/motd",
             r"/etc/motd comes from both \S+/etc/motd and \S+/data.txt"),
            ("below-a-file", "data.txt root=/data.txt/x",
             r"/data\.txt is no folder, and"),
            ("device", "null=/null", r"null is neither file, folder nor")):
        change = f"echo 'APP_FILES := {words}' >app.mk"
        if name == "device":
            change += " && mkfifo null"
        yield outside(name, change, "fails",
                      (r"^vireo: APP_FILES: .*" + line,))
    # Times, owners and the order of names in the folder make no difference.
    yield Command("files/same-bytes", None,
                  "pack() {{ tools/pack_files.py $1 {scratch}/$2 root; }}; "
                  "cp -r tests/apps/files {scratch}/a && pack {scratch}/a 1 && "
                  "mv {scratch}/a/root/etc/motd {scratch} && "
                  "touch -d 2001-01-01 {scratch}/motd {scratch}/a/root && "
                  "mv {scratch}/motd {scratch}/a/root/etc && "
                  "pack {scratch}/a 2 && cmp {scratch}/1 {scratch}/2 && "
                  "grep -aoE '(bin|etc)/[a-z]*' {scratch}/1", 0,
                  (r"^bin/tool\nbin/sh\netc/issue\netc/motd$",))
    yield from initrd_jobs()


# Its 3 MiB are nobody's memory before the first path, and everybody's after it.
COMES_BACK = """
python3 -c "import sys; sys.path.append('tests'); import archives
archives.initrd(archives.SOUND)('{scratch}')"
make -s run APP=shell CONFIG=test SMP=2 MEM=64M INITRD={scratch}/initrd \\
	ARGS='-- -c "meminfo; ls /srv/data; meminfo"' | tee {scratch}/out
awk '/^MemTotal/ {{ total[n++] = $2 }}
	END {{ print "more by", total[1] - total[0] }}' {scratch}/out
"""


def initrd_jobs():
    sound = archives.initrd(archives.SOUND)
    yield Boot("initrd/replaces-and-adds", FILES, Machine(initrd=sound), 0,
               (r"^100755 20 /bin/tool",
                r"^100600 17 /etc/motd: From the initrd\.$",
                r"^100644 17 /etc/issue: no link any",
                r"^100644 3145732 /srv/data/big: big$", "^end 0$"), ("error",))
    yield Command("initrd/memory-comes-back", Image("shell"), COMES_BACK, 0,
                  (r"^big$", r"^more by 30(7[2-9]|8\d)$"), ("PANIC",))
    for name, (contents, line, good) in archives.HOSTILE.items():
        yield Boot(f"initrd/{name}", FILES,
                   Machine(smp=1, initrd=archives.initrd(contents)), 0,
                   (rf"initrd: .*{line}", r"^100\d+ 23 /etc/motd: Packed",
                    *([r"^100644 5 /good: good$"] if good else ()), "^end 0$"),
                   ("PANIC", "passwd", *(() if good else ("/good",))))
    # From the middle of the large file on; the app's own requests fail too.
    yield Boot("initrd/more-than-memory", FILES,
               Machine(smp=1, initrd=sound, options="seed=1 fail=page:400+1"),
               1, (r"initrd: /srv/data/big cannot be made \(error \d+: out of "
                   r"memory", "^end"),
               ("PANIC", "/data/big: "))


def shell_jobs():
    """The shell's commands for files, in one boot."""
    session = ("mkdir /d; echo hello world > /d/a; echo more >>/d/a; cat /d/a; "
               "cp /d/a /d/b; mv /d/b /d/c; ln -s a /d/l; ls -l /d; ls /d; "
               "hexdump /d/c 18; cd /d; pwd; cat l; rm a c l /d; ls /d; "
               "cat /proc/meminfo; hexdump /dev/zero 4; df; cat /nothing; "
               "echo lost > /dev/full; ls /dev/null")
    yield Boot("shell/files", Image("shell"),
               Machine(arguments=("-c", f'"{session}"')), 0,
               (r"^hello world\nmore$", r"^-rw-r--r-- +1 +17  .*  a$",
                r"^-rw-r--r-- +1 +17  .*  c$", r"^lrwxrwxrwx .*  l -> a$",
                r"^a\nc\nl$", r"68 65 6c 6c 6f 20 77 6f .*\|hello world\.more",
                r"^/d$", r"^hello world$", r"^/d: No such file or directory$",
                r"^MemTotal: +\d+ kB$", r"00 00 00 00 ", r"^ +KiB +used +free$",
                r"^/nothing: No such file or directory$",
                r"^/dev/full: No space left on device$", r"^/dev/null$"))


def thread_jobs():
    """What the shell shows of threads, timers and locks."""
    yield Boot("shell/threads", Image("shell"),
               Machine(arguments=("-c", '"threads; top 50; timers; locks"')), 0,
               (r"^  id name +state +hart +prio", r"^ +1 shell +running +\d",
                r"^ +\d+ idle +", r"^ +\d+ calls +waiting +1 +3 ",
                r"^\d+ threads on 2 harts, \d+ ms$", r"^ +id name .* CPU %$",
                r"^hart +timers +next in ms", r"^ +0 +\d+ ",
                r"^kind +rank or name +waits$"))
    yield Boot("shell/top-of-nonsense", Image("shell"),
               Machine(arguments=("-c", '"top 0"')), 2,
               (r"^top: 1 to 60000 ms$",))
    # A hart that runs threads ticks; when all idle nobody does.
    yield Boot("watchdog/off", HELLO, Machine(options="watchdog=0"), 0,
               (r"^Hello",), ("^watchdog",))


def mutant_jobs():
    """Does the runner of tests/mutants work? `make mutants` is the whole."""
    sample = "|".join(("1.21/vmalloc-of-zero$", "1.21/vfree-of-vmap-area",
                       "1.6/never-executable", "1.9/find-needs-the-start",
                       "1.22/vread-in-an-interrupt"))
    yield Command("mutants/sample", SUITES,
                  f"tests/mutate.py -j 1 '{sample}'", 0,
                  (r"^5 mutants: 5 caught, 0 survived, 0 invalid",),
                  seconds=300)
    yield Command("mutants/all-fit-the-tree", None, "tests/mutate.py --stale",
                  0, (r"^\d{3,} breaks, 0 stale",))
    yield Command("mutants/stale", None,
                  "tests/mutate.py --stale --tables tests/mutants/verdicts",
                  "fails", (r"^stale verdict/is-stale: .* 0 times",
                            r"^stale verdict/has-no-test: .*no_such_suite"))
    yield Command("mutants/verdicts", SUITES,
                  "tests/mutate.py -j 1 --tables tests/mutants/verdicts",
                  "fails", (r"^SURVIVED verdict/survives",
                            r"^INVALID  verdict/is-stale .* 0 times",
                            r"^INVALID  verdict/is-ambiguous .* \d+ times",
                            r"^INVALID  verdict/does-not-build .* build",
                            r"^INVALID  verdict/has-no-test .*no_such_suite",
                            r"^5 mutants: 0 caught, 1 survived, 4 invalid"),
                  seconds=300)
# Both figures of `make profile` agree but for the empty loop; what it writes
# adds up to its sum, and the picture is well-formed.
EXACT = """
make -s profile CONFIG=release MEM=64M BUILD=build APP=bench \\
	ARGS="-- vmalloc_vfree/1 --loops 512" >{scratch}/out || exit 1
cat {scratch}/out
awk '/the loop included/ {{ loop = $2 - $NF; exit !(loop > 0 && loop < 5) }}
	END {{ if (loop == 0) exit 1 }}' {scratch}/out || exit 2
cd build/profile/bench
awk '{{ sum += $NF }} END {{ print "per pair", sum / 512 }}' stacks.folded
python3 -c 'import xml.dom.minidom as x; x.parse("flame.svg")' || exit 3
"""


def profile_jobs():
    yield Command("profile/exact", Image("bench", "release"), EXACT, 0,
                  (r"^vmalloc_vfree/1: (\d+)\.\d+ instructions",
                   r" 1\.00  vfree$", r" 1\.00  vmalloc$",
                   r"^per pair \d+"))
    yield Command("profile/of-a-row-that-is-not", Image("bench", "release"),
                  "make -s profile CONFIG=release APP=bench ARGS='-- nothing'",
                  "fails", (r"no row matches",))
    yield Command("profile/of-no-row", Image("bench", "release"),
                  "make -s profile CONFIG=release APP=bench", "fails",
                  (r"name a row",))
    yield Boot("profile/bench", Image("bench", "release"),
               Machine(smp=1, icount=True, arguments=(
                   "vmalloc_vfree/1", "--profile", "--loops", "5000")), 0,
               (r"^== vmalloc_vfree/1", r";body_vmalloc;vfree \d+$",
                r";vfree;\[interrupts off\] \d+$", r"^Functions:",
                r"^ +\d+ .*% +vfree$", r"^\d+ samples: 0 of idle",
                r"came late, when interrupts went on"))
    yield Boot("profile/shell", Image("shell", "release"),
               Machine(icount=True, smp=1, arguments=(
                   "-c", "profile", "5", "map;", "profile;",
                   "profile", "5", "profile", "map;", "profile", "9", ";",
                   "profile", "nosuch")), 127,
               (r"^free .* in \d holes", r";show_map.* \d+$",
                r"^ +\d+ .*% ", r"^usage: profile",
                r"^profile: a profile is being taken already",
                r"^profile: of which command",
                r"nosuch: no such command"))


def variable_jobs():
    for name, settings, line in (
            ("app", "APP=no/such", "APP=no/such: neither apps/no/such nor"),
            ("config", "APP=hello CONFIG=no", "CONFIG=no: there is no config"),
            ("smp", "APP=hello SMP=0", "SMP=0: must be"),
            ("smp-many", "APP=hello SMP=129", "SMP=129: must be"),
            ("build", "APP=hello BUILD=/proc/x",
             "BUILD=/proc/x: the folder /proc/x cannot be written"),
            ("mem", "APP=hello MEM=much", "MEM=much: must be"),
            ("empty-app", "APP=docs", "docs holds no C file"),
            ("qemu", "APP=hello QEMU=/no/such", "QEMU=/no/such: there is no"),
            ("no-qemu", "APP=hello QEMU=", "QEMU=: there is no"),
            ("app-mk", "APP=tests/apps/badname",
             "app.mk: APP_STACK is nothing that it may set: APP_SRCS"),
            ("initrd", "APP=hello INITRD=/no/such", "INITRD=/no/such")):
        yield Command(f"variables/{name}", None, "make image " + settings,
                      patterns=(line,))
    yield Command("variables/icount-is-one-hart", None,
                  "make qemu-cmd ICOUNT=1 && make qemu-cmd ICOUNT=1 SMP=3", 0,
                  ("-smp 1 .*-icount", "-smp 3 .*-icount"))
    yield Command("variables/no-bios", None, "make qemu-cmd BIOS=",
                  patterns=("BIOS=: OpenSBI is neither",))
    yield Command("variables/no-expression", None, "make test T='('", 2,
                  (r"^vireo: T=\(: missing \)",), ("Traceback",))
    yield Command("variables/bench-too-little-ram", None, "make bench MEM=3M",
                  patterns=("does not fit into MEM=3M",), absent=("overlap",))


# A copy of the tools in a folder of their own, so that nothing of the real
# build folder is touched; and commands that answer as a poorer machine would.
COPY = "cp -r tools {scratch}/tools && cd {scratch} && mkdir bin deps && "
FAKE = ("printf '#!/bin/sh\\nexit {status}\\n' >bin/{name} && "
        "chmod +x bin/{name} && ")


def fake(name, status=1):
    return FAKE.replace("{name}", name).replace("{status}", str(status))


# A machine without the packages until apt-get has run once; apt-get fails when
# another is at work, and finds the lists locked as often as `busy` has lines.
APT = """
cat >bin/dpkg-query <<'END'
[ -e done ] && shift 2 && printf 'installed %s\\n' "$@"
END
cat >bin/apt-get <<'END'
mkdir working || exit 100
sleep 0.3
if [ -s busy ]; then
    sed -i 1d busy
    echo "E: Could not get lock /var/lib/apt/lists/lock."
    status=100
else
    [ "$4" = update ] || echo installed >>done
fi
rmdir working
exit ${{status:-0}}
END
sed -i "1i #!/bin/bash\\ncd $PWD" bin/*
printf '#!/bin/sh\\necho 0\\n' >bin/id
chmod +x bin/*
export PATH=$PWD/bin:$PATH
"""


def setup_jobs():
    fetch = "PATH=$PWD/bin:$PATH tools/fetch.sh musl"
    tarball = re.search(r"^musl\s+\S+\s+\S+\s+(\S+)",
                        pathlib.Path("tools/deps.lock").read_text(),
                        re.M)[1]
    yield Command("setup/missing-package", None, COPY + fake("dpkg-query", 0) +
                  "PATH=$PWD/bin:$PATH tools/setup.sh build",
                  patterns=(r"missing packages: .*gcc-riscv64-unknown-elf.*"
                            r"VIREO_OFFLINE",),
                  environment={"VIREO_OFFLINE": "1"})
    yield Command("setup/two-at-once", None, COPY + APT +
                  "tools/setup.sh build & tools/setup.sh run && wait $! && "
                  "cat done", 0, (r"\Avireo: installing .*\ninstalled\n\Z",))
    yield Command("setup/apt-is-busy", None, COPY + "yes | head -2 >busy; " +
                  APT + "tools/setup.sh build", 0,
                  (r"\Avireo: installing .*\nvireo: another apt is at work; "
                   r"waiting for it\n\Z",))
    yield Command("setup/unknown-group", None, "tools/setup.sh nonsense",
                  patterns=("no group 'nonsense'",))
    yield Command("setup/wrong-checksum", None, COPY +
                  f"echo corrupted >deps/{tarball} && VIREO_DEPS=deps " +
                  fetch, patterns=(
                      rf"{re.escape(tarball)} has the wrong SHA-256: expected "
                      r"[0-9a-f]{64}, got [0-9a-f]{64}",))
    yield Command("setup/not-in-folder", None, COPY + "VIREO_DEPS=deps " +
                  fetch, patterns=(rf"deps holds no {re.escape(tarball)}",))
    yield Command("setup/offline", None, COPY + "VIREO_OFFLINE=1 " + fetch,
                  patterns=(rf"{re.escape(tarball)} is missing and "
                            "VIREO_OFFLINE is set",))
    yield Command("setup/failed-download", None, COPY + fake("apt-get", 100) +
                  fetch, patterns=(rf"cannot download {re.escape(tarball)}",))
    yield Command("setup/pin-of-no-package", None, COPY + fake("apt-get", 100) +
                  "PATH=$PWD/bin:$PATH tools/fetch.sh -p nosuch",
                  patterns=("cannot download the source package nosuch",))
    yield Command("setup/unknown-part", None, "tools/fetch.sh nonsense",
                  patterns=("no part named 'nonsense'",))


GATE = ("printf '%b' '{budget}' >{{scratch}}/budget && "
        "printf '%b' '{figures}' >{{scratch}}/figures && "
        "tools/bench_gate.py {verb} {{scratch}}/budget {{scratch}}/figures")


def gate(verb, budget, figures):
    """@budget and @figures: rows with spaces where the files have tabs."""
    rows = ["\\n".join(row.replace(" ", "\\t") for row in side) + "\\n"
            for side in (budget, figures)]
    return GATE.format(verb=verb, budget=rows[0], figures=rows[1])


def gate_jobs():
    budget = ("a/1 100", "image/b 10000", "memory_at_main/c 400")
    for name, figures, line in (
            ("instructions", ("a/1 102.01", *budget[1:]),
             r"^a/1 +100 +102\.01 +\+2\.0 % +FAIL"),
            ("image", (budget[0], "image/b 10101", budget[2]),
             r"^image/b .*FAIL"),
            ("memory", (*budget[:2], "memory_at_main/c 405"),
             r"^memory_at_main/c .*FAIL"),
            ("missing", budget[1:], r"^a/1 .*was not measured"),
            ("added", (*budget, "d/1 5"), r"^d/1 .*not in the budget")):
        yield Command(f"gate/{name}", None, gate("compare", budget, figures),
                      1, (line, "^bench-gate: .* 1 failed$"))
    yield Command("gate/within", None, gate(
        "compare", budget, ("a/1 102", "image/b 10100", "memory_at_main/c 404")),
                  0, ("^bench-gate: 3 figures, 0 failed$",), ("FAIL",))
    yield Command("gate/better", None, gate(
        "compare", budget, ("a/1 97", *budget[1:])), 0,
                  ("^a/1 .*better", "^bench-gate: 3 figures, 0 failed$"))
    yield Command("gate/update", None, gate("update", budget, ("d/1 5.5",)) +
                  " && cat {scratch}/budget", 0, (r"^# name\tfigure\nd/1\t5\.50\n\Z",))


# One build, then lists of settings with the row of the least work: two that are
# good, with ICOUNT=1 and on two harts; then what is wrong with the others.
MATRIX = r"""
matrix() {{
	printf "$1" >{scratch}/list; shift
	make -s bench-matrix BUILD={scratch} MATRIX={scratch}/list "$@"
	echo "status $?"
}}
few='seed=2 -- vmap_vunmap/1 --loops 300 --repeats 2'
matrix 'lazy\n# no setting\neager\tvmap.flush=eager\n' ICOUNT=1 ARGS="$few"
cat {scratch}/bench/matrix.csv
matrix 'with\tvmap.flush=svinval\nwithout\tisa=-svinval\n' SMP=2 \
	ARGS="$few --harts 2"
cat {scratch}/bench/matrix.csv
matrix 'a\nb\tvmap.flush=never\n' ARGS="$few"
matrix 'c\tvmap.flash=lazy\n' ARGS="$few"
matrix 'd\tvmap.flush=svinval\n' ARGS="$few" CPU=rv64
matrix 'e\n' ARGS='-- nothing'
matrix 'f\n' ARGS="$few --list"
"""


# Make ends, and so does what the makes below it have started.
TERMINATED = r"""
printf '#!/bin/sh\necho $$ >{scratch}/pid; exec sleep 100\n' >{scratch}/qemu
chmod +x {scratch}/qemu
make bench-matrix QEMU={scratch}/qemu &
until [ -s {scratch}/pid ]; do sleep 0.1; done
kill $!
wait $! || echo "status $?"
for i in {{1..50}}; do kill -0 $(cat {scratch}/pid) || break; sleep 0.1; done
kill -0 $(cat {scratch}/pid) || echo "nothing is left"
"""


def matrix_jobs():
    """`make bench-matrix`: the CSV, and lists and settings that are wrong."""
    figures = r"(\d+(\.\d+)?,){3}"
    yield Command(
        "matrix/runs", Image("bench", "bench"), MATRIX, 0,
        (r"^vmap_vunmap/1 +lazy +\d+ +1\.00 ",
         r"^vmap_vunmap/1 +eager +\d+ +[1-9]\.\d\d +1\.0000 ", r"^status 0$",
         r"^setting,options,name,unit,runs,harts,min,median,max,maps_per_op,"
         r"unmaps_per_op,fences_per_op,remote_fences_per_op,purges_per_op,"
         r"purged_pages_per_op,repaired_faults_per_op,"
         r"tables_reclaimed_per_op,pages_per_purge$",
         rf"^lazy,,vmap_vunmap/1,instructions,2,1,{figures}1\.0,1\.0,",
         r"^eager,vmap\.flush=eager,vmap_vunmap/1,instructions,2,1,"
         rf"{figures}1\.0,1\.0,1\.0,0\.0,1\.0,2\.0,0\.0,0\.0,2\.0$",
         r"^with,vmap\.flush=svinval,vmap_vunmap/1,ns,2,2,",
         r"^without,isa=-svinval,vmap_vunmap/1,ns,2,2,",
         r"^vireo: bench-matrix: setting b \(vmap\.flush=never\): "
         r'option "vmap\.flush=never": want vmap\.flush=eager',
         r"status [^0]", r"setting c \(vmap\.flash=lazy\): unknown option",
         r"status [^0]", r"setting d .*this machine has no Svinval",
         r"status [^0]", r'setting e \(no option\): no row matches "nothing"',
         r"status [^0]", r"setting f .* left no results", r"status [^0]"),
        ("Traceback",))
    # These end before anything is built.
    for name, settings, line in (
            ("twice", r"a\na\tquiet\n",
             r'matrix:2: there is a setting "a" already'),
            ("no-name", r"a\n\tquiet\n", r'matrix:2: "" is no name'),
            ("two-tabs", r"a\tquiet\tquiet\n", r"matrix:1: more than a name"),
            ("with-rows", r"a\tquiet -- vmalloc\n",
             r"matrix:1: what stands behind -- goes into ARGS"),
            ("empty", r"# nothing\n", r"matrix has no setting")):
        yield Command(f"matrix/{name}", None,
                      f"printf '{settings}' >{{scratch}}/matrix && "
                      "tools/bench_matrix.py --matrix {scratch}/matrix "
                      "--out {scratch}/out", 1, (line,), ("Traceback",))
    yield Command("matrix/terminated", Image("bench", "bench"), TERMINATED, 0,
                  (r"^vireo: bench-matrix: interrupted",
                   r"^status [^0]", r"^nothing is left$"), ("Traceback",))
    yield Command("matrix/no-file", None,
                  "tools/bench_matrix.py --matrix /no/such --out /no/such", 1,
                  (r"MATRIX=/no/such: No such file",), ("Traceback",))


# What `make bench-table` and `make bench-plots` make of figures that are here,
# not measured.
CANNED_TABLE = r"""
cat >{scratch}/table.json <<'END'
{{ "instructions": {{ "vmalloc_vfree/1": 258.5, "vm_map_ram/1": 103,
	"vmalloc_vfree_fragmented/16": 900, "boot/entry_to_main": 100000,
	"curve/vmalloc_vfree/live_10": 258 }},
  "ns_1": {{ "vmalloc_vfree/1": 400, "boot/entry_to_main": 2000000 }},
  "ns_2": {{ "vmalloc_vfree/1": 300.5, "boot/entry_to_main": 3000000 }},
  "ns_4": {{ "vmalloc_vfree/1": 1500, "boot/entry_to_main": 4000000 }} }}
END
tools/bench_table.py write {scratch} && cat {scratch}/table.csv {scratch}/table.md
"""
CANNED_CURVES = r"""
cat >{scratch}/curves.json <<'END'
{{ "instructions": {{ "curve/vmalloc_vfree/pages_16": 470,
	"curve/vmalloc_vfree/pages_1": 258.5, "curve/vmalloc_vfree/pages_2": 353,
	"curve/vm_map_ram/pages_1": 103, "curve/vm_map_ram/pages_2": 147,
	"curve/vmalloc_vfree/live_0": 258, "curve/vmalloc_vfree/live_10": 258,
	"curve/vread/live_10": 1600, "curve/vmalloc_vfree/singles_0": 2000,
	"curve/vmalloc_vfree/singles_100": 44000,
	"curve/vm_map_ram/harts_1": 103, "curve/vm_map_ram/harts_2": 104 }},
  "ns": {{ "curve/vm_map_ram/harts_1": 300, "curve/vm_map_ram/harts_2": 200 }} }}
END
tools/bench_plots.py data {scratch} || exit 1
"""
DRAWN = """
command -v gnuplot >/dev/null || {{ echo "no gnuplot, no pictures"; exit 0; }}
tools/bench_plots.py draw {scratch} || exit 1
for axis in harts live pages singles; do
	python3 -c "import xml.dom.minidom as x; x.parse('{scratch}/$axis.svg')" &&
		grep -q "rect\\|polyline\\|path" {scratch}/$axis.svg &&
		head -c 4 {scratch}/$axis.png | grep -q PNG || exit 2
done
"""


def figures_jobs():
    yield Command(
        "table/writes", None, CANNED_TABLE, 0,
        (r"^row +Linux +target +instructions +ratio +met +ns, 1 hart +",
         r"^vmalloc_vfree/1 +3,386 +300 +258 +13\.1x +met +400 +300 +1,500$",
         r"^vmalloc_vfree_fragmented/16 +- +960 +900 +- +met +- +- +-$",
         r"^vm_map_ram/1 +1,001 +100 +103 +9\.7x +no ",
         r"^boot/entry_to_main .* 2,000,000 +- +-$", r"^3 of 4 targets met$",
         r"^row,linux,target,instructions,ratio,met,ns_1_harts,ns_2_harts,"
         r"ns_4_harts$",
         r"^vmalloc_vfree/1,3386,300,258\.5,13\.1,yes,400,300\.5,1500$",
         r"^vmalloc_vfree_fragmented/16,,960,900,,yes,,,$",
         r"^\| row \| Linux \| target \| instructions \|",
         r"^\| `vm_map_ram/1` \| 1,001 \| 100 \| 103 \| 9\.7x \| no \|",
         r"^3 of 4 targets met$"), ("curve/",))
    yield Command("table/nothing-measured", None,
                  "tools/bench_table.py write {scratch}", 1,
                  (r"^vireo: bench-table: .*table\.json: No such file",),
                  ("Traceback",))
    yield Command(
        "plots/data", None, CANNED_CURVES + "head {scratch}/*.csv", 0,
        (r"^harts,vm_map_ram,vm_map_ram ns,Linux vm_map_ram$",
         r"^1,103,300,1001$", r"^2,104,200,$",
         r"^live,vmalloc_vfree,vread,Linux vmalloc_vfree$", r"^0,258,,3386$",
         r"^10,258,1600,$",
         r"^pages,vmalloc_vfree,vm_map_ram,Linux vmalloc_vfree,"
         r"Linux vm_map_ram$",
         r"^1,258\.5,103,3386,1001$", r"^2,353,147,,$", r"^16,470,,10240,$",
         r"^singles,vmalloc_vfree,Linux vmalloc_vfree$", r"^0,2000,123004$",
         r"^100,44000,$"))
    yield Command("plots/draw", None, CANNED_CURVES + DRAWN, 0, (),
                  ("Traceback", "warning"))
    yield Command("plots/nothing-measured", None,
                  "tools/bench_plots.py data {scratch}", 1,
                  (r"^vireo: bench-plots: .*curves\.json: No such file",),
                  ("Traceback",))
    yield Command("plots/no-gnuplot", None, CANNED_CURVES +
                  "PATH=/no/such tools/bench_plots.py draw {scratch}", 1,
                  (r"^vireo: bench-plots: gnuplot: No such file",),
                  ("Traceback",))
    yield Command("plots/what-cannot-be-drawn", None,
                  "echo pages,a >{scratch}/pages.csv && "
                  "tools/bench_plots.py draw {scratch}", 1, (),
                  ("Traceback",))


def host_jobs():
    flags = ("-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Werror",
             "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
             "-fno-omit-frame-pointer", "-Itests/host/include", "-Iinclude",
             "-I.", "-include", "tests/host/include/autoconf.h",
             "-isystem", LIBFDT)
    for path in sorted((TESTS / "host").glob("test_*.c")):
        text = path.read_text()
        under_test = re.search(r"^ \* Sources: ((?:.|\n \*)*?)\n \*/", text,
                               re.M)[1].replace("\n *", " ")
        under_test = under_test.replace("LIBFDT", LIBFDT).split()
        yield Host(f"host/{path.stem[len('test_'):]}", None,
                   (str(path), "tests/host/tap.c", *under_test), flags,
                   len(CLAIM.findall(text)))


def net_host_jobs():
    """lwIP, its patches and its memory on this machine; its own tests too."""
    for path in sorted((TESTS / "host/net").glob("test_*.c")):
        yield Made(f"net/{path.stem[len('test_'):]}", None,
                   f"build/net-host/{path.stem}",
                   len(CLAIM.findall(path.read_text())))
    yield Command("net/lwip-unit", None,
                  "flock build/made.lock make -s build/net-host/unit/run && "
                  "build/net-host/unit/run", 0,
                  (r"^100%: Checks: 102, Failures: 0, Errors: 0$",), seconds=600)


def model_jobs():
    """Random calls against the model: in images a million in all, more on the
    simulated machine, and what libFuzzer thinks of in 20 seconds."""
    claims = len(CLAIM.findall((TESTS / "model/test_model.c").read_text()))
    every = "rv64,svpbmt=true,svnapot=true,svinval=true"
    for seed, name, image, cpu, options in (
            (1, "checked", MODEL, "rv64", ""),
            (2, "release", MODEL_RELEASED, "rv64", ""),
            (3, "isa", MODEL_RELEASED, every, "vmap.flush=svinval"),
            (4, "eager", MODEL, every, "vmap.flush=eager"),
            (5, "tiny-lazy-limit", MODEL_RELEASED, "rv64", "vmap.lazy_max=1"),
            (6, "huge-off", MODEL_RELEASED, "rv64", "vmap.huge=off")):
        yield Tap(f"model/{name}", image, Machine(
            smp=1, cpu=cpu, options=f"seed={seed} {options}",
            arguments=("model/", f"model.seed={seed}", "model.steps=85000")),
                  claims, 180)
    for variant in ("plain", "checked"):
        runs = ("model.seed=1 model.steps=60000",
                "model.seed=2 model.steps=30000 vmap.flush=ipi",
                "model.seed=3 model.steps=30000 vmap.flush=rfence",
                "model.seed=4 model.steps=30000 vmap.lazy_max=6000",
                "model.seed=5 model.steps=30000 vmap.huge=off",
                "model.seed=6 model.steps=30000 isa=7 vmap.flush=svinval",
                "model.seed=7 model.steps=2000 model.check=1")
        yield Model(f"host/model-{variant}", None, variant, runs, claims)
    for target in ("fuzz", "fuzz-ring"):
        yield Command(f"host/{target}", None, f"make -s {target} SECONDS=20", 0,
                      (r"^Done \d+ runs",))


def everything():
    for jobs in (host_jobs, net_host_jobs, model_jobs, suite_jobs, stress_jobs,
                 extension_jobs, memory_jobs, tree_jobs, input_jobs,
                 virtio_jobs, liar_jobs, console_jobs, command_line_jobs, failure_jobs,
                 death_jobs, early_jobs, image_jobs, files_jobs, shell_jobs,
                 thread_jobs, variable_jobs, setup_jobs, gate_jobs,
                 matrix_jobs, figures_jobs, mutant_jobs, profile_jobs,
                 program_jobs, server_jobs, net_jobs,
                 net_server_jobs):
        yield from jobs()


def expression(text):
    """T of `make test` as a regular expression."""
    try:
        return re.compile(text)
    except re.error as error:
        raise SystemExit(f"vireo: T={text}: {error}") from None


def select(pattern):
    """Jobs whose name has @pattern in it. When it names tests of a suite, that
    suite runs only them."""
    chosen = [job for job in everything() if re.search(pattern, job.name)]
    if chosen:
        return chosen
    return [Tap(f"{suite}/{claim}", SUITES,
                Machine(arguments=(claim,)), 1)
            for suite, claims in suites().items() for claim in claims
            if re.search(pattern, claim)]
