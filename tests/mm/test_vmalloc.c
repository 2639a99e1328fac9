/* SPDX-License-Identifier: MIT */
/*
 * The allocation family (contract 1.4, 1.5): rounding, contents, alignment,
 * windows, zeroing, limits, huge leaves, and that what was freed comes back.
 */
#include <errno.h>
#include <limits.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "core/hart.h"
#include "core/log.h"
#include "core/machine.h"
#include "core/report.h"
#include "mm/fault_inject.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "pages.h"
#include "state.h"
#include "test.h"

TEST(vmalloc_rounds_up_to_pages_and_adds_a_guard)
{
	static const unsigned long sizes[] = { 1, 4095, 4096, 4097, 65536 };

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned char *p = vmalloc(sizes[i]);
		struct vm_struct *vm = find_vm_area(p);
		unsigned long usable = PAGE_ALIGN(sizes[i]);

		CHECK(p && IS_ALIGNED((unsigned long)p, PAGE_SIZE));
		CHECK(vm && vm->addr == p && vm->flags & VM_ALLOC);
		CHECK_EQ(vm->size, usable + PAGE_SIZE);
		CHECK_EQ(get_vm_area_size(vm), usable);
		CHECK_EQ(vm->requested_size, sizes[i]);
		CHECK_EQ(vm->nr_pages, usable >> PAGE_SHIFT);
		memset(p, 0x5a, usable);
		CHECK(is_all(p, usable, 0x5a));
		CHECK(!can_read(p + usable));
		vfree(p);
	}
}

TEST(vmalloc_area_lists_the_pages_that_it_maps)
{
	char *p = vmalloc(5 * PAGE_SIZE);
	struct vm_struct *vm = find_vm_area(p);

	CHECK(p && vm && vm->pages);
	for (unsigned int i = 0; i < vm->nr_pages; i++) {
		CHECK_EQ(vm->pages[i], vmalloc_to_page(p + i * PAGE_SIZE));
		CHECK_EQ(vmalloc_to_pfn(p + i * PAGE_SIZE),
		         page_to_pfn(vm->pages[i]));
	}
	vfree(p);
}

TEST(vmalloc_to_page_and_the_direct_map_see_the_same_bytes)
{
	char *p = vmalloc(3 * PAGE_SIZE);

	CHECK(p && is_vmalloc_addr(p) && is_vmalloc_addr(&p));
	CHECK(!is_vmalloc_addr(&nr_harts) && !is_vmalloc_addr(NULL));
	CHECK(is_vmalloc_addr((char *)VMALLOC_START));
	CHECK(is_vmalloc_addr((char *)VMALLOC_END - 1));
	CHECK(!is_vmalloc_addr((char *)VMALLOC_START - 1));
	CHECK(!is_vmalloc_addr((char *)VMALLOC_END));
	CHECK(!vmalloc_to_page(page_address(vmalloc_to_page(p))));
	CHECK(!vmalloc_to_page(&nr_harts) && !vmalloc_to_pfn(&nr_harts));
	pattern_fill(p, 3 * PAGE_SIZE, 7);
	for (unsigned int i = 0; i < 3; i++) {
		char *va = p + i * PAGE_SIZE;
		char *alias = page_address(vmalloc_to_page(va + 123));

		CHECK(memcmp(va, alias, PAGE_SIZE) == 0);
		alias[9] ^= 1;
		CHECK_EQ(va[9], alias[9]);
	}
	CHECK(!vmalloc_to_page(p + 3 * PAGE_SIZE));
	vfree(p);
	CHECK(!vmalloc_to_page(p));
}

TEST(vmalloc_areas_never_overlap_and_keep_their_contents)
{
	enum { AREAS = 60 };
	static unsigned long *area[AREAS];
	static size_t bytes[AREAS];

	memset(area, 0, sizeof(area));
	for (unsigned int step = 0; step < 600; step++) {
		unsigned int i = test_random() % AREAS;

		if (area[i]) {
			CHECK(pattern_holds(area[i], bytes[i], i));
			vfree(area[i]);
			area[i] = NULL;
			continue;
		}
		bytes[i] = (test_random() % 12 + 1) * PAGE_SIZE;
		area[i] = vmalloc(bytes[i]);
		CHECK(area[i]);
		pattern_fill(area[i], bytes[i], i);
	}
	for (unsigned int i = 0; i < AREAS; i++) {
		CHECK(!area[i] || pattern_holds(area[i], bytes[i], i));
		vfree(area[i]);
	}
}

