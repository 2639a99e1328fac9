/* SPDX-License-Identifier: MIT */
/*
 * mm/vspace: the window's bounds, sums, and congruent ranges for per-CPU data
 * against a search by trial from the top.
 *
 * Sources: mm/vspace.c lib/hole_tree.c
 */
#include <linux/vmalloc.h>
#include <stdlib.h>
#include <string.h>

#include "mm/vspace.h"
#include "tests/image/test.h"

unsigned long vmalloc_window_start = VMALLOC_REGION_BASE + 0x200000;

/* Large holes in sixteenths of the window keep the naive search short. */
#define PIECE (VMALLOC_SIZE / 1024)

static bool ready;

static void start(void)
{
	if (!ready)
		vspace_init(malloc(sizeof(struct hole)));
	ready = true;
	CHECK_EQ(vspace_free_bytes(), VMALLOC_SIZE - PAGE_SIZE);
	CHECK_EQ(vspace_holes(), 1);
}

static bool reserve(size_t size, size_t align, vaddr_t from, vaddr_t to,
                    vaddr_t *at)
{
	struct hole *spare = malloc(sizeof(*spare)), *unused = NULL;
	bool fits = vspace_reserve(size, align, from, to, spare, at, &unused);

	if (!fits || (unused && unused != spare))
		free(spare);
	if (fits)
		free(unused);
	vspace_check();
	return fits;
}

static void release(vaddr_t from, vaddr_t to)
{
	struct hole *freed[2];
	unsigned int count =
		vspace_release(from, to, malloc(sizeof(struct hole)), freed);

	while (count > 0)
		free(freed[--count]);
	vspace_check();
}

TEST(first_page_of_the_window_is_a_guard)
{
	vaddr_t at;

	start();
	CHECK(reserve(PAGE_SIZE, 1, 0, ~0ul, &at));
	CHECK_EQ(at, VMALLOC_START + PAGE_SIZE);
	release(at, at + PAGE_SIZE);
}

TEST(whole_window_can_be_taken_and_given_back)
{
	vaddr_t at, more;

	start();
	CHECK_EQ(vspace_largest(), VMALLOC_SIZE - PAGE_SIZE);
	CHECK(!reserve(VMALLOC_SIZE, 1, 0, ~0ul, &at));
	CHECK(reserve(VMALLOC_SIZE - PAGE_SIZE, 1, 0, ~0ul, &at));
	CHECK_EQ(vspace_free_bytes(), 0);
	CHECK_EQ(vspace_largest(), 0);
	CHECK(!reserve(PAGE_SIZE, 1, 0, ~0ul, &more));
	release(at, at + VMALLOC_SIZE - PAGE_SIZE);
	start();
}

TEST(result_is_untouched_on_failure)
{
	vaddr_t at = 5;

	start();
	CHECK(!reserve(PAGE_SIZE, 1, VMALLOC_END - PAGE_SIZE + 1, ~0ul, &at));
	CHECK(!reserve(PAGE_SIZE, 1, 0, VMALLOC_START + PAGE_SIZE, &at));
	CHECK(!reserve(PAGE_SIZE, 1, VMALLOC_END, VMALLOC_START, &at));
	CHECK_EQ(at, 5);
}

/* With page alignment as well: found by tests/model. */
TEST(exact_fit_is_not_passed_over_for_a_larger_hole)
{
	vaddr_t first, second, at;

	start();
	CHECK(reserve(3 * PAGE_SIZE, PAGE_SIZE, 0, ~0ul, &first));
	CHECK(reserve(PAGE_SIZE, PAGE_SIZE, 0, ~0ul, &second));
	release(first, first + 3 * PAGE_SIZE);
	CHECK(reserve(3 * PAGE_SIZE, PAGE_SIZE, 0, ~0ul, &at));
	CHECK_EQ(at, first);
	release(first, second + PAGE_SIZE);
	start();
}

static vaddr_t page_at(unsigned int page)
{
	return VMALLOC_START + page * PAGE_SIZE;
}

TEST(small_range_is_put_past_the_end_of_a_leaf_table)
{
	vaddr_t at;

	start();
	CHECK(reserve(400 * PAGE_SIZE, 1, 0, ~0ul, &at));
	CHECK_EQ(at, page_at(1));
	CHECK(reserve(65 * PAGE_SIZE, 1, 0, ~0ul, &at));
	CHECK_EQ(at, page_at(401));
	CHECK(reserve(65 * PAGE_SIZE, 1, 0, ~0ul, &at));
	CHECK_EQ(at, page_at(512));
	CHECK(reserve(46 * PAGE_SIZE, 1, 0, ~0ul, &at));
	CHECK_EQ(at, page_at(466));
	CHECK(reserve(465 * PAGE_SIZE, 1, 0, ~0ul, &at));
	CHECK_EQ(at, page_at(577));
	release(page_at(1), page_at(1042));
	start();
}

