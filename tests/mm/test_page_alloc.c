/* SPDX-License-Identifier: MIT */
/* The buddy and its caches: sums, alignment, runs, references, refusals. */
#include <linux/gfp.h>
#include <linux/slab.h>
#include <string.h>

#include "core/report.h"
#include "mm/memblock.h"
#include "mm/page_alloc.h"
#include "pages.h"
#include "state.h"
#include "test.h"

TEST(blocks_of_every_order_are_aligned_and_counted)
{
	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		unsigned long before = nr_free_pages();
		struct page *page = alloc_pages(GFP_KERNEL, order);

		CHECK(page);
		CHECK(IS_ALIGNED(page_to_phys(page), PAGE_SIZE << order));
		CHECK_EQ(nr_free_pages(), before - (1ul << order));
		memset(page_address(page), 0x11, PAGE_SIZE << order);
		__free_pages(page, order);
		CHECK_EQ(nr_free_pages(), before);
	}
}

TEST(order_above_the_largest_gives_null)
{
	CHECK(!alloc_pages(GFP_KERNEL, MAX_ORDER + 1));
	CHECK(!alloc_pages(GFP_KERNEL, 40));
}

TEST(blocks_never_overlap)
{
	enum { BLOCKS = 120 };
	static struct page *block[BLOCKS];
	static unsigned int order[BLOCKS];

	memset(block, 0, sizeof(block));
	for (unsigned int step = 0; step < 2000; step++) {
		unsigned int i = test_random() % BLOCKS;
		size_t bytes = PAGE_SIZE << order[i];

		if (block[i]) {
			unsigned long *p = page_address(block[i]);

			CHECK(p[0] == i && p[bytes / 8 - 1] == i);
			__free_pages(block[i], order[i]);
			block[i] = NULL;
			continue;
		}
		order[i] = test_random() % 6;
		block[i] = alloc_pages(GFP_KERNEL, order[i]);
		CHECK(block[i]);
		bytes = PAGE_SIZE << order[i];
		((unsigned long *)page_address(block[i]))[0] = i;
		((unsigned long *)page_address(block[i]))[bytes / 8 - 1] = i;
	}
	for (unsigned int i = 0; i < BLOCKS; i++)
		if (block[i])
			__free_pages(block[i], order[i]);
}

TEST(zero_flag_zeroes_every_order)
{
	pages_poison_free(0xa5);
	for (unsigned int order = 0; order <= MAX_ORDER; order += 3) {
		struct page *page = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);

		CHECK(page);
		CHECK(is_all(page_address(page), PAGE_SIZE << order, 0));
		__free_pages(page, order);
	}
}

TEST(dma32_pages_lie_below_four_gib)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_DMA32, 3);

	CHECK(page);
	CHECK(page_to_phys(page) + 8 * PAGE_SIZE <= 1ul << 32);
	__free_pages(page, 3);
	CHECK(nr_free_pages_below_4g() <= nr_free_pages());
}

TEST(every_page_can_be_had_once_and_comes_back)
{
	unsigned long before = nr_free_pages(), taken = 0;
	struct page *chain = NULL, *page;

	while ((page = alloc_pages(GFP_KERNEL, 0)) != NULL) {
		*(struct page **)page_address(page) = chain;
		chain = page;
		taken++;
	}
	CHECK_EQ(nr_free_pages(), before - taken);
	CHECK(nr_free_pages() == 0);
	while (chain) {
		page = chain;
		chain = *(struct page **)page_address(page);
		__free_pages(page, 0);
	}
	CHECK_EQ(nr_free_pages(), before);
	page_alloc_drain();
	page = alloc_pages(GFP_KERNEL, MAX_ORDER);
	CHECK(page); /* coalesced again */
	__free_pages(page, MAX_ORDER);
}

TEST(double_free_is_reported_and_ignored)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);
	unsigned long before;

	CHECK(page);
	__free_pages(page, 0);
	before = nr_free_pages();
	CHECK_REPORTS(1, __free_pages(page, 0));
	CHECK_EQ(nr_free_pages(), before);
}

TEST(free_with_another_order_is_reported_and_ignored)
{
	struct page *page = alloc_pages(GFP_KERNEL, 3);
	unsigned long before = nr_free_pages();

	CHECK(page);
	CHECK_REPORTS(1, __free_pages(page, 2));
	CHECK_REPORTS(1, __free_pages(page + 1, 0));
	CHECK_EQ(nr_free_pages(), before);
	__free_pages(page, 3);
}

TEST(free_of_what_is_no_page_is_reported)
{
	CHECK_REPORTS(1, __free_pages(pfn_to_page(0), 0));
	CHECK_REPORTS(1, __free_pages((struct page *)1, 0));
}

TEST(split_block_is_freed_page_by_page)
{
	unsigned long before = nr_free_pages();
	struct page *page = alloc_pages(GFP_KERNEL, 4);

	CHECK(page);
	page_split(page, 4);
	for (unsigned int i = 0; i < 16; i++)
		__free_pages(page + (i * 5 & 15), 0);
	CHECK_EQ(nr_free_pages(), before);
}

