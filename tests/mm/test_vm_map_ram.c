/* SPDX-License-Identifier: MIT */
/*
 * vm_map_ram (contract 1.7, 2.3): block slots up to 64 pages, private areas
 * above; same address and same count give back, anything else is reported.
 */
#include <limits.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "arch/barrier.h"
#include "core/report.h"
#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "mm/vm_map_ram.h"
#include "pages.h"
#include "state.h"
#include "test.h"

TEST(map_ram_of_every_size_shows_its_pages)
{
	static const unsigned int counts[] = { 1,   2,   3,   7,   8,  16,
		                               17,  33,  63,  64,  65, 127,
		                               200, 512, 513, 1024 };
	struct page **pages = pages_alloc(1024);

	for (unsigned int i = 0; i < ARRAY_SIZE(counts); i++) {
		unsigned int count = counts[i];
		char *p = vm_map_ram(pages, count, -1, PAGE_KERNEL);

		CHECK(p && IS_ALIGNED((unsigned long)p, PAGE_SIZE));
		CHECK(is_vmalloc_addr(p));
		for (unsigned int n = 0; n < count; n++) {
			p[n * PAGE_SIZE + i] = (char)(n ^ i);
			CHECK_EQ(((char *)page_address(pages[n]))[i],
			         (char)(n ^ i));
		}
		CHECK_EQ(vmalloc_to_page(p + (count - 1) * PAGE_SIZE),
		         pages[count - 1]);
		CHECK(!find_vm_area(p));
		vm_unmap_ram(p, count);
	}
	pages_free(pages, 1024);
}

TEST(map_ram_mappings_never_overlap)
{
	enum { LIVE = 40, PAGES = 64 };
	static char *at[LIVE];
	static unsigned int count[LIVE];
	struct page **pages = pages_alloc(PAGES);

	memset(at, 0, sizeof(at));
	for (unsigned int i = 0; i < PAGES; i++)
		*(unsigned int *)page_address(pages[i]) = i;
	for (unsigned int step = 0; step < 3000; step++) {
		unsigned int i = test_random() % LIVE, n;

		if (at[i]) {
			for (n = 0; n < count[i]; n++) {
				CHECK_EQ(*(unsigned int *)(at[i] +
				                           n * PAGE_SIZE),
				         n);
			}
			vm_unmap_ram(at[i], count[i]);
			at[i] = NULL;
			continue;
		}
		count[i] = test_random() % PAGES + 1;
		at[i] = vm_map_ram(pages, count[i], 0, PAGE_KERNEL);
		CHECK(at[i]);
	}
	for (unsigned int i = 0; i < LIVE; i++)
		if (at[i])
			vm_unmap_ram(at[i], count[i]);
	pages_free(pages, PAGES);
}

TEST(map_ram_does_not_own_the_pages)
{
	struct page **pages = pages_alloc(4);
	char *p = vm_map_ram(pages, 4, -1, PAGE_KERNEL);

	CHECK(p);
	memset(p, 0x3c, 4 * PAGE_SIZE);
	vm_unmap_ram(p, 4);
	CHECK_EQ(page_count(pages[0]), 1);
	CHECK(is_all(page_address(pages[3]), PAGE_SIZE, 0x3c));
	pages_free(pages, 4);
}

TEST(map_ram_honours_prot)
{
	struct page **pages = pages_alloc(2);
	char *p = vm_map_ram(pages, 2, -1, PAGE_KERNEL_RO);

	CHECK(p && can_read(p) && !can_write(p));
	vm_unmap_ram(p, 2);
	pages_free(pages, 2);
}

TEST(map_ram_refuses_protections_that_are_not_for_data)
{
	const unsigned long base = PTE_V | PTE_A | PTE_D | PTE_G;
	const unsigned long bad[] = { base | PTE_W, base | PTE_R | PTE_U,
		                      PAGE_KERNEL_EXEC.pgprot };
	struct page **pages = pages_alloc(70);

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		pgprot_t prot = __pgprot(bad[i]);

		CHECK_REPORTS(1, CHECK(!vm_map_ram(pages, 1, -1, prot)));
		CHECK_REPORTS(1, CHECK(!vm_map_ram(pages, 70, -1, prot)));
	}
	pages_free(pages, 70);
}

