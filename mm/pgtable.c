/* SPDX-License-Identifier: MIT */
/*
 * The root is the boot's and stays. Tables come from three places in turn: a few
 * pages of the image until memblock has some, memblock until the page allocator
 * runs, then the page allocator; only the last are ever given back.
 */
#include "mm/pgtable.h"

#include <stdbool.h>

#include "core/assert.h"
#include "core/race_window.h"
#include "lib/page_ops.h"
#include "mm/fault_inject.h"
#include "mm/memblock.h"
#include "mm/page_alloc.h"
#include "mm/pgtable_internal.h"

/* As many as the first piece of the direct map can need (memory_init()). */
#define BOOT_TABLES 4

struct spinlock pgtable_lock = SPINLOCK_INIT(LOCK_PGTABLE, "pgtable_lock");

static pte_t boot_tables[BOOT_TABLES][PTES_PER_TABLE] __aligned(PAGE_SIZE);
static unsigned int boot_tables_used;
static bool page_alloc_runs;
static unsigned long tables_made; /* [A] beside the early ones */

void pgtable_init(void)
{
	page_alloc_runs = true;
}

unsigned long pgtable_pages(void)
{
	return early_tables_used +
	       __atomic_load_n(&tables_made, __ATOMIC_RELAXED);
}

pte_t *pgtable_of(pte_t pte)
{
	paddr_t table = pte_phys(pte);

	if (early_is_table(table))
		return early_table_address(table);
	return (pte_t *)(DIRECT_BASE + table);
}

paddr_t pgtable_table_phys(const pte_t *table)
{
	if ((uintptr_t)table - DIRECT_BASE < DIRECT_SIZE)
		return (uintptr_t)table - DIRECT_BASE;
	return image_to_phys(table);
}

pte_t *pgtable_take_boot_table(void)
{
	if (boot_tables_used == BOOT_TABLES)
		return NULL;
	return boot_tables[boot_tables_used++];
}

static pte_t *memblock_table(void)
{
	pte_t *table = pgtable_take_boot_table();
	paddr_t page;

	if (table)
		return table;
	page = memblock_alloc_page();
	if (!page)
		return NULL;
	clear_page((void *)(DIRECT_BASE + page));
	return (pte_t *)(DIRECT_BASE + page);
}

pte_t *pgtable_alloc_table(void)
{
	pte_t *table = NULL;

	if (should_fail(FAULT_TABLE))
		return NULL;
	if (page_alloc_runs) {
		struct page *page = alloc_pages(GFP_NOWAIT | __GFP_ZERO, 0);

		if (page)
			table = page_address(page);
	} else {
		table = memblock_table();
	}
	if (table)
		__atomic_fetch_add(&tables_made, 1, __ATOMIC_RELAXED);
	return table;
}

pte_t *pgtable_walk_to(vaddr_t va, unsigned int *level_out)
{
	unsigned int level = SV39_ROOT_LEVEL;
	pte_t *table = kernel_root;

	if (!VA_IS_CANONICAL(va))
		return NULL;
	for (;;) {
		pte_t *entry = &table[pte_index(va, level)];
		pte_t pte = READ_ONCE(*entry);

		if (level == 0 || !pte_is_valid(pte) || pte_is_leaf(pte)) {
			*level_out = level;
			return entry;
		}
		table = pgtable_of(pte);
		if (level == SV39_ROOT_LEVEL)
			race_window(RACE_TABLE_WALKED);
		level--;
	}
}

pte_t *pgtable_lookup(vaddr_t va, unsigned int *level_out)
{
	unsigned int level;
	pte_t *entry = pgtable_walk_to(va, &level);

	if (!entry || !pte_is_valid(*entry))
		return NULL;
	*level_out = level;
	return entry;
}

