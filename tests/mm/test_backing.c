/* SPDX-License-Identifier: MIT */
/*
 * The blocks behind an area (mm/backing.c): single pages, blocks and leaves, all
 * at once, in part, and none; and each of them back, whatever became of it.
 */
#include <linux/vmalloc.h>

#include "core/machine.h"
#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "pages.h"
#include "state.h"
#include "test.h"

/* What of memory is held, linked through the pages themselves. */
static struct page *held;

static void hold(struct page *page)
{
	*(struct page **)page_address(page) = held;
	held = page;
}

/* Free those of the held pages whose frame number has a bit of @mask. */
static void give_back(unsigned long mask)
{
	struct page *page = held;

	held = NULL;
	while (page) {
		struct page *next = *(struct page **)page_address(page);

		if (page_to_pfn(page) & mask)
			__free_pages(page, 0);
		else
			hold(page);
		page = next;
	}
	page_alloc_drain();
}

static void hold_everything(void)
{
	struct page *page;

	if (nr_total_pages() > 65536)
		test_skip("too much memory to take it all");
	vmap_drain();
	while ((page = alloc_pages(GFP_NOWAIT, 0)) != NULL)
		hold(page);
}

static void release_everything(void)
{
	give_back(~0ul);
	while (held) {
		struct page *page = held;

		held = *(struct page **)page_address(page);
		__free_pages(page, 0);
	}
	page_alloc_drain();
}

static bool is_one_block(const char *p, unsigned long pages)
{
	const struct page *first = vmalloc_to_page(p);

	return vmalloc_to_page(p + (pages - 1) * PAGE_SIZE) ==
	       first + pages - 1;
}

/* An area of @pages comes, holds its contents and goes, all of it. */
static bool comes_and_goes(unsigned long pages)
{
	unsigned long free = nr_free_pages();
	char *p = vmalloc(pages * PAGE_SIZE);
	bool right;

	if (!p)
		return false;
	pattern_fill(p, pages * PAGE_SIZE, pages);
	right = pattern_holds(p, pages * PAGE_SIZE, pages) &&
	        free - nr_free_pages() >= pages;
	vfree(p);
	tlb_flush_all();
	/* What stays is an index page and tables, if any. */
	return right && free - nr_free_pages() < 8;
}

static const unsigned short sizes[] = { 1,  2,  3,  4,   5,   15,  16,  17,
	                                63, 64, 65, 100, 256, 512, 700, 1025 };

/* The first time from a hole, then from the pool. */
static bool every_size_comes_and_goes(void)
{
	bool right = true;

	for (unsigned int i = 0; i < 3 * ARRAY_SIZE(sizes); i++)
		right &= comes_and_goes(sizes[i % ARRAY_SIZE(sizes)]);
	return right;
}

TEST(areas_of_every_size_come_and_go)
{
	struct mm_state before, after;

	mm_state_settled(&before);
	CHECK(every_size_comes_and_goes());
	mm_check_all();
	mm_state_settled(&after);
	mm_state_check_equal(&after, &before);
}

/* Every second page is free: blocks come smaller than they were wanted. */
TEST(areas_out_of_single_pages_come_and_go)
{
	bool right;

	hold_everything();
	give_back(1);
	right = every_size_comes_and_goes();
	mm_check_all();
	release_everything();
	CHECK(right);
}

/* Three of four pages are free: pairs and single pages. */
TEST(areas_out_of_small_blocks_come_and_go)
{
	bool right;

	hold_everything();
	give_back(3);
	right = every_size_comes_and_goes();
	mm_check_all();
	release_everything();
	CHECK(right);
}

/* Fragmentation leaves no trace in what is asked for later. */
TEST(memory_that_coalesces_is_used_in_large_blocks_again)
{
	char *p, *q;
	bool single;

	hold_everything();
	give_back(1);
	p = vmalloc(16 * PAGE_SIZE);
	single = p && !is_one_block(p, 16);
	vfree(p);
	release_everything();
	tlb_flush_all();
	p = vmalloc(16 * PAGE_SIZE);
	q = vmalloc(256 * PAGE_SIZE);
	CHECK(single && p && q);
	CHECK(is_one_block(p, 16));
	CHECK(is_one_block(q, 256));
	vfree(p);
	vfree(q);
}

