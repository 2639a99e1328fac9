/* SPDX-License-Identifier: MIT */
/*
 * A treap ordered by address: random priorities keep it shallow, so insertion
 * and removal are a handful of rotations and there is no balance to maintain.
 * Each node carries the largest hole of its subtree; a search that needs `size`
 * bytes never enters a subtree that cannot hold them.
 */
#include "lib/hole_tree.h"

#include <stddef.h>

static uintptr_t size_of(const struct hole *hole)
{
	return hole->end - hole->start;
}

static uintptr_t largest_of(const struct hole *hole)
{
	return hole ? hole->largest : 0;
}

static uintptr_t compute_largest(const struct hole *hole)
{
	uintptr_t largest = size_of(hole);

	if (largest < largest_of(hole->left))
		largest = hole->left->largest;
	if (largest < largest_of(hole->right))
		largest = hole->right->largest;
	return largest;
}

/* @hole changed: correct it and every ancestor that notices. */
static void update_path(struct hole *hole)
{
	while (hole) {
		uintptr_t largest = compute_largest(hole);

		if (largest == hole->largest)
			return;
		hole->largest = largest;
		hole = hole->parent;
	}
}

/* The pointer that leads to @hole. */
static struct hole **link_of(struct hole_tree *tree, struct hole *hole)
{
	struct hole *parent = hole->parent;

	if (!parent)
		return &tree->root;
	return parent->left == hole ? &parent->left : &parent->right;
}

static void rotate_up(struct hole_tree *tree, struct hole *hole)
{
	struct hole *parent = hole->parent;
	struct hole **link = link_of(tree, parent);
	struct hole *inner;

	if (parent->left == hole) {
		inner = hole->right;
		parent->left = inner;
		hole->right = parent;
	} else {
		inner = hole->left;
		parent->right = inner;
		hole->left = parent;
	}
	if (inner)
		inner->parent = parent;
	hole->parent = parent->parent;
	parent->parent = hole;
	*link = hole;
	parent->largest = compute_largest(parent);
	hole->largest = compute_largest(hole);
}

static uint32_t next_random(struct hole_tree *tree)
{
	uint32_t x = tree->random;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	tree->random = x;
	return x;
}

static void insert(struct hole_tree *tree, struct hole *node)
{
	struct hole **link = &tree->root;
	struct hole *parent = NULL;

	while (*link) {
		parent = *link;
		link = node->start < parent->start ? &parent->left
		                                   : &parent->right;
	}
	node->left = NULL;
	node->right = NULL;
	node->parent = parent;
	node->largest = size_of(node);
	node->priority = next_random(tree);
	*link = node;
	update_path(parent);
	while (node->parent && node->parent->priority < node->priority)
		rotate_up(tree, node);
	tree->count++;
}

static void erase(struct hole_tree *tree, struct hole *node)
{
	struct hole *parent;
	struct hole *child;

	while (node->left && node->right) {
		if (node->left->priority > node->right->priority)
			rotate_up(tree, node->left);
		else
			rotate_up(tree, node->right);
	}
	child = node->left ? node->left : node->right;
	parent = node->parent;
	*link_of(tree, node) = child;
	if (child)
		child->parent = parent;
	update_path(parent);
	tree->count--;
}

struct hole *hole_tree_next(const struct hole *hole)
{
	const struct hole *from = hole;

	if (hole->right) {
		hole = hole->right;
		while (hole->left)
			hole = hole->left;
		return (struct hole *)hole;
	}
	for (hole = hole->parent; hole && hole->right == from;
	     hole = hole->parent)
		from = hole;
	return (struct hole *)hole;
}

struct hole *hole_tree_prev(const struct hole *hole)
{
	const struct hole *from = hole;

	if (hole->left) {
		hole = hole->left;
		while (hole->right)
			hole = hole->right;
		return (struct hole *)hole;
	}
	for (hole = hole->parent; hole && hole->left == from;
	     hole = hole->parent)
		from = hole;
	return (struct hole *)hole;
}

struct hole *hole_tree_above(const struct hole_tree *tree, uintptr_t address)
{
	struct hole *hole = tree->root;
	struct hole *best = NULL;

	while (hole) {
		if (hole->end > address) {
			best = hole;
			hole = hole->left;
		} else {
			hole = hole->right;
		}
	}
	return best;
}

static bool may_fit(const struct hole *subtree, uintptr_t need)
{
	return subtree && subtree->largest >= need;
}

/*
 * The lowest hole of at least @need bytes that ends above @from. Left subtrees
 * of nodes at or below @from end below it, so only the path to @from is ever
 * backed out of: O(log n).
 */
