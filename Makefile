# SPDX-License-Identifier: MIT
#
# Vireo's one Makefile; `make help` lists targets and variables.
#
#   sources (by folder) + Kconfig -> build/<config>/obj -> one image per app
#   musl, libfdt (fetched, checked) -> build/third-party, shared by all

MAKEFLAGS += --no-builtin-rules --no-print-directory
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif
SHELL := /bin/bash
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := image
GOALS := $(or $(MAKECMDGOALS),image)

#### Variables: those with two hashes are in `make help` ####

ifneq ($(filter bench-matrix,$(GOALS)),)
CPU ?= rv64,svpbmt=on,svnapot=on,svinval=on,sstc=on
ARGS ?= -- vmalloc_vfree/1 vmalloc_vfree/16 vmalloc_vfree/512 vmap_vunmap/16 \
	vm_map_ram/16 ioremap_iounmap/1
endif
BENCH_GOALS := bench bench-matrix bench-plots bench-table
ifneq ($(filter $(BENCH_GOALS) profile,$(GOALS)),)
CONFIG ?= bench
APP ?= bench
SMP ?= 1
ifneq ($(filter profile,$(GOALS)),)
ICOUNT ?= 1
endif
else ifneq ($(filter bench-boot,$(GOALS)),)
CONFIG ?= release
APP ?= hello
SMP ?= 1
else ifneq ($(filter test,$(GOALS)),)
CONFIG ?= test
endif

CONFIG ?= default## a name from configs/
APP ?= shell## a folder in apps/, or the path of any folder with C files
ifeq ($(ICOUNT),1)
# One hart at a time then runs, and QEMU 7.2 may let one that waits go on for ever.
SMP ?= 1
endif
SMP ?= 4## QEMU: harts (1 with ICOUNT=1, for make bench and bench-boot)
MEM ?= 512M## QEMU: memory
CPU ?= rv64## QEMU: processor and its options (rv64,svpbmt=on,...)
NET ?= none## QEMU: user | tap | none
PORTS ?=## QEMU: host:guest,... TCP forwards on 127.0.0.1 (NET=user)
DISK ?=## QEMU: a file as virtio disk
INITRD ?=## QEMU: a file as initial RAM disk
ICOUNT ?=## 1: one instruction is one nanosecond, the same in every run
ARGS ?=## kernel command line: key=value ... -- argv of the app
QEMU ?= qemu-system-riscv64## the emulator; newest: the one of Debian's backports, fetched
MATRIX ?= apps/bench/matrix.tsv## make bench-matrix: the settings to compare
T ?=## make test: only tests whose name matches
LOOPS ?= 1## make test: how many times as long the stress tests run
RUNS ?= 20## make bench-boot: rounds
V ?=## 1: show commands
BUILD ?= build## folder for all output but third-party parts

PYTHON ?= /usr/bin/python3
CROSS_COMPILE ?= riscv64-unknown-elf-
CC := $(CROSS_COMPILE)gcc
NM := $(CROSS_COMPILE)nm
OBJCOPY := $(CROSS_COMPILE)objcopy
Q := $(if $(filter 1,$(V)),,@)
quote = '$(subst ','\'',$(1))'

APP_GOALS := image run bench-boot $(BENCH_GOALS) profile debug qemu-cmd size
NEEDS_APP := $(filter $(APP_GOALS) $(BUILD)/%,$(GOALS))
NEEDS_CONFIG := $(NEEDS_APP)$(filter check format,$(GOALS))

NEEDS_FOLDER := $(filter-out help clean distclean,$(GOALS))
problem := $(shell tools/check_vars.sh $(foreach v,CONFIG SMP MEM NET PORTS \
	DISK INITRD ICOUNT LOOPS RUNS $(if $(NEEDS_APP),APP) \
	$(if $(NEEDS_FOLDER),BUILD QEMU),$(call quote,$v=$($v))))
$(if $(problem),$(error vireo: $(problem)))

#### Application ####

