/* SPDX-License-Identifier: MIT */
/*
 * vmalloc() and vfree(), with free memory in one piece and in single pages.
 *
 * Fragmented: all free memory is taken page by page, then every other frame is
 * given back, so that no two free pages are neighbours. What stays taken is
 * chained through the pages themselves: a table of them would need memory.
 */
#include "mm/page_alloc.h"
#include "rows.h"

struct held_page {
	struct held_page *next;
};

static struct held_page *held;

static struct held_page *take_all_pages(void)
{
	struct held_page *all = NULL;
	struct page *page;

	while ((page = alloc_page(GFP_KERNEL | __GFP_NOWARN))) {
		struct held_page *taken = page_address(page);

		taken->next = all;
		all = taken;
	}
	return all;
}

static const char *fragment_memory(const struct bench_row *row)
{
	struct held_page *next;

	(void)row;
	held = NULL;
	for (struct held_page *page = take_all_pages(); page; page = next) {
		next = page->next;
		if (page_to_pfn(virt_to_page(page)) & 1) {
			__free_page(virt_to_page(page));
			continue;
		}
		page->next = held;
		held = page;
	}
	return held ? NULL : "no free memory to take";
}

static void defragment_memory(const struct bench_row *row)
{
	(void)row;
	while (held) {
		struct page *page = virt_to_page(held);

		held = held->next;
		__free_page(page);
	}
}

static bool body_vmalloc(const struct bench_row *row, unsigned long loops)
{
	return vmalloc_vfree_loop(row->argument << PAGE_SHIFT, loops);
}

static bool body_vzalloc(const struct bench_row *row, unsigned long loops)
{
	const unsigned long size = row->argument << PAGE_SHIFT;

	for (unsigned long i = 0; i < loops; i++) {
		void *area = vzalloc(size);

		if (!area)
			return false;
		bench_touch(area);
		vfree(area);
	}
	return true;
}

#define VMALLOC(pages, turns)                                               \
	{                                                                   \
		.name = "vmalloc_vfree/" #pages,                            \
		.what = "vmalloc of " #pages " pages, write, vfree",        \
		.loops = (turns), .argument = (pages), .body = body_vmalloc \
	}
#define FRAGMENTED(pages, turns)                                             \
	{                                                                    \
		.name = "vmalloc_vfree_fragmented/" #pages,                  \
		.what = "the same, every other frame of memory being taken", \
		.loops = (turns), .argument = (pages), .body = body_vmalloc, \
		.setup = fragment_memory, .teardown = defragment_memory      \
	}
#define VZALLOC(pages, turns)                                               \
	{                                                                   \
		.name = "vzalloc_vfree/" #pages,                            \
		.what = "vzalloc of " #pages " pages, write, vfree",        \
		.loops = (turns), .argument = (pages), .body = body_vzalloc \
	}

static const struct bench_row rows[] = {
	VMALLOC(1, 50000),     VMALLOC(4, 50000),     VMALLOC(16, 20000),
	VMALLOC(64, 10000),    VMALLOC(256, 4000),    VMALLOC(512, 4000),
	VMALLOC(4096, 500),    FRAGMENTED(16, 10000), FRAGMENTED(64, 4000),
	FRAGMENTED(256, 1000), VZALLOC(1, 20000),     VZALLOC(16, 4000),
	VZALLOC(256, 200),
};

const struct bench_table rows_vmalloc = BENCH_TABLE_OF(rows);