static struct hole *lowest_fit(const struct hole_tree *tree, uintptr_t need,
                               uintptr_t from)
{
	struct hole *hole = tree->root;
	struct hole *came_from;

	if (!may_fit(hole, need))
		return NULL;
	for (;;) {
		while (hole->start > from && may_fit(hole->left, need))
			hole = hole->left;
		for (;;) {
			if (hole->end > from && size_of(hole) >= need)
				return hole;
			if (may_fit(hole->right, need))
				break;
			do {
				came_from = hole;
				hole = hole->parent;
			} while (hole && hole->right == came_from);
			if (!hole)
				return NULL;
		}
		hole = hole->right;
	}
}

/* Lowest aligned place for @size inside both @hole and [start, end). */
static bool place_in(const struct hole *hole, uintptr_t size, uintptr_t align,
                     uintptr_t start, uintptr_t end, uintptr_t *at_out)
{
	uintptr_t low = hole->start > start ? hole->start : start;
	uintptr_t high = hole->end < end ? hole->end : end;
	uintptr_t at = (low + align - 1) & ~(align - 1);

	if (at < low || at > high || high - at < size)
		return false;
	*at_out = at;
	return true;
}

static struct hole *search(const struct hole_tree *tree, uintptr_t need,
                           uintptr_t size, uintptr_t align, uintptr_t start,
                           uintptr_t end, uintptr_t *at_out)
{
	struct hole *hole = lowest_fit(tree, need, start);

	while (hole && hole->start < end) {
		if (place_in(hole, size, align, start, end, at_out))
			return hole;
		hole = lowest_fit(tree, need, hole->end);
	}
	return NULL;
}

struct hole *hole_tree_find(const struct hole_tree *tree, uintptr_t size,
                            uintptr_t align, uintptr_t start, uintptr_t end,
                            uintptr_t *at_out)
{
	uintptr_t with_slack = size + align - 1;
	struct hole *hole = NULL;

	if (start >= end || end - start < size)
		return NULL;
	if (align > 1 && with_slack >= size)
		hole = search(tree, with_slack, size, align, start, end,
		              at_out);
	if (hole)
		return hole;
	return search(tree, size, size, align, start, end, at_out);
}

struct hole *hole_tree_containing(const struct hole_tree *tree, uintptr_t start,
                                  uintptr_t end)
{
	struct hole *hole = hole_tree_above(tree, start);

	return hole && hole->start <= start && end <= hole->end ? hole : NULL;
}

struct hole *hole_tree_cut(struct hole_tree *tree, struct hole *hole,
                           uintptr_t start, uintptr_t end, struct hole *spare)
{
	uintptr_t hole_start = hole->start;
	uintptr_t hole_end = hole->end;

	if (start == hole_start && end == hole_end) {
		erase(tree, hole);
		return hole;
	}
	if (start == hole_start)
		hole->start = end;
	else
		hole->end = start;
	update_path(hole);
	if (start == hole_start || end == hole_end)
		return spare;
	spare->start = end;
	spare->end = hole_end;
	insert(tree, spare);
	return NULL;
}

/* The highest hole below @next, or of all when there is none above. */
static struct hole *hole_below(const struct hole_tree *tree,
                               const struct hole *next)
{
	struct hole *hole = tree->root;

	if (next)
		return hole_tree_prev(next);
	while (hole && hole->right)
		hole = hole->right;
	return hole;
}

unsigned int hole_tree_add(struct hole_tree *tree, uintptr_t start,
                           uintptr_t end, struct hole *node,
                           struct hole *freed[2])
{
	struct hole *next = hole_tree_above(tree, start);
	struct hole *prev = hole_below(tree, next);
	bool joins_prev = prev && prev->end == start;
	bool joins_next = next && next->start == end;

	if (!joins_prev && !joins_next) {
		node->start = start;
		node->end = end;
		insert(tree, node);
		return 0;
	}
	freed[0] = node;
	if (!joins_prev) {
		next->start = start;
		update_path(next);
		return 1;
	}
	if (joins_next) {
		end = next->end;
		erase(tree, next);
		freed[1] = next;
	}
	prev->end = end;
	update_path(prev);
	return joins_next ? 2 : 1;
}

static bool node_is_sound(const struct hole *hole, const struct hole *prev)
{
	const struct hole *left = hole->left;
	const struct hole *right = hole->right;

	if (hole->start >= hole->end || hole->largest != compute_largest(hole))
		return false;
	if (prev && prev->end >= hole->start)
		return false;
	if (left && (left->parent != hole || left->priority > hole->priority))
		return false;
	return !right ||
	       (right->parent == hole && right->priority <= hole->priority);
}

bool hole_tree_is_sound(const struct hole_tree *tree)
{
	const struct hole *hole = hole_tree_above(tree, 0);
	const struct hole *prev = NULL;
	unsigned long count = 0;

	if (tree->root && tree->root->parent)
		return false;
	while (hole) {
		if (!node_is_sound(hole, prev))
			return false;
		count++;
		prev = hole;
		hole = hole_tree_next(hole);
	}
	return count == tree->count;
}