TEST(zeroing_calls_zero_the_whole_last_page)
{
	unsigned char *p[6];
	const size_t size = 3 * PAGE_SIZE + 5, mapped = 4 * PAGE_SIZE;

	pages_poison_free(0xa5);
	p[0] = vzalloc(size);
	p[1] = vzalloc_node(size, 0);
	p[2] = vmalloc_user(size);
	p[3] = vmalloc_32_user(size);
	p[4] = __vmalloc(size, GFP_KERNEL | __GFP_ZERO, PAGE_KERNEL);
	p[5] = vcalloc(1, size);
	for (unsigned int i = 0; i < ARRAY_SIZE(p); i++)
		CHECK(p[i] && is_all(p[i], mapped, 0));
	for (unsigned int i = 0; i < ARRAY_SIZE(p); i++)
		vfree(p[i]);
}

/* Also in an area that was at hand, over pages that were at hand. */
TEST(zeroing_holds_for_pooled_areas_and_cached_pages)
{
	const size_t size = 3 * PAGE_SIZE + 5, mapped = 4 * PAGE_SIZE;
	unsigned char *p;

	pages_poison_free(0xa5);
	for (unsigned int i = 0; i < 4; i++) {
		vfree(vmalloc(size));
		tlb_flush_all();
		if (i == 0)
			p = vzalloc(size);
		else if (i == 1)
			p = vmalloc_user(size);
		else if (i == 2)
			p = vmalloc_32_user(size);
		else {
			p = __vmalloc_node_range(size, 1, VMALLOC_START,
			                         VMALLOC_END,
			                         GFP_KERNEL | __GFP_ZERO,
			                         PAGE_KERNEL, -1, CALLER());
		}
		CHECK(p && is_all(p, mapped, 0));
		memset(p, 0xa5, mapped);
		vfree(p);
	}
}

TEST(zeroing_holds_for_areas_of_several_megabytes)
{
	const size_t size = 5 * LEAF_TABLE_SIZE / 2 + 100;
	unsigned char *p;

	pages_poison_free(0xa5);
	p = vzalloc(size);
	CHECK(p && is_all(p, PAGE_ALIGN(size), 0));
	vfree(p);
}

TEST(user_variants_are_marked_before_anybody_sees_them)
{
	char *a = vmalloc_user(PAGE_SIZE), *b = vmalloc_32_user(PAGE_SIZE);

	CHECK(a && find_vm_area(a)->flags & VM_USERMAP);
	CHECK(b && find_vm_area(b)->flags & VM_USERMAP);
	CHECK(IS_ALIGNED((unsigned long)a, SHMLBA));
	vfree(a);
	vfree(b);
}

TEST(vmalloc_32_pages_lie_below_four_gib)
{
	char *p = vmalloc_32(40 * PAGE_SIZE);

	CHECK(p);
	for (unsigned int i = 0; i < 40; i++) {
		CHECK(page_to_phys(vmalloc_to_page(p + i * PAGE_SIZE)) +
		              PAGE_SIZE <=
		      1ul << 32);
	}
	vfree(p);
}

/* Also out of the pool, where the area at hand fits but for its start. */
TEST(align_is_met_by_pooled_areas)
{
	static char *p[6];

	for (unsigned int i = 0; i < ARRAY_SIZE(p); i++)
		CHECK((p[i] = vmalloc(PAGE_SIZE)) != NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(p); i++)
		vfree(p[i]);
	tlb_flush_all();
	for (unsigned int i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = __vmalloc_node_range(
			PAGE_SIZE, 8 * PAGE_SIZE, VMALLOC_START, VMALLOC_END,
			GFP_KERNEL, PAGE_KERNEL, -1, CALLER());
		CHECK(p[i]);
		CHECK(IS_ALIGNED((unsigned long)p[i], 8 * PAGE_SIZE));
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(p); i++)
		vfree(p[i]);
}

