/* SPDX-License-Identifier: MIT */
/* vrealloc (contract 1.20, B38): contents, exact sizes, zeroing, moving pages. */
#include <linux/vmalloc.h>
#include <string.h>

#include "core/report.h"
#include "mm/page_alloc.h"
#include "mm/vm_walk.h"
#include "pages.h"
#include "test.h"

TEST(grow_inside_the_last_page_stays_where_it_is)
{
	char *p = vmalloc(100), *q;

	CHECK(p);
	pattern_fill(p, 96, 1);
	q = vrealloc(p, 4096, GFP_KERNEL);
	CHECK_EQ(q, p);
	CHECK(pattern_holds(q, 96, 1));
	CHECK_EQ(find_vm_area(q)->requested_size, 4096);
	vfree(q);
}

TEST(contents_are_kept_to_the_smaller_size)
{
	static const size_t sizes[] = { 1,       8,      4096, 4097, 70000,
		                        3000000, 600000, 5000, 12 };
	char *p = NULL;
	size_t old = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t kept = old < sizes[i] ? old : sizes[i];

		p = vrealloc(p, sizes[i], GFP_KERNEL);
		CHECK(p);
		CHECK(pattern_holds(p, ALIGN_DOWN(kept, 8), 3));
		CHECK_EQ(find_vm_area(p)->requested_size, sizes[i]);
		pattern_fill(p, sizes[i], 3);
		old = sizes[i];
	}
	vfree(p);
}

TEST(growth_moves_pages_not_bytes)
{
	char *p = vmalloc(64 * PAGE_SIZE), *q;
	unsigned long frame[64];

	CHECK(p);
	for (unsigned int i = 0; i < 64; i++)
		frame[i] = vmalloc_to_pfn(p + i * PAGE_SIZE);
	q = vrealloc(p, 200 * PAGE_SIZE, GFP_KERNEL);
	CHECK(q);
	for (unsigned int i = 0; i < 64; i++)
		CHECK_EQ(vmalloc_to_pfn(q + i * PAGE_SIZE), frame[i]);
	vfree(q);
}

TEST(shrinking_gives_pages_back)
{
	char *p = vmalloc(100 * PAGE_SIZE);
	unsigned long before = nr_free_pages();

	CHECK(p);
	p = vrealloc(p, 10 * PAGE_SIZE, GFP_KERNEL);
	CHECK(p);
	CHECK(nr_free_pages() >= before + 80);
	vfree(p);
}

TEST(zero_flag_zeroes_what_is_new_after_shrink_and_grow)
{
	unsigned char *p = vmalloc(3000);

	CHECK(p);
	memset(p, 0xff, 4096);
	p = vrealloc(p, 1000, GFP_KERNEL | __GFP_ZERO);
	CHECK(p);
	p = vrealloc(p, 9000, GFP_KERNEL | __GFP_ZERO);
	CHECK(p && is_all(p, 1000, 0xff) && is_all(p + 1000, 8000, 0));
	vfree(p);
}

TEST(null_allocates_and_zero_frees)
{
	char *p = vrealloc(NULL, 5000, GFP_KERNEL);

	CHECK(p && find_vm_area(p));
	CHECK(!vrealloc(p, 0, GFP_KERNEL));
	CHECK(!find_vm_area(p));
}

TEST(failure_leaves_the_old_area_alone)
{
	char *p = vmalloc(3 * PAGE_SIZE);

	CHECK(p);
	pattern_fill(p, 3 * PAGE_SIZE, 5);
	CHECK(!vrealloc(p, ~0ul - 5000, GFP_KERNEL));
	CHECK(!vrealloc(p, (nr_total_pages() + 1) << PAGE_SHIFT, GFP_KERNEL));
	CHECK(pattern_holds(p, 3 * PAGE_SIZE, 5));
	CHECK_EQ(find_vm_area(p)->requested_size, 3 * PAGE_SIZE);
	vfree(p);
}

TEST(what_is_no_vmalloc_area_is_reported)
{
	char *p = vmalloc(2 * PAGE_SIZE);

	CHECK(p);
	CHECK_REPORTS(1, CHECK(!vrealloc(p + PAGE_SIZE, 10, GFP_KERNEL)));
	CHECK_REPORTS(1, CHECK(!vrealloc(&p, 10, GFP_KERNEL)));
	vfree(p);
	CHECK_REPORTS(1, CHECK(!vrealloc(p, 10, GFP_KERNEL)));
}

/* All of the window behind the last area but [start, end). */
static void leave_only(vaddr_t start, vaddr_t end, struct vm_struct *rest[2])
{
	vaddr_t behind = VMALLOC_START;
	struct area_note note;

	while (vm_walk(behind, &note, 1) == 1)
		behind = note.end;
	CHECK(behind < start);
	rest[0] = __get_vm_area(start - behind - PAGE_SIZE, VM_MAP, behind,
	                        start);
	rest[1] = __get_vm_area(VMALLOC_END - end - PAGE_SIZE, VM_MAP, end,
	                        VMALLOC_END);
	CHECK(rest[0] && rest[1]);
}

/* Found by tests/model in its window of 8 MiB. */
TEST(growth_beyond_2_mib_needs_no_aligned_hole)
{
	const unsigned long size = LEAF_TABLE_SIZE + 1;
	vaddr_t start = ALIGN_UP(VMALLOC_START, LEAF_TABLE_SIZE) + (1ul << 30) +
	                PAGE_SIZE;
	struct vm_struct *rest[2];
	char *p = vmalloc(PAGE_SIZE), *grown;

	CHECK(p);
	vm_unmap_aliases();
	pattern_fill(p, PAGE_SIZE, 1);
	leave_only(start, start + ALIGN_UP(size, PAGE_SIZE) + PAGE_SIZE, rest);
	grown = vrealloc(p, size, GFP_KERNEL);
	CHECK_EQ(grown, start);
	CHECK(pattern_holds(grown, PAGE_SIZE, 1));
	vfree(grown);
	free_vm_area(rest[0]);
	free_vm_area(rest[1]);
	/* Not one page of so many is looked up while it is lazy. */
	vm_unmap_aliases();
}
