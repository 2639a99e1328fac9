/* SPDX-License-Identifier: MIT */
/*
 * Entries are written in runs: one walk for each leaf table, then a loop that
 * the compiler has nothing to decide in. Large leaves are tried from the top
 * level down; a table in the place of a leaf is used rather than replaced, since
 * its pages may be walked by any hart until the next flush.
 */
#include <errno.h>
#include <stdbool.h>

#include "core/assert.h"
#include "mm/pgtable_internal.h"

#define UNROLLED 16u

static pte_t *fill_few(pte_t *pte, pte_t value, unsigned int count, pte_t step)
{
	pte_t *end = pte + count;

	for (; pte != end; value = pte_advance(value, step))
		*pte++ = value;
	return end;
}

static __noinline pte_t *fill_plain(pte_t *pte, pte_t value, unsigned int count,
                                    pte_t step)
{
	pte_t *unrolled_end = pte + ALIGN_DOWN(count, UNROLLED);

	for (; pte != unrolled_end; pte += UNROLLED) {
#pragma GCC unroll 16
		for (unsigned int i = 0; i < UNROLLED; i++) {
			pte[i] = value;
			value = pte_advance(value, step);
		}
	}
	return fill_few(pte, value, count % UNROLLED, step);
}

static void fill_same(pte_t *pte, pte_t value, unsigned int count)
{
	pte_t *unrolled_end = pte + ALIGN_DOWN(count, UNROLLED);
	pte_t *end = pte + count;

	while (pte != unrolled_end) {
#pragma GCC unroll 16
		for (unsigned int i = 0; i < UNROLLED; i++)
			pte[i] = value;
		pte += UNROLLED;
	}
	while (pte != end)
		*pte++ = value;
}

/* Plain entries up to a group's start, whole groups, plain entries. */
static __noinline void fill_with_groups(pte_t *pte, vaddr_t va, paddr_t pa,
                                        unsigned int count, pgprot_t prot)
{
	unsigned int head = -(va >> PAGE_SHIFT) & (NAPOT_PTES - 1);

	if (head > count || (va ^ pa) & (NAPOT_SIZE - 1))
		head = count;
	pte = fill_plain(pte, pte_make(pa, prot), head, pte_step(0));
	pa += (paddr_t)head << PAGE_SHIFT;
	count -= head;
	for (; count >= NAPOT_PTES; count -= NAPOT_PTES) {
		fill_same(pte, pte_make_napot(pa, prot), NAPOT_PTES);
		pte += NAPOT_PTES;
		pa += NAPOT_SIZE;
	}
	fill_plain(pte, pte_make(pa, prot), count, pte_step(0));
}

void pte_fill_run(pte_t *pte, vaddr_t va, paddr_t pa, unsigned int count,
                  pgprot_t prot)
{
	if (count < UNROLLED)
		fill_few(pte, pte_make(pa, prot), count, pte_step(0));
	else if (pte_uses_napot())
		fill_with_groups(pte, va, pa, count, prot);
	else
		fill_plain(pte, pte_make(pa, prot), count, pte_step(0));
}

static bool is_group_start(const pte_t *pte)
{
	return IS_ALIGNED((uintptr_t)pte, NAPOT_PTES * sizeof(pte_t));
}

static __noinline void clear_with_groups(pte_t *pte, unsigned int count)
{
	if (!is_group_start(pte))
		pte_unfold(pte);
	if (!is_group_start(pte + count))
		pte_unfold(pte + count - 1);
	fill_same(pte, 0, count);
}

void pte_clear_run(pte_t *pte, unsigned int count)
{
	if (pte_uses_napot() && count > 0)
		clear_with_groups(pte, count);
	else
		fill_same(pte, 0, count);
}

static bool any_valid(const pte_t *pte, unsigned int count)
{
	const pte_t *end = pte + count;
	pte_t all = 0;

#pragma GCC unroll 8
	while (pte != end)
		all |= *pte++;
	return pte_is_valid(all);
}

