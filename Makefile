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
BENCH_GOALS := bench bench-matrix bench-plots bench-table bench-net
ifneq ($(filter bench-net,$(GOALS)),)
APP ?= netbench
NET ?= tap
endif
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
NET ?= none## QEMU: user | tap (tools/netns.sh) | none
PORTS ?=## QEMU: host:guest,... TCP forwards on 127.0.0.1 (NET=user)
DISK ?=## QEMU: a file as virtio disk
INITRD ?=## QEMU: a file as initial RAM disk
ICOUNT ?=## 1: one instruction is one nanosecond, the same in every run
ARGS ?=## kernel command line: key=value ... -- argv of the app
QEMU ?= qemu-system-riscv64## the emulator; newest: the one of Debian's backports, fetched
MATRIX ?= apps/bench/matrix.tsv## make bench-matrix: the settings to compare
T ?=## make test: only tests whose name matches
LOOPS ?= 1## make test: how many times as long the stress tests run
MINUTES ?= 10## make soak: how long
RUNS ?= 20## make bench-boot: rounds
PEER ?=## make bench-net: the QEMU command of another guest, for ratios
PEER_ADDRESS ?=## make bench-net: where that guest serves, if not where the image does
V ?=## 1: show commands
BUILD ?= build## folder for all output but third-party parts

PYTHON ?= /usr/bin/python3
CROSS_COMPILE ?= riscv64-unknown-elf-
CC := $(CROSS_COMPILE)gcc
NM := $(CROSS_COMPILE)nm
OBJCOPY := $(CROSS_COMPILE)objcopy
Q := $(if $(filter 1,$(V)),,@)
quote = '$(subst ','\'',$(1))'
comma := ,

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
# Known only when app.mk has been read.
APP_TREE = $(error vireo: $(APP_DIR)/app.mk: a variable that uses APP_TREE is \
	set by =, not by :=)
