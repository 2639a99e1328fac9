/* SPDX-License-Identifier: MIT */
/*
 * The bad-input matrix (contract 1.21), row by row: one report where the row
 * says report, none where it does not, and the state of mm as it was (I-12).
 * Rows about vm_map_ram, ioremap, remap and vread are in their own suites.
 */
#include <errno.h>
#include <limits.h>
#include <linux/io.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "core/machine.h"
#include "core/report.h"
#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "pages.h"
#include "state.h"
#include "test.h"

/* @statement makes @count reports and leaves mm exactly as it was. */
#define REFUSED(count, statement)                    \
	do {                                         \
		struct mm_state then_, now_;         \
		mm_state_read(&then_);               \
		CHECK_REPORTS(count, statement);     \
		mm_state_read(&now_);                \
		mm_state_check_equal(&now_, &then_); \
	} while (0)

TEST(allocations_of_nothing_are_reported)
{
	REFUSED(1, CHECK(!vmalloc(0)));
	REFUSED(1, CHECK(!vzalloc(0)));
	REFUSED(1, CHECK(!vmalloc_user(0)));
	REFUSED(1, CHECK(!vmalloc_32(0)));
	REFUSED(1, CHECK(!vmalloc_32_user(0)));
	REFUSED(1, CHECK(!vmalloc_exec(0)));
	REFUSED(1, CHECK(!__vmalloc(0, GFP_KERNEL, PAGE_KERNEL)));
	REFUSED(1, CHECK(!vmalloc_huge(0, GFP_KERNEL)));
}

TEST(impossible_sizes_are_refused_without_report)
{
	static const unsigned long sizes[] = {
		ULONG_MAX, ULONG_MAX - 4094, ULONG_MAX - 4095,
		1ul << 62, 1ul << 39,        VMALLOC_SIZE
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		REFUSED(0, CHECK(!vmalloc(sizes[i])));
		REFUSED(0, CHECK(!vzalloc(sizes[i])));
		REFUSED(0, CHECK(!get_vm_area(sizes[i], VM_MAP)));
		REFUSED(0, CHECK(!alloc_vm_area(sizes[i], NULL)));
	}
	REFUSED(0, CHECK(!get_vm_area(0, VM_MAP)));
	REFUSED(0, CHECK(!alloc_vm_area(0, NULL)));
}

TEST(align_that_is_no_power_of_two_is_reported)
{
	static const unsigned long aligns[] = { 0, 3, 4097, 12288, ULONG_MAX };

	/* With an area of that size at hand, too: the short path asks as well. */
	vfree(vmalloc(PAGE_SIZE));
	tlb_flush_all();
	for (unsigned int i = 0; i < ARRAY_SIZE(aligns); i++) {
		REFUSED(1, CHECK(!__vmalloc_node_range(
				   PAGE_SIZE, aligns[i], VMALLOC_START,
				   VMALLOC_END, GFP_KERNEL, PAGE_KERNEL, -1,
				   CALLER())));
	}
}

TEST(null_is_no_operation_for_every_free)
{
	REFUSED(0, vfree(NULL));
	REFUSED(0, vfree_atomic(NULL));
	REFUSED(0, vunmap(NULL));
	REFUSED(0, iounmap(NULL));
	REFUSED(0, kvfree(NULL));
	REFUSED(0, kfree(NULL));
}

TEST(addresses_that_are_no_area_are_reported)
{
	char *p = vmalloc(4 * PAGE_SIZE), local;
	struct page **pages = pages_alloc(1);

	CHECK(p);
	REFUSED(1, vfree(p + 1));
	REFUSED(1, vfree(p + PAGE_SIZE));
	REFUSED(1, vfree(p + 4 * PAGE_SIZE));
	REFUSED(1, vfree(&local));
	REFUSED(1, vfree(page_address(pages[0])));
	REFUSED(1, vfree((void *)allocations_of_nothing_are_reported));
	REFUSED(1, vfree((void *)8));
	REFUSED(1, vfree((void *)ULONG_MAX));
	REFUSED(1, vfree((char *)VMALLOC_START + (50ul << 30)));
	REFUSED(1, vfree_atomic(p + PAGE_SIZE));
	REFUSED(1, vunmap(p + PAGE_SIZE));
	REFUSED(1, vunmap(&local));
	REFUSED(1, vunmap((char *)VMALLOC_START + (50ul << 30)));
	CHECK(can_write(p) && can_write(p + 3 * PAGE_SIZE));
	vfree(p);
	pages_free(pages, 1);
}

TEST(unaligned_addresses_of_a_mapping_are_reported)
{
	struct page **pages = pages_alloc(2);
	char *map = vmap(pages, 2, VM_MAP, PAGE_KERNEL);

	CHECK(map);
	REFUSED(1, vunmap(map + 1));
	REFUSED(1, vunmap(map + PAGE_SIZE - 1));
	CHECK(can_write(map));
	vunmap(map);
	pages_free(pages, 2);
}

