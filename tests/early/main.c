/* SPDX-License-Identifier: MIT */
/*
 * Before vmalloc_init(): every call of the API returns NULL, 0 or nothing, and
 * those that would change something report (contract 1.14, 1.21); early areas are
 * placed and survive. What was seen is kept until main() can print it as TAP.
 *
 *   early                       the calls and the areas
 *   early MISTAKE               one that must panic
 */
#include <errno.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <stdio.h>
#include <string.h>

#include "core/cmdline.h"
#include "core/machine.h"
#include "core/report.h"
#include "mm/page_alloc.h"
#include "mm/vm_area.h"

void __wrap_vmalloc_init(void);
void __real_vmalloc_init(void);

static struct page *page;
static char byte = 'b';

static struct vm_struct fixed = { .size = 3 * PAGE_SIZE, .flags = VM_MAP };
static struct vm_struct placed[3] = {
	{ .size = PAGE_SIZE + 1, .flags = VM_IOREMAP, .phys_addr = 0x10000000 },
	{ .size = PAGE_SIZE, .flags = VM_ALLOC },
	{ .size = 2 * PAGE_SIZE, .flags = VM_MAP },
};
static const size_t aligns[] = { 1, LEAF_TABLE_SIZE, 4 * PAGE_SIZE };

static char *window(unsigned long offset)
{
	return (char *)VMALLOC_START + offset;
}

/* --- calls that come too early: how many reports, and what is returned --- */

static bool allocates(void)
{
	return vmalloc(PAGE_SIZE) || vzalloc(PAGE_SIZE) ||
	       vmalloc_user(PAGE_SIZE) || vmalloc_32(PAGE_SIZE) ||
	       vmalloc_exec(PAGE_SIZE);
}

static bool allocates_in_a_range(void)
{
	return __vmalloc_node_range(PAGE_SIZE, 1, VMALLOC_START + 8 * PAGE_SIZE,
	                            VMALLOC_END, GFP_KERNEL, PAGE_KERNEL, -1,
	                            CALLER());
}

static bool maps(void)
{
	return vmap(&page, 1, VM_MAP, PAGE_KERNEL) ||
	       vm_map_ram(&page, 1, -1, PAGE_KERNEL);
}

static bool reserves(void)
{
	return get_vm_area(PAGE_SIZE, VM_MAP) || alloc_vm_area(PAGE_SIZE, NULL);
}

static bool maps_a_device(void)
{
	return ioremap(machine.uart.base, PAGE_SIZE);
}

static bool frees(void)
{
	vfree(window(PAGE_SIZE));
	vfree_atomic(window(PAGE_SIZE));
	vunmap(window(PAGE_SIZE));
	iounmap(window(PAGE_SIZE));
	vm_unmap_ram(window(PAGE_SIZE), 1);
	return false;
}

static bool flushes(void)
{
	vm_unmap_aliases();
	return false;
}

static bool reads_or_writes(void)
{
	return vread(&byte, window(PAGE_SIZE), 1) ||
	       vwrite(&byte, window(PAGE_SIZE), 1) || byte != 'b';
}

static bool maps_into_a_range(void)
{
	unsigned long at = VMALLOC_START + PAGE_SIZE;

	unmap_kernel_range(at, PAGE_SIZE);
	return map_kernel_range_noflush(at, PAGE_SIZE, PAGE_KERNEL, &page) >= 0;
}

static bool shows_a_second_time(void)
{
	struct vm_area_struct vma = { .vm_start = VMALLOC_START + PAGE_SIZE,
		                      .vm_end = VMALLOC_START + 2 * PAGE_SIZE,
		                      .vm_page_prot = PAGE_KERNEL };

	return remap_vmalloc_range(&vma, window(PAGE_SIZE), 0) != -EINVAL;
}

static bool takes_per_cpu_ranges(void)
{
	static const unsigned long offset;
	static const size_t size = PAGE_SIZE;

	return pcpu_get_vm_areas(&offset, &size, 1, PAGE_SIZE);
}

static bool resizes(void)
{
	return vrealloc(window(PAGE_SIZE), 10, GFP_KERNEL);
}

static bool asks(void)
{
	return find_vm_area(window(PAGE_SIZE)) ||
	       find_vm_area_containing(window(PAGE_SIZE)) ||
	       vmalloc_to_page(window(PAGE_SIZE)) ||
	       vmalloc_to_pfn(window(PAGE_SIZE)) ||
	       vmalloc_dump_obj(window(PAGE_SIZE)) || vmalloc_nr_pages() ||
	       remove_vm_area(window(PAGE_SIZE)) ||
	       !is_vmalloc_addr(window(PAGE_SIZE));
}

static bool frees_nothing(void)
{
	vfree(NULL);
	vunmap(NULL);
	iounmap(NULL);
	return false;
}