-include $(APP_DIR)/app.mk
APP_SRCS ?= $(notdir $(wildcard $(APP_DIR)/*.[cS]))
APP_KNOWN := APP_SRCS APP_CFLAGS APP_LDFLAGS APP_STACK_KB APP_CONFIG APP_PORTS \
	APP_SOURCE APP_PATCHES APP_PREPARE APP_PACKAGES APP_FILES
APP_UNKNOWN := $(foreach v,$(filter-out APP_GOALS APP_DIR APP_NAME \
	APP_TREE $(APP_KNOWN) APP_KNOWN,$(filter APP_%,$(.VARIABLES))),$(if \
	$(filter file,$(origin $v)),$v))
$(if $(APP_UNKNOWN),$(error vireo: $(APP_DIR)/app.mk: \
	$(firstword $(APP_UNKNOWN)) is nothing that it may set: $(APP_KNOWN)))
APP_TREE :=
ifneq ($(APP_SOURCE),)
APP_SOURCE_ARGS := $(foreach v,DIR SOURCE PATCHES PREPARE PACKAGES,$(call \
	quote,$(strip $(APP_$v))))
APP_TREE := $(shell tools/app_source.sh path $(APP_SOURCE_ARGS))
$(if $(filter !,$(APP_TREE)),$(error vireo: $(APP_DIR)/app.mk: \
	$(wordlist 2,99,$(APP_TREE))))
endif
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

MUSL := build/third-party/musl-$(shell cat posix/glue/{atomic,syscall}_arch.h \
	tools/musl.sh <(grep ^musl tools/deps.lock) | \
	sha256sum | cut -c1-12)
MIMALLOC_SOURCE := posix/malloc mimalloc mimalloc.patch '' ''
MIMALLOC := $(shell tools/app_source.sh path $(MIMALLOC_SOURCE))/mimalloc
LWIP_PATCHES := $(patsubst net/lwip/%,%,$(sort $(wildcard net/lwip/patches/*)))
LWIP_SOURCE := net/lwip lwip '$(LWIP_PATCHES)' '' ''
LWIP := $(shell tools/app_source.sh path $(LWIP_SOURCE))/lwip/src
FDT := build/third-party/src/u-boot/scripts/dtc/libfdt
FDT_FILES := fdt fdt_addresses fdt_empty_tree fdt_overlay fdt_ro fdt_rw \
	fdt_strerror fdt_sw fdt_wip

# One stamp for each group of Debian packages.
build/.have/%: tools/packages.txt tools/setup.sh
	@tools/setup.sh $* && mkdir -p $(@D) && touch $@

$(MUSL)/lib/libc.a: | build/.have/build
	@tools/musl.sh $(CURDIR)/$(MUSL)

$(MIMALLOC)/src/static.c: | build/.have/build
	@tools/app_source.sh get $(MIMALLOC_SOURCE)

$(LWIP)/core/tcp.c: | build/.have/build
	@tools/app_source.sh get $(LWIP_SOURCE)

$(FDT)/fdt.c: | build/.have/build
	@tools/fetch.sh u-boot scripts/dtc/libfdt

ifneq ($(APP_TREE),)
$(APP_TREE): | build/.have/build
	@tools/app_source.sh get $(APP_SOURCE_ARGS)
endif

#### Flags ####

OPTIMISE = $(if $(filter y,$(CONFIG_OPT_DEBUG)),-Og,$(if \
	$(filter y,$(CONFIG_OPT_SIZE)),-Os,-O2))
# What runs once, or when something goes wrong, or waits for a device.
SELDOM := boot/% $(filter-out $(addprefix drivers/virtio/,net_receive.c net_send.c \
	pieces.c ring.c), $(wildcard drivers/*.c drivers/*/*.c)) \
	$(addprefix net/,config.c counters.c services.c show.c) $(addprefix core/,backtrace.c bootchart.c cmdline.c \
	console.c irq.c irq_show.c isa.c log.c machine.c machine_tree.c panic.c \
	power.c realtime.c report.c sched_change.c symbol.c thread.c watchdog.c) \
	$(addprefix lib/,cpio.c number.c printf.c prologue.c) \
	$(addprefix mm/,address.c early.c fault_inject.c kmem_cache.c kthread.c \
	memblock.c memory_init.c vmalloc_init.c vmemmap.c) \
	posix/dev/% posix/glue/tls.c posix/proc/% posix/root/% \
	$(addprefix posix/,console_file.c discipline.c mapping_file.c \
	mapping_fixed.c process.c signal_action.c signal_deliver.c \
	signal_mask.c signal_send.c start.c terminal.c user_memory.c)
SMALL = $(if $(filter y,$(CONFIG_OPT_SPEED)),-Os)
GCC_INCLUDE = $(eval GCC_INCLUDE := $$(shell $$(CC) \
	-print-file-name=include))$(GCC_INCLUDE)
MACHINE := -march=rv64gc -mabi=lp64d -mcmodel=medany
INCLUDES = -Iinclude -I. -include $(KERNEL)/autoconf.h \
	-isystem $(MUSL)/include -isystem $(FDT) -isystem net/lwip \
	-isystem $(LWIP)/include
WARNINGS := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wshadow \
	-Wundef -Wvla
CODE := $(MACHINE) -std=gnu11 -g -fno-common -ffunction-sections \
	-fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables \
	-ffile-prefix-map=$(CURDIR)=. -Wa,--debug-prefix-map=$(CURDIR)=. -nostdinc
COMMON = $(CODE) $(OPTIMISE) $(INCLUDES) -isystem $(GCC_INCLUDE)
# Empty for tests/mutate.py: a break may leave something unused.
WERROR ?= -Werror
# At -Og gcc does not follow values far enough to know what is initialised.
KERNEL_CFLAGS = $(COMMON) -fno-strict-aliasing \
	-fno-tree-loop-distribute-patterns $(WARNINGS) \
	$(if $(filter y,$(CONFIG_OPT_DEBUG)),-Wno-maybe-uninitialized) \
	-Wframe-larger-than=1024 $(WERROR)
CANARY = $(if $(filter y,$(CONFIG_STACK_PROTECTOR)),-fstack-protector-strong)
# An application from elsewhere is not held to our warnings.
APP_FLAGS = $(COMMON) -ffile-prefix-map=$(abspath $(APP_DIR))=$(APP_NAME) \
	$(CANARY) $(if $(filter /%,$(APP_DIR)),-Wall,$(WARNINGS) $(WERROR)) \
	$(APP_CFLAGS)
