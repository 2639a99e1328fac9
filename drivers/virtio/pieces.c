/* SPDX-License-Identifier: MIT */
/*
 * Where memory is, as the page table itself says, 2 MiB at a time: a leaf of that
 * size or more is one piece, of a table of pages each entry is looked at. Nothing
 * else is believed, so memory that is not mapped as the caller thinks cannot be
 * given to a device.
 *
 * What kmalloc() gave lies in a stretch of the direct map that is known to be mapped as
 * one, and is not looked up.
 */
#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"
#include "drivers/virtio.h"
#include "mm/kmem.h"
#include "mm/pgtable.h"

#define SLOT_SHIFT 21
#define SLOT_BYTES (1ul << SLOT_SHIFT)

struct list {
	struct virtio_piece *pieces;
	unsigned int count;
	unsigned int max;
};

/* False: there is no room for one more. */
static __always_inline bool append(struct list *list, paddr_t phys,
                                   size_t bytes)
{
	struct virtio_piece *last = &list->pieces[list->count];

	if (list->count > 0 && last[-1].phys + last[-1].bytes == phys &&
	    bytes <= UINT32_MAX - last[-1].bytes) {
		last[-1].bytes += (uint32_t)bytes;
		return true;
	}
	if (list->count == list->max)
		return false;
	last->phys = phys;
	last->bytes = (uint32_t)bytes;
	list->count++;
	return true;
}

static bool append_pages(struct list *list, const pte_t *table, vaddr_t va,
                         size_t bytes)
{
	while (bytes > 0) {
		size_t part = PAGE_SIZE - (va & ~PAGE_MASK);
		pte_t pte = READ_ONCE(table[pte_index(va, 0)]);

		if (part > bytes)
			part = bytes;
		if (!pte_is_valid(pte) ||
		    !append(list, pte_translate(pte, 0, va), part))
			return false;
		va += part;
		bytes -= part;
	}
	return true;
}

static bool append_leaf(struct list *list, vaddr_t va, size_t bytes)
{
	unsigned int level;
	const pte_t *entry = pgtable_lookup(va, &level);

	if (!entry || level == 0)
		return false;
	return append(list, pte_translate(READ_ONCE(*entry), level, va), bytes);
}

/* [va, +bytes) is in one slot. */
static bool append_slot(struct list *list, vaddr_t va, size_t bytes)
{
	const pte_t *table;

	if (!VA_IS_CANONICAL(va))
		return false;
	table = pgtable_find_leaf_table(va);
	return table ? append_pages(list, table, va, bytes)
	             : append_leaf(list, va, bytes);
}

/* The whole of it is where kmalloc() has its pages. */
static __always_inline bool is_plain(vaddr_t va, size_t bytes)
{
	const struct kmem_hart *own = kmem_own();

	return va - own->direct_start < own->direct_bytes &&
	       bytes <= own->direct_bytes - (va - own->direct_start) &&
	       bytes - 1 < UINT32_MAX;
}

/* By the page table. */
static __noinline unsigned int
look_up(vaddr_t va, size_t bytes, struct virtio_piece *pieces, unsigned int max)
{
	struct list list = { pieces, 0, max };

	while (bytes > 0) {
		size_t part = SLOT_BYTES - (va & (SLOT_BYTES - 1));

		if (part > bytes)
			part = bytes;
		if (!append_slot(&list, va, part))
			return 0;
		va += part;
		bytes -= part;
	}
	return list.count;
}

unsigned int virtio_pieces(const void *address, size_t bytes,
                           struct virtio_piece *pieces, unsigned int max)
{
	const vaddr_t va = (vaddr_t)address;

	if (likely(is_plain(va, bytes)) && max > 0) {
		pieces->phys = va - DIRECT_BASE;
		pieces->bytes = (uint32_t)bytes;
		return 1;
	}
	return look_up(va, bytes, pieces, max);
}