/* Debug images: a run that is one page too long faults. */
TEST(page_behind_a_mapping_stays_unmapped_in_debug_images)
{
	struct page **pages = pages_alloc(4);
	char *a = vm_map_ram(pages, 4, -1, PAGE_KERNEL);
	char *b = vm_map_ram(pages, 4, -1, PAGE_KERNEL);

	CHECK(a && b);
	if (CONFIG_DEBUG_ASSERT)
		CHECK(!can_read(a + 4 * PAGE_SIZE) &&
		      !can_read(b + 4 * PAGE_SIZE));
	vm_unmap_ram(a, 4);
	vm_unmap_ram(b, 4);
	pages_free(pages, 4);
}

/* B5: slots of a block that is full and on no list count too. */
TEST(unmap_aliases_reaches_the_slots_of_full_blocks)
{
	enum { SLOTS = 8 };
	struct page **pages = pages_alloc(64);
	char *at[SLOTS];

	for (unsigned int i = 0; i < SLOTS; i++) {
		at[i] = vm_map_ram(pages, 64, -1, PAGE_KERNEL);
		CHECK(at[i]);
		at[i][0] = 1;
	}
	vm_unmap_ram(at[3], 64);
	vm_unmap_aliases();
	CHECK(!can_read(at[3]) && !can_read(at[3] + 63 * PAGE_SIZE));
	CHECK(can_read(at[2]) && can_read(at[4]));
	for (unsigned int i = 0; i < SLOTS; i++)
		if (i != 3)
			vm_unmap_ram(at[i], 64);
	pages_free(pages, 64);
}

/* A hart that the host keeps waiting is late, and the ring of blocks grows. */
static void let_harts_answer(void)
{
	while (__atomic_load_n(&tlb_done, __ATOMIC_ACQUIRE) <
	       __atomic_load_n(&tlb_started, __ATOMIC_RELAXED))
		cpu_relax();
}

/* B10, B11: long-lived mappings among many short ones pin few blocks. */
TEST(blocks_stay_few_under_churn_with_long_lived_mappings)
{
	enum { KEPT = 64 };
	static char *kept[KEPT];
	struct page **pages = pages_alloc(16);
	struct map_ram_stats stats;
	unsigned int held = 0;

	for (unsigned int i = 0; i < 20000; i++) {
		unsigned int count = test_random() % 16 + 1;
		char *p = vm_map_ram(pages, count, -1, PAGE_KERNEL);

		CHECK(p);
		let_harts_answer();
		if (i % 256 == 0 && held < KEPT) {
			vm_unmap_ram(p, count);
			p = vm_map_ram(pages, 1, -1, PAGE_KERNEL);
			CHECK(p);
			kept[held++] = p;
			continue;
		}
		vm_unmap_ram(p, count);
	}
	map_ram_read_stats(&stats);
	/* What is kept would be in the way of the tests that follow. */
	for (unsigned int i = 0; i < held; i++)
		vm_unmap_ram(kept[i], 1);
	pages_free(pages, 16);
	CHECK_EQ(held, KEPT);
	CHECK_EQ(stats.live_mappings, held);
	CHECK_EQ(stats.live_pages, held);
	CHECK(stats.blocks <= 8);
}

TEST(idle_blocks_are_given_back_by_a_drain)
{
	struct page **pages = pages_alloc(3);
	struct map_ram_stats stats;
	char *p = vm_map_ram(pages, 3, -1, PAGE_KERNEL);

	CHECK(p);
	vm_unmap_ram(p, 3);
	vmap_drain();
	map_ram_read_stats(&stats);
	CHECK_EQ(stats.live_mappings, 0);
	CHECK_EQ(stats.blocks, 0);
	pages_free(pages, 3);
}

TEST(dirty_slots_are_reused_after_any_flush)
{
	struct page **pages = pages_alloc(64);
	struct map_ram_stats stats;

	for (unsigned int i = 0; i < 64; i++) {
		char *p = vm_map_ram(pages, 64, -1, PAGE_KERNEL);

		CHECK(p);
		vm_unmap_ram(p, 64);
		tlb_flush_all();
	}
	map_ram_read_stats(&stats);
	CHECK(stats.blocks <= 2);
	pages_free(pages, 64);
}

/* B48, B2 */
TEST(counts_that_make_no_sense_give_null)
{
	unsigned int count = (unsigned int)nr_total_pages() + 1;
	struct page **pages = pages_alloc(1), **many;

	CHECK_REPORTS(1, CHECK(!vm_map_ram(pages, 0, -1, PAGE_KERNEL)));
	CHECK(!vm_map_ram(pages, 0x100000, -1, PAGE_KERNEL));
	CHECK(!vm_map_ram(pages, 0x100001, -1, PAGE_KERNEL));
	CHECK(!vm_map_ram(pages, UINT_MAX, -1, PAGE_KERNEL));
	many = vmalloc_array(count, sizeof(*many));
	CHECK(many);
	for (unsigned int i = 0; i < count; i++)
		many[i] = pages[0];
	CHECK(!vm_map_ram(many, count, -1, PAGE_KERNEL));
	vfree(many);
	pages_free(pages, 1);
}