static const struct call {
	const char *name;
	bool (*call)(void); /* true: something was done */
	unsigned long reports;
} calls[] = {
	{ "allocates", allocates, 5 },
	{ "allocates_in_a_range", allocates_in_a_range, 1 },
	{ "maps", maps, 2 },
	{ "reserves", reserves, 2 },
	{ "maps_a_device", maps_a_device, 1 },
	{ "frees", frees, 5 },
	{ "flushes", flushes, 1 },
	{ "reads_or_writes", reads_or_writes, 2 },
	{ "maps_into_a_range", maps_into_a_range, 2 },
	{ "shows_a_second_time", shows_a_second_time, 0 },
	{ "takes_per_cpu_ranges", takes_per_cpu_ranges, 1 },
	{ "resizes", resizes, 1 },
	{ "asks", asks, 0 },
	{ "frees_nothing", frees_nothing, 0 },
};

/* --- early areas ---------------------------------------------------------- */

static struct {
	bool did;
	unsigned long reports;
} seen[ARRAY_SIZE(calls)];

/* The boot stack ends in read-only memory. */
static __noinline int recurse(volatile int n)
{
	return n < 1 << 20 ? recurse(n + 1) + n : 0;
}

static void make_a_mistake(const char *name)
{
	static struct vm_struct wrong = { .size = PAGE_SIZE };
	unsigned long at = 0;

	if (strcmp(name, "overlap") == 0)
		at = (unsigned long)fixed.addr + 2 * PAGE_SIZE;
	else if (strcmp(name, "unaligned") == 0)
		at = VMALLOC_START + (1ul << 30) + 1;
	else if (strcmp(name, "above") == 0)
		at = VMALLOC_END + PAGE_SIZE;
	else if (strcmp(name, "below") == 0)
		at = VMALLOC_START;
	else if (strcmp(name, "too-large") == 0)
		at = VMALLOC_END - PAGE_SIZE;
	else if (strcmp(name, "align") == 0)
		vm_area_register_early(&wrong, 3 * PAGE_SIZE);
	else if (strcmp(name, "stack") == 0)
		at = (unsigned long)recurse(0);
	wrong.addr = (void *)at;
	wrong.size += strcmp(name, "too-large") == 0 ? PAGE_SIZE : 0;
	vm_area_add_early(&wrong);
}

void __wrap_vmalloc_init(void)
{
	page = alloc_pages(GFP_KERNEL, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		unsigned long before = report_count();

		seen[i].did = calls[i].call();
		seen[i].reports = report_count() - before;
	}
	fixed.addr = window(PAGE_SIZE);
	vm_area_add_early(&fixed);
	for (unsigned int i = 0; i < ARRAY_SIZE(placed); i++)
		vm_area_register_early(&placed[i], aligns[i]);
	if (app_argc > 1)
		make_a_mistake(app_argv[1]);
	__real_vmalloc_init();
}

static bool is_apart_from_others(unsigned int i)
{
	unsigned long start = (unsigned long)placed[i].addr;
	unsigned long end = start + placed[i].size;

	if (start < (unsigned long)fixed.addr + fixed.size)
		return false;
	for (unsigned int k = 0; k < i; k++) {
		unsigned long other = (unsigned long)placed[k].addr;

		if (start < other + placed[k].size && other < end)
			return false;
	}
	return true;
}

/* B35: aligned, disjoint; found afterwards; nobody may free them. */
static bool early_area_holds(unsigned int i)
{
	struct vm_struct *vm = find_vm_area(placed[i].addr);
	unsigned long before = report_count();

	vfree(placed[i].addr);
	vunmap(placed[i].addr);
	return is_apart_from_others(i) && vm &&
	       IS_ALIGNED((unsigned long)placed[i].addr, aligns[i]) &&
	       IS_ALIGNED((unsigned long)placed[i].addr, PAGE_SIZE) &&
	       vm->size == PAGE_ALIGN(placed[i].size) &&
	       vm->phys_addr == placed[i].phys_addr &&
	       vm->flags & placed[i].flags && report_count() - before == 2 &&
	       find_vm_area(placed[i].addr) == vm;
}

static bool lowest_fit_is_taken(void)
{
	return placed[0].addr == (char *)fixed.addr + fixed.size &&
	       placed[2].addr < placed[1].addr;
}

static int say(bool holds, const char *name)
{
	static unsigned int number;

	printf("%sok %u - early: %s\n", holds ? "" : "not ", ++number, name);
	return !holds;
}

int main(void)
{
	int failed = 0;

	printf("1..%zu\n", ARRAY_SIZE(calls) + ARRAY_SIZE(placed) + 2);
	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		printf("# %lu reports, %lu expected%s\n", seen[i].reports,
		       calls[i].reports, seen[i].did ? "; not refused" : "");
		failed |=
			say(!seen[i].did && seen[i].reports == calls[i].reports,
		            calls[i].name);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(placed); i++)
		failed |= say(early_area_holds(i), "early area");
	failed |= say(lowest_fit_is_taken(), "lowest fit");
	vmap_drain();
	vmap_check();
	failed |= say(find_vm_area(fixed.addr) != NULL, "fixed area");
	return failed;
}