static unsigned long alignment_of(const char *p)
{
	return (unsigned long)p & -(unsigned long)p;
}

/* The last of a queue may go out before the first: the queue still ends. */
TEST(queue_ends_after_its_last_area_was_taken)
{
	const size_t size = 2 * PAGE_SIZE; /* with the guard an odd distance */
	char *p[8], *taken;
	unsigned int best = 0, freed = 0;

	for (unsigned int i = 0; i < 8; i++) {
		CHECK((p[i] = vmalloc(size)) != NULL);
		if (alignment_of(p[i]) > alignment_of(p[best]))
			best = i;
	}
	for (unsigned int i = 0; i < 8 && freed < 2; i++) {
		if (alignment_of(p[i]) < alignment_of(p[best])) {
			vfree(p[i]);
			p[i] = NULL;
			freed++;
		}
	}
	CHECK_EQ(freed, 2);
	vfree(p[best]);
	tlb_flush_all();
	taken = __vmalloc_node_range(size, alignment_of(p[best]), VMALLOC_START,
	                             VMALLOC_END, GFP_KERNEL, PAGE_KERNEL, -1,
	                             CALLER());
	CHECK_EQ(taken, p[best]);
	p[best] = NULL;
	for (unsigned int i = 0; i < 8; i++)
		vfree(p[i]);
	vmap_check();
	vfree(taken);
}

/* Above 256 pages several sizes share a queue. */
TEST(pooled_area_of_another_size_is_not_taken)
{
	static const unsigned long counts[] = { 300, 400, 301, 500 };
	unsigned long bytes;
	char *p;

	for (unsigned int i = 0; i < ARRAY_SIZE(counts); i++) {
		bytes = counts[i] << PAGE_SHIFT;
		p = vmalloc(bytes);
		CHECK(p);
		CHECK_EQ(find_vm_area(p)->size, bytes + PAGE_SIZE);
		CHECK(!can_read(p + bytes));
		vfree(p);
		tlb_flush_all();
	}
}

TEST(area_whose_addresses_are_not_aligned_has_no_huge_leaf)
{
	unsigned long start =
		ALIGN_UP(VMALLOC_START, LEAF_TABLE_SIZE) + (1ul << 33);
	const size_t size = 2 * LEAF_TABLE_SIZE;
	char *p = __vmalloc_node_range(size, 1, start + PAGE_SIZE,
	                               start + size + 2 * PAGE_SIZE, GFP_KERNEL,
	                               PAGE_KERNEL, -1, CALLER());

	CHECK_EQ(p, start + PAGE_SIZE);
	CHECK_EQ(leaf_level(p), 0);
	pattern_fill(p, size, 3);
	CHECK(pattern_holds(p, size, 3));
	CHECK(!can_read(p + size));
	vfree(p);
}

TEST(align_of_every_power_of_two_is_met_or_refused)
{
	for (unsigned int shift = 0; shift < 64; shift++) {
		unsigned long align = 1ul << shift;
		char *p = __vmalloc_node_range(PAGE_SIZE, align, VMALLOC_START,
		                               VMALLOC_END, GFP_KERNEL,
		                               PAGE_KERNEL, -1, CALLER());

		if (shift <= 30)
			CHECK(p);
		CHECK(!p || IS_ALIGNED((unsigned long)p, align));
		if (p)
			*p = 1;
		vfree(p);
	}
}

TEST(window_receives_the_lowest_fit_guard_included)
{
	struct vm_struct *room = get_vm_area(LEAF_TABLE_SIZE * 3, VM_MAP);
	unsigned long start, end;
	char *a, *b, *c;

	CHECK(room);
	start = ALIGN_UP((unsigned long)room->addr, LEAF_TABLE_SIZE);
	end = start + 6 * PAGE_SIZE;
	free_vm_area(room);
	vm_unmap_aliases();
	vmap_drain();
	a = __vmalloc_node_range(2 * PAGE_SIZE, 1, start, end, GFP_KERNEL,
	                         PAGE_KERNEL, -1, CALLER());
	b = __vmalloc_node_range(2 * PAGE_SIZE, 1, start, end, GFP_KERNEL,
	                         PAGE_KERNEL, -1, CALLER());
	c = __vmalloc_node_range(PAGE_SIZE, 1, start, end, GFP_KERNEL,
	                         PAGE_KERNEL, -1, CALLER());
	CHECK_EQ(a, start);
	CHECK_EQ(b, start + 3 * PAGE_SIZE);
	CHECK(!c);
	vfree(a);
	/* Its addresses are lazy: the purge and retry must find them. */
	c = __vmalloc_node_range(2 * PAGE_SIZE, 1, start, end, GFP_KERNEL,
	                         PAGE_KERNEL, -1, CALLER());
	CHECK_EQ(c, start);
	vfree(b);
	vfree(c);
}