TEST(null_page_anywhere_undoes_the_mapping)
{
	struct page **pages = pages_alloc(80);
	static const unsigned int counts[] = { 5, 64, 80 };

	for (unsigned int c = 0; c < ARRAY_SIZE(counts); c++) {
		for (unsigned int i = 0; i < counts[c]; i += 4) {
			struct page *kept = pages[i];

			pages[i] = NULL;
			CHECK(!vm_map_ram(pages, counts[c], -1, PAGE_KERNEL));
			pages[i] = kept;
		}
	}
	pages_free(pages, 80);
}

TEST(node_must_exist)
{
	struct page **pages = pages_alloc(1);

	CHECK_REPORTS(1, CHECK(!vm_map_ram(pages, 1, 5, PAGE_KERNEL)));
	/* Also where pages are at hand. */
	vm_unmap_ram(vm_map_ram(pages, 1, 0, PAGE_KERNEL), 1);
	CHECK_REPORTS(1, CHECK(!vm_map_ram(pages, 1, 1, PAGE_KERNEL)));
	CHECK_REPORTS(1, CHECK(!vm_map_ram(pages, 1, -2, PAGE_KERNEL)));
	pages_free(pages, 1);
}

/* B49, B51: wrong counts, strangers and second unmaps change nothing. */
TEST(wrong_unmaps_are_reported_and_change_nothing)
{
	static const unsigned int wrong[] = { 0, 1, 3, 5, 64, 65, 4096 };
	struct page **pages = pages_alloc(70);
	char *p = vm_map_ram(pages, 4, -1, PAGE_KERNEL);
	char *big = vm_map_ram(pages, 70, -1, PAGE_KERNEL);
	char *area = vmalloc(4 * PAGE_SIZE);
	struct mm_state before, after;

	CHECK(p && big && area);
	mm_state_read(&before);
	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		CHECK_REPORTS(1, vm_unmap_ram(p, wrong[i]));
		CHECK_REPORTS(1, vm_unmap_ram(big, wrong[i]));
	}
	CHECK_REPORTS(1, vm_unmap_ram(p + PAGE_SIZE, 3));
	CHECK_REPORTS(1, vm_unmap_ram(p + PAGE_SIZE, 0));
	CHECK(can_write(p + PAGE_SIZE));
	CHECK_REPORTS(1, vm_unmap_ram(p + 1, 4));
	CHECK_REPORTS(1, vm_unmap_ram(NULL, 4));
	CHECK_REPORTS(1, vm_unmap_ram(&p, 4));
	CHECK_REPORTS(1, vm_unmap_ram(area, 4));
	CHECK(strstr(report_last(), "no vm_map_ram() mapping there"));
	CHECK_REPORTS(1, vm_unmap_ram(area, 70));
	CHECK_REPORTS(1, vm_unmap_ram((char *)VMALLOC_END, 1));
	CHECK_REPORTS(1, vfree(p));
	CHECK_REPORTS(1, vfree(big));
	CHECK_REPORTS(1, vunmap(p));
	CHECK_REPORTS(1, vunmap(big));
	mm_state_read(&after);
	mm_state_check_equal(&after, &before);
	CHECK(can_write(p) && can_write(big + 69 * PAGE_SIZE));
	vm_unmap_ram(p, 4);
	vm_unmap_ram(big, 70);
	CHECK_REPORTS(1, vm_unmap_ram(p, 4));
	CHECK_REPORTS(1, vm_unmap_ram(big, 70));
	vfree(area);
	pages_free(pages, 70);
}

/* Pages that a pass finds free again count as what flushes made reusable. */
TEST(map_ram_pages_that_flushes_give_back_are_counted)
{
	enum { TURNS = 400 };
	struct page **pages = pages_alloc(VMAP_MAX_ALLOC);
	struct vmap_counters before, after;

	vmap_read_counters(&before);
	for (unsigned int i = 0; i < TURNS; i++) {
		void *p = vm_map_ram(pages, VMAP_MAX_ALLOC, -1, PAGE_KERNEL);

		CHECK(p);
		vm_unmap_ram(p, VMAP_MAX_ALLOC);
	}
	vmap_read_counters(&after);
	CHECK(after.purges > before.purges);
	CHECK(after.purged_pages - before.purged_pages >= PTES_PER_TABLE);
	pages_free(pages, VMAP_MAX_ALLOC);
}