APP_DIR := $(if $(wildcard apps/$(APP)/.),apps/$(APP),$(abspath $(APP)))
APP_DIR := $(patsubst $(CURDIR)/%,%,$(APP_DIR))
APP_NAME := $(notdir $(APP_DIR))
ifneq ($(NEEDS_APP),)
-include $(APP_DIR)/app.mk
APP_SRCS ?= $(notdir $(wildcard $(APP_DIR)/*.[cS]))
$(if $(APP_FILES),$(error vireo: $(APP_DIR)/app.mk: APP_FILES: there is no \
	root file system to put files into))
APP_KNOWN := APP_SRCS APP_CFLAGS APP_LDFLAGS APP_STACK_KB APP_CONFIG
APP_UNKNOWN := $(foreach v,$(filter-out APP_GOALS APP_DIR APP_NAME APP_FILES \
	$(APP_KNOWN) APP_KNOWN,$(filter APP_%,$(.VARIABLES))),$(if \
	$(filter file,$(origin $v)),$v))
$(if $(APP_UNKNOWN),$(error vireo: $(APP_DIR)/app.mk: \
	$(firstword $(APP_UNKNOWN)) is nothing that it may set: $(APP_KNOWN)))
endif
IMAGE := $(BUILD)/$(CONFIG)/$(APP_NAME)

#### Configuration: an app with options of its own gets a kernel of its own ####

KERNEL := $(if $(APP_CONFIG),$(IMAGE),$(BUILD)/$(CONFIG))
DOT_CONFIG := $(BUILD)/$(CONFIG)/.config

ifneq ($(NEEDS_CONFIG),)
include $(KERNEL)/auto.mk
endif

$(KERNEL)/auto.mk: $(DOT_CONFIG) Kconfig tools/genconfig.py \
		$(if $(APP_CONFIG),$(APP_DIR)/app.mk)
	@tools/genconfig.py generate $< $(KERNEL) $(APP_CONFIG)

$(DOT_CONFIG): configs/$(CONFIG)_defconfig | build/.have/build
	@tools/genconfig.py defconfig $(CONFIG) $@

#### Third-party parts ####

MUSL := build/third-party/musl-$(shell cat posix/glue/syscall_arch.h \
	posix/syscalls.list tools/musl.sh tools/deps.lock | sha256sum | cut -c1-12)
FDT := build/third-party/src/u-boot/scripts/dtc/libfdt
FDT_FILES := fdt fdt_addresses fdt_empty_tree fdt_overlay fdt_ro fdt_rw \
	fdt_strerror fdt_sw fdt_wip

# One stamp for each group of Debian packages.
build/.have/%: tools/packages.txt tools/setup.sh
	@tools/setup.sh $* && mkdir -p $(@D) && touch $@

$(MUSL)/lib/libc.a: | build/.have/build
	@tools/musl.sh $(CURDIR)/$(MUSL)

$(FDT)/fdt.c: | build/.have/build
	@tools/fetch.sh u-boot scripts/dtc/libfdt

#### Flags ####

OPTIMISE = $(if $(filter y,$(CONFIG_OPT_DEBUG)),-Og,$(if \
	$(filter y,$(CONFIG_OPT_SIZE)),-Os,-O2))
# What runs once, or when something goes wrong, or waits for a device.
SELDOM := boot/% drivers/% $(addprefix core/,cmdline.c console.c isa.c log.c \
	machine.c machine_tree.c panic.c power.c report.c symbol.c tree_node.c) \
	$(addprefix lib/,fdt_walk.c number.c printf.c prologue.c) \
	$(addprefix posix/,process.c start.c terminal.c)
SMALL = $(if $(filter y,$(CONFIG_OPT_SPEED)),-Os)
GCC_INCLUDE = $(eval GCC_INCLUDE := $$(shell $$(CC) \
	-print-file-name=include))$(GCC_INCLUDE)
MACHINE := -march=rv64gc -mabi=lp64d -mcmodel=medany
INCLUDES = -Iinclude -I. -include $(KERNEL)/autoconf.h \
	-isystem $(MUSL)/include -isystem $(FDT)
WARNINGS := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wshadow \
	-Wundef -Wvla
COMMON = $(MACHINE) -std=gnu11 -g $(OPTIMISE) -fno-common -ffunction-sections \
	-fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables \
	-ffile-prefix-map=$(CURDIR)=. -Wa,--debug-prefix-map=$(CURDIR)=. \
	-nostdinc $(INCLUDES) -isystem $(GCC_INCLUDE)
# Empty for tests/mutate.py: a break may leave something unused.
WERROR ?= -Werror
# At -Og gcc does not follow values far enough to know what is initialised.
KERNEL_CFLAGS = $(COMMON) -fno-strict-aliasing \
	-fno-tree-loop-distribute-patterns $(WARNINGS) \
	$(if $(filter y,$(CONFIG_OPT_DEBUG)),-Wno-maybe-uninitialized) \
	-Wframe-larger-than=1024 $(WERROR)
# An application from elsewhere is not held to our warnings.
APP_FLAGS = $(COMMON) -ffile-prefix-map=$(abspath $(APP_DIR))=$(APP_NAME) \
	$(if $(filter y,$(CONFIG_STACK_PROTECTOR)),-fstack-protector-strong) \
	$(if $(filter /%,$(APP_DIR)),-Wall,$(WARNINGS) $(WERROR)) $(APP_CFLAGS)
LINK_FLAGS := $(MACHINE) -nostdlib -static -Wl,--gc-sections \
	-Wl,--build-id=none -Wl,-z,max-page-size=16

#### Kernel objects ####

KERNEL_SRCS := $(sort $(wildcard $(foreach d,boot core lib mm drivers posix,\
	$d/*.[cS] $d/*/*.[cS])))