TEST(window_bounds_are_rounded_inward)
{
	unsigned long start = VMALLOC_START + (1ul << 33);
	char *p;

	CHECK(!__vmalloc_node_range(PAGE_SIZE, 1, start + 1,
	                            start + 3 * PAGE_SIZE - 1, GFP_KERNEL,
	                            PAGE_KERNEL, -1, CALLER()));
	/* Aligned, it would stick out at the end. */
	CHECK(!__vmalloc_node_range(PAGE_SIZE, 4 * PAGE_SIZE, start + PAGE_SIZE,
	                            start + 5 * PAGE_SIZE, GFP_KERNEL,
	                            PAGE_KERNEL, -1, CALLER()));
	p = __vmalloc_node_range(PAGE_SIZE, 1, start + 1,
	                         start + 3 * PAGE_SIZE + 5, GFP_KERNEL,
	                         PAGE_KERNEL, -1, CALLER());
	CHECK_EQ(p, start + PAGE_SIZE);
	vfree(p);
}

/* B33: a search for size + align - 1 bytes would miss the exact fit. */
TEST(exact_window_with_a_large_align_fits)
{
	unsigned long start =
		ALIGN_UP(VMALLOC_START, LEAF_TABLE_SIZE) + (1ul << 33);
	char *p = __vmalloc_node_range(LEAF_TABLE_SIZE, LEAF_TABLE_SIZE, start,
	                               start + LEAF_TABLE_SIZE + PAGE_SIZE,
	                               GFP_KERNEL, PAGE_KERNEL, -1, CALLER());

	CHECK_EQ(p, start);
	CHECK_EQ(leaf_level(p), vmap_huge_enabled());
	vfree(p);
}

/* B1: end + 1 wraps to 0. */
TEST(window_at_the_top_of_the_address_space_is_refused)
{
	CHECK(!__vmalloc_node_range(PAGE_SIZE, 1, ULONG_MAX - 2 * PAGE_SIZE + 1,
	                            ULONG_MAX, GFP_KERNEL, PAGE_KERNEL, -1,
	                            CALLER()));
	CHECK(!__vmalloc_node_range(PAGE_SIZE, 1, VMALLOC_END - PAGE_SIZE,
	                            VMALLOC_END, GFP_KERNEL, PAGE_KERNEL, -1,
	                            CALLER()));
	CHECK(!__vmalloc_node_range(PAGE_SIZE, 1, VMALLOC_START + PAGE_SIZE * 9,
	                            VMALLOC_START, GFP_KERNEL, PAGE_KERNEL, -1,
	                            CALLER()));
	CHECK(!__vmalloc_node_range(PAGE_SIZE, 1, 0, ULONG_MAX >> 30,
	                            GFP_KERNEL, PAGE_KERNEL, -1, CALLER()));
}

TEST(window_may_reach_beyond_the_vmalloc_range)
{
	char *p = __vmalloc_node_range(PAGE_SIZE, 1, 0, ULONG_MAX, GFP_KERNEL,
	                               PAGE_KERNEL, -1, CALLER());

	CHECK(is_vmalloc_addr(p));
	vfree(p);
}

TEST(prot_is_what_the_leaves_carry)
{
	char *ro = __vmalloc(PAGE_SIZE, GFP_KERNEL, PAGE_KERNEL_RO);
	char *rw = __vmalloc(PAGE_SIZE, GFP_KERNEL, PAGE_KERNEL);
	unsigned int level;
	pte_t *pte;

	CHECK(ro && rw);
	CHECK(can_read(ro) && !can_write(ro));
	CHECK(can_read(rw) && can_write(rw));
	pte = pgtable_lookup((vaddr_t)rw, &level);
	CHECK_EQ(*pte & (PTE_RWX | PTE_U | PTE_G | PTE_A | PTE_D),
	         PTE_R | PTE_W | PTE_G | PTE_A | PTE_D);
	vfree(ro);
	vfree(rw);
}

