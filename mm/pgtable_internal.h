/* SPDX-License-Identifier: MIT */
/*
 * What the files of the page table share.
 *
 *   mm/pgtable.c         tables: found, made, given back
 *   mm/pgtable_map.c     entries written
 *   mm/pgtable_change.c  entries cleared and changed, large leaves split
 *   mm/pgtable_walk.c    everything looked at
 */
#ifndef MM_PGTABLE_INTERNAL_H
#define MM_PGTABLE_INTERNAL_H

#include <stdbool.h>

#include "arch/early_map.h"
#include "core/lock.h"
#include "core/machine.h"
#include "mm/pgtable.h"

extern struct spinlock pgtable_lock;

/* The table that non-leaf entry @pte points at. */
pte_t *pgtable_of(pte_t pte);

/*
 * The entry where the walk for @va ends, a leaf or an invalid one, and its
 * level. NULL: @va is not canonical.
 */
pte_t *pgtable_walk_to(vaddr_t va, unsigned int *level_out);

/*
 * The level-1 entry of @va; its table is made if need be. NULL: out of memory,
 * or a 1 GiB leaf is in the way.
 */
pte_t *pgtable_level1_entry_locked(vaddr_t va) __must_hold(pgtable_lock);

/* The same without making it; NULL also when there is no table. */
static inline pte_t *pgtable_find_level1_entry_locked(vaddr_t va)
	__must_hold(pgtable_lock)
{
	pte_t root = kernel_root[pte_index(va, 2)];

	if (!pte_is_table(root))
		return NULL;
	return &pgtable_of(root)[pte_index(va, 1)];
}

/* A zeroed table or NULL, and the physical address of one. */
pte_t *pgtable_alloc_table(void);
paddr_t pgtable_table_phys(const pte_t *table);

/* An empty page of the image that memory_init() left, for good; NULL: none. */
pte_t *pgtable_take_boot_table(void);

/* Store to an entry at level 1 or 2. */
void pgtable_set_locked(pte_t *entry, pte_t value) __must_hold(pgtable_lock);

/* Clear [va, va + size), out of which no leaf sticks. */
void pgtable_clear(vaddr_t va, size_t size);

/* Page aligned, not empty, inside one canonical half? */
bool pgtable_is_range(vaddr_t va, size_t size);

/* Unfold the NAPOT group that @pte is in. */
void pte_unfold(pte_t *pte);

static inline bool pte_uses_napot(void)
{
	return isa_has(ISA_SVNAPOT);
}

#endif /* MM_PGTABLE_INTERNAL_H */
