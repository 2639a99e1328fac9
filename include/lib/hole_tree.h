/* SPDX-License-Identifier: MIT */
/*
 * Free ranges by address, each subtree knowing its largest: first fit in
 * O(log n). A treap: the shape needs no balance bookkeeping and the code stays
 * small. Pure: no locks, no allocation; nodes belong to the caller.
 */
#ifndef LIB_HOLE_TREE_H
#define LIB_HOLE_TREE_H

#include <stdbool.h>
#include <stdint.h>

struct hole {
	uintptr_t start;
	uintptr_t end;
	uintptr_t largest; /* of this subtree */
	struct hole *left;
	struct hole *right;
	struct hole *parent;
	uint32_t priority;
};

struct hole_tree {
	struct hole *root;
	uint32_t random; /* any non-zero seed */
	unsigned long count;
};

/*
 * Lowest range of @size bytes aligned to @align (power of two) inside
 * [start, end): the hole, with *at_out its address, or NULL. With align above
 * one page holes that fit at any phase are tried first (O(log n)); only when
 * none exists are exact fits searched one by one.
 */
struct hole *hole_tree_find(const struct hole_tree *tree, uintptr_t size,
                            uintptr_t align, uintptr_t start, uintptr_t end,
                            uintptr_t *at_out);

/* The hole that contains all of [start, end), or NULL. */
struct hole *hole_tree_containing(const struct hole_tree *tree, uintptr_t start,
                                  uintptr_t end);

/* First hole whose end is above @address, in address order; the next one. */
struct hole *hole_tree_above(const struct hole_tree *tree, uintptr_t address);
struct hole *hole_tree_next(const struct hole *hole);
struct hole *hole_tree_prev(const struct hole *hole);

/*
 * Take [start, end) out of @hole, which contains it. When a piece remains on
 * both sides @spare becomes the upper one. Returns the node that is no longer
 * in the tree: @spare, or @hole when nothing of it remains.
 */
struct hole *hole_tree_cut(struct hole_tree *tree, struct hole *hole,
                           uintptr_t start, uintptr_t end, struct hole *spare);

/*
 * Add [start, end), which touches no hole but neighbours, merging with them.
 * @node becomes a new hole when nothing merges. Up to two nodes fall free; they
 * are stored in freed[], the count is returned.
 */
unsigned int hole_tree_add(struct hole_tree *tree, uintptr_t start,
                           uintptr_t end, struct hole *node,
                           struct hole *freed[2]);

/* Order, augmentation, coalescing, links. False: damaged. */
bool hole_tree_is_sound(const struct hole_tree *tree);

#endif /* LIB_HOLE_TREE_H */