TEST(reserved_and_user_protections_are_refused)
{
	const unsigned long base = PTE_V | PTE_A | PTE_D | PTE_G;
	const unsigned long bad[] = { base, base | PTE_W,
		                      base | PTE_R | PTE_W | PTE_U,
		                      PAGE_KERNEL.pgprot | 1ul << 60 };

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_REPORTS(1, CHECK(!__vmalloc(PAGE_SIZE, GFP_KERNEL,
		                                  __pgprot(bad[i]))));
		CHECK_REPORTS(1, CHECK(!__vmalloc_node_range(
					 PAGE_SIZE, 1, VMALLOC_START,
					 VMALLOC_END, GFP_KERNEL,
					 __pgprot(bad[i]), -1, CALLER())));
	}
}

TEST(only_vmalloc_exec_may_execute)
{
	char *p[] = { vmalloc(PAGE_SIZE), vzalloc(PAGE_SIZE),
		      vmalloc_user(PAGE_SIZE), vmalloc_32(PAGE_SIZE),
		      vmalloc_exec(PAGE_SIZE) };
	unsigned int level;

	for (unsigned int i = 0; i < ARRAY_SIZE(p); i++) {
		CHECK(p[i]);
		CHECK_EQ(*pgtable_lookup((vaddr_t)p[i], &level) & PTE_RWX,
		         PTE_R | PTE_W | (i == 4 ? PTE_X : 0));
		vfree(p[i]);
	}
}

TEST(vmalloc_exec_runs_code_after_a_fence)
{
	/* li a0, 42; ret */
	static const unsigned int code[] = { 0x02a00513, 0x00008067 };
	unsigned int *p = vmalloc_exec(sizeof(code));
	int (*function)(void);

	CHECK(p);
	memcpy(p, code, sizeof(code));
	__asm__ volatile("fence.i" : : : "memory");
	memcpy(&function, &p, sizeof(p));
	CHECK_EQ(function(), 42);
	vfree(p);
}

TEST(set_memory_changes_permission_and_back)
{
	char *p = vmalloc(3 * PAGE_SIZE);

	CHECK(p);
	memset(p, 3, 3 * PAGE_SIZE);
	CHECK_EQ(set_memory_ro((unsigned long)p + PAGE_SIZE, 1), 0);
	CHECK(can_write(p) && !can_write(p + PAGE_SIZE));
	CHECK(can_read(p + PAGE_SIZE) && can_write(p + 2 * PAGE_SIZE));
	CHECK_EQ(set_memory_rw((unsigned long)p + PAGE_SIZE, 1), 0);
	CHECK(can_write(p + PAGE_SIZE));
	CHECK(is_all(p, 3 * PAGE_SIZE, 3));
	/* Writable and executable, never newly. */
	CHECK_REPORTS(1, CHECK_EQ(set_memory_x((unsigned long)p, 1), -EINVAL));
	CHECK_EQ(set_memory_ro((unsigned long)p, 1), 0);
	CHECK_EQ(set_memory_x((unsigned long)p, 1), 0);
	CHECK_REPORTS(1, CHECK_EQ(set_memory_rw((unsigned long)p, 1), -EINVAL));
	CHECK(!can_write(p));
	CHECK_EQ(set_memory_nx((unsigned long)p, 1), 0);
	CHECK_EQ(set_memory_rw((unsigned long)p, 1), 0);
	CHECK(can_write(p));
	vfree(p);
}

TEST(sizes_that_wrap_or_exceed_ram_fail_at_once)
{
	unsigned long total = nr_total_pages() << PAGE_SHIFT;
	unsigned long before = nr_free_pages();

	CHECK(!vmalloc(ULONG_MAX));
	CHECK(!vmalloc(ULONG_MAX - 4094));
	CHECK(!vmalloc(ULONG_MAX - 4095));
	CHECK(!vmalloc(total + 1));
	CHECK(!vmalloc(1ul << 41)); /* 2^29 pages: B5a */
	CHECK(!vmalloc(VMALLOC_SIZE));
	CHECK_EQ(nr_free_pages(), before);
}