OBJ := $(KERNEL)/obj
FDT_OBJS := $(FDT_FILES:%=$(OBJ)/libfdt/%.o)
KERNEL_OBJS := $(KERNEL_SRCS:%=$(OBJ)/%.o)
FIRST := $(MUSL)/lib/libc.a $(FDT)/fdt.c

# A file that changes when its text does: what depends on flags or lists of
# files depends on it. $(call when_changed,TEXT)
# $(call portable,FLAGS): what makes no difference to an object is left out, so
# that a copy of the tree may keep its objects.
portable = $(subst $(CURDIR),.,$(filter-out -Werror,$(1)))
when_changed = @mkdir -p $(@D); cmp -s $@ - <<<$(call quote,$(1)) || \
	cat >$@ <<<$(call quote,$(1))

$(OBJ)/flags: FORCE | build/.have/build
	$(call when_changed,$(call portable,$(KERNEL_CFLAGS) $(SMALL): $(SELDOM)))

$(KERNEL_OBJS): $(OBJ)/%.o: % $(OBJ)/flags | $(FIRST)
	@mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(if $(filter $(SELDOM),$<),$(SMALL)) -MMD -MP \
		-c -o $@ $<

$(FDT_OBJS): $(OBJ)/libfdt/%.o: $(OBJ)/flags | $(FIRST)
	@mkdir -p $(@D)
	$(Q)$(CC) $(COMMON) $(SMALL) -w -c -o $@ $(FDT)/$*.c

#### Image ####

APP_OBJS := $(APP_SRCS:%=$(IMAGE)/app/%.o)
OBJS = $(KERNEL_OBJS) $(FDT_OBJS) $(APP_OBJS) $(IMAGE)/app_name.S
SYMS := $(if $(filter y,$(CONFIG_SYMBOLS)),$(IMAGE)/ksyms)

$(IMAGE)/app/flags: FORCE | build/.have/build
	$(call when_changed,$(call portable,$(APP_DIR) $(APP_FLAGS)))

$(APP_OBJS): $(IMAGE)/app/%.o: $(APP_DIR)/% $(IMAGE)/app/flags | $(FIRST)
	@mkdir -p $(@D)
	$(Q)$(CC) $(APP_FLAGS) -MMD -MP -c -o $@ $<