TEST(run_of_several_blocks_is_freed_as_one)
{
	unsigned long before = nr_free_pages();
	struct page *page = alloc_pages(GFP_KERNEL, 6);

	CHECK(page);
	page_split(page, 6);
	page_free_run(page + 5, 50);
	CHECK_EQ(nr_free_pages(), before - 14);
	page_free_run(page, 5);
	page_free_run(page + 55, 9);
	CHECK_EQ(nr_free_pages(), before);
}

TEST(referenced_page_survives_the_free_of_its_run)
{
	unsigned long before = nr_free_pages();
	struct page *page = alloc_pages(GFP_KERNEL, 3);

	CHECK(page);
	get_page(page + 3);
	get_page(page + 3);
	CHECK_EQ(page_count(page + 3), 3);
	page_free_run(page, 8);
	CHECK_EQ(nr_free_pages(), before - 1);
	put_page(page + 3);
	CHECK_EQ(nr_free_pages(), before - 1);
	put_page(page + 3);
	CHECK_EQ(nr_free_pages(), before);
}

TEST(bulk_allocation_gives_distinct_pages)
{
	enum { COUNT = 300 };
	static struct page *pages[COUNT];
	unsigned long got = alloc_pages_bulk(GFP_KERNEL, COUNT, pages);

	CHECK_EQ(got, COUNT);
	for (unsigned int i = 0; i < COUNT; i++)
		*(unsigned int *)page_address(pages[i]) = i;
	for (unsigned int i = 0; i < COUNT; i++) {
		CHECK_EQ(*(unsigned int *)page_address(pages[i]), i);
		__free_pages(pages[i], 0);
	}
}

TEST(largest_block_at_hand_is_never_larger_than_wanted)
{
	for (unsigned int wanted = 0; wanted <= MAX_ORDER; wanted++) {
		unsigned int order = 99;
		struct page *page =
			alloc_pages_up_to(GFP_KERNEL, wanted, &order);

		CHECK(page && order <= wanted);
		CHECK(IS_ALIGNED(page_to_phys(page), PAGE_SIZE << order));
		__free_pages(page, order);
	}
}

TEST(conversions_are_inverse)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);
	char *p;

	CHECK(page);
	p = page_address(page);
	CHECK_EQ(virt_to_page(p), page);
	CHECK_EQ(phys_to_page(page_to_phys(page)), page);
	CHECK_EQ(virt_to_phys(p), page_to_phys(page));
	CHECK_EQ(pte_phys(page_to_pte(page, PAGE_KERNEL)), page_to_phys(page));
	CHECK_EQ(page_to_pte(page, PAGE_KERNEL),
	         pte_make(page_to_phys(page), PAGE_KERNEL));
	CHECK(page_is_valid(page) && pfn_is_valid(page_to_pfn(page)));
	__free_pages(page, 0);
}

TEST(any_pointer_may_be_asked_whether_it_is_a_page)
{
	CHECK(!page_is_valid(NULL));
	CHECK(!page_is_valid((struct page *)8));
	CHECK(!page_is_valid((struct page *)~0ul));
	CHECK(!page_is_valid(pfn_to_page(0x10000)));
	CHECK(!page_is_valid((struct page *)(VMEMMAP_BASE + 8)));
	CHECK(!pfn_is_valid(~0ul >> 12) && !pfn_is_valid(0x10000));
}

TEST(address_calls_give_pages_of_the_direct_map)
{
	unsigned long address = get_zeroed_page(GFP_KERNEL);

	CHECK(address && is_all((void *)address, PAGE_SIZE, 0));
	free_page(address);
	address = __get_free_pages(GFP_KERNEL, 2);
	CHECK(IS_ALIGNED(address, 4 * PAGE_SIZE));
	free_pages(address, 2);
	free_pages(0, 0);
}

TEST(sums_agree_with_each_other)
{
	unsigned long blocks[MAX_ORDER + 1], cached, sum = 0;

	page_alloc_stats(blocks, &cached);
	for (unsigned int order = 0; order <= MAX_ORDER; order++)
		sum += blocks[order] << order;
	CHECK_EQ(sum + cached + memblock_free_pages(), nr_free_pages());
	CHECK(nr_free_pages() <= nr_total_pages());
	CHECK_EQ(nr_total_pages(), memblock_total_pages());
}

TEST(ram_is_known_exactly)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);
	paddr_t pa = page_to_phys(page);

	CHECK(memblock_is_ram(pa, pa + PAGE_SIZE));
	CHECK(!memblock_is_ram(0x10000000, 0x10001000));
	CHECK(!memblock_is_ram(1ul << 50, 1ul << 51));
	__free_pages(page, 0);
}

TEST(part_of_a_block_is_freed_and_the_rest_stays)
{
	for (unsigned long first = 1; first < 8; first++) {
		struct page *page = alloc_pages(GFP_KERNEL, 3);
		unsigned long before = nr_free_pages();

		CHECK(page);
		page_free_run(page, first);
		CHECK_EQ(nr_free_pages(), before + first);
		page_free_run(page + first, 8 - first);
		CHECK_EQ(nr_free_pages(), before + 8);
	}
}
