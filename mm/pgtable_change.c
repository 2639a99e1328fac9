/* SPDX-License-Identifier: MIT */
/*
 * Clearing and changing. A leaf that only partly lies in the range is first
 * split into a table of smaller ones, a NAPOT group into plain entries. A split
 * changes no translation: the same address leads to the same frame with the
 * same rights before, between and after the stores, so it needs no fence of its
 * own; but a TLB may keep the large translation until the flush that the caller
 * owes anyway.
 *
 *   range:            |------------------------|
 *   before:   [   2 MiB leaf    ][ 2 MiB leaf ][  2 MiB leaf  ]
 *   after:    [. . . .|. . . . .][ 2 MiB leaf ][. . . |. . . .]   . = 4 KiB
 */
#include <errno.h>
#include <stdbool.h>

#include "core/assert.h"
#include "mm/pgtable_internal.h"

void pte_unfold(pte_t *pte)
{
	pte_t *group =
		(pte_t *)ALIGN_DOWN((uintptr_t)pte, NAPOT_PTES * sizeof(pte_t));
	pte_t old = *pte;

	if (!pte_is_valid(old) || !(old & PTE_N))
		return;
	for (unsigned int i = 0; i < NAPOT_PTES; i++) {
		paddr_t pa = pte_translate(old, 0, (vaddr_t)i << PAGE_SHIFT);

		WRITE_ONCE(group[i], pte_make(pa, pte_prot(old)));
	}
}

/* @entry is a leaf above level 0: the same mapping by a table of leaves. */
static int split_leaf_locked(unsigned int level, pte_t *entry)
	__must_hold(pgtable_lock)
{
	pte_t *table = pgtable_alloc_table();
	pgprot_t prot = pte_prot(*entry);
	paddr_t pa = pte_phys(*entry);

	if (!table)
		return -ENOMEM;
	for (unsigned int i = 0; i < PTES_PER_TABLE; i++)
		table[i] = pte_make(pa + i * LEVEL_SIZE(level - 1), prot);
	pgtable_set_locked(entry, pte_make_table(pgtable_table_phys(table)));
	return 0;
}

int pgtable_split(vaddr_t va)
{
	unsigned long flags = spin_lock_irqsave(&pgtable_lock);
	unsigned int level = 0;
	int err = 0;

	for (;;) {
		pte_t *entry = pgtable_walk_to(va, &level);

		if (!entry || !*entry ||
		    IS_ALIGNED(va, pte_leaf_size(*entry, level)))
			break;
		if (level == 0) {
			pte_unfold(entry);
			break;
		}
		err = split_leaf_locked(level, entry);
		if (err)
			break;
	}
	spin_unlock_irqrestore(&pgtable_lock, flags);
	return err;
}

/* Bytes from @va to the end of what the entry at @level covers, or to @end. */
static size_t step_of(vaddr_t va, unsigned int level, vaddr_t end)
{
	size_t to_boundary = LEVEL_SIZE(level) - (va & (LEVEL_SIZE(level) - 1));

	return to_boundary < end - va ? to_boundary : end - va;
}

static void clear_large(pte_t *entry)
{
	unsigned long flags = spin_lock_irqsave(&pgtable_lock);

	pgtable_set_locked(entry, 0);
	spin_unlock_irqrestore(&pgtable_lock, flags);
}

void pgtable_clear(vaddr_t va, size_t size)
{
	vaddr_t end = va + size;

	while (va != end) {
		unsigned int level;
		pte_t *entry = pgtable_walk_to(va, &level);
		size_t step = step_of(va, level ? level : 1, end);

		if (level == 0)
			pte_clear_run(entry, step >> PAGE_SHIFT);
		else if (pte_is_valid(*entry))
			clear_large(entry);
		va += step;
	}
}

bool pgtable_is_range(vaddr_t va, size_t size)
{
	vaddr_t last = va + size - 1;
	unsigned int level;

	return size > 0 && IS_ALIGNED(va | size, PAGE_SIZE) && last >= va &&
	       pgtable_walk_to(va, &level) && pgtable_walk_to(last, &level);
}

static int split_ends(vaddr_t va, size_t size)
{
	int err = pgtable_split(va);

	/* The range may end with the address space. */
	return err || va + size == 0 ? err : pgtable_split(va + size);
}

int pgtable_unmap(vaddr_t va, size_t size)
{
	int err;

	ASSERT(pgtable_is_range(va, size));
	err = split_ends(va, size);
	if (err)
		return err;
	pgtable_clear(va, size);
	return 0;
}

/* Under the lock, as a neighbour's split may be at an entry above level 0. */
static void protect_run(pte_t *entry, unsigned int count, pgprot_t prot)
{
	unsigned long flags = spin_lock_irqsave(&pgtable_lock);

	for (unsigned int i = 0; i < count; i++) {
		pte_t pte = entry[i];

		if (pte_is_valid(pte))
			WRITE_ONCE(entry[i], pte_modify(pte, prot));
	}
	spin_unlock_irqrestore(&pgtable_lock, flags);
}

int pgtable_protect(vaddr_t va, size_t size, pgprot_t prot)
{
	vaddr_t end = va + size;
	int err;

	ASSERT(pgtable_is_range(va, size) && pgprot_is_sane(prot));
	err = split_ends(va, size);
	if (err)
		return err;
	while (va != end) {
		unsigned int level;
		pte_t *entry = pgtable_walk_to(va, &level);
		size_t step = step_of(va, level ? level : 1, end);

		protect_run(entry, level ? 1 : step >> PAGE_SHIFT, prot);
		va += step;
	}
	return 0;
}
