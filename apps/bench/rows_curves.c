/* SPDX-License-Identifier: MIT */
/*
 * How costs grow: the same operation beside 10 to 100,000 live areas, with 1 to
 * 4,096 pages, with more and more of free memory in single pages, on 1 to 4
 * harts. Too long for every run: measured only when a pattern begins with
 * `curve`.
 *
 * The live areas all map one page, so that 100,000 of them need address space
 * and metadata but no memory of their own. Which of them an operation takes
 * comes from a generator of ten instructions, which are counted.
 *
 * A fragmented memory has no other free page in a row than the area needs, so
 * that each turn of the loop takes them and the rest singly.
 */
#include <stddef.h>

#include "fragment.h"
#include "mm/fault.h"
#include "mm/page_alloc.h"
#include "rows.h"

#define FRAGMENTED_PAGES 256ul
#define SPARE_PAGES      256ul /* for page tables, which freed areas keep */

static struct page *shared_page;
static void **live;
static unsigned long nr_live;

static void live_free(const struct bench_row *row)
{
	(void)row;
	while (nr_live > 0)
		vunmap(live[--nr_live]);
	vfree(live);
	live = NULL;
	if (shared_page)
		__free_page(shared_page);
	shared_page = NULL;
}

static bool live_add(void)
{
	live[nr_live] = vmap(&shared_page, 1, VM_MAP, PAGE_KERNEL);
	return live[nr_live] && ++nr_live;
}

static const char *live_make(const struct bench_row *row)
{
	bool good;

	shared_page = alloc_page(GFP_KERNEL);
	live = vmalloc(row->argument * sizeof(*live));
	nr_live = 0;
	good = shared_page && live;
	while (good && nr_live < row->argument)
		good = live_add();
	if (good)
		return NULL;
	live_free(row);
	return "no memory for the live areas";
}

/* row->argument percent of the area's pages must be single ones. */
static const char *make_fragments(const struct bench_row *row)
{
	unsigned long single = FRAGMENTED_PAGES * row->argument / 100;

	return fragment_mix(single + SPARE_PAGES, FRAGMENTED_PAGES - single);
}

static bool body_fragmented(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	return vmalloc_vfree_loop(FRAGMENTED_PAGES << PAGE_SHIFT, loops);
}

static bool body_pages(const struct bench_row *row, unsigned long loops)
{
	return vmalloc_vfree_loop(row->argument << PAGE_SHIFT, loops);
}

static bool body_one_page(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	return vmalloc_vfree_loop(PAGE_SIZE, loops);
}

static bool body_find(const struct bench_row *row, unsigned long loops)
{
	uint64_t state = RANDOM_SEED;
	bool good = true;

	for (unsigned long i = 0; i < loops && good; i++)
		good = find_vm_area(live[random_below(&state, row->argument)]);
	return good;
}

static bool body_vread(const struct bench_row *row, unsigned long loops)
{
	static char copy[PAGE_SIZE];
	uint64_t state = RANDOM_SEED;
	long got = PAGE_SIZE;

	for (unsigned long i = 0; i < loops && got == PAGE_SIZE; i++)
		got = vread(copy, live[random_below(&state, row->argument)],
		            PAGE_SIZE);
	return got == PAGE_SIZE;
}

static bool body_describe(const struct bench_row *row, unsigned long loops)
{
	uint64_t state = RANDOM_SEED;
	char text[160];

	for (unsigned long i = 0; i < loops; i++) {
		const char *area = live[random_below(&state, row->argument)];

		address_describe((unsigned long)area, text, sizeof(text));
	}
	return true;
}

static bool body_aliases(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		void *area = vmap(&shared_page, 1, VM_MAP, PAGE_KERNEL);

		if (!area)
			return false;
		bench_touch(area);
		vunmap(area);
		vm_unmap_aliases();
	}
	return true;
}

#define LIVE(operation, text, count, turns, function)                       \
	{                                                                   \
		.name = "curve/" operation "/live_" #count, .what = (text), \
		.loops = (turns), .argument = (count), .setup = live_make,  \
		.body = (function), .teardown = live_free                   \
	}
#define LIVE_CURVE(operation, text, turns, function)           \
	LIVE(operation, text, 10, turns, function),            \
		LIVE(operation, text, 100, turns, function),   \
		LIVE(operation, text, 1000, turns, function),  \
		LIVE(operation, text, 10000, turns, function), \
		LIVE(operation, text, 100000, turns, function)
#define PAGES(pages, turns)                                    \
	{                                                      \
		.name = "curve/vmalloc_vfree/pages_" #pages,   \
		.what = "pages in one call", .loops = (turns), \
		.argument = (pages), .body = body_pages        \
	}
#define SINGLES(percent)                                                       \
	{                                                                      \
		.name = "curve/vmalloc_vfree/singles_" #percent,               \
		.what = "256 pages, so many percent of which are"              \
			" free only as single pages",                          \
		.loops = 2000, .argument = (percent), .setup = make_fragments, \
		.body = body_fragmented, .teardown = fragment_end              \
	}
#define HARTS(count)                                                    \
	{                                                               \
		.name = "curve/vmalloc_vfree/harts_" #count,            \
		.what = "one page on each of so many harts at once",    \
		.loops = 20000, .harts = (count), .body = body_one_page \
	}

static const struct bench_row rows[] = {
	LIVE_CURVE("vmalloc_vfree", "one page beside live areas", 20000,
	           body_one_page),
	LIVE_CURVE("find_vm_area", "one of the live areas", 20000, body_find),
	LIVE_CURVE("vread", "a page of one of the live areas", 5000,
	           body_vread),
	LIVE_CURVE("address_describe", "an address in a live area", 5000,
	           body_describe),
	LIVE_CURVE("vm_unmap_aliases", "vmap, write, vunmap, then the flush",
	           5000, body_aliases),
	PAGES(1, 50000),
	PAGES(2, 50000),
	PAGES(4, 50000),
	PAGES(8, 20000),
	PAGES(16, 20000),
	PAGES(32, 10000),
	PAGES(64, 10000),
	PAGES(128, 4000),
	PAGES(256, 4000),
	PAGES(512, 4000),
	PAGES(1024, 1000),
	PAGES(2048, 1000),
	PAGES(4096, 500),
	SINGLES(0),
	SINGLES(10),
	SINGLES(20),
	SINGLES(30),
	SINGLES(40),
	SINGLES(50),
	SINGLES(60),
	SINGLES(70),
	SINGLES(80),
	SINGLES(90),
	SINGLES(100),
	HARTS(1),
	HARTS(2),
	HARTS(4),
};

const struct bench_table rows_curves = BENCH_TABLE_OF(rows);