static void find_failure(const char *line, void *context)
{
	if (strstr(line, "vmalloc: 18446744073709551615 bytes for "))
		*(bool *)context = true;
}

static bool line_after_failures(gfp_t gfp)
{
	bool found = false;

	/* Only the 1st, 2nd, 4th ... failure since boot prints one. */
	for (unsigned int i = 0; i < 5000; i++)
		CHECK(!__vmalloc(ULONG_MAX, gfp, PAGE_KERNEL));
	log_tail(4, find_failure, &found);
	return found;
}

TEST(failures_print_a_line_now_and_then_unless_told_not_to)
{
	for (unsigned int i = 0; i < 8; i++)
		log_info("failures before this line are others'");
	CHECK(!line_after_failures(GFP_KERNEL | __GFP_NOWARN));
	CHECK(line_after_failures(GFP_KERNEL));
}

/* B58: Linux takes every page before it notices. */
TEST(more_than_free_memory_fails_without_taking_any)
{
	struct vmap_counters before, after;
	unsigned long pages = nr_free_pages();

	vmap_read_counters(&before);
	CHECK(!vmalloc((pages + 1) << PAGE_SHIFT));
	vmap_read_counters(&after);
	CHECK_EQ(nr_free_pages(), pages);
	CHECK_EQ(after.vmalloc_pages, before.vmalloc_pages);
	CHECK_EQ(after.maps, before.maps);
}

/* The same for 2 MiB: not one page is asked for. */
TEST(two_mib_beyond_free_memory_ask_for_no_page)
{
	char *rest = vmalloc((nr_free_pages() - 300) << PAGE_SHIFT);
	unsigned long left, requests;
	char *p;

	CHECK(rest);
	left = nr_free_pages();
	CHECK(left > 64 && left < 512);
	fault_inject_set(FAULT_PAGE, ~0ul);
	p = vmalloc(512ul << PAGE_SHIFT);
	requests = fault_inject_seen(FAULT_PAGE);
	fault_inject_set(FAULT_PAGE, 0);
	CHECK(!p);
	CHECK_EQ(requests, 0);
	CHECK_EQ(nr_free_pages(), left);
	vfree(rest);
}

TEST(nearly_all_memory_can_be_one_area)
{
	unsigned long pages = nr_free_pages() * 15 / 16;
	char *p = vmalloc(pages << PAGE_SHIFT);

	CHECK(p);
	for (unsigned long i = 0; i < pages; i += 37)
		p[i << PAGE_SHIFT] = (char)i;
	for (unsigned long i = 0; i < pages; i += 37)
		CHECK_EQ(p[i << PAGE_SHIFT], (char)i);
	vfree(p);
}

TEST(array_calls_refuse_an_overflowing_product)
{
	char *p;

	CHECK(!vmalloc_array(1ul << 33, 1ul << 33));
	CHECK(!vcalloc(ULONG_MAX, 2));
	/* Products that wrap to something small. */
	CHECK(!vcalloc((1ul << 63) + 1, 2));
	CHECK(!vmalloc_array((1ul << 63) + 1, 2));
	p = vmalloc_array(3, 1000);
	CHECK(p && find_vm_area(p)->requested_size == 3000);
	vfree(p);
}

TEST(kvmalloc_takes_either_kind_and_kvfree_tells_them_apart)
{
	char *small = kvmalloc(100, GFP_KERNEL);
	char *large = kvmalloc(5ul << 20, GFP_KERNEL);

	char *page = kvmalloc(PAGE_SIZE, GFP_KERNEL);
	char *more = kvmalloc(PAGE_SIZE + 1, GFP_KERNEL);

	CHECK(small && large && is_vmalloc_addr(large));
	CHECK(page && !is_vmalloc_addr(page));
	CHECK(more && is_vmalloc_addr(more));
	kvfree(page);
	kvfree(more);
	memset(small, 1, 100);
	memset(large, 2, 5ul << 20);
	kvfree(small);
	kvfree(large);
	kvfree(NULL);
}

