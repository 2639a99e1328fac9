/* SPDX-License-Identifier: MIT */
/*
 * lib/fdt_walk against libfdt's own iterators on sound trees, and on damaged
 * ones under ASan: it ends, inside the bytes that it was given.
 *
 * Sources: lib/fdt_walk.c LIBFDT/fdt.c LIBFDT/fdt_ro.c LIBFDT/fdt_sw.c
 */
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/fdt_walk.h"
#include "tests/image/test.h"

static void make_node(void *tree, unsigned int depth)
{
	for (unsigned int i = 0; i < 1 + test_random() % 4; i++) {
		char name[24], value[40];
		size_t length = test_random() % sizeof(value);

		memset(value, (int)test_random(), sizeof(value));
		snprintf(name, sizeof(name), "property%lu", test_random() % 30);
		fdt_property(tree, name, value, (int)length);
	}
	for (unsigned int i = 0; depth < 4 && i < test_random() % 4; i++) {
		char name[24];

		snprintf(name, sizeof(name), "node@%lx", test_random() % 4096);
		fdt_begin_node(tree, name);
		make_node(tree, depth + 1);
		fdt_end_node(tree);
	}
}

/* A random sound tree in memory of just its size. */
static void *make_tree(size_t *bytes_out)
{
	void *tree = malloc(1 << 16), *exact;

	CHECK_EQ(fdt_create(tree, 1 << 16), 0);
	fdt_finish_reservemap(tree);
	fdt_begin_node(tree, "");
	make_node(tree, 0);
	fdt_end_node(tree);
	CHECK_EQ(fdt_finish(tree), 0);
	*bytes_out = fdt_totalsize(tree);
	exact = malloc(*bytes_out);
	memcpy(exact, tree, *bytes_out);
	free(tree);
	return exact;
}

TEST(sound_trees_are_walked_as_libfdt_does)
{
	for (unsigned int round = 0; round < 300; round++) {
		unsigned int nodes = 0, properties = 0, ends = 0;
		int want_nodes = 0, want_properties = 0, node, property;
		struct fdt_walk walk;
		enum fdt_event event;
		size_t bytes;
		void *tree = make_tree(&bytes);

		for (node = 0; node >= 0;
		     node = fdt_next_node(tree, node, NULL)) {
			want_nodes++;
			fdt_for_each_property_offset(property, tree, node)
				want_properties++;
		}
		CHECK(fdt_walk_start(&walk, tree, bytes));
		while ((event = fdt_walk_next(&walk)) != FDT_WALK_END) {
			CHECK(event != FDT_WALK_BAD);
			nodes += event == FDT_WALK_NODE;
			properties += event == FDT_WALK_PROPERTY;
			ends += event == FDT_WALK_NODE_END;
		}
		CHECK_EQ(nodes, want_nodes);
		CHECK_EQ(ends, want_nodes);
		CHECK_EQ(properties, want_properties);
		CHECK_EQ(walk.depth, 0);
		free(tree);
	}
}

/* To the end or to FDT_WALK_BAD; every name and value is looked at. */
static void walk_somehow(const void *tree, size_t bytes)
{
	volatile unsigned int sum = 0;
	struct fdt_walk walk;
	enum fdt_event event;

	if (!fdt_walk_start(&walk, tree, bytes))
		return;
	for (unsigned int i = 0; i < 100000; i++) {
		event = fdt_walk_next(&walk);
		if (event == FDT_WALK_END || event == FDT_WALK_BAD)
			return;
		if (event != FDT_WALK_NODE_END)
			sum += (unsigned int)strlen(walk.name);
		if (event == FDT_WALK_PROPERTY)
			for (uint32_t n = 0; n < walk.value_bytes; n++)
				sum += walk.value[n];
	}
	CHECK(!"the walk does not end");
}

TEST(damaged_trees_end_inside_their_bytes)
{
	for (unsigned int round = 0; round < 20000; round++) {
		size_t bytes;
		unsigned char *tree = make_tree(&bytes);
		unsigned int changes = (unsigned int)(test_random() % 4 + 1);

		while (changes--) {
			size_t at = test_random() % 3 ? test_random() % bytes
			                              : test_random() % 40;

			tree[at] = (unsigned char)test_random();
		}
		walk_somehow(tree, bytes);
		free(tree);
	}
}

TEST(truncated_trees_are_refused)
{
	size_t bytes;
	unsigned char *tree = make_tree(&bytes);
	struct fdt_walk walk;

	for (size_t shorter = 0; shorter < bytes; shorter += 3) {
		unsigned char *part = malloc(shorter + 1);

		memcpy(part, tree, shorter);
		CHECK(!fdt_walk_start(&walk, part, shorter));
		free(part);
	}
	free(tree);
}

TEST(cells_are_big_endian)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	CHECK_EQ(fdt_cells(bytes, 0), 0);
	CHECK_EQ(fdt_cells(bytes, 1), 0x01020304);
	CHECK_EQ(fdt_cells(bytes, 2), 0x0102030405060708);
}
