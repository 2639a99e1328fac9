# SPDX-License-Identifier: MIT
"""What `make test` runs: every suite, boot and command, by name."""
import functools
import itertools
import os
import pathlib
import re

import trees
from jobs import (Boot, Command, FailureSweep, Host, Image, Machine, Model,
                  Tap, TwiceTheSame)

TESTS = pathlib.Path("tests")
SUITES = Image("tests/image")
RELEASED = Image("tests/image", "release")
ONE_HART = Image("tests/image_one_hart")
DEATH = Image("tests/death")
EARLY = Image("tests/early")
MODEL = Image("tests/model")
MODEL_RELEASED = Image("tests/model", "release")
HELLO = Image("hello")
ARGS = Image("tests/apps/args")

FOLDERS = ("core", "lib", "mm", "posix")
CLAIM = re.compile(r"^\t?(?:TEST|EVERY_KIND|WITH_PAGES|ALONE)\((\w+)", re.M)
# Suites whose subject is more than one hart, or an extension of the ISA.
HARTS = ("core/hart", "core/profile", "core/timer", "mm/aliases",
         "mm/concurrency", "mm/context", "mm/fault_inject", "mm/owner_races",
         "mm/stale_races", "mm/tlb", "mm/vmallocinfo")
EXTENSIONS = ("core/hart", "core/profile", "core/string", "core/timer",
              "mm/aliases", "mm/backing", "mm/ioremap", "mm/pgtable",
              "mm/vm_map_ram", "mm/vmap")
OPTIONAL = ("svpbmt", "svnapot", "svinval", "sstc")
LIBFDT = "build/third-party/src/u-boot/scripts/dtc/libfdt"
# Memory and the numbers of harts it is tried with: every number, and the least
# and the most memory with many.
SIZES = {"6M": (1, 2, 4), "7M": (1, 3), "16M": (1, 2, 8), "127M": (2, 5),
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
    yield tap("harts/1", SUITES, ["core/", "mm/"], Machine(smp=1), 120)
    yield tap("harts/compiled-for-1", ONE_HART, ["core/", "mm/", "lib/"],
              Machine(smp=2), 120)
    yield tap("release", RELEASED, FOLDERS, Machine(), 120)
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
            yield tap(f"memory/{size}-{smp}", SUITES, ["mm/smoke:"], machine)
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
        "build/test/hello/vireo.stripped.elf", 0)
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
    yield Command("image/input-at-its-end", None,
                  "make run APP=hello CONFIG=test SMP=1", 0, (r"^Hello",))


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
               (r"^free .* in 1 holes", r";show_map.* \d+$",
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
    yield Command("host/fuzz", None, "make -s fuzz SECONDS=20", 0,
                  (r"^Done \d+ runs",))


def everything():
    for jobs in (host_jobs, model_jobs, suite_jobs, stress_jobs, extension_jobs,
                 memory_jobs, tree_jobs, command_line_jobs, failure_jobs,
                 death_jobs, early_jobs, image_jobs, variable_jobs, setup_jobs,
                 gate_jobs, matrix_jobs, figures_jobs, mutant_jobs,
                 profile_jobs):
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