TEST(report_names_the_function_and_the_address)
{
	char *p = vmalloc(2 * PAGE_SIZE), text[24];

	CHECK(p);
	CHECK_REPORTS(1, vfree(p + PAGE_SIZE));
	snprintf(text, sizeof(text), "%lx", (unsigned long)p + PAGE_SIZE);
	CHECK(strstr(report_last(), "vfree"));
	CHECK(strstr(report_last(), text));
	CHECK(strstr(report_last(), "4096 bytes inside a vmalloc area of "
	                            "report_names_the_function"));
	vfree(p);
}

static __noinline void freed_here_first(void *p)
{
	vfree(p);
	/* A return address of this function: the call above is not its last act. */
	__asm__ volatile("");
}

TEST(double_vfree_is_reported_with_the_first_one)
{
	char *p = vmalloc(3 * PAGE_SIZE);

	CHECK(p);
	freed_here_first(p);
	REFUSED(1, vfree(p));
	CHECK(strstr(report_last(), "double free: allocated by "
	                            "double_vfree_is_reported"));
	CHECK(strstr(report_last(), "first freed by freed_here_first"));
	vm_unmap_aliases();
	vmap_drain();
	CHECK_REPORTS(1, vfree(p));
}

TEST(double_vunmap_and_iounmap_are_reported)
{
	struct page **pages = pages_alloc(1);
	char *p = vmap(pages, 1, VM_MAP, PAGE_KERNEL);
	char *io = ioremap(machine.uart.base, 0x100);

	CHECK(p && io);
	vunmap(p);
	REFUSED(1, vunmap(p));
	iounmap(io);
	REFUSED(1, iounmap(io));
	pages_free(pages, 1);
}

/* B49, B50: type checked, nothing leaked, nothing lost. */
TEST(free_of_the_wrong_kind_is_refused)
{
	struct page **pages = pages_alloc(2);
	char *area = vmalloc(2 * PAGE_SIZE);
	char *map = vmap(pages, 2, VM_MAP, PAGE_KERNEL);
	char *io = ioremap(machine.uart.base, 0x100);
	struct vm_struct *bare = get_vm_area(PAGE_SIZE, VM_MAP);

	CHECK(area && map && io && bare);
	if (CONFIG_VM_COMPAT_FREE)
		test_skip("VM_COMPAT_FREE frees them as Linux does");
	REFUSED(1, vfree(map));
	REFUSED(1, vfree(io));
	REFUSED(1, vunmap(area));
	REFUSED(1, iounmap(area));
	REFUSED(1, iounmap(map));
	CHECK(can_write(area) && can_write(map) && can_read(io));
	CHECK(find_vm_area(area) && find_vm_area(map) && find_vm_area(io));
	vfree(area);
	vunmap(map);
	iounmap(io);
	free_vm_area(bare);
	pages_free(pages, 2);
}

TEST(kfree_of_a_vmalloc_address_is_reported)
{
	char *p = vmalloc(PAGE_SIZE);

	CHECK(p);
	REFUSED(1, kfree(p));
	REFUSED(1, kfree(&p));
	CHECK(can_write(p));
	vfree(p);
}

TEST(vmap_without_an_array_is_reported)
{
	REFUSED(1, CHECK(!vmap(NULL, 1, VM_MAP, PAGE_KERNEL)));
	REFUSED(0, CHECK(!vmap(NULL, 0, VM_MAP, PAGE_KERNEL)));
	REFUSED(1, CHECK(!vm_map_ram(NULL, 1, -1, PAGE_KERNEL)));
}

TEST(pages_that_are_no_pages_are_refused)
{
	struct page *bad[] = { (struct page *)8, (struct page *)VMALLOC_START,
		               pfn_to_page(PFN_DOWN(machine.uart.base)) };

	/* Whether a frame behind a plausible pointer exists: checked images. */
	for (unsigned int i = 0; i < ARRAY_SIZE(bad) - !CONFIG_CHECK; i++) {
		unsigned long before = report_count();

		CHECK(!vmap(&bad[i], 1, VM_MAP, PAGE_KERNEL));
		CHECK(!vm_map_ram(&bad[i], 1, -1, PAGE_KERNEL));
		CHECK(report_count() - before <= 2);
		test_expect_reports(report_count() - before);
	}
}

TEST(free_vm_area_of_strangers_is_reported)
{
	struct vm_struct *vm = get_vm_area(PAGE_SIZE, VM_MAP);
	struct vm_struct copy = *vm, zero = { 0 };

	char *p = vmalloc(PAGE_SIZE);

	REFUSED(1, free_vm_area(&copy));
	REFUSED(1, free_vm_area(&zero));
	REFUSED(1, free_vm_area(NULL));
	CHECK(p && find_vm_area(p));
	REFUSED(1, free_vm_area(find_vm_area(p)));
	CHECK(can_write(p) && find_vm_area(p));
	vfree(p);
	free_vm_area(vm);
}

