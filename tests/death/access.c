/* SPDX-License-Identifier: MIT */
/*
 * Loads, stores and jumps where nothing may be loaded, stored or run. Addresses
 * are volatile so that the compiler cannot know better.
 */
#include <linux/io.h>
#include <linux/vmalloc.h>
#include <string.h>
#include <sys/mman.h>

#include "acts.h"
#include "arch/memmap.h"
#include "core/hart.h"
#include "core/machine.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/vm_area.h"

/* Keeps a last call from being a jump: the backtrace shows who made it. */
#define STAY() __asm__ volatile("" : : : "memory")

static void load(const volatile void *address)
{
	(void)*(const volatile char *)address;
}

static void store(volatile void *address)
{
	*(volatile char *)address = 1;
}

static __noinline void jump(const volatile void *address)
{
	void (*function)(void);

	memcpy(&function, &address, sizeof(function));
	function();
	STAY();
}

static void *volatile null_pointer;

static void null_read(void)
{
	load((char *)null_pointer + 8);
}

static void null_write(void)
{
	store(null_pointer);
}

static void null_jump(void)
{
	jump(null_pointer);
	STAY();
}

static const char constant[] = "constant";

static void write_to_rodata(void)
{
	store((char *)constant);
}

static void write_to_text(void)
{
	store((char *)(void *)write_to_rodata);
}

static unsigned int code[] = { 0x00008067 }; /* ret */

static void execute_data(void)
{
	jump(code);
	STAY();
}

static void execute_heap(void)
{
	unsigned int *p = vmalloc(sizeof(code));

	memcpy(p, code, sizeof(code));
	jump(p);
	STAY();
}

static void execute_stack(void)
{
	unsigned int local[1];

	memcpy(local, code, sizeof(code));
	jump(local);
	STAY();
}

static void execute_direct_map(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);

	memcpy(page_address(page), code, sizeof(code));
	jump(page_address(page));
	STAY();
}

static void guard_above(void)
{
	char *p = vmalloc(3 * PAGE_SIZE);

	store(p + 3 * PAGE_SIZE + 16);
}

static void guard_below(void)
{
	char *p = vmalloc(3 * PAGE_SIZE);

	load(p - 8);
}

static void write_to_read_only_area(void)
{
	store(__vmalloc(PAGE_SIZE, GFP_KERNEL, PAGE_KERNEL_RO));
}

static void read_after_vfree(void)
{
	char *p = vmalloc(2 * PAGE_SIZE);

	/* Not touched before: no TLB has it, and no purge is needed. */
	vfree(p);
	load(p + 100);
}

static void write_after_purge(void)
{
	char *p = vmalloc(2 * PAGE_SIZE);

	vfree(p);
	vm_unmap_aliases();
	vmap_drain();
	store(p + 100);
}

static void read_after_vm_unmap_ram(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);
	char *p = vm_map_ram(&page, 1, -1, PAGE_KERNEL);

	vm_unmap_ram(p, 1);
	load(p);
}

static void read_after_munmap(void)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(p, 8192);
	load(p);
}

static void read_firmware(void)
{
	load((char *)DIRECT_BASE + 0x80000000);
}

static void read_physical_address(void)
{
	load((char *)machine.memory[0].start + 0x200000);
}

static void read_not_canonical(void)
{
	load((char *)0x1234567890abcdef);
}

/* Mapped, but no device answers: firmware redirects the access fault. */
static void read_missing_device(void)
{
	load(ioremap(0x08000000, 4096));
}

static void illegal_instruction(void)
{
	__asm__ volatile(".4byte 0");
}

static void breakpoint(void)
{
	__asm__ volatile("ebreak");
}

static void null_write_in_call(void *unused)
{
	(void)unused;
	store(null_pointer);
}

static void fault_on_another_hart(void)
{
	hart_call_start(1, null_write_in_call, NULL);
	hart_call_wait(1);
}

const struct act access_acts[] = {
	{ "null-read", null_read },
	{ "null-write", null_write },
	{ "null-jump", null_jump },
	{ "write-rodata", write_to_rodata },
	{ "write-text", write_to_text },
	{ "execute-data", execute_data },
	{ "execute-heap", execute_heap },
	{ "execute-stack", execute_stack },
	{ "execute-direct-map", execute_direct_map },
	{ "guard-above", guard_above },
	{ "guard-below", guard_below },
	{ "write-read-only-area", write_to_read_only_area },
	{ "read-after-vfree", read_after_vfree },
	{ "write-after-purge", write_after_purge },
	{ "read-after-unmap-ram", read_after_vm_unmap_ram },
	{ "read-after-munmap", read_after_munmap },
	{ "read-firmware", read_firmware },
	{ "read-physical-address", read_physical_address },
	{ "read-not-canonical", read_not_canonical },
	{ "read-missing-device", read_missing_device },
	{ "illegal-instruction", illegal_instruction },
	{ "breakpoint", breakpoint },
	{ "fault-on-another-hart", fault_on_another_hart },
	{ NULL, NULL },
};
