/* SPDX-License-Identifier: MIT */
/*
 * lib/hole_tree against an array of bytes, one a unit of address space: free or
 * not. Every answer is compared with a linear search.
 *
 * Sources: lib/hole_tree.c
 */
#include <stdlib.h>
#include <string.h>

#include "lib/hole_tree.h"
#include "tests/image/test.h"

#define BASE  0x1000ul
#define UNITS 400ul

static struct hole_tree tree;
static unsigned char is_free[UNITS];

static struct hole *new_hole(void)
{
	struct hole *hole = malloc(sizeof(*hole));

	/* Rubbish: nothing of a fresh node may be believed. */
	memset(hole, 0xa5, sizeof(*hole));
	return hole;
}

static void start_empty(void)
{
	memset(is_free, 0, sizeof(is_free));
	tree = (struct hole_tree){ .random = 12345 };
}

static void add(unsigned long start, unsigned long end)
{
	struct hole *freed[2] = { NULL, NULL };
	unsigned int count = hole_tree_add(&tree, BASE + start, BASE + end,
	                                   new_hole(), freed);

	CHECK(count <= 2);
	for (unsigned int i = 0; i < count; i++)
		free(freed[i]);
	memset(is_free + start, 1, end - start);
}

static void cut(struct hole *hole, unsigned long start, unsigned long end)
{
	struct hole *spare = new_hole();
	struct hole *unused =
		hole_tree_cut(&tree, hole, BASE + start, BASE + end, spare);

	/* A hole that went whole needed no spare: both are ours again. */
	if (unused == hole)
		free(spare);
	free(unused);
	memset(is_free + start, 0, end - start);
}

static bool all_free(unsigned long start, unsigned long end)
{
	for (unsigned long i = start; i < end; i++)
		if (i >= UNITS || !is_free[i])
			return false;
	return true;
}

/* The lowest fit by looking at every address; UNITS when there is none. */
static unsigned long lowest_fit(unsigned long size, unsigned long align,
                                unsigned long start, unsigned long end)
{
	for (unsigned long at = start; at + size <= end; at++)
		if ((BASE + at) % align == 0 && all_free(at, at + size))
			return at;
	return UNITS;
}

static void check_tree(void)
{
	unsigned long holes = 0, at = 0;

	CHECK(hole_tree_is_sound(&tree));
	for (struct hole *hole = hole_tree_above(&tree, 0); hole;
	     hole = hole_tree_next(hole)) {
		while (at < UNITS && !is_free[at])
			at++;
		CHECK_EQ(hole->start, BASE + at);
		while (at < UNITS && is_free[at])
			at++;
		CHECK_EQ(hole->end, BASE + at);
		holes++;
	}
	while (at < UNITS && !is_free[at])
		at++;
	CHECK_EQ(at, UNITS);
	CHECK_EQ(tree.count, holes);
}

static void empty_tree(void)
{
	struct hole *hole;

	while ((hole = hole_tree_above(&tree, 0)) != NULL)
		cut(hole, hole->start - BASE, hole->end - BASE);
	CHECK(!tree.root && tree.count == 0);
}

TEST(an_empty_tree_has_no_answer)
{
	uintptr_t at = 77;

	start_empty();
	CHECK(!hole_tree_find(&tree, 1, 1, 0, ~0ul, &at));
	CHECK_EQ(at, 77);
	CHECK(!hole_tree_above(&tree, 0));
	CHECK(!hole_tree_containing(&tree, BASE, BASE + 1));
	CHECK(hole_tree_is_sound(&tree));
}

TEST(cuts_leave_no_one_or_two_pieces)
{
	uintptr_t at;

	start_empty();
	add(100, 200);
	cut(hole_tree_find(&tree, 10, 1, 0, ~0ul, &at), 100, 110); /* left */
	CHECK_EQ(at, BASE + 100);
	check_tree();
	cut(hole_tree_containing(&tree, BASE + 190, BASE + 200), 190, 200);
	check_tree();
	cut(hole_tree_containing(&tree, BASE + 150, BASE + 151), 150, 151);
	check_tree();
	CHECK_EQ(tree.count, 2);
	cut(hole_tree_containing(&tree, BASE + 110, BASE + 150), 110, 150);
	check_tree();
	CHECK_EQ(tree.count, 1);
	empty_tree();
}

TEST(neighbours_merge_on_either_side_and_on_both)
{
	start_empty();
	add(10, 20);
	add(20, 30);
	CHECK_EQ(tree.count, 1);
	add(5, 10);
	CHECK_EQ(tree.count, 1);
	add(40, 50);
	CHECK_EQ(tree.count, 2);
	add(30, 40);
	CHECK_EQ(tree.count, 1);
	check_tree();
	CHECK_EQ(tree.root->largest, 45);
	empty_tree();
}

/* B33: an exact hole whose phase alone makes it fit. */
TEST(exact_fit_with_alignment_is_found)
{
	uintptr_t at;

	start_empty();
	add(16, 32); /* BASE + 16 is a multiple of 16 */
	add(50, 65);
	CHECK(hole_tree_find(&tree, 16, 16, 0, ~0ul, &at));
	CHECK_EQ(at, BASE + 16);
	CHECK(!hole_tree_find(&tree, 17, 1, 0, ~0ul, &at));
	CHECK(!hole_tree_find(&tree, 16, 32, BASE + 33, ~0ul, &at));
	empty_tree();
}

