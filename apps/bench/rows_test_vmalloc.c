/* SPDX-License-Identifier: MIT */
/*
 * The cases of Linux's test_vmalloc, one operation being one turn of its loop.
 * What a case sets up beforehand is set up here and not counted. The numbers of
 * the random cases come from a generator of ten instructions, which are counted.
 */
#include <linux/percpu.h>
#include <stddef.h>

#include "core/hart.h"
#include "rows.h"

#define BUSY_AREAS    15000u
#define BUSY_PAGES    100u
#define HOLES_A_BIT   8192u /* 32 MiB of pages for each bit of the hart count */
#define PCPU_OBJECTS  35000u
#define FIX_ALIGN     (32ul << 10)
#define RANDOM_PAGES  100u
#define ALIGN_SHIFTS  23u
#define ALIGN_PAGES   10u
#define PCPU_MAX_SIZE 1024u
#define PCPU_SHIFTS   11u

/* Areas of one page that live while the loop runs, chained through themselves. */
struct busy_area {
	struct busy_area *next;
};

static struct busy_area *busy;

static bool busy_add(struct busy_area **list)
{
	struct busy_area *area = vmalloc(PAGE_SIZE);

	if (!area)
		return false;
	area->next = *list;
	*list = area;
	return true;
}

static void busy_free(struct busy_area **list)
{
	while (*list) {
		struct busy_area *area = *list;

		*list = area->next;
		vfree(area);
	}
}

static void free_busy(const struct bench_row *row)
{
	(void)row;
	busy_free(&busy);
}

static const char *make_busy_list(const struct bench_row *row)
{
	for (unsigned int i = 0; i < BUSY_AREAS; i++) {
		if (!busy_add(&busy)) {
			free_busy(row);
			return "no memory for 15,000 areas";
		}
	}
	return NULL;
}

/* Areas of one page, every other one freed: holes of a page and its guard. */
static const char *make_holes(const struct bench_row *row)
{
	unsigned int bits = 32 - __builtin_clz(nr_harts);
	struct busy_area *spare = NULL;
	bool good = true;

	for (unsigned int i = 0; i < bits * HOLES_A_BIT && good; i++)
		good = busy_add(&spare) && busy_add(&busy);
	busy_free(&spare);
	if (good)
		return NULL;
	free_busy(row);
	return "no memory for the areas around the holes";
}

static bool body_fix_size(const struct bench_row *row, unsigned long loops)
{
	return vmalloc_vfree_loop(row->argument << PAGE_SHIFT, loops);
}

static bool body_long_busy_list(const struct bench_row *row,
                                unsigned long loops)
{
	bool good = true;

	(void)row;
	for (unsigned long i = 0; i < loops && good; i++) {
		void *large = vmalloc(BUSY_PAGES << PAGE_SHIFT);
		void *small = vmalloc(PAGE_SIZE);

		good = large && small;
		if (good) {
			bench_touch(large);
			bench_touch(small);
		}
		vfree(large);
		vfree(small);
	}
	return good;
}

static bool body_random_size(const struct bench_row *row, unsigned long loops)
{
	uint64_t state = RANDOM_SEED;

	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		unsigned long pages = 1 + random_below(&state, RANDOM_PAGES);
		void *area = vmalloc(pages << PAGE_SHIFT);

		if (!area)
			return false;
		bench_touch(area);
		vfree(area);
	}
	return true;
}

static inline void *zeroed_aligned(unsigned long pages, unsigned long align)
{
	return __vmalloc_node_range(pages << PAGE_SHIFT, align, VMALLOC_START,
	                            VMALLOC_END, GFP_KERNEL | __GFP_ZERO,
	                            PAGE_KERNEL, NUMA_NO_NODE, CALLER());
}

static bool body_fix_align(const struct bench_row *row, unsigned long loops)
{
	for (unsigned long i = 0; i < loops; i++) {
		void *area = zeroed_aligned(row->argument, FIX_ALIGN);

		if (!area)
			return false;
		vfree(area);
	}
	return true;
}

