/* SPDX-License-Identifier: MIT */
/*
 * The page allocator and kmem on memory of the host: two ranges of "RAM", one
 * below and one above 4 GiB, against an array that says who owns each frame. Two
 * harts take turns, so that pages freed by one are allocated by the other.
 *
 * Sources: mm/page_alloc.c mm/page_run.c mm/page_cache.c mm/buddy.c
 * mm/memblock.c mm/vmemmap.c mm/page.c mm/page_check.c mm/kmem.c
 * mm/kmem_cache.c mm/kmem_slab.c mm/fault_inject.c
 * lib/number.c lib/printf.c
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/early_map.h"
#include "core/cmdline.h"
#include "core/machine.h"
#include "core/panic.h"
#include "core/power.h"
#include "core/report.h"
#include "lib/page_ops.h"
#include "mm/fault_inject.h"
#include "mm/kmem.h"
#include "mm/memblock.h"
#include "mm/page_alloc.h"
#include "tests/image/test.h"

#define LOW_START  0x80345000ul /* not at a chunk */
#define LOW_END    0x82000000ul
#define HIGH_START 0x100000000ul
#define HIGH_END   0x100fff000ul

uint64_t kernel_root[512];
char __image_start[1], __image_end[1];
uint64_t early_image_phys;

void clear_page(void *page)
{
	memset(page, 0, PAGE_SIZE);
}

uint64_t *pgtable_take_boot_table(void);
paddr_t pgtable_table_phys(const uint64_t *table);

/* The image has no table left: they come from memory. */
uint64_t *pgtable_take_boot_table(void)
{
	return NULL;
}

paddr_t pgtable_table_phys(const uint64_t *table)
{
	panic("%p is no table of the image", (const void *)table);
}

const char *cmdline_get(const char *key)
{
	(void)key;
	return NULL;
}

void refuse_boot(const char *format, ...)
{
	panic("%s", format);
}

static void *map_at(uintptr_t address, size_t bytes)
{
	void *at = mmap((void *)address, bytes, PROT_READ | PROT_WRITE,
	                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
	                        MAP_FIXED_NOREPLACE,
	                -1, 0);

	CHECK_EQ(at, address);
	return at;
}

static void turn_of(unsigned int index)
{
	this_hart = harts[index];
}

static void start(void)
{
	static struct hart second = { .index = 1 };
	static bool ready;

	turn_of(0);
	if (ready)
		return;
	ready = true;
	map_at(VMEMMAP_BASE, VMEMMAP_SIZE);
	map_at(DIRECT_BASE + 0x80000000, 0x2000000);
	map_at(DIRECT_BASE + HIGH_START, 0x1000000);
	machine.memory[0] = (struct phys_range){ LOW_START, LOW_END };
	machine.memory[1] = (struct phys_range){ HIGH_START, HIGH_END };
	machine.nr_memory = 2;
	machine.nr_hart_ids = 2;
	memblock_add(machine.memory[0]);
	memblock_add(machine.memory[1]);
	page_alloc_init();
	kmem_init();
	CHECK_EQ(page_alloc_hart_init(&second), 0);
	CHECK_EQ(kmem_hart_init(&second), 0);
	harts[1] = &second;
	nr_harts = 2;
}

/* Who has the frame: 0 nobody. Indexed by frame, both ranges. */
static unsigned int owner[HIGH_END >> PAGE_SHIFT];

static void claim(const struct page *page, unsigned long count,
                  unsigned int who)
{
	unsigned long pfn = page_to_pfn(page);

	for (unsigned long i = pfn; i < pfn + count; i++) {
		paddr_t pa = PFN_PHYS(i);

		CHECK((pa >= LOW_START && pa < LOW_END) ||
		      (pa >= HIGH_START && pa < HIGH_END));
		CHECK_EQ(owner[i], who ? 0 : owner[i]);
		owner[i] = who;
	}
	if (who)
		memset(page_address(page), (int)who, count * PAGE_SIZE);
}

static void check_sums(unsigned long held)
{
	static unsigned long all;

	if (held == 0 && all == 0)
		all = nr_free_pages();
	CHECK_EQ(nr_free_pages() + held, all);
	page_alloc_check();
}

TEST(sums_are_those_of_the_ranges)
{
	unsigned long pages =
		(LOW_END - LOW_START + HIGH_END - HIGH_START) >> PAGE_SHIFT;

	start();
	check_sums(0);
	CHECK(nr_total_pages() <= pages && nr_total_pages() > pages - 64);
	CHECK(nr_free_pages_below_4g() <= (LOW_END - LOW_START) >> PAGE_SHIFT);
	CHECK(memblock_is_ram(LOW_START, LOW_START + 1));
	CHECK(!memblock_is_ram(LOW_END, HIGH_START));
}