TEST(small_range_crosses_leaf_tables_where_there_is_no_other)
{
	vaddr_t at;

	start();
	CHECK(reserve(65 * PAGE_SIZE, 1, page_at(480), page_at(545), &at));
	CHECK_EQ(at, page_at(480));
	release(at, page_at(545));
	/* Behind the boundary is a hole, but it reaches the next one first. */
	CHECK(reserve(460 * PAGE_SIZE, 1, page_at(550), page_at(1010), &at));
	CHECK(reserve(65 * PAGE_SIZE, 1, page_at(480), page_at(1100), &at));
	CHECK_EQ(at, page_at(480));
	release(at, page_at(545));
	release(page_at(550), page_at(1010));
	start();
}

struct range {
	vaddr_t start;
	vaddr_t end;
};

static bool is_free(const struct range *taken, unsigned int count, vaddr_t from,
                    vaddr_t to)
{
	if (from < VMALLOC_START + PAGE_SIZE || to > VMALLOC_END)
		return false;
	for (unsigned int i = 0; i < count; i++)
		if (from < taken[i].end && taken[i].start < to)
			return false;
	return true;
}

static vaddr_t highest_congruent(const struct range *taken, unsigned int count,
                                 const unsigned long *offsets,
                                 const size_t *sizes, int groups, size_t align)
{
	for (vaddr_t base = ALIGN_DOWN(VMALLOC_END - 1, align);
	     base > VMALLOC_START; base -= align) {
		int fits = 0;

		while (fits < groups &&
		       is_free(taken, count, base + offsets[fits],
		               base + offsets[fits] + sizes[fits]))
			fits++;
		if (fits == groups)
			return base;
	}
	return 0;
}

TEST(congruent_ranges_are_the_highest_there_are)
{
	enum { TAKEN = 60 };
	struct range taken[TAKEN];
	unsigned int count = 0;

	start();
	for (unsigned int i = 0; i < TAKEN; i++) {
		vaddr_t from = ALIGN_UP(VMALLOC_START, PIECE) +
		               test_random() % 1000 * PIECE;
		vaddr_t at;

		/* Most of the top is taken, so that bases must be searched. */
		if (i % 2)
			from = ALIGN_DOWN(VMALLOC_END, PIECE) -
			       (test_random() % 60 + 1) * PIECE;
		if (!reserve(PIECE, 1, from, from + PIECE, &at))
			continue;
		taken[count++] = (struct range){ at, at + PIECE };
	}
	for (unsigned int i = 0; i < 300; i++) {
		unsigned long offsets[4] = { 0 };
		size_t sizes[4];
		int groups = (int)(test_random() % 4 + 1);
		vaddr_t base, want;
		bool found;

		for (int g = 0; g < groups; g++) {
			sizes[g] = (test_random() % 3 + 1) * PIECE;
			if (g > 0)
				offsets[g] = offsets[g - 1] + sizes[g - 1] +
				             test_random() % 20 * PIECE;
		}
		found = vspace_find_congruent(offsets, sizes, groups, PIECE,
		                              &base);
		want = highest_congruent(taken, count, offsets, sizes, groups,
		                         PIECE);
		CHECK_EQ(found, want != 0);
		if (found)
			CHECK_EQ(base, want);
	}
	while (count > 0) {
		count--;
		release(taken[count].start, taken[count].end);
	}
	start();
}

TEST(congruent_ranges_larger_than_the_window_are_refused)
{
	static const unsigned long offsets[] = { 0, VMALLOC_SIZE };
	static const size_t sizes[] = { PAGE_SIZE, PAGE_SIZE };
	vaddr_t base;

	start();
	CHECK(!vspace_find_congruent(offsets, sizes, 2, PAGE_SIZE, &base));
}

TEST(random_traffic_gives_everything_back)
{
	enum { LIVE = 80 };
	static struct range live[LIVE];
	size_t taken = 0;

	start();
	for (unsigned int step = 0; step < 6000; step++) {
		struct range *range = &live[test_random() % LIVE];
		size_t size = (test_random() % 50 + 1) * PAGE_SIZE;
		size_t align = PAGE_SIZE << test_random() % 10;
		vaddr_t at;

		if (range->end) {
			release(range->start, range->end);
			taken -= range->end - range->start;
			range->end = 0;
			continue;
		}
		CHECK(reserve(size, align, 0, ~0ul, &at));
		CHECK(IS_ALIGNED(at, align));
		for (unsigned int i = 0; i < LIVE; i++)
			CHECK(!live[i].end || at + size <= live[i].start ||
			      live[i].end <= at);
		*range = (struct range){ at, at + size };
		taken += size;
		CHECK_EQ(vspace_free_bytes(), VMALLOC_SIZE - PAGE_SIZE - taken);
	}
	for (unsigned int i = 0; i < LIVE; i++)
		if (live[i].end)
			release(live[i].start, live[i].end);
	start();
}