/* Contract 5.6: 2 MiB leaves for the body, small ones for the tail. */
TEST(large_areas_use_huge_leaves_without_rounding_up)
{
	const size_t size = 2 * LEAF_TABLE_SIZE + 3 * PAGE_SIZE;
	unsigned long before = nr_free_pages();
	struct vmap_counters c0, c1;
	char *p;

	vmap_read_counters(&c0);
	p = vmalloc_huge(size, GFP_KERNEL);
	vmap_read_counters(&c1);
	CHECK(p);
	CHECK_EQ(c1.vmalloc_pages - c0.vmalloc_pages, size >> PAGE_SHIFT);
	CHECK(before - nr_free_pages() < (size >> PAGE_SHIFT) + 16);
	CHECK_EQ(leaf_level(p), vmap_huge_enabled());
	CHECK(!vmap_huge_enabled() ||
	      IS_ALIGNED((unsigned long)p, LEAF_TABLE_SIZE));
	CHECK_EQ(leaf_level(p + 2 * LEAF_TABLE_SIZE), 0);
	CHECK(!can_read(p + size));
	pattern_fill(p, size, 1);
	CHECK(pattern_holds(p, size, 1));
	vfree(p);
}

/* B24: each small page of a huge leaf has a life of its own. */
TEST(page_of_a_huge_leaf_outlives_the_area_while_referenced)
{
	char *p = vmalloc_huge(LEAF_TABLE_SIZE, GFP_KERNEL);
	struct page *page;

	CHECK(p);
	p[5 * PAGE_SIZE] = 77;
	page = vmalloc_to_page(p + 5 * PAGE_SIZE);
	get_page(page);
	CHECK_EQ(page_count(page), 2);
	vfree(p);
	CHECK_EQ(page_count(page), 1);
	pages_poison_free(0xee);
	CHECK_EQ(*(char *)page_address(page), 77);
	put_page(page);
}

/* Any page of a block, not only its first. */
TEST(page_of_a_block_outlives_the_area_while_referenced)
{
	for (unsigned int i = 0; i < 4; i++) {
		char *p = vmalloc(4 * PAGE_SIZE);
		struct page *page;

		CHECK(p);
		p[i * PAGE_SIZE] = 55;
		page = vmalloc_to_page(p + i * PAGE_SIZE);
		get_page(page);
		vfree(p);
		CHECK_EQ(page_count(page), 1);
		pages_poison_free(0xee);
		CHECK_EQ(*(char *)page_address(page), 55);
		put_page(page);
	}
}

TEST(huge_leaf_splits_when_part_of_it_changes)
{
	char *p = vmalloc_huge(LEAF_TABLE_SIZE, GFP_KERNEL);

	CHECK(p);
	pattern_fill(p, LEAF_TABLE_SIZE, 4);
	CHECK_EQ(set_memory_ro((unsigned long)p + 7 * PAGE_SIZE, 2), 0);
	CHECK(can_write(p + 6 * PAGE_SIZE) && !can_write(p + 7 * PAGE_SIZE));
	CHECK(!can_write(p + 8 * PAGE_SIZE) && can_write(p + 9 * PAGE_SIZE));
	CHECK(pattern_holds(p, LEAF_TABLE_SIZE, 4));
	vfree(p);
}

TEST(node_must_exist)
{
	char *p = vmalloc_node(PAGE_SIZE, -1), *q = vzalloc_node(PAGE_SIZE, 0);

	CHECK(p && q);
	vfree(p);
	vfree(q);
	CHECK_REPORTS(1, CHECK(!vmalloc_node(PAGE_SIZE, 7)));
	CHECK_REPORTS(1, CHECK(!vzalloc_node(PAGE_SIZE, -2)));
	CHECK_REPORTS(1, CHECK(!__vmalloc_node_range(
				 PAGE_SIZE, 1, VMALLOC_START, VMALLOC_END,
				 GFP_KERNEL, PAGE_KERNEL, 1, CALLER())));
}