/*
 * Leaves at @level (1 or 2) from @va on: as many as the size and one table hold,
 * or one if some of their entries are in use. *mapped_out tells; with nothing
 * mapped: -ENOMEM, -EBUSY, or -EEXIST when a table is in the place of the first.
 */
static int map_leaves(vaddr_t va, paddr_t pa, size_t size, pgprot_t prot,
                      unsigned int level, size_t *mapped_out)
{
	unsigned long flags = spin_lock_irqsave(&pgtable_lock);
	unsigned int count = PTES_PER_TABLE - pte_index(va, level);
	pte_t *entry = &kernel_root[pte_index(va, 2)];
	int err = 0;

	if (level == 1 && !(pte_is_valid(*entry) && pte_is_leaf(*entry)))
		entry = pgtable_level1_entry_locked(va);
	if (!entry)
		err = -ENOMEM;
	else if (pte_is_valid(*entry))
		err = pte_is_leaf(*entry) ? -EBUSY : -EEXIST;
	if (!err) {
		if (count > size / LEVEL_SIZE(level))
			count = size / LEVEL_SIZE(level);
		if (any_valid(entry, count))
			count = 1;
		fill_plain(entry, pte_make(pa, prot), count, pte_step(level));
		*mapped_out = count * LEVEL_SIZE(level);
	}
	spin_unlock_irqrestore(&pgtable_lock, flags);
	return err;
}

int pgtable_map_huge(vaddr_t va, paddr_t pa, pgprot_t prot)
{
	unsigned long flags = spin_lock_irqsave(&pgtable_lock);
	pte_t *entry = pgtable_level1_entry_locked(va);
	int err = 0;

	DEBUG_ASSERT(IS_ALIGNED(va | pa, LEVEL_SIZE(1)));
	if (unlikely(!entry)) {
		err = -ENOMEM;
	} else if (unlikely(*entry)) {
		err = -EBUSY;
	} else {
		*entry = pte_make(pa, prot);
	}
	spin_unlock_irqrestore(&pgtable_lock, flags);
	return err;
}

static bool is_leaf_above(vaddr_t va)
{
	unsigned int level;

	return pgtable_lookup(va, &level) && level > 0;
}

/* What fits into the leaf table of @va. */
static int map_run(vaddr_t va, paddr_t pa, size_t size, pgprot_t prot,
                   size_t *mapped_out)
{
	unsigned int first = pte_index(va, 0);
	unsigned int count = PTES_PER_TABLE - first;
	pte_t *table = pgtable_leaf_table(va);

	if (!table)
		return is_leaf_above(va) ? -EBUSY : -ENOMEM;
	if (count > size >> PAGE_SHIFT)
		count = size >> PAGE_SHIFT;
	if (any_valid(&table[first], count))
		return -EBUSY;
	pte_fill_run(&table[first], va, pa, count, prot);
	*mapped_out = (size_t)count << PAGE_SHIFT;
	return 0;
}

static int map_largest(vaddr_t va, paddr_t pa, size_t size, pgprot_t prot,
                       unsigned int max_level, size_t *mapped_out)
{
	for (unsigned int level = max_level; level > 0; level--) {
		int err;

		if (!IS_ALIGNED(va | pa, LEVEL_SIZE(level)) ||
		    size < LEVEL_SIZE(level))
			continue;
		err = map_leaves(va, pa, size, prot, level, mapped_out);
		if (err != -EEXIST)
			return err;
	}
	return map_run(va, pa, size, prot, mapped_out);
}

int pgtable_map(vaddr_t va, paddr_t pa, size_t size, pgprot_t prot,
                unsigned int max_level)
{
	size_t done = 0;
	size_t mapped = 0;

	ASSERT(pgtable_is_range(va, size) && IS_ALIGNED(pa, PAGE_SIZE));
	ASSERT(pgprot_is_sane(prot) && max_level <= SV39_ROOT_LEVEL);
	for (; done < size; done += mapped) {
		int err = map_largest(va + done, pa + done, size - done, prot,
		                      max_level, &mapped);

		if (err) {
			pgtable_clear(va, done);
			return err;
		}
	}
	return 0;
}
