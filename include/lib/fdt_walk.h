/* SPDX-License-Identifier: MIT */
/*
 * One pass over a flattened device tree, token by token (devicetree spec 5.4).
 * libfdt's own iterators check the header again at every byte of a name, which
 * makes them ten times the price of the walk; here the bounds are computed once.
 * Every token is checked against them: a damaged tree gives FDT_WALK_BAD, never
 * an access outside.
 *
 * Context: any. Locking: none. The tree is only read.
 */
#ifndef LIB_FDT_WALK_H
#define LIB_FDT_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fdt_event {
	FDT_WALK_NODE,     /* a node begins: name */
	FDT_WALK_PROPERTY, /* name, name_offset, value, value_bytes */
	FDT_WALK_NODE_END,
	FDT_WALK_END, /* of a sound tree */
	FDT_WALK_BAD
};

struct fdt_walk {
	const uint8_t *at;
	const uint8_t *end;
	const char *strings;
	uint32_t strings_bytes;
	unsigned int depth; /* of nodes begun and not ended */

	const char *name;
	uint32_t name_offset; /* in the strings block: equal for equal names */
	const uint8_t *value;
	uint32_t value_bytes;
};

/*
 * Start on a tree of which @bytes are readable. pre: fdt is 8-byte aligned.
 * False: not a tree, or its blocks lie outside.
 */
bool fdt_walk_start(struct fdt_walk *walk, const void *fdt, size_t bytes);

/* The next token. cost: about 30 instructions */
enum fdt_event fdt_walk_next(struct fdt_walk *walk);

/* A big-endian number of @cells (0, 1 or 2) 32-bit cells. */
uint64_t fdt_cells(const uint8_t *value, unsigned int cells);

#endif /* LIB_FDT_WALK_H */