# Third-party source knows nothing of the kernel and its options, so that one
# object serves every configuration. A function without a prototype that returns
# a pointer loses half of it: a port that forgot a header must not build.
SOURCE_FLAGS = $(CODE) -O2 $(CANARY) -Werror=implicit-function-declaration \
	-isystem $(MUSL)/include -isystem $(GCC_INCLUDE) $(APP_CFLAGS)
LINK_FLAGS := $(MACHINE) -nostdlib -static -Wl,--gc-sections \
	-Wl,--build-id=none -Wl,-z,max-page-size=16

#### Kernel objects ####

KERNEL_SRCS := $(filter-out posix/malloc/%,$(sort $(wildcard $(foreach d,boot \
	core lib mm drivers net posix,$d/*.[cS] $d/*/*.[cS]))))
OBJ := $(KERNEL)/obj
FDT_OBJS := $(FDT_FILES:%=$(OBJ)/libfdt/%.o)
KERNEL_OBJS := $(KERNEL_SRCS:%=$(OBJ)/%.o)
FIRST := $(MUSL)/lib/libc.a $(FDT)/fdt.c $(LWIP)/core/tcp.c

# A file that changes when its text does: what depends on flags or lists of
# files depends on it. $(call when_changed,TEXT)
# $(call portable,FLAGS): what makes no difference to an object is left out, so
# that a copy of the tree may keep its objects.
portable = $(subst $(CURDIR),.,$(filter-out -Werror,$(1)))
when_changed = @mkdir -p $(@D); cmp -s $@ - <<<$(call quote,$(1)) || \
	cat >$@ <<<$(call quote,$(1))

$(OBJ)/flags: FORCE | build/.have/build
	$(call when_changed,$(call portable,$(KERNEL_CFLAGS) $(SMALL): $(SELDOM) \
		$(MIMALLOC) $(LWIP_OBJ)))

$(KERNEL_OBJS): $(OBJ)/%.o: % $(OBJ)/flags | $(FIRST)
	@mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(if $(filter $(SELDOM),$<),$(SMALL)) -MMD -MP \
		-c -o $@ $<

$(FDT_OBJS): $(OBJ)/libfdt/%.o: $(OBJ)/flags | $(FIRST)
	@mkdir -p $(@D)
	$(Q)$(CC) $(COMMON) $(SMALL) -w -c -o $@ $(FDT)/$*.c