static bool body_random_size_align(const struct bench_row *row,
                                   unsigned long loops)
{
	uint64_t state = RANDOM_SEED;

	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		uint32_t byte = random_below(&state, 256);
		void *area = zeroed_aligned(1 + byte % ALIGN_PAGES,
		                            1ul << byte % ALIGN_SHIFTS);

		if (!area)
			return false;
		vfree(area);
	}
	return true;
}

/* Fill objects[]; returns how many there are. */
static unsigned int pcpu_fill(void **objects)
{
	uint64_t state = RANDOM_SEED;
	unsigned int count;

	for (count = 0; count < PCPU_OBJECTS; count++) {
		size_t size = 1 + random_below(&state, PCPU_MAX_SIZE);
		size_t align = 2ul << random_below(&state, PCPU_SHIFTS);

		objects[count] = __alloc_percpu(size, align);
		if (!objects[count])
			break;
	}
	return count;
}

static bool body_pcpu(const struct bench_row *row, unsigned long loops)
{
	bool good = true;

	(void)row;
	for (unsigned long i = 0; i < loops && good; i++) {
		void **objects = vmalloc(PCPU_OBJECTS * sizeof(*objects));
		unsigned int count;

		if (!objects)
			return false;
		count = pcpu_fill(objects);
		good = count == PCPU_OBJECTS;
		while (count > 0)
			free_percpu(objects[--count]);
		vfree(objects);
	}
	return good;
}

static bool body_map_ram(const struct bench_row *row, unsigned long loops)
{
	return map_ram_loop(given_pages(), row->argument, loops);
}

#define TEST(case_name) .name = "test_vmalloc/" case_name

#define FIX_SIZE(suffix, pages, turns)                                         \
	{                                                                      \
		TEST("fix_size" suffix)                                        \
		, .what = "vmalloc of " #pages " pages, write, vfree",         \
		  .loops = (turns), .argument = (pages), .body = body_fix_size \
	}
#define MAP_RAM(pages, turns)                                                  \
	{                                                                      \
		TEST("vm_map_ram_" #pages)                                     \
		, .what = "vm_map_ram of " #pages " pages, write, unmap",      \
		  .loops = (turns), .argument = (pages), .body = body_map_ram, \
		  .setup = given_pages_take, .teardown = given_pages_drop      \
	}

static const struct bench_row rows[] = {
	FIX_SIZE("", 1, 50000),
	FIX_SIZE("_16", 16, 20000),
	FIX_SIZE("_64", 64, 10000),
	FIX_SIZE("_512", 512, 4000),
	{ TEST("full_fit"),
	  .what = "vmalloc of a page among 8,192 holes of its size a hart bit",
	  .loops = 50000, .argument = 1, .setup = make_holes,
	  .body = body_fix_size, .teardown = free_busy },
	{ TEST("long_busy_list"),
	  .what = "100 pages and 1 page beside 15,000 areas", .loops = 10000,
	  .setup = make_busy_list, .body = body_long_busy_list,
	  .teardown = free_busy },
	{ TEST("random_size"),
	  .what = "vmalloc of 1 to 100 pages, write, vfree", .loops = 20000,
	  .body = body_random_size },
	{ TEST("fix_align"), .what = "5 pages, zeroed, aligned to 32 KiB",
	  .loops = 10000, .argument = 5, .body = body_fix_align },
	{ TEST("random_size_align"),
	  .what = "1 to 10 pages, zeroed, aligned to up to 4 MiB",
	  .loops = 10000, .body = body_random_size_align },
	{ TEST("pcpu_alloc"),
	  .what = "35,000 per-CPU objects made and freed: the whole test",
	  .loops = 1, .body = body_pcpu },
	MAP_RAM(1, 100000),
	MAP_RAM(16, 50000),
	MAP_RAM(64, 20000),
};

const struct bench_table rows_test_vmalloc = BENCH_TABLE_OF(rows);
