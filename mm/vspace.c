/* SPDX-License-Identifier: MIT */
/*
 * lib/hole_tree with a lock and the window's bounds. Ranges are cut from the
 * lowest hole that fits, so the window fills from below and needs few tables.
 * A small one is rather cut past the end of a leaf table than across it: areas in
 * one table are mapped and unmapped in short (mm/vmap_fast.h). What it leaves out
 * serves smaller ones.
 */
#include "mm/vspace.h"

#include <linux/vmalloc.h>

#include "core/assert.h"
#include "core/lock.h"
#include "core/machine.h"

/* 73 pages, seven in a table: what the short paths map, with its guard. */
#define SMALL_SIZE ALIGN_DOWN(LEAF_TABLE_SIZE / 7, PAGE_SIZE)

static struct spinlock vspace_lock = SPINLOCK_INIT(LOCK_VSPACE, "vspace");
static struct hole_tree holes __guarded_by(vspace_lock);
static size_t free_bytes __guarded_by(vspace_lock);

void vspace_init(struct hole *first)
{
	unsigned long flags = spin_lock_irqsave(&vspace_lock);
	struct hole *freed[2];

	holes.random = (uint32_t)machine.seed | 1;
	free_bytes = VMALLOC_SIZE - PAGE_SIZE;
	hole_tree_add(&holes, VMALLOC_START + PAGE_SIZE, VMALLOC_END, first,
	              freed);
	spin_unlock_irqrestore(&vspace_lock, flags);
}

/* Where the last leaf table begins that [at, at + size) needs. */
static vaddr_t last_table(vaddr_t at, size_t size)
{
	return ALIGN_DOWN(at + size - 1, LEAF_TABLE_SIZE);
}

/* The lowest fit, or if a small one would cross tables the next that does not. */
static struct hole *find(size_t size, size_t align, vaddr_t start, vaddr_t end,
                         vaddr_t *at_out) __must_hold(vspace_lock)
{
	struct hole *lowest =
		hole_tree_find(&holes, size, align, start, end, at_out);
	struct hole *whole;
	vaddr_t table;
	vaddr_t at;

	if (!lowest || size > SMALL_SIZE)
		return lowest;
	table = last_table(*at_out, size);
	if (likely(table <= *at_out))
		return lowest;
	whole = hole_tree_find(&holes, size, align, table, end, &at);
	if (!whole || last_table(at, size) > at)
		return lowest;
	*at_out = at;
	return whole;
}

bool vspace_reserve(size_t size, size_t align, vaddr_t start, vaddr_t end,
                    struct hole *spare, vaddr_t *at_out,
                    struct hole **unused_out)
{
	unsigned long flags = spin_lock_irqsave(&vspace_lock);
	struct hole *hole;

	/* Holes are whole pages: a search for slack would pass over exact fits. */
	if (align <= PAGE_SIZE && IS_ALIGNED(start, PAGE_SIZE))
		align = 1;
	hole = find(size, align, start, end, at_out);
	if (hole) {
		*unused_out = hole_tree_cut(&holes, hole, *at_out,
		                            *at_out + size, spare);
		free_bytes -= size;
	}
	spin_unlock_irqrestore(&vspace_lock, flags);
	return hole;
}

unsigned int vspace_release(vaddr_t start, vaddr_t end, struct hole *node,
                            struct hole *freed[2])
{
	unsigned long flags = spin_lock_irqsave(&vspace_lock);
	unsigned int nr_freed = hole_tree_add(&holes, start, end, node, freed);

	free_bytes += end - start;
	spin_unlock_irqrestore(&vspace_lock, flags);
	return nr_freed;
}

/* The highest start <= @at of @size free bytes, or 0. */
static vaddr_t highest_free(vaddr_t at, size_t size) __must_hold(vspace_lock)
{
	struct hole *hole = hole_tree_above(&holes, at);

	if (!hole || hole->start > at)
		hole = hole ? hole_tree_prev(hole) : NULL;
	if (!hole && holes.root) {
		hole = holes.root;
		while (hole->right)
			hole = hole->right;
	}
	for (; hole; hole = hole_tree_prev(hole)) {
		vaddr_t highest = hole->end - size;

		if (hole->end - hole->start < size)
			continue;
		return highest < at ? highest : at;
	}
	return 0;
}

/*
 * Lower the base until every range is free: each range in turn says how far
 * down it must go; done when all have agreed in a row.
 */
bool vspace_find_congruent(const unsigned long *offsets, const size_t *sizes,
                           int count, size_t align, vaddr_t *base_out)
{
	unsigned long flags = spin_lock_irqsave(&vspace_lock);
	vaddr_t base = ALIGN_DOWN(VMALLOC_END - 1, align);
	int agreed = 0;
	int i = 0;

	while (agreed < count) {
		vaddr_t at = highest_free(base + offsets[i], sizes[i]);

		if (at < VMALLOC_START + offsets[i])
			break;
		agreed = at == base + offsets[i] ? agreed + 1 : 0;
		base = ALIGN_DOWN(at - offsets[i], align);
		i = (i + 1) % count;
	}
	spin_unlock_irqrestore(&vspace_lock, flags);
	*base_out = base;
	return agreed == count;
}

size_t vspace_largest(void)
{
	unsigned long flags = spin_lock_irqsave(&vspace_lock);
	size_t largest = holes.root ? holes.root->largest : 0;

	spin_unlock_irqrestore(&vspace_lock, flags);
	return largest;
}

size_t vspace_free_bytes(void)
{
	return READ_ONCE(free_bytes);
}

unsigned long vspace_holes(void)
{
	return READ_ONCE(holes.count);
}

void vspace_check(void)
{
	unsigned long flags = spin_lock_irqsave(&vspace_lock);
	struct hole *hole = hole_tree_above(&holes, 0);
	size_t sum = 0;

	ASSERT(hole_tree_is_sound(&holes));
	for (; hole; hole = hole_tree_next(hole)) {
		ASSERT(hole->start >= VMALLOC_START + PAGE_SIZE);
		ASSERT(hole->end <= VMALLOC_END);
		ASSERT(IS_ALIGNED(hole->start | hole->end, PAGE_SIZE));
		sum += hole->end - hole->start;
	}
	ASSERT(sum == free_bytes);
	spin_unlock_irqrestore(&vspace_lock, flags);
}
