/* SPDX-License-Identifier: MIT */
/*
 * The simulated machine is switched on: RAM in a file of memory, so that a page
 * of it can be shown at any address; the steps of boot/init.c that are mm's; four
 * harts. What mm asks of the rest of the kernel is answered here, options by
 * environment variables of the same names.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch/early_map.h"
#include "arch/sections.h"
#include "core/backtrace.h"
#include "core/cmdline.h"
#include "core/log.h"
#include "core/machine.h"
#include "core/panic.h"
#include "core/power.h"
#include "lib/page_ops.h"
#include "mm/fault.h"
#include "mm/kmem.h"
#include "mm/memblock.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "mm/vm_map_ram.h"
#include "sim_internal.h"
#include "tests/model/model.h"

#define LOW_START  0x80345000ul /* not at a chunk */
#define LOW_BASE   0x80000000ul
#define LOW_END    0x83800000ul
#define HIGH_START 0x100000000ul
#define HIGH_END   0x100fff000ul
#define HIGH_BYTES 0x1000000ul

uint64_t kernel_root[512] __aligned(PAGE_SIZE);
char __image_start[1], __image_end[1], __text_start[1], __text_end[1];
char __rodata_start[1], __rodata_end[1], __data_end[1];
char __bss_end[1];

static int ram;

/* --- memory ------------------------------------------------------------------ */

static off_t offset_of(paddr_t pa)
{
	if (pa >= LOW_BASE && pa < LOW_END)
		return (off_t)(pa - LOW_BASE);
	if (pa >= HIGH_START && pa < HIGH_START + HIGH_BYTES)
		return (off_t)(pa - HIGH_START + LOW_END - LOW_BASE);
	return -1;
}

void *sim_ram(paddr_t pa)
{
	return offset_of(pa) < 0 ? NULL : (char *)DIRECT_BASE + pa;
}

static void map_at(uintptr_t address, size_t bytes, int protection, int flags,
                   off_t offset)
{
	void *at = mmap((void *)address, bytes, protection,
	                flags | MAP_NORESERVE | MAP_FIXED,
	                flags & MAP_ANONYMOUS ? -1 : ram, offset);

	if (at != (void *)address)
		panic("no memory of the host at %#lx", address);
}

static void map_ram(paddr_t start, size_t bytes)
{
	map_at(DIRECT_BASE + start, bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
	       offset_of(start));
}

void sim_show(vaddr_t va, paddr_t pa, bool writable)
{
	if (offset_of(pa) < 0)
		panic("mm reads or writes a device at %#lx", va);
	map_at(va, PAGE_SIZE, writable ? PROT_READ | PROT_WRITE : PROT_READ,
	       MAP_SHARED, offset_of(pa));
}

void sim_hide(vaddr_t va)
{
	map_at(va, PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
}

static void install_memory(void)
{
	ram = memfd_create("ram", 0);
	if (ram < 0 || ftruncate(ram, LOW_END - LOW_BASE + HIGH_BYTES) != 0)
		panic("no memory of the host");
	map_ram(LOW_BASE, LOW_END - LOW_BASE);
	map_ram(HIGH_START, HIGH_BYTES);
	map_at(VMEMMAP_BASE, VMEMMAP_SIZE, PROT_READ | PROT_WRITE,
	       MAP_PRIVATE | MAP_ANONYMOUS, 0);
	map_at(VMALLOC_REGION_BASE, VMALLOC_REGION_END - VMALLOC_REGION_BASE,
	       PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	machine.memory[0] = (struct phys_range){ LOW_START, LOW_END };
	machine.memory[1] = (struct phys_range){ HIGH_START, HIGH_END };
	machine.nr_memory = 2;
	memblock_add(machine.memory[0]);
	memblock_add(machine.memory[1]);
}

/* --- the steps of the boot ------------------------------------------------------ */

static void start_hart(unsigned int index)
{
	static struct hart others[CONFIG_NR_HARTS];
	struct hart *hart = &others[index];

	/* Ids with a gap. */
	*hart = (struct hart){ .index = index, .id = 2 * index + 1 };
	if (page_alloc_hart_init(hart) != 0 || kmem_hart_init(hart) != 0 ||
	    vmap_hart_init(hart) != 0)
		panic("no memory for hart %u", index);
	hart->online = 1;
	hart->thread = (struct thread *)hart;
	harts[index] = hart;
	nr_harts = index + 1;
}

void machine_boot(void)
{
	const char *seed = cmdline_get("seed");

	if (ram)
		return;
	machine.seed = seed ? strtoul(seed, NULL, 0) : 1;
	machine.nr_hart_ids = CONFIG_NR_HARTS;
	if (cmdline_get("isa"))
		machine.isa = (uint32_t)cmdline_number("isa", 0);
	for (unsigned int i = 0; i < CONFIG_NR_HARTS; i++)
		tlb_forget_all(i);
	boot_hart.id = 1;
	boot_hart.online = 1;
	boot_hart.thread = (struct thread *)&boot_hart;
	vmap_early_init();
	install_memory();
	page_alloc_init();
	pgtable_init();
	kmem_init();
	tlb_init();
	vmalloc_init();
	fault_init();
	sim_mmu_init();
	for (unsigned int i = 1; i < CONFIG_NR_HARTS; i++)
		start_hart(i);
}

/* --- the rest of the kernel -------------------------------------------------------- */

/* A low limit, so that many frees lead to a purge. */
const char *cmdline_get(const char *key)
{
	const char *value = getenv(key);

	return !value && strcmp(key, "vmap.lazy_max") == 0 ? "150" : value;
}

unsigned long cmdline_number(const char *key, unsigned long otherwise)
{
	const char *value = cmdline_get(key);

	return value ? strtoul(value, NULL, 0) : otherwise;
}

const char *machine_option(const char *key)
{
	return getenv(key);
}

void copy_page(void *to, const void *from)
{
	memcpy(to, from, PAGE_SIZE);
}

void log_message(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

void symbol_format(uintptr_t pc, char *buf, size_t size)
{
	snprintf(buf, size, "%#lx", pc);
}

void panic(const char *format, ...)
{
	va_list args;

	printf("# PANIC: ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	trail_print();
	fflush(stdout);
	abort();
}

void refuse_boot(const char *format, ...)
{
	panic("refused: %s", format);
}

void panic_set_address_describer(address_describer *describe)
{
	(void)describe;
}

int probe_read(const void *address, void *to, unsigned int bytes)
{
	memcpy(to, address, bytes);
	return 0;
}