# argv[0]
$(IMAGE)/app_name.S: FORCE | build/.have/build
	$(call when_changed,.data; .globl app_name; app_name: .asciz "$(APP_NAME)")

$(IMAGE)/link-flags: FORCE | build/.have/build
	$(call when_changed,$(MUSL) $(OBJS) $(APP_LDFLAGS) $(APP_STACK_KB))

$(KERNEL)/sv39.ld: sv39.ld include/arch/memmap.h include/arch/asm_offsets.h \
		| build/.have/build
	$(Q)$(CC) -E -P -x assembler-with-cpp -Iinclude -o $@ $<

# $(call link,OUTPUT,FURTHER OBJECTS): with main() missing, say so first.
define link
$(Q)$(CC) $(LINK_FLAGS) -Wl,-T,$(KERNEL)/sv39.ld -Wl,-Map,$(1:.elf=.map) \
	-Wl,--defsym,__app_stack_kb=$(or $(APP_STACK_KB),$(CONFIG_APP_STACK_KB)) \
	-o $(1) $(OBJS) $(2) $(APP_LDFLAGS) -Wl,--start-group \
	$(MUSL)/lib/libc.a -lgcc -Wl,--end-group 2>$(IMAGE)/link.log || { \
	! grep -q "undefined reference to .main'" $(IMAGE)/link.log || \
	echo "vireo: $(APP_DIR) has no main(): an app needs one" >&2; \
	cat $(IMAGE)/link.log >&2; exit 1; }
endef

$(IMAGE)/ksyms.elf: $(OBJS) $(KERNEL)/sv39.ld $(IMAGE)/link-flags
	$(call link,$@)

$(IMAGE)/ksyms.S: $(IMAGE)/ksyms.elf tools/gensyms.py
	$(Q)$(NM) -n $< | tee $(IMAGE)/ksyms.nm | tools/gensyms.py table >$@

# With CONFIG_SYMBOLS linked twice: the names behind all code move no function.
$(IMAGE)/vireo.elf: $(OBJS) $(KERNEL)/sv39.ld $(IMAGE)/link-flags $(SYMS:=.S)
	$(call link,$@,$(SYMS:=.S))
	$(Q)$(NM) -n $@ >$(IMAGE)/vireo.sym
	$(if $(SYMS),$(Q)tools/gensyms.py same $(SYMS).nm $(IMAGE)/vireo.sym)
	$(Q)$(OBJCOPY) --strip-all $@ $(IMAGE)/vireo.stripped.elf
	@echo "vireo: $@ ($$(stat -c %s $(IMAGE)/vireo.stripped.elf) bytes stripped)" >&2

#### The model on this machine (tests/host/machine, docs/testing.md) ####

