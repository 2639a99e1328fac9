/* SPDX-License-Identifier: MIT */
/*
 * How costs grow: the same operation beside 0 to 100,000 live areas, with 1 to
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
	/* No live area at all is a point of the curve, too. */
	live = vmalloc((row->argument + 1) * sizeof(*live));
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

static bool body_vmap(const struct bench_row *row, unsigned long loops)
{
	return vmap_loop(given_pages(), row->argument, loops);
}

static bool body_map_ram(const struct bench_row *row, unsigned long loops)
{
	return map_ram_loop(given_pages(), row->argument, loops);
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
/* What an operation needs: its body, and pages where it maps given ones. */
#define VMALLOC "vmalloc_vfree", body_pages, NULL, NULL
#define VMAP    "vmap_vunmap", body_vmap, given_pages_take, given_pages_drop
#define MAP_RAM "vm_map_ram", body_map_ram, given_pages_take, given_pages_drop
#define PAGES_OF(operation, function, take, drop, pages, turns)           \
	{                                                                 \
		.name = "curve/" operation "/pages_" #pages,              \
		.what = "so many pages in a call", .loops = (turns),      \
		.argument = (pages), .setup = (take), .body = (function), \
		.teardown = (drop)                                        \
	}
#define PAGES(...) PAGES_OF(__VA_ARGS__)
#define PAGES_CURVE(operation)                                              \
	PAGES(operation, 1, 50000), PAGES(operation, 2, 50000),             \
		PAGES(operation, 4, 50000), PAGES(operation, 8, 20000),     \
		PAGES(operation, 16, 20000), PAGES(operation, 32, 10000),   \
		PAGES(operation, 64, 10000), PAGES(operation, 128, 4000),   \
		PAGES(operation, 256, 4000), PAGES(operation, 512, 4000),   \
		PAGES(operation, 1024, 1000), PAGES(operation, 2048, 1000), \
		PAGES(operation, 4096, 500)
#define SINGLES(percent)                                                       \
	{                                                                      \
		.name = "curve/vmalloc_vfree/singles_" #percent,               \
		.what = "256 pages, so many percent of which are"              \
			" free only as single pages",                          \
		.loops = 2000, .argument = (percent), .setup = make_fragments, \
		.body = body_fragmented, .teardown = fragment_end              \
	}
#define HARTS_OF(operation, function, take, drop, count)                     \
	{                                                                    \
		.name = "curve/" operation "/harts_" #count,                 \
		.what = "one page on each of so many harts", .loops = 20000, \
		.harts = (count), .argument = 1, .setup = (take),            \
		.body = (function), .teardown = (drop)                       \
	}
#define HARTS(...) HARTS_OF(__VA_ARGS__)
#define HARTS_CURVE(operation) \
	HARTS(operation, 1), HARTS(operation, 2), HARTS(operation, 4)

static const struct bench_row rows[] = {
	LIVE("vmalloc_vfree", "one page beside no live area", 0, 20000,
	     body_one_page),
	LIVE_CURVE("vmalloc_vfree", "one page beside live areas", 20000,
	           body_one_page),
	LIVE_CURVE("find_vm_area", "one of the live areas", 20000, body_find),
	LIVE_CURVE("vread", "a page of one of the live areas", 5000,
	           body_vread),
	LIVE_CURVE("address_describe", "an address in a live area", 5000,
	           body_describe),
	LIVE("vm_unmap_aliases", "vmap, write, vunmap, then the flush", 0, 5000,
	     body_aliases),
	LIVE_CURVE("vm_unmap_aliases", "vmap, write, vunmap, then the flush",
	           5000, body_aliases),
	PAGES_CURVE(VMALLOC),
	PAGES_CURVE(VMAP),
	PAGES_CURVE(MAP_RAM),
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
	HARTS_CURVE(VMALLOC),
	HARTS_CURVE(VMAP),
	HARTS_CURVE(MAP_RAM),
};

const struct bench_table rows_curves = BENCH_TABLE_OF(rows);