/* One page of many stays with whoever has a reference. */
TEST(single_page_outlives_its_area_while_referenced)
{
	struct page *page = NULL;
	bool alive = false;
	char *p;

	hold_everything();
	give_back(1);
	p = vmalloc(20 * PAGE_SIZE);
	if (p) {
		p[7 * PAGE_SIZE] = 33;
		page = vmalloc_to_page(p + 7 * PAGE_SIZE);
		get_page(page);
		vfree(p);
		alive = page_count(page) == 1 && page->state == PAGE_USED &&
		        *(char *)page_address(page) == 33;
		put_page(page);
	}
	release_everything();
	mm_check_all();
	CHECK(alive);
}

/*
 * The stack of one order has a block and that of the next has none: the area is
 * made in one go and in a second. Zeroed to the last page either way.
 */
/* Svnapot: the entries of the group name its first frame alone. */
TEST(block_made_into_single_pages_is_freed_page_by_page)
{
	const unsigned long size = 16 * PAGE_SIZE;
	struct mm_state before, after;
	struct vm_struct *vm;
	char *p;

	mm_state_settled(&before);
	p = __vmalloc_node_range(size, size, VMALLOC_START, VMALLOC_END,
	                         GFP_KERNEL, PAGE_KERNEL, NUMA_NO_NODE,
	                         CALLER());
	CHECK(p);
	page_split(vmalloc_to_page(p), 4);
	vfree(p);
	tlb_flush_all();
	vm = get_vm_area(size, VM_MAP);
	CHECK_EQ(vm->addr, p);
	for (unsigned long at = 0; at < size; at += PAGE_SIZE)
		CHECK(!can_read(p + at));
	free_vm_area(vm);
	mm_state_settled(&after);
	mm_state_check_equal(&after, &before);
}

TEST(area_begun_from_the_stacks_is_completed)
{
	for (unsigned int i = 0; i < 4; i++) {
		unsigned long pages = i & 1 ? 5 : 21;
		char *p;

		vfree(vmalloc(pages * PAGE_SIZE));
		tlb_flush_all();
		pages_poison_free(0xaa);
		page_alloc_drain();
		__free_pages(alloc_pages(GFP_KERNEL, i & 1 ? 2 : 4),
		             i & 1 ? 2 : 4);
		p = i & 2 ? vzalloc(pages * PAGE_SIZE)
		          : vmalloc(pages * PAGE_SIZE);
		CHECK(p);
		CHECK(!(i & 2) || is_all(p, pages * PAGE_SIZE, 0));
		pattern_fill(p, pages * PAGE_SIZE, i);
		CHECK(pattern_holds(p, pages * PAGE_SIZE, i));
		vfree(p);
		mm_check_all();
	}
}

/* The guard of a one-page area may lie in another leaf table than the page. */
TEST(area_whose_guard_is_in_the_next_table_is_freed)
{
	unsigned long border = VMALLOC_START + (40ul << 30);
	unsigned long free = nr_free_pages();
	char *p;

	for (unsigned int i = 0; i < 2; i++) {
		p = __vmalloc_node_range(PAGE_SIZE, 1, border - PAGE_SIZE,
		                         border + PAGE_SIZE, GFP_KERNEL,
		                         PAGE_KERNEL, -1, CALLER());
		CHECK(p);
		p[0] = 1;
		vfree(p);
		vmap_drain();
		CHECK(!can_read(p));
	}
	CHECK(free - nr_free_pages() < 8);
}

#define LEAVES 4ul