TEST(vfree_gives_pages_back_at_once_and_unmaps)
{
	static const unsigned long counts[] = { 1, 2, 3, 20, 64, 65, 512, 700 };

	for (unsigned int i = 0; i < ARRAY_SIZE(counts); i++) {
		unsigned long last = (counts[i] - 1) << PAGE_SHIFT, held;
		char *p = vmalloc(counts[i] << PAGE_SHIFT);

		CHECK(p);
		held = nr_free_pages();
		p[0] = 1;
		vfree(p);
		CHECK(nr_free_pages() >= held + counts[i]);
		CHECK(!find_vm_area(p));
		CHECK(leaf_level(p) == -1 && leaf_level(p + last) == -1);
		vm_unmap_aliases();
		CHECK(!can_read(p) && !can_read(p + last));
	}
}

TEST(vfree_atomic_frees_like_vfree)
{
	char *p = vmalloc(9 * PAGE_SIZE);

	CHECK(p);
	vfree_atomic(p);
	vm_area_run_deferred();
	CHECK(!find_vm_area(p));
}

/* B25's neighbour: page arrays above one page are areas themselves. */
TEST(page_array_of_a_large_area_is_freed_with_it)
{
	struct mm_state before, after;
	char *p;

	mm_state_settled(&before);
	for (unsigned int i = 0; i < 3; i++) {
		p = vmalloc(1500 * PAGE_SIZE);
		CHECK(p);
		CHECK(find_vm_area(p)->pages);
		CHECK_EQ(find_vm_area(p)->pages[1499],
		         vmalloc_to_page(p + 1499 * PAGE_SIZE));
		vfree(p);
	}
	mm_state_settled(&after);
	mm_state_check_equal(&after, &before);
}

/* I-17: the order of frees does not matter. */
TEST(any_order_of_frees_ends_in_the_same_state)
{
	enum { AREAS = 24 };
	struct mm_state before, after;
	char *area[AREAS];

	mm_state_settled(&before);
	for (unsigned int round = 0; round < 6; round++) {
		for (unsigned int i = 0; i < AREAS; i++) {
			area[i] = vmalloc((i * 7 % 40 + 1) * PAGE_SIZE);
			CHECK(area[i]);
		}
		for (unsigned int left = AREAS; left; left--) {
			unsigned int i = test_random() % left;

			vfree(area[i]);
			area[i] = area[left - 1];
		}
		mm_state_settled(&after);
		mm_state_check_equal(&after, &before);
	}
}

/* B53: page tables of the window come back. */
TEST(page_tables_are_reclaimed_after_a_drain)
{
	struct mm_state before, during, after;
	char *p;

	mm_state_settled(&before);
	p = __vmalloc_node_range(PAGE_SIZE, 1, VMALLOC_START + (40ul << 30),
	                         VMALLOC_END, GFP_KERNEL, PAGE_KERNEL, -1,
	                         CALLER());
	CHECK(p);
	mm_state_read(&during);
	CHECK(during.table_pages > before.table_pages);
	vfree(p);
	mm_state_settled(&after);
	CHECK_EQ(after.table_pages, before.table_pages);
}

TEST(counters_follow_what_happens)
{
	struct vmap_counters a, b, c;
	char *p;

	vmap_read_counters(&a);
	p = vmalloc(6 * PAGE_SIZE);
	vmap_read_counters(&b);
	CHECK(p);
	CHECK_EQ(b.maps - a.maps, 1);
	CHECK_EQ(b.vmalloc_pages - a.vmalloc_pages, 6);
	CHECK_EQ(b.busy_areas - a.busy_areas, 1);
	CHECK_EQ(vmalloc_nr_pages(), b.vmalloc_pages);
	vfree(p);
	vmap_read_counters(&c);
	CHECK_EQ(c.unmaps - b.unmaps, 1);
	CHECK_EQ(c.vmalloc_pages, a.vmalloc_pages);
	CHECK_EQ(c.busy_areas, a.busy_areas);
	/* Not yet purged, unless vmap.flush= or vmap.lazy_max= says so. */
	CHECK(c.lazy_pages >= 7 || c.purges > b.purges);
}

TEST(dump_obj_knows_areas_and_nothing_else)
{
	char *p = vmalloc(2 * PAGE_SIZE);

	CHECK(p);
	CHECK(vmalloc_dump_obj(p + 5000));
	vfree(p);
	CHECK(!vmalloc_dump_obj(p));
	CHECK(!vmalloc_dump_obj(&nr_harts));
}