/* Early: nearly all of it still is memblock's, and the buddy has little. */
TEST(largest_blocks_come_while_memory_is_untouched)
{
	struct page *blocks[32];
	unsigned int count = 0, order;

	start();
	while (memblock_free_pages() > 2ul << MAX_ORDER) {
		blocks[count] =
			alloc_pages_up_to(GFP_KERNEL, MAX_ORDER, &order);
		CHECK(blocks[count] && order == MAX_ORDER);
		CHECK(++count < ARRAY_SIZE(blocks));
	}
	CHECK(count > 10);
	while (count-- > 0)
		__free_pages(blocks[count], MAX_ORDER);
	check_sums(0);
}

struct block {
	struct page *page;
	unsigned int order;
};

TEST(random_blocks_of_two_harts_equal_the_model)
{
	enum { LIVE = 300 };
	static struct block live[LIVE];
	unsigned long held = 0;

	start();
	check_sums(0);
	for (unsigned int step = 0; step < 30000; step++) {
		struct block *block = &live[test_random() % LIVE];
		gfp_t gfp = test_random() % 8 ? GFP_KERNEL
		                              : GFP_KERNEL | __GFP_DMA32;

		turn_of(test_random() % 2);
		if (block->page) {
			claim(block->page, 1ul << block->order, 0);
			__free_pages(block->page, block->order);
			held -= 1ul << block->order;
			block->page = NULL;
		} else {
			block->order =
				test_random() % 5
					? test_random() % 4
					: test_random() % (MAX_ORDER + 1);
			block->page = alloc_pages(gfp, block->order);
			if (!block->page)
				continue;
			CHECK(IS_ALIGNED(page_to_phys(block->page),
			                 PAGE_SIZE << block->order));
			CHECK(!(gfp & __GFP_DMA32) ||
			      page_to_phys(block->page) < 1ul << 32);
			claim(block->page, 1ul << block->order, 1 + step % 250);
			held += 1ul << block->order;
		}
		if (step % 512 == 0)
			check_sums(held);
	}
	for (unsigned int i = 0; i < LIVE; i++) {
		if (!live[i].page)
			continue;
		claim(live[i].page, 1ul << live[i].order, 0);
		__free_pages(live[i].page, live[i].order);
	}
	check_sums(0);
}

TEST(contents_survive_the_traffic_of_others)
{
	enum { LIVE = 100 };
	struct page *live[LIVE];

	start();
	for (unsigned int i = 0; i < LIVE; i++) {
		CHECK((live[i] = alloc_pages(GFP_KERNEL, 1)) != NULL);
		memset(page_address(live[i]), (int)i, 2 * PAGE_SIZE);
	}
	for (unsigned int i = 0; i < 2000; i++) {
		struct page *page;

		turn_of(i % 2);
		page = alloc_pages(GFP_KERNEL | __GFP_ZERO, i % 6);
		CHECK(page);
		CHECK_EQ(*(char *)page_address(page), 0);
		memset(page_address(page), 0xff, PAGE_SIZE << i % 6);
		__free_pages(page, i % 6);
	}
	for (unsigned int i = 0; i < LIVE; i++) {
		unsigned char *byte = page_address(live[i]);

		for (unsigned int n = 0; n < 2 * PAGE_SIZE; n++)
			CHECK_EQ(byte[n], i);
		__free_pages(live[i], 1);
	}
	check_sums(0);
}

TEST(every_page_is_given_out_once)
{
	unsigned long all, got = 0;
	static struct page *pages[16384];

	start();
	all = nr_free_pages();
	while (got < ARRAY_SIZE(pages)) {
		unsigned long more = alloc_pages_bulk(
			GFP_KERNEL, test_random() % 200 + 1, pages + got);

		for (unsigned long i = got; i < got + more; i++)
			claim(pages[i], 1, 7);
		got += more;
		if (more == 0)
			break;
	}
	CHECK_EQ(got, all);
	CHECK_EQ(nr_free_pages(), 0);
	CHECK(!alloc_pages(GFP_KERNEL, 0));
	for (unsigned long i = 0; i < got; i++) {
		turn_of(i % 3 == 0);
		claim(pages[i], 1, 0);
		__free_pages(pages[i], 0);
	}
	check_sums(0);
}

TEST(runs_are_freed_in_any_pieces)
{
	start();
	for (unsigned int round = 0; round < 500; round++) {
		struct page *page = alloc_pages(GFP_KERNEL, 7);
		unsigned long at = 0;

		CHECK(page);
		claim(page, 128, 3);
		page_split(page, 7);
		while (at < 128) {
			unsigned long count = test_random() % 40 + 1;

			if (count > 128 - at)
				count = 128 - at;
			turn_of(round % 2);
			claim(page + at, count, 0);
			page_free_run(page + at, count);
			at += count;
		}
	}
	check_sums(0);
}