/* What mmap() made, munmap() takes back; nobody else may. */
TEST(areas_of_mmap_are_refused_by_every_free)
{
	char *p = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
	               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *none = mmap(NULL, 2 * PAGE_SIZE, PROT_NONE,
	                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED && none != MAP_FAILED);
	CHECK(find_vm_area(p) && find_vm_area(none));
	REFUSED(1, vfree(p));
	CHECK(strstr(report_last(), "mmap area"));
	REFUSED(1, vunmap(p));
	REFUSED(1, vfree(none));
	REFUSED(1, vunmap(none));
	REFUSED(1, free_vm_area(find_vm_area(none)));
	REFUSED(0, CHECK(!remove_vm_area(none)));
	REFUSED(1, CHECK(!vrealloc(p, 5 * PAGE_SIZE, GFP_KERNEL)));
	CHECK(can_write(p));
	CHECK_EQ(munmap(p, 2 * PAGE_SIZE), 0);
	CHECK_EQ(munmap(none, 2 * PAGE_SIZE), 0);
}

TEST(mapping_calls_check_their_ranges)
{
	struct page **pages = pages_alloc(2);
	struct vm_struct *vm = get_vm_area(PAGE_SIZE, VM_MAP);
	unsigned long at;

	CHECK(vm);
	at = (unsigned long)vm->addr;
	CHECK_REPORTS(1, CHECK(map_kernel_range_noflush(at, 0, PAGE_KERNEL,
	                                                pages) < 0));
	CHECK_REPORTS(1, CHECK(map_kernel_range_noflush(
				       at, PAGE_SIZE, PAGE_KERNEL, NULL) < 0));
	CHECK_REPORTS(1,
	              CHECK(map_kernel_range_noflush(at + 8, PAGE_SIZE - 8,
	                                             PAGE_KERNEL, pages) < 0));
	/* Into the guard page, in it, from one area to the next. */
	CHECK_REPORTS(1,
	              CHECK(map_kernel_range_noflush(at, 2 * PAGE_SIZE,
	                                             PAGE_KERNEL, pages) < 0));
	CHECK_REPORTS(1,
	              CHECK(map_kernel_range_noflush(at + PAGE_SIZE, PAGE_SIZE,
	                                             PAGE_KERNEL, pages) < 0));
	CHECK_REPORTS(1, unmap_kernel_range(at, 3 * PAGE_SIZE));
	CHECK_REPORTS(1, unmap_kernel_range_noflush(at, 0));
	CHECK_REPORTS(1, vunmap_range(at, at));
	CHECK_REPORTS(1, vunmap_range(at, at - PAGE_SIZE));
	CHECK(strstr(report_last(), "+0)"));
	CHECK_REPORTS(1, CHECK(map_kernel_range_noflush(
				       at, PAGE_SIZE,
				       __pgprot(PAGE_KERNEL.pgprot & ~PTE_R),
				       pages) < 0));
	CHECK_EQ(leaf_level((char *)at), -1);
	free_vm_area(vm);
	pages_free(pages, 2);
}

TEST(set_memory_outside_of_areas_is_refused)
{
	char *p = vmalloc(2 * PAGE_SIZE), local;
	unsigned long at = (unsigned long)p;

	CHECK(p);
	REFUSED(1, CHECK(set_memory_ro(at + 1, 1) < 0));
	REFUSED(1, CHECK(set_memory_ro(at, 4) < 0));
	REFUSED(1, CHECK(set_memory_ro(at, 0) < 0));
	REFUSED(1, CHECK_EQ(set_memory_x(at, 1), -EINVAL));
	REFUSED(1, CHECK(set_memory_ro((unsigned long)&local & PAGE_MASK, -1) <
	                 0));
	CHECK(can_write(p));
	vfree(p);
	REFUSED(1, CHECK(set_memory_ro(at, 1) < 0));
}

/* I-12 with a crowd of random strangers. */
TEST(random_addresses_freed_change_nothing)
{
	char *p[16];
	struct mm_state before, after;

	for (unsigned int i = 0; i < 16; i++)
		p[i] = vmalloc((i + 2) * PAGE_SIZE);
	mm_state_read(&before);
	for (unsigned int i = 0; i < 400; i++) {
		char *at = p[i % 16] + test_random() % (PAGE_SIZE * 2) + 1;

		CHECK_REPORTS(1, i & 1 ? vfree(at) : vunmap(at));
	}
	mm_state_read(&after);
	mm_state_check_equal(&after, &before);
	for (unsigned int i = 0; i < 16; i++)
		vfree(p[i]);
}