/* B1: sums at the end of the address space. */
TEST(ends_of_the_address_space_do_not_wrap)
{
	struct hole *freed[2];
	uintptr_t at;

	start_empty();
	hole_tree_add(&tree, ~0ul - 0xfff, ~0ul, new_hole(), freed);
	CHECK(!hole_tree_find(&tree, 0x1000, 1, 0, ~0ul, &at));
	CHECK(hole_tree_find(&tree, 0xfff, 1, 0, ~0ul, &at));
	CHECK(!hole_tree_find(&tree, ~0ul, 1, 0, ~0ul, &at));
	CHECK(!hole_tree_find(&tree, 0x10, 1ul << 63, ~0ul - 0x20, ~0ul, &at));
	CHECK(!hole_tree_find(&tree, 0x800, 0x1000, 0, ~0ul, &at) ||
	      at % 0x1000 == 0);
	free(tree.root);
}

TEST(search_is_the_lowest_fit_for_every_size_align_and_window)
{
	start_empty();
	for (unsigned int i = 0; i < 60; i++) {
		unsigned long start = test_random() % (UNITS - 8);
		unsigned long end = start + test_random() % 7 + 1;

		for (; start < end; start++)
			if (!is_free[start])
				add(start, start + 1);
	}
	check_tree();
	for (unsigned int i = 0; i < 20000; i++) {
		unsigned long size = test_random() % 12 + 1;
		unsigned long align = 1ul << test_random() % 6;
		unsigned long start = test_random() % UNITS;
		unsigned long end = start + test_random() % UNITS;
		unsigned long want = lowest_fit(size, align, start,
		                                end < UNITS ? end : UNITS);
		uintptr_t at;
		struct hole *hole = hole_tree_find(
			&tree, size, align, BASE + start, BASE + end, &at);

		if (!hole) {
			CHECK_EQ(want, UNITS);
			continue;
		}
		CHECK(want < UNITS && at % align == 0);
		CHECK(at >= BASE + start && at + size <= BASE + end);
		CHECK(hole->start <= at && at + size <= hole->end);
		if (align == 1)
			CHECK_EQ(at, BASE + want);
	}
	empty_tree();
}

TEST(random_traffic_equals_the_model)
{
	start_empty();
	add(0, UNITS);
	for (unsigned int step = 0; step < 20000; step++) {
		unsigned long size = test_random() % 20 + 1;
		unsigned long align = 1ul << test_random() % 4;
		uintptr_t at;

		if (test_random() % 2) {
			struct hole *hole = hole_tree_find(&tree, size, align,
			                                   0, ~0ul, &at);

			CHECK_EQ(!hole,
			         lowest_fit(size, align, 0, UNITS) == UNITS);
			if (hole)
				cut(hole, at - BASE, at - BASE + size);
		} else {
			unsigned long start = test_random() % UNITS, end;

			while (start < UNITS && is_free[start])
				start++;
			for (end = start; end < UNITS && !is_free[end] &&
			                  end - start < size;)
				end++;
			if (start < end)
				add(start, end);
		}
		if (step % 16 == 0)
			check_tree();
	}
	check_tree();
	empty_tree();
}

TEST(neighbour_walks_agree_both_ways)
{
	unsigned int forward = 0, backward = 0;
	struct hole *hole, *last = NULL;

	start_empty();
	for (unsigned long at = 1; at < UNITS; at += 7)
		add(at, at + 3);
	for (hole = hole_tree_above(&tree, 0); hole;
	     last = hole, hole = hole_tree_next(hole))
		forward++;
	for (; last; last = hole_tree_prev(last))
		backward++;
	CHECK_EQ(forward, tree.count);
	CHECK_EQ(backward, tree.count);
	hole = hole_tree_above(&tree, BASE + 3);
	CHECK_EQ(hole->start, BASE + 1);
	hole = hole_tree_above(&tree, BASE + 4);
	CHECK_EQ(hole->start, BASE + 8);
	CHECK(!hole_tree_containing(&tree, BASE + 3, BASE + 5));
	CHECK(!hole_tree_containing(&tree, BASE + 4, BASE + 5));
	empty_tree();
}

/* Depth is what makes it O(log n): a line of holes must not become a list. */
static unsigned int depth_of(const struct hole *hole)
{
	unsigned int left, right;

	if (!hole)
		return 0;
	left = depth_of(hole->left);
	right = depth_of(hole->right);
	return 1 + (left > right ? left : right);
}

TEST(tree_stays_shallow)
{
	struct hole *freed[2];

	start_empty();
	for (unsigned long i = 0; i < 20000; i++)
		CHECK_EQ(hole_tree_add(&tree, i * 10, i * 10 + 5, new_hole(),
		                       freed),
		         0);
	CHECK(depth_of(tree.root) < 60);
	CHECK(hole_tree_is_sound(&tree));
	while (tree.root)
		free(hole_tree_cut(&tree, tree.root, tree.root->start,
		                   tree.root->end, NULL));
}

TEST(damage_is_noticed)
{
	struct hole *hole;

	start_empty();
	for (unsigned long at = 0; at < 100; at += 10)
		add(at, at + 5);
	hole = hole_tree_above(&tree, BASE + 40);
	hole->largest++;
	CHECK(!hole_tree_is_sound(&tree));
	hole->largest--;
	hole->end += 5;
	CHECK(!hole_tree_is_sound(&tree)); /* touches its neighbour */
	hole->end -= 5;
	tree.count++;
	CHECK(!hole_tree_is_sound(&tree));
	tree.count--;
	CHECK(hole_tree_is_sound(&tree));
	empty_tree();
}