# malloc() by CONFIG_MALLOC_*. mimalloc is an archive of one object, so that an
# image without malloc() has none of it, before a C library without a malloc().
$(OBJ)/libmimalloc.a: posix/malloc/mimalloc.c $(wildcard posix/malloc/*.h) \
		$(OBJ)/flags | $(MIMALLOC)/src/static.c $(FIRST)
	$(Q)$(CC) $(COMMON) -O2 -w -DNDEBUG -isystem $(MIMALLOC)/include \
		-isystem $(MIMALLOC)/src -c -o $(OBJ)/mimalloc.o $< \
		2>$@.log || { cat $@.log >&2; exit 1; }
	$(Q)$(CROSS_COMPILE)ar rcs $@ $(OBJ)/mimalloc.o

MALLOC := $(if $(filter y,$(CONFIG_MALLOC_MIMALLOC)),$(OBJ)/libmimalloc.a)
LIBC := $(if $(MALLOC),$(MALLOC) $(MUSL)/lib/libc-no-malloc.a,$(MUSL)/lib/libc.a)

# Its headers are packed: byte by byte they cost a tenth of a request. Frames stand so
# that they are aligned but in large ones, and what cannot do that is emulated below us.
# That words need not be aligned is not enough for gcc: the processor that it tunes for
# has to be one that is quick with them.
# It has many variables of a word: by absolute addresses (the image is in the highest
# 2 GiB) the upper half of one is loaded once for several uses. Its loops mostly run once:
# what is moved out of them is spilled.
# lwIP knows nothing of the kernel's options but whether it checks itself, so two
# archives serve every configuration. Where they stand is named after all that
# makes them what they are.
LWIP_CODE := $(CODE) -O3 -flto -fno-strict-aliasing -mno-strict-align -mtune=thead-c906 \
	-mcmodel=medlow -fno-move-loop-invariants -fno-tree-pre -w \
	-Werror=implicit-function-declaration $(if $(filter \
	y,$(CONFIG_CHECK)$(CONFIG_DEBUG_ASSERT)),,-DLWIP_NOASSERT) \
	-isystem net/lwip -isystem $(LWIP)/include
LWIP_FILES := $(addprefix core/,def dns inet_chksum init ip netif pbuf raw stats tcp \
	tcp_in tcp_out timeouts udp) $(addprefix core/ipv4/,dhcp etharp icmp igmp ip4 \
	ip4_addr ip4_frag) $(addprefix core/ipv6/,ethip6 icmp6 inet6 ip6 ip6_addr \
	ip6_frag mld6 nd6) netif/ethernet $(addprefix apps/,lwiperf/lwiperf \
	mdns/mdns sntp/sntp)
LWIP_OBJ := $(BUILD)/objects/lwip-$(shell (cat net/lwip/*.h net/lwip/arch/*.h; \
	grep ^musl tools/deps.lock; echo $(call quote,$(call \
	portable,$(LWIP_CODE) $(LWIP_FILES)))) | sha256sum | cut -c1-12)
LWIP_OBJS := $(LWIP_FILES:%=$(LWIP_OBJ)/%.o)
LIBLWIP := $(LWIP_OBJ)/liblwip.a

$(LWIP_OBJS): $(LWIP_OBJ)/%.o: | $(FIRST)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LWIP_CODE) -isystem $(MUSL)/include -isystem $(GCC_INCLUDE) \
		-c -o $@ $(LWIP)/$*.c

# Compiled as one, so that what is called for each packet from another file is part
# of its caller; an archive, so that images without network have none of it.
$(LIBLWIP): $(LWIP_OBJS)
	$(Q)$(CC) $(LWIP_CODE) -flto-partition=one -r -flinker-output=nolto-rel \
		-nostdlib -o $(LWIP_OBJ)/lwip.o $^
	$(Q)$(OBJCOPY) --strip-debug $(LWIP_OBJ)/lwip.o
	$(Q)rm -f $@ && $(CROSS_COMPILE)ar rcs $@ $(LWIP_OBJ)/lwip.o

#### Image ####

# APP_SRCS below a package of APP_SOURCE; their objects stand in a folder named
# after all that makes them what they are, and musl's headers are musl's version.
SOURCES := $(filter $(APP_SOURCE:%=%/%),$(APP_SRCS))
SHARED := $(if $(SOURCES),$(BUILD)/objects/$(shell echo $(call quote,$(subst \
	$(MUSL),$(shell grep ^musl tools/deps.lock),$(call portable,$(APP_TREE) \
	$(SOURCE_FLAGS)))) | sha256sum | cut -c1-12))
SHARED_OBJS := $(SOURCES:%=$(SHARED)/%.o)
APP_OBJS := $(patsubst %,$(IMAGE)/app/%.o,$(filter-out $(SOURCES),$(APP_SRCS)))
OBJS = $(KERNEL_OBJS) $(FDT_OBJS) $(IMAGE)/app.o $(IMAGE)/app_name.S \
	$(IMAGE)/app_files.S
SYMS := $(if $(filter y,$(CONFIG_SYMBOLS)),$(IMAGE)/ksyms)

$(IMAGE)/app/flags: FORCE | build/.have/build
	$(call when_changed,$(call portable,$(APP_DIR) $(APP_FLAGS)))

$(APP_OBJS): $(IMAGE)/app/%.o: $(APP_DIR)/% $(IMAGE)/app/flags | $(FIRST) \
		$(APP_TREE) $(IMAGE)/link-flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(APP_FLAGS) -MMD -MP -c -o $@ $<

$(SHARED_OBJS): $(SHARED)/%.o: | $(FIRST) $(APP_TREE) $(IMAGE)/link-flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(SOURCE_FLAGS) -c -o $@ $(APP_TREE)/$* 2>$@.log || { \
		cat $@.log >&2; exit 1; }

# $(call names_of,OBJECTS): what they define for all; a weak name yields anyway.
names_of = $(NM) -g --defined-only $(1) | awk '$$2 ~ /[^VW]/ { print $$3 }' | sort -u

$(OBJ)/names: $(KERNEL_OBJS) $(FDT_OBJS) $(LIBLWIP)
	$(Q)$(call names_of,$^) >$@

# A name that an app and the kernel both define (up, panic, report) means to each
# its own.
$(IMAGE)/app.o: $(APP_OBJS) $(SHARED_OBJS) $(OBJ)/names $(IMAGE)/link-flags
	$(Q)$(CC) $(MACHINE) -nostdlib -r -o $@ $(APP_OBJS) $(SHARED_OBJS)
	$(Q)$(call names_of,$@) | comm -12 - $(OBJ)/names | \
		sed 's/^/--localize-symbol=/' >$(IMAGE)/own_names
	$(Q)$(OBJCOPY) @$(IMAGE)/own_names $@

# argv[0]
$(IMAGE)/app_name.S: FORCE | build/.have/build
	$(call when_changed,.data; .globl app_name; app_name: .asciz "$(APP_NAME)")

# The root file system; nobody refers to it in an image without paths.
$(IMAGE)/app_files.cpio: FORCE | build/.have/build $(APP_TREE)
	@mkdir -p $(@D)
	@tools/pack_files.py $(APP_DIR) $@ $(APP_FILES)

$(IMAGE)/app_files.S: FORCE | build/.have/build
	$(call when_changed,.section .rodata.app_files$(comma)"a"; .balign 8; \
		.globl app_files$(comma) app_files_end; app_files: \
		.incbin "$(IMAGE)/app_files.cpio"; app_files_end:)

$(SYMS:=.elf) $(IMAGE)/vireo.elf: $(IMAGE)/app_files.cpio

$(IMAGE)/link-flags: FORCE | build/.have/build
	$(if $(APP_TREE),@mkdir -p $(@D) && ln -sfn $(CURDIR)/$(APP_TREE) $(IMAGE)/source)
	$(call when_changed,$(LIBC) $(LIBLWIP) $(OBJS) $(APP_OBJS) $(SHARED_OBJS) $(APP_LDFLAGS) \
		$(APP_STACK_KB))

$(KERNEL)/sv39.ld: sv39.ld include/arch/memmap.h include/arch/asm_offsets.h \
		| build/.have/build
	$(Q)$(CC) -E -P -x assembler-with-cpp -Iinclude -o $@ $<

# $(call link,OUTPUT,FURTHER OBJECTS): with main() missing, say so first.
define link
$(Q)$(CC) $(LINK_FLAGS) -Wl,-T,$(KERNEL)/sv39.ld -Wl,-Map,$(1:.elf=.map) \
	-Wl,--defsym,__app_stack_kb=$(or $(APP_STACK_KB),$(CONFIG_APP_STACK_KB)) \
	-o $(1) $(OBJS) $(2) $(APP_LDFLAGS) -Wl,--start-group \
	$(LIBLWIP) $(LIBC) -lgcc -Wl,--end-group 2>$(IMAGE)/link.log || { \
	! grep -q "undefined reference to .main'" $(IMAGE)/link.log || \
	echo "vireo: $(APP_DIR) has no main(): an app needs one" >&2; \
	cat $(IMAGE)/link.log >&2; exit 1; }
endef

$(IMAGE)/ksyms.elf: $(OBJS) $(MALLOC) $(LIBLWIP) $(KERNEL)/sv39.ld $(IMAGE)/link-flags
	$(call link,$@)

$(IMAGE)/ksyms.S: $(IMAGE)/ksyms.elf tools/gensyms.py
	$(Q)$(NM) -n $< | tee $(IMAGE)/ksyms.nm | tools/gensyms.py table >$@

# With CONFIG_SYMBOLS linked twice: the names behind all code move no function.
$(IMAGE)/vireo.elf: $(OBJS) $(MALLOC) $(LIBLWIP) $(KERNEL)/sv39.ld $(IMAGE)/link-flags $(SYMS:=.S)
	$(call link,$@,$(SYMS:=.S))
	$(Q)$(NM) -n $@ >$(IMAGE)/vireo.sym
	$(if $(SYMS),$(Q)tools/gensyms.py same $(SYMS).nm $(IMAGE)/vireo.sym)
	$(Q)$(OBJCOPY) --strip-all $@ $(IMAGE)/vireo.stripped.elf
	@echo "vireo: $@ ($$(stat -c %s $(IMAGE)/vireo.stripped.elf) bytes stripped)" >&2

#### The model on this machine (tests/host/machine, docs/testing.md) ####

# mm itself and no other part of the kernel, under ASan and UBSan. checked: every
# check; plain: the short paths, and what libFuzzer drives.
SIM_SRCS := $(filter-out mm/kthread.c mm/memory_init.c,$(wildcard mm/*.c)) core/lock.c \
	lib/bits.c lib/hole_tree.c lib/human.c lib/lines.c lib/number.c \
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

#### lwIP and its memory on this machine (tests/host/net) ####

NET_HOST := $(BUILD)/net-host
NET_HOST_INCLUDES := -Itests/host/net/include -Itests/host/include -Iinclude -I. \
	-include tests/host/include/autoconf.h -isystem net/lwip \
	-isystem $(LWIP)/include
NET_HOST_CODE := -std=gnu11 -g -O1 -fno-omit-frame-pointer -fno-strict-aliasing \
	-fsanitize=address,undefined -fno-sanitize-recover=all
# lwIP takes headers where they are.
NET_HOST_LWIP := $(NET_HOST_CODE) -fno-sanitize=alignment -w $(NET_HOST_INCLUDES)
NET_HOST_OURS := $(NET_HOST_CODE) -Wall -Wextra -Werror $(NET_HOST_INCLUDES)
NET_HOST_OBJS := $(LWIP_FILES:%=$(NET_HOST)/lwip/%.o) \
	$(patsubst %,$(NET_HOST)/%.o,net/checksum.c net/gro.c net/gso.c net/memory.c \
	net/pools.c net/reference.c \
	tests/host/tap.c tests/host/net/host_port.c tests/host/net/wire.c \
	tests/host/net/packets.c tests/host/net/transfer.c)

$(NET_HOST)/flags: FORCE
	$(call when_changed,$(NET_HOST_LWIP) $(NET_HOST_OURS) $(shell cat \
		net/lwip/*.h net/lwip/arch/*.h | sha256sum))

$(NET_HOST)/lwip/%.o: $(NET_HOST)/flags | $(LWIP)/core/tcp.c build/.have/test
	@mkdir -p $(@D)
	$(Q)gcc $(NET_HOST_LWIP) -c -o $@ $(LWIP)/$*.c

$(NET_HOST)/%.c.o: %.c $(NET_HOST)/flags | $(LWIP)/core/tcp.c build/.have/test
	@mkdir -p $(@D)
	$(Q)gcc $(NET_HOST_OURS) -MMD -MP -c -o $@ $<

$(NET_HOST)/test_%: $(NET_HOST)/tests/host/net/test_%.c.o $(NET_HOST_OBJS)
	$(Q)gcc $(NET_HOST_CODE) -o $@ $^

# lwIP's own tests, on our options with what they need otherwise.
NET_UNIT := $(NET_HOST)/unit
NET_UNIT_CODE := -Itests/host/net/unit $(NET_HOST_LWIP) -Itests/host/net \
	-I$(LWIP)/../test/unit -Dlwip_sys_now=host_now_ms
NET_UNIT_TESTS := $(addprefix core/test_,def netif pbuf timers) dhcp/test_dhcp \
	etharp/test_etharp ip4/test_ip4 ip6/test_ip6 mdns/test_mdns udp/test_udp \
	$(addprefix tcp/,tcp_helper test_tcp test_tcp_oos)
NET_UNIT_OBJS := $(patsubst %,$(NET_UNIT)/%.o,$(filter-out core/dns \
	apps/sntp/sntp,$(LWIP_FILES)) $(NET_UNIT_TESTS) net/checksum net/memory \
	net/pools net/reference tests/host/net/host_port tests/host/net/unit/main)

$(NET_UNIT)/%.o: $(NET_HOST)/flags tests/host/net/unit/lwipopts.h | $(LWIP)/core/tcp.c
	@mkdir -p $(@D)
	$(Q)gcc $(NET_UNIT_CODE) -MMD -MP -c -o $@ $(firstword $(wildcard $*.c \
		$(LWIP)/$*.c $(LWIP)/../test/unit/$*.c))

$(NET_UNIT)/run: $(NET_UNIT_OBJS)
	$(Q)gcc $(NET_HOST_CODE) -Wl,--wrap=memp_malloc,--wrap=memp_free \
		-Wl,--wrap=mem_malloc,--wrap=mem_free -o $@ $^ -lcheck_pic \
		-lsubunit -lm

ifneq ($(filter $(NET_HOST)/%,$(GOALS)),)
-include $(shell find $(NET_HOST) -name '*.d' 2>/dev/null)
endif
.SECONDARY: $(NET_HOST_OBJS) $(NET_UNIT_OBJS)

RING := $(addprefix drivers/virtio/,ring.c ring_setup.c)

$(BUILD)/host/fuzz-ring: tests/host/fuzz_ring.c $(wildcard tests/host/ring_device.[ch]) \
		tests/host/tap.c $(RING) $(wildcard drivers/virtio/*.h \
		include/drivers/virtio*.h) Makefile | build/.have/fuzz
	@mkdir -p $(@D)
	$(Q)clang -std=gnu11 -g -O1 -Wall -Wextra -Werror -fno-omit-frame-pointer \
		-fsanitize=address,undefined,fuzzer -fno-sanitize-recover=all \
		-Itests/host/include -Iinclude -I. -include \
		tests/host/include/autoconf.h -Dmain=tap_main -o $@ $(filter %.c,$^)

fuzz-ring: $(BUILD)/host/fuzz-ring ## let libFuzzer play the driver and the device of a virtio ring
	@mkdir -p $(BUILD)/fuzz/ring
	$(Q)$< -max_total_time=$(SECONDS) -max_len=2048 -len_control=0 -timeout=30 \
		-print_final_stats=1 -artifact_prefix=$(BUILD)/fuzz/ $(BUILD)/fuzz/ring

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
# What the app serves (APP_PORTS) is 8,000 higher on this machine.
override PORTS := $(or $(PORTS),$(subst $() ,$(comma),$(foreach p,$(APP_PORTS),$(shell \
	echo $$(($p + 8000))):$p)))
FORWARDS := $(foreach p,$(subst $(comma), ,$(PORTS)),\
	$(comma)hostfwd=tcp:127.0.0.1:$(subst :,-:,$p))
NET_DEVICE := -device virtio-net-device,netdev=net0
NET_user := -netdev user,id=net0$(subst $() $(),,$(FORWARDS)) $(NET_DEVICE)
NET_tap := -netdev tap,id=net0,ifname=tap0,script=no,downscript=no $(NET_DEVICE)
# Nobody answers DHCP there (tools/netns.sh).
ADDRESS := $(if $(filter tap,$(NET)),$(if $(filter ip=%,$(ARGS)),,\
	ip=10.9.0.2/24$(comma)gw=10.9.0.1$(comma)fd09::2/64))
# $(call told,HOST:GUEST): where a forwarded port is to be found.
told = echo "vireo: $(if $(filter 80 8080,$(lastword $(subst :, ,$1))),$\
	http://127.0.0.1:$(firstword $(subst :, ,$1))/,$(if $(filter 443,$(lastword $\
	$(subst :, ,$1))),https://127.0.0.1:$(firstword $(subst :, ,$1))/,127.0.0.1:$\
	$(firstword $(subst :, ,$1)))) is port $(lastword $(subst :, ,$1)) of the image" >&2;
DISK_FLAGS := -drive file=$(DISK),format=raw,if=none,id=disk0 \
	-device virtio-blk-device,drive=disk0
# A reader of a terminal gets QEMU's monitor (Ctrl-A C, Ctrl-A X); a pipe or a
# file is passed on as it comes, with its end unless ARGS say what it is.
KEYS := $(shell [ -t 0 ] && echo y)
SERIAL := $(if $(KEYS),mon:stdio,stdio -monitor none)
# Firmware drops what it finds in the UART when it starts: some NULs go ahead,
# and the image skips those that are left.
STDIN := $(if $(KEYS),<&0,< <(printf '\0\0\0\0'; exec $(if \
	$(filter stdin=%,$(ARGS)),cat,tools/with_end.py)))
INPUT := $(if $(KEYS)$(filter stdin=%,$(ARGS)),,$(if $(filter run,\
	$(GOALS)),stdin=file))
# The same run every time needs the same random numbers.
SEED := $(if $(filter 1,$(ICOUNT)),$(if $(filter seed=%,$(ARGS)),,seed=1))
# One instruction is one nanosecond, and the clock begins on the same day: else it
# is the host's, and what reads it differs from run to run.
SAME_TIME := -icount shift=0 -rtc base=2020-01-01T00:00:00,clock=vm
COMMAND_LINE := $(strip $(SEED) $(INPUT) $(ADDRESS) $(ARGS))
QEMU_CMD = $(QEMU) -machine virt -cpu $(CPU) -smp $(SMP) -m $(MEM) \
	-bios $(or $(BIOS),$(error vireo: BIOS=: OpenSBI is neither there nor \
	where Debian has it)) -kernel $(IMAGE)/vireo.elf -display none -no-reboot \
	$(if $(filter 1,$(ICOUNT)),$(SAME_TIME)) $(NET_$(NET)) \
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
	$(if $(filter user,$(NET)),@$(foreach p,$(subst $(comma), ,$(PORTS)),$(call told,$p)) :)
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

bench-net: image build/.have/run build/.have/loads ## the network under load, T=pattern; writes build/bench/net.json
	$(Q)mkdir -p $(BUILD)/bench
	$(Q)tools/netns.sh run tools/bench_net.py --out $(BUILD)/bench/net.json \
		--config $(CONFIG) $(if $(filter 1,$(ICOUNT)),--icount) \
		$(if $(filter user,$(NET)),--address 127.0.0.1 --ports 8000) \
		--peer=$(call quote,$(PEER)) --peer-address=$(PEER_ADDRESS) \
		--pattern=$(call quote,$(T)) --rounds $(or $(ROUNDS),3) \
		--budget=$(call quote,$(BUDGET)) -- \
		$(QEMU_CMD) -serial stdio -monitor none

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
	+$(Q)[ "$$(id -u)" = 0 ] || { echo "vireo: the network's budget needs root" >&2; \
		exit 0; }; $(MAKE) -s bench-net CONFIG=bench APP=netbench NET=tap SMP=1 \
		ICOUNT=1 ROUNDS=1 BUDGET=apps/netbench/budget.tsv

soak: ## a mixed load on every part for MINUTES; does anything leak?
	+$(Q)$(MAKE) run APP=tests/soak CONFIG=$(CONFIG) \
		ARGS="$(ARGS) -- seconds=$$((60 * $(MINUTES)))"

test: build/.have/build build/.have/run build/.have/test build/.have/net ## every test; T=pattern for a part
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
	SYSCALL_NAMES=$(MUSL)/include/syscall_names.h BUILD=$(BUILD) \
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
	@sed -nE 's/^([A-Z_]+) \?= ?(.*)## (.*)/  \1\t\3\t[\2]/p' Makefile | \
		awk -F'\t' '{ printf "%-15s%s %s\n", $$1, $$2, $$3 == "[]" ? "" : $$3 }'

FORCE:

.PHONY: fuzz-ring soak image run qemu-cmd debug size bench bench-boot profile profile-docs test \
	mutants menuconfig check format clean distclean help bench-gate \
	bench-matrix bench-net bench-plots bench-table FORCE

-include $(KERNEL_OBJS:.o=.d) $(APP_OBJS:.o=.d)