/* One leaf was taken apart: the others go as leaves, this one as pages. */
TEST(area_of_leaves_is_freed_with_one_of_them_split)
{
	struct mm_state before, after;

	mm_state_settled(&before);
	for (unsigned long leaf = 0; leaf < LEAVES; leaf++) {
		char *p = vmalloc(LEAVES * LEAF_TABLE_SIZE);
		char *part = p + leaf * LEAF_TABLE_SIZE + 9 * PAGE_SIZE;

		CHECK(p);
		CHECK_EQ(leaf_level(part), vmap_huge_enabled());
		CHECK_EQ(set_memory_ro((unsigned long)part, 1), 0);
		CHECK(!can_write(part));
		vfree(p);
		tlb_flush_all();
		for (unsigned long i = 0; i < LEAVES; i++)
			CHECK(!can_read(p + i * LEAF_TABLE_SIZE));
		mm_check_all();
		vmap_drain();
	}
	mm_state_settled(&after);
	mm_state_check_equal(&after, &before);
}

/* Blocks of 2 MiB onto this hart's stack, if it may keep any. */
static void stack_leaves(void)
{
	struct page *blocks[LEAVES];

	for (unsigned int i = 0; i < LEAVES; i++)
		CHECK(blocks[i] = alloc_pages(GFP_KERNEL, MAX_ORDER));
	for (unsigned int i = 0; i < LEAVES; i++)
		__free_pages(blocks[i], MAX_ORDER);
}

/* A leaf pins no leaf table: of what is in the pool only the guard counts. */
TEST(retired_leaves_are_not_counted_as_pooled)
{
	struct vmap_counters before, after;

	if (!vmap_huge_enabled())
		test_skip("vmap.huge=off");
	for (unsigned int i = 0; i < 2; i++) {
		vmap_drain();
		stack_leaves();
		vmap_read_counters(&before);
		vfree(vmalloc(LEAVES * LEAF_TABLE_SIZE));
		vmap_read_counters(&after);
		CHECK_EQ(after.pooled_pages - before.pooled_pages, 1);
		mm_check_all();
	}
}

/* Leaves of two level-1 tables, then single entries. */
TEST(area_of_leaves_reaches_into_the_next_gib)
{
	const size_t size = 3 * LEAF_TABLE_SIZE + 2 * PAGE_SIZE;
	unsigned long border =
		ALIGN_UP(VMALLOC_START + (40ul << 30), 1ul << 30);
	unsigned long start = border - 2 * LEAF_TABLE_SIZE;
	struct mm_state before, after;
	char *p;

	mm_state_settled(&before);
	stack_leaves();
	p = __vmalloc_node_range(size, LEAF_TABLE_SIZE, start,
	                         start + 4 * LEAF_TABLE_SIZE, GFP_KERNEL,
	                         PAGE_KERNEL, -1, CALLER());
	CHECK(p == (char *)start);
	CHECK_EQ(leaf_level(p + 2 * LEAF_TABLE_SIZE), vmap_huge_enabled());
	pattern_fill(p, size, 3);
	CHECK(pattern_holds(p, size, 3));
	vfree(p);
	mm_check_all();
	mm_state_settled(&after);
	mm_state_check_equal(&after, &before);
}

/* In the same addresses, leaves first and then pages, and leaves again. */
TEST(table_in_the_place_of_a_leaf_is_used)
{
	char *p = vmalloc(LEAVES * LEAF_TABLE_SIZE);
	char *q;

	CHECK(p);
	CHECK_EQ(set_memory_ro((unsigned long)p + LEAF_TABLE_SIZE, 1), 0);
	vfree(p);
	tlb_flush_all();
	q = vmalloc(LEAVES * LEAF_TABLE_SIZE);
	CHECK(q == p);
	CHECK_EQ(leaf_level(q), vmap_huge_enabled());
	CHECK_EQ(leaf_level(q + LEAF_TABLE_SIZE), 0);
	CHECK_EQ(leaf_level(q + 2 * LEAF_TABLE_SIZE), vmap_huge_enabled());
	pattern_fill(q, LEAVES * LEAF_TABLE_SIZE, 1);
	CHECK(pattern_holds(q, LEAVES * LEAF_TABLE_SIZE, 1));
	vfree(q);
	mm_check_all();
	vmap_drain();
}