TEST(references_keep_single_pages_of_a_run)
{
	start();
	for (unsigned int round = 0; round < 300; round++) {
		unsigned int order = test_random() % 8;
		struct page *page = alloc_pages(GFP_KERNEL, order);
		unsigned long kept = test_random() % (1ul << order);
		unsigned int times = (unsigned int)(test_random() % 3 + 1);

		CHECK(page);
		for (unsigned int i = 0; i < times; i++)
			get_page(page + kept);
		CHECK_EQ(page_count(page + kept), times + 1);
		page_free_run(page, 1ul << order);
		check_sums(1);
		while (times--)
			put_page(page + kept);
	}
	check_sums(0);
}

TEST(misuse_is_reported_and_changes_nothing)
{
	struct page *page;

	start();
	page = alloc_pages(GFP_KERNEL, 3);
	CHECK(page);
	__free_pages(page, 2);
	__free_pages(page + 1, 0);
	__free_pages(page + 8 * 1000000, 0);
	__free_pages((struct page *)(VMEMMAP_BASE + 3), 0);
	CHECK_EQ(report_count(), 4);
	test_expect_reports(5);
	check_sums(8);
	__free_pages(page, 3);
	__free_pages(page, 3);
	CHECK_EQ(report_count(), 5);
	check_sums(0);
}

static unsigned long in_caches(void)
{
	unsigned long blocks[MAX_ORDER + 1], pages;

	page_alloc_stats(blocks, &pages);
	return pages;
}

TEST(while_requests_are_counted_no_hart_keeps_pages)
{
	struct page *pages[3];

	start();
	turn_of(1);
	__free_pages(alloc_pages(GFP_KERNEL, 0), 0);
	turn_of(0);
	CHECK(in_caches() > 0);
	fault_inject_set(FAULT_PAGE, 2);
	CHECK_EQ(in_caches(), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++) {
		turn_of(i % 2);
		pages[i] = alloc_pages(GFP_KERNEL, 0);
		CHECK_EQ(!pages[i], i == 1);
	}
	__free_pages(pages[0], 0);
	__free_pages(pages[2], 0);
	CHECK_EQ(in_caches(), 0);
	CHECK_EQ(fault_inject_seen(FAULT_PAGE), 3);
	check_sums(0);
	turn_of(0);
	fault_inject_set(FAULT_PAGE, 0);
	for (unsigned int hart = 0; hart < 2; hart++) {
		unsigned long before = in_caches();

		turn_of(hart);
		__free_pages(alloc_pages(GFP_KERNEL, 0), 0);
		CHECK(in_caches() > before);
	}
	CHECK_EQ(fault_inject_seen(FAULT_PAGE), 0);
	check_sums(0);
}

TEST(objects_of_two_harts_stay_apart)
{
	enum { LIVE = 800 };
	static unsigned char *live[LIVE];
	static size_t size[LIVE];

	start();
	for (unsigned int step = 0; step < 40000; step++) {
		unsigned int i = test_random() % LIVE;

		turn_of(test_random() % 2);
		if (live[i]) {
			for (size_t n = 0; n < size[i]; n++)
				CHECK_EQ(live[i][n], (unsigned char)i);
			kfree(live[i]);
			live[i] = NULL;
			continue;
		}
		size[i] = test_random() % 600 + 1;
		live[i] = kmalloc(size[i], GFP_KERNEL);
		CHECK(live[i]);
		memset(live[i], (int)i, size[i]);
		if (step % 2048 == 0)
			kmem_check();
	}
	for (unsigned int i = 0; i < LIVE; i++)
		kfree(live[i]);
	kmem_check();
	page_alloc_check();
}

TEST(while_requests_are_counted_no_hart_keeps_objects)
{
	void *objects[4];

	start();
	fault_inject_repeat(FAULT_SLAB, 2, 2);
	for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++) {
		turn_of(i / 2);
		objects[i] = kmalloc(100, GFP_KERNEL);
		CHECK_EQ(!objects[i], i % 2);
	}
	CHECK_EQ(fault_inject_seen(FAULT_SLAB), 4);
	for (unsigned int i = 0; i < ARRAY_SIZE(objects); i++)
		kfree(objects[i]);
	kmem_check();
	turn_of(0);
	fault_inject_set(FAULT_SLAB, 0);
	for (unsigned int i = 0; i < 100; i++)
		kfree(kmalloc(100, GFP_KERNEL));
	kmem_check();
}
