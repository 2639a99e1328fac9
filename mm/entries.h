/* SPDX-License-Identifier: MIT */
/*
 * Up to 64 page-table entries of one leaf table without a loop: a store or three
 * for each page, entered where the count says (arch/entry_runs.h). For the hot
 * paths only; others use pte_fill_run() and pte_clear_run().
 */
#ifndef MM_ENTRIES_H
#define MM_ENTRIES_H

#include <stdbool.h>

#include "arch/entry_runs.h"
#include "core/assert.h"
#include "mm/page.h"

#define ENTRIES_MAX       ENTRY_RUN_MAX
#define PAGE_TO_PTE_SHIFT (PTE_PPN_SHIFT - PAGE_STRUCT_SHIFT)

/* ABI: unsigned int is sign-extended in its register: this takes no work. */
#define COUNT_IN_REGISTER(count) ((unsigned long)(int)(count))

/* The entry of @page is (@page << PAGE_TO_PTE_SHIFT) + this. */
static inline uint64_t entries_bias(pgprot_t prot)
{
	return pgprot_val(prot) - (VMEMMAP_BASE << PAGE_TO_PTE_SHIFT);
}

/*
 * pte[i] = entry of pages[i], 1 to ENTRIES_MAX pages: a shift and an add. The
 * `or` of all entries tells at the end whether each pointer was one into the
 * array at VMEMMAP_BASE: any other leaves bits above the frame numbers that the
 * array has. False: some was not; the entries are written all the same.
 *
 * @bias is entries_bias(@prot), which callers of many keep at hand.
 */
static __always_inline bool entries_write_biased(pte_t *pte,
                                                 struct page **pages,
                                                 unsigned long count,
                                                 pgprot_t prot, uint64_t bias)
{
	const unsigned int frame_bits =
		__builtin_ctzl(VMEMMAP_SIZE) + PAGE_TO_PTE_SHIFT;
	uint64_t seen;

	DEBUG_ASSERT(count - 1 < ENTRIES_MAX);
	seen = entry_run_convert(pte, pages, count, PAGE_TO_PTE_SHIFT, bias);
	return (seen & ~(pgprot_val(prot) & PTE_PBMT_IO)) >> frame_bits == 0;
}

static __always_inline bool entries_write(pte_t *pte, struct page **pages,
                                          unsigned int count, pgprot_t prot)
{
	return entries_write_biased(pte, pages, COUNT_IN_REGISTER(count), prot,
	                            entries_bias(prot));
}

/* pte[i] = @first for the i-th frame after its own; 1 to ENTRIES_MAX. */
static __always_inline void entries_fill(pte_t *pte, pte_t first,
                                         unsigned int count)
{
	DEBUG_ASSERT(count - 1 < ENTRIES_MAX);
	entry_run_fill(pte, first, COUNT_IN_REGISTER(count),
	               1 << PTE_PPN_SHIFT);
}

static __always_inline void entries_clear(pte_t *pte, unsigned int count)
{
	DEBUG_ASSERT(count - 1 < ENTRIES_MAX);
	entry_run_clear(pte, COUNT_IN_REGISTER(count));
}

/* All but the first, which is 0 already. */
static __always_inline void entries_clear_rest(pte_t *pte, unsigned long count)
{
	DEBUG_ASSERT(count - 1 < ENTRIES_MAX);
	entry_run_clear_rest(pte, count);
}

#endif /* MM_ENTRIES_H */