# mm itself and no other part of the kernel, under ASan and UBSan. checked: every
# check; plain: the short paths, and what libFuzzer drives.
SIM_SRCS := $(filter-out mm/memory_init.c,$(wildcard mm/*.c)) core/lock.c \
	lib/bits.c lib/hole_tree.c lib/human.c lib/number.c \
	lib/printf.c $(filter-out \
	tests/model/image_machine.c,$(wildcard tests/model/*.c)) \
	$(wildcard tests/host/machine/sim_*.c) tests/host/tap.c
SIM_FLAGS := -std=gnu11 -g -O1 -Wall -Wextra -Werror -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all \
	-Itests/host/machine/include -Itests/host/include -Itests/model \
	-Itests/image -Iinclude -I. -include tests/host/machine/include/autoconf.h
SIM_CC_checked := gcc $(SIM_FLAGS) -DMODEL_CHECKS=1
SIM_CC_plain := clang $(SIM_FLAGS) -DMODEL_CHECKS=0
SIM_MM_plain := -fsanitize=fuzzer-no-link

define sim_rules
SIM_OBJS_$(1) := $$(SIM_SRCS:%=$$(BUILD)/sim-$(1)/%.o)

$$(SIM_OBJS_$(1)): $$(BUILD)/sim-$(1)/%.o: % Makefile | build/.have/fuzz
	@mkdir -p $$(@D)
	$$(Q)$$(SIM_CC_$(1)) $$(if $$(filter mm/%,$$<),$$(SIM_MM_$(1))) -MMD -MP \
		-c -o $$@ $$<

$$(BUILD)/sim-$(1)/model: $$(SIM_OBJS_$(1))
	$$(Q)$$(SIM_CC_$(1)) -o $$@ $$^

sim-$(1): $$(BUILD)/sim-$(1)/model

-include $$(SIM_OBJS_$(1):.o=.d)
endef
$(foreach variant,checked plain,$(eval $(call sim_rules,$(variant))))

# main() is libFuzzer's.
$(BUILD)/sim-plain/fuzz: $(filter-out %/tap.c.o,$(SIM_OBJS_plain)) \
		tests/host/tap.c tests/host/machine/fuzz.c
	$(Q)$(SIM_CC_plain) -fsanitize=fuzzer -Dmain=tap_main -o $@ $^

fuzz: $(BUILD)/sim-plain/fuzz ## let libFuzzer choose the calls of the model, for SECONDS
	@mkdir -p $(BUILD)/fuzz/corpus
	$(Q)$(BUILD)/sim-plain/fuzz -max_total_time=$(SECONDS) -max_len=2048 -len_control=0 \
		-timeout=30 -detect_leaks=0 -print_final_stats=1 \
		-artifact_prefix=$(BUILD)/fuzz/ $(BUILD)/fuzz/corpus

#### Running it ####

ifeq ($(QEMU),newest)
NEWEST := $(CURDIR)/build/third-party/newest-qemu
override QEMU := $(NEWEST)/usr/bin/qemu-system-riscv64
export BIOS := $(NEWEST)/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin

build/.have/run: | $(NEWEST)
$(NEWEST): | build/.have/build
	@tools/newest_qemu.sh $@
endif
BIOS ?= $(firstword $(wildcard \
	/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin \
	/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin))
comma := ,
FORWARDS := $(foreach p,$(subst $(comma), ,$(PORTS)),\
	$(comma)hostfwd=tcp:127.0.0.1:$(subst :,-:,$p))
NET_DEVICE := -device virtio-net-device,netdev=net0
NET_user := -netdev user,id=net0$(subst $() $(),,$(FORWARDS)) $(NET_DEVICE)
NET_tap := -netdev tap,id=net0,script=no,downscript=no $(NET_DEVICE)
DISK_FLAGS := -drive file=$(DISK),format=raw,if=none,id=disk0 \
	-device virtio-blk-device,drive=disk0
# A reader of a terminal gets QEMU's monitor (Ctrl-A C, Ctrl-A X); a pipe or a
# file is passed on byte by byte, and its end does not end the image.
KEYS := $(shell [ -t 0 ] && echo y)
SERIAL := $(if $(KEYS),mon:stdio,stdio -monitor none)
# Firmware drops what it finds in the UART when it starts: some NULs go ahead,
# and the image skips those that are left.
STDIN := $(if $(KEYS),<&0,< <(printf '\0\0\0\0'; exec cat))
INPUT := $(if $(KEYS)$(filter stdin=%,$(ARGS)),,$(if $(filter run,\
	$(GOALS)),stdin=pipe))
# The same run every time needs the same random numbers.
SEED := $(if $(filter 1,$(ICOUNT)),$(if $(filter seed=%,$(ARGS)),,seed=1))
COMMAND_LINE := $(strip $(SEED) $(INPUT) $(ARGS))
QEMU_CMD = $(QEMU) -machine virt -cpu $(CPU) -smp $(SMP) -m $(MEM) \
	-bios $(or $(BIOS),$(error vireo: BIOS=: OpenSBI is neither there nor \
	where Debian has it)) -kernel $(IMAGE)/vireo.elf -display none -no-reboot \
	$(if $(filter 1,$(ICOUNT)),-icount shift=0) $(NET_$(NET)) \
	$(if $(DISK),$(DISK_FLAGS)) $(if $(INITRD),-initrd $(INITRD)) \
	$(if $(COMMAND_LINE),-append $(call quote,$(COMMAND_LINE)))
# The harness calls this function for the runs that count.
PROFILE_ROOT := $(if $(filter apps/bench,$(APP_DIR)),--root run_counted)

# Two makes in one tree build one after the other, and run at once.
ifneq ($(LOCKED),)
image: $(IMAGE)/vireo.elf
else
image: ## build the image of APP (the default target)
	+$(Q)exec 9>$(BUILD)/lock && flock 9 && \
		exec $(MAKE) LOCKED=1 CONFIG=$(CONFIG) APP=$(APP) image
endif

run: image build/.have/run ## boot it; Ctrl-A X leaves
	$(Q)tools/check_ram.py $(IMAGE)/vireo.elf $(MEM)
	$(Q)$(QEMU_CMD) -serial $(SERIAL) $(STDIN) & \
		trap "kill $$!" TERM HUP; wait $$! || { status=$$?; \
		echo "vireo: exit status $$status" >&2; exit $$status; }

qemu-cmd: ## print the QEMU command that `make run` uses
	@echo $(call quote,$(strip $(QEMU_CMD) -serial $(SERIAL)))

debug: image build/.have/run build/.have/debug ## the image stopped in gdb-multiarch
	@echo "vireo: the console goes to $(IMAGE)/console.log" >&2
	$(Q)gdb-multiarch -q $(IMAGE)/vireo.elf -x tools/gdb/vireo.py -ex \
		$(call quote,target remote | exec $(QEMU_CMD) -S -gdb stdio \
		-monitor none -serial file:$(IMAGE)/console.log)

size: image ## bytes of the image by folder
	@tools/size.py $(IMAGE)/vireo.map

bench: image build/.have/run ## measure; writes build/bench/results.json and .csv
	$(Q)tools/check_ram.py $(IMAGE)/vireo.elf $(MEM)
	$(Q)tools/bench.py --image $(IMAGE)/vireo.stripped.elf --config $(CONFIG) \
		--out $(BUILD)/bench -- $(QEMU_CMD) -serial stdio -monitor none

$(BUILD)/bench/boot_payload.elf: tools/boot_payload.S | build/.have/build
	@mkdir -p $(@D)
	$(Q)$(CC) $(LINK_FLAGS) -Wl,-N,--no-warn-rwx-segments,-Ttext=0x80200000 -o $@ $<

bench-boot: image $(BUILD)/bench/boot_payload.elf build/.have/run ## wall time to hello's first line; writes build/bench/boot.json
	$(Q)tools/bench_boot.py --payload $(BUILD)/bench/boot_payload.elf \
		--image $(IMAGE)/vireo.stripped.elf --runs $(RUNS) \
		--out $(BUILD)/bench/boot.json -- $(QEMU_CMD) -serial stdio -monitor none

# What the tools around it hand on to `make bench`.
BENCH_MACHINE = CONFIG=$(CONFIG) APP=$(APP) MEM=$(MEM) CPU=$(CPU)

bench-matrix: image build/.have/run ## rows under each setting of MATRIX; writes build/bench/matrix.csv
	$(Q)tools/bench_matrix.py --matrix $(call quote,$(MATRIX)) --out \
		$(BUILD)/bench/matrix.csv --args=$(call quote,$(ARGS)) \
		$(BENCH_MACHINE) SMP=$(SMP) ICOUNT=$(ICOUNT)

bench-plots: image build/.have/run build/.have/plots ## how cost grows, as data and pictures: build/bench/plots
	$(Q)tools/bench_plots.py measure $(BUILD)/bench/plots $(BENCH_MACHINE)
	$(Q)tools/bench_plots.py data $(BUILD)/bench/plots
	$(Q)tools/bench_plots.py draw $(BUILD)/bench/plots

bench-table: image build/.have/run ## instructions beside ns on 1, 2 and 4 harts; writes build/bench/table.csv and .md
	$(Q)tools/bench_table.py measure $(BUILD)/bench --args=$(call \
		quote,$(ARGS)) $(BENCH_MACHINE)
	$(Q)tools/bench_table.py write $(BUILD)/bench

profile: image build/.have/run ## count every instruction by function: build/profile/APP
	$(Q)tools/profile.py --elf $(IMAGE)/vireo.elf --prefix $(CROSS_COMPILE) \
		--out $(BUILD)/profile/$(APP_NAME) $(PROFILE_ROOT) -- \
		$(QEMU_CMD) -serial stdio -monitor none

profile-docs: build/.have/run ## count again what docs/performance.md tells in tables
	+$(Q)PROFILE="$(MAKE) -s profile" BUILD=$(BUILD) tools/cost_tables.py

bench-gate: build/.have/build build/.have/run ## is nothing slower or bigger than apps/bench/budget.tsv? UPDATE=1 rewrites it
	$(Q)tools/bench_gate.py measure $(BUILD)/bench/figures.tsv
	$(Q)tools/bench_gate.py $(if $(filter 1,$(UPDATE)),update,compare) \
		apps/bench/budget.tsv $(BUILD)/bench/figures.tsv

test: build/.have/build build/.have/run build/.have/test ## every test; T=pattern for a part
	$(Q)CONFIG=$(CONFIG) T=$(call quote,$(T)) LOOPS=$(LOOPS) $(PYTHON) tests/run.py

mutants: build/.have/build build/.have/run build/.have/test ## break mm in named ways: does a test fail each time? T=pattern
	$(Q)T=$(call quote,$(T)) $(PYTHON) tests/mutate.py

#### Configuring and checking ####

menuconfig: $(DOT_CONFIG) ## change the options of CONFIG, in build/<config>/.config
	@KCONFIG_CONFIG=$< $(PYTHON) -m menuconfig Kconfig

%_defconfig: | build/.have/build ## set CONFIG=% back to configs/%_defconfig
	@tools/genconfig.py defconfig $* $(BUILD)/$*/.config
	@echo "vireo: $(BUILD)/$*/.config is configs/$@; use it with CONFIG=$*"

CHECK = CHECK_INCLUDES=$(call quote,$(INCLUDES)) GCC_INCLUDE=$(GCC_INCLUDE) \
	SYSCALL_LIST=$(MUSL)/include/syscall_list.h BUILD=$(BUILD) \
	OBJDUMP=$(CROSS_COMPILE)objdump MAKE=$(MAKE) tools/check.sh

check: build/.have/build build/.have/check $(FIRST) ## every static check
	+$(Q)$(CHECK)

format: build/.have/build build/.have/check $(FIRST) ## let the tools reshape the sources
	$(Q)$(CHECK) format

clean: ## remove what was built from this tree
	$(Q)find $(BUILD) -mindepth 1 -maxdepth 1 ! -name third-party ! -name .have \
		-exec rm -rf {} + 2>/dev/null || true

distclean: ## remove the whole build folder, third-party parts too
	$(Q)rm -rf build $(BUILD)

help: ## this list
	@echo "Targets:"
	@sed -nE 's/^([a-z%_-]+):.*## (.*)/  \1\t\2/p' Makefile | expand -t 18
	@echo "Variables (NAME=value behind make):"
	@sed -nE 's/^([A-Z]+) \?= ?(.*)## (.*)/  \1\t\3\t[\2]/p' Makefile | \
		awk -F'\t' '{ printf "%-11s%s %s\n", $$1, $$2, $$3 == "[]" ? "" : $$3 }'

FORCE:

.PHONY: image run qemu-cmd debug size bench bench-boot profile profile-docs test \
	mutants menuconfig check format clean distclean help bench-gate \
	bench-matrix bench-plots bench-table FORCE

-include $(KERNEL_OBJS:.o=.d) $(APP_OBJS:.o=.d)
