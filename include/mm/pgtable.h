/* SPDX-License-Identifier: MIT */
/*
 * The kernel's one Sv39 page table. Knows levels and leaves, not areas and not
 * TLBs: whoever clears or changes an entry owes a flush (mm/tlb.h), of all
 * levels when a table was detached or a leaf was split.
 *
 * Locking: LOCK_PGTABLE guards the shape (which tables exist) and the entries
 * above level 0. Level-0 entries belong to whoever owns the address range;
 * tables are pinned by their owner (mm/vm_index.c for the vmalloc window) while
 * ranges in them are owned. Lookups take no lock, so they are for owners; of an
 * address that may be nobody's ask vmap_translate() (mm/vm_area.h).
 * Context: any.
 */
#ifndef MM_PGTABLE_H
#define MM_PGTABLE_H

#include <stdbool.h>

#include "mm/types.h"

/* The leaf that maps @va and its level; NULL when not mapped. */
pte_t *pgtable_lookup(vaddr_t va, unsigned int *level_out);

/*
 * Physical address behind @va, also inside huge and NAPOT leaves. @prot_out may
 * be NULL.
 */
bool pgtable_translate(vaddr_t va, paddr_t *pa_out, pgprot_t *prot_out);

/*
 * The leaf table (512 entries) that covers @va, made when it does not exist.
 * NULL: out of memory, or a huge leaf is in the way. Never reclaims.
 */
pte_t *pgtable_leaf_table(vaddr_t va);

/* The same without making it. */
pte_t *pgtable_find_leaf_table(vaddr_t va);

/*
 * Map [va, va + size) to [pa, pa + size) with the largest leaves that alignment
 * permits (4 KiB, Svnapot 64 KiB where the machine has it, 2 MiB, 1 GiB up to
 * @max_level) and that find no table in their place. -EBUSY when something is
 * mapped there, -ENOMEM: in both cases everything this call wrote is taken back.
 *
 * pre: all page aligned, size > 0, pgprot_is_sane(prot)
 */
int pgtable_map(vaddr_t va, paddr_t pa, size_t size, pgprot_t prot,
                unsigned int max_level) __must_check;

/* Install one 2 MiB leaf at level 1. -EBUSY (also an empty table), -ENOMEM. */
int pgtable_map_huge(vaddr_t va, paddr_t pa, pgprot_t prot) __must_check;

/*
 * Write @count consecutive level-0 entries for contiguous frames (NAPOT where
 * possible), or clear them (NAPOT groups that stick out are unfolded). @pte
 * points into a leaf table; @va is of the first; the run stays in the table.
 * cost: 2.1 and 1.1 instructions an entry
 */
void pte_fill_run(pte_t *pte, vaddr_t va, paddr_t pa, unsigned int count,
                  pgprot_t prot);
void pte_clear_run(pte_t *pte, unsigned int count);

/*
 * Clear every entry in the range; holes are fine; huge leaves that stick out are
 * split first (-ENOMEM, nothing cleared). Flushes nothing, frees no tables.
 *
 * pre: page aligned, size > 0
 */
int pgtable_unmap(vaddr_t va, size_t size) __must_check;

/*
 * No leaf contains both sides of @va any more; -ENOMEM. No translation changes,
 * but who then changes one side owes a flush of all levels.
 */
int pgtable_split(vaddr_t va) __must_check;

/*
 * Change protection of what is mapped in the range, splitting as needed
 * (-ENOMEM, nothing changed).
 */
int pgtable_protect(vaddr_t va, size_t size, pgprot_t prot) __must_check;

/*
 * Detach the leaf table of the 2 MiB slot at @va, or the level-1 table of its
 * GiB, if there is one, and push it onto the chain *tables (through the first
 * words). The caller flushes all levels on all harts, then gives the chain to
 * pgtable_free_detached().
 *
 * pre: @va is in the vmalloc region; all 512 entries are invalid; nobody owns
 *      addresses in the slot, or in the GiB: an owner walks without a lock
 */
void pgtable_detach(vaddr_t va, void **tables);
void pgtable_detach_level1(vaddr_t va, void **tables);
void pgtable_free_detached(void *tables);

/*
 * Page-table pages in use, those of the boot too; not those of the struct page
 * array, which belong to the metadata.
 */
unsigned long pgtable_pages(void);

/* After page_alloc_init(): tables come from the page allocator. */
void pgtable_init(void);

/* Is no page of the range mapped? va and size: whole pages. */
bool pgtable_is_clear(vaddr_t va, size_t size);

/* Dump: one line for each maximal run of equal mappings in the range. */
typedef void pgtable_emit(vaddr_t start, vaddr_t end, paddr_t pa, pgprot_t prot,
                          unsigned int level, void *context);
void pgtable_walk_range(vaddr_t start, vaddr_t end, pgtable_emit *emit,
                        void *context);

/* Reserved bits, alignment, counts of used entries. Panics on damage. */
void pgtable_check(void);

#endif /* MM_PGTABLE_H */