bool pgtable_translate(vaddr_t va, paddr_t *pa_out, pgprot_t *prot_out)
{
	unsigned int level;
	const pte_t *entry = pgtable_lookup(va, &level);
	pte_t pte;

	if (!entry)
		return false;
	pte = READ_ONCE(*entry);
	*pa_out = pte_translate(pte, level, va);
	if (prot_out)
		*prot_out = pte_prot(pte);
	return true;
}

pte_t *pgtable_find_leaf_table(vaddr_t va)
{
	pte_t pte = READ_ONCE(kernel_root[pte_index(va, 2)]);

	if (!pte_is_table(pte))
		return NULL;
	pte = READ_ONCE(pgtable_of(pte)[pte_index(va, 1)]);
	return pte_is_table(pte) ? pgtable_of(pte) : NULL;
}

void pgtable_set_locked(pte_t *entry, pte_t value)
{
	/* A table's contents before the entry that leads to it. */
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

/* The table below @entry, made if the entry is empty; NULL as above. */
static pte_t *table_below(pte_t *entry) __must_hold(pgtable_lock)
{
	pte_t *table;

	if (*entry) /* also a hidden leaf: mm/sparse.h */
		return pte_is_leaf(*entry) ? NULL : pgtable_of(*entry);
	table = pgtable_alloc_table();
	if (table)
		pgtable_set_locked(entry,
		                   pte_make_table(pgtable_table_phys(table)));
	return table;
}

pte_t *pgtable_level1_entry_locked(vaddr_t va)
{
	pte_t *table = table_below(&kernel_root[pte_index(va, 2)]);

	return table ? &table[pte_index(va, 1)] : NULL;
}

pte_t *pgtable_leaf_table(vaddr_t va)
{
	pte_t *table = pgtable_find_leaf_table(va);
	unsigned long flags;
	pte_t *entry;

	if (table)
		return table;
	flags = spin_lock_irqsave(&pgtable_lock);
	entry = pgtable_level1_entry_locked(va);
	if (entry)
		table = table_below(entry);
	spin_unlock_irqrestore(&pgtable_lock, flags);
	return table;
}

/* The chain runs through first words; aligned addresses read as invalid PTEs. */
static void **chain_next(void *table)
{
	return table;
}

static bool is_in_vmalloc_region(vaddr_t va)
{
	return va >= VMALLOC_REGION_BASE && va < VMALLOC_REGION_END;
}

static void check_is_empty(const pte_t *table)
{
	for (unsigned int i = 0; CONFIG_CHECK && i < PTES_PER_TABLE; i++)
		ASSERT(table[i] == 0);
}

/* The table below @entry, which has no valid entry, goes onto *tables. */
static void detach_below(pte_t *entry, void **tables) __must_hold(pgtable_lock)
{
	pte_t *table = pgtable_of(*entry);

	check_is_empty(table);
	pgtable_set_locked(entry, 0);
	*chain_next(table) = *tables;
	*tables = table;
}

void pgtable_detach(vaddr_t va, void **tables)
{
	unsigned long flags = spin_lock_irqsave(&pgtable_lock);
	pte_t *entry = pgtable_find_level1_entry_locked(va);

	ASSERT(is_in_vmalloc_region(va));
	if (entry && pte_is_table(*entry))
		detach_below(entry, tables);
	spin_unlock_irqrestore(&pgtable_lock, flags);
}

void pgtable_detach_level1(vaddr_t va, void **tables)
{
	unsigned long flags = spin_lock_irqsave(&pgtable_lock);
	pte_t *entry = &kernel_root[pte_index(va, 2)];

	ASSERT(is_in_vmalloc_region(va));
	if (pte_is_table(*entry))
		detach_below(entry, tables);
	spin_unlock_irqrestore(&pgtable_lock, flags);
}

void pgtable_free_detached(void *tables)
{
	while (tables) {
		void *table = tables;

		tables = *chain_next(table);
		__atomic_fetch_sub(&tables_made, 1, __ATOMIC_RELAXED);
		__free_pages(virt_to_page(table), 0);
	}
}
