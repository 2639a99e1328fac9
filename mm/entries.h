/* SPDX-License-Identifier: MIT */
/*
 * Up to 64 page-table entries of one leaf table without a loop: a jump to the
 * case for the count, then a store or three for each page. Counting would cost
 * more than the work. For the hot paths only; others use pte_fill_run() and
 * pte_clear_run().
 */
#ifndef MM_ENTRIES_H
#define MM_ENTRIES_H

#include <stdbool.h>

#include "mm/page.h"

#define ENTRIES_MAX 64u

/* A case for each page, from the last to the first, each falling into the next. */
#define EACH_ENTRY_4(entry, n) entry(n) entry((n)-1) entry((n)-2) entry((n)-3)
#define EACH_ENTRY_16(entry, n)    \
	EACH_ENTRY_4(entry, n)     \
	EACH_ENTRY_4(entry, (n)-4) \
	EACH_ENTRY_4(entry, (n)-8) EACH_ENTRY_4(entry, (n)-12)
#define EACH_ENTRY_64(entry)     \
	EACH_ENTRY_16(entry, 64) \
	EACH_ENTRY_16(entry, 48) \
	EACH_ENTRY_16(entry, 32) EACH_ENTRY_16(entry, 16)

#define WRITE_ENTRY(n)                                                         \
	case (n):                                                              \
		value = ((uintptr_t)pages[(n)-1] << PAGE_TO_PTE_SHIFT) + bias; \
		pte[(n)-1] = value;                                            \
		seen |= value;                                                 \
		__attribute__((fallthrough));

#define FILL_ENTRY(n)                 \
	case (n):                     \
		pte[(n)-1] = value;   \
		value -= pte_step(0); \
		__attribute__((fallthrough));

#define CLEAR_ENTRY(n)          \
	case (n):               \
		pte[(n)-1] = 0; \
		__attribute__((fallthrough));

#define PAGE_TO_PTE_SHIFT (PTE_PPN_SHIFT - PAGE_STRUCT_SHIFT)

/*
 * pte[i] = entry of pages[i], 1 to ENTRIES_MAX pages: a shift and an add. The
 * `or` of all entries tells at the end whether each pointer was one into the
 * array at VMEMMAP_BASE: any other leaves bits above the frame numbers that the
 * array has. False: some was not; the entries are written all the same.
 */
static __always_inline bool entries_write(pte_t *pte, struct page **pages,
                                          unsigned int count, pgprot_t prot)
{
	const unsigned int frame_bits =
		__builtin_ctzl(VMEMMAP_SIZE) + PAGE_TO_PTE_SHIFT;
	uint64_t bias = pgprot_val(prot) - (VMEMMAP_BASE << PAGE_TO_PTE_SHIFT);
	uint64_t seen = 0;
	pte_t value;

	/* In a register: gcc would make the constant anew for each page. */
	__asm__("" : "+r"(bias));
	switch (count) {
		EACH_ENTRY_64(WRITE_ENTRY)
	default:
		break;
	}
	return (seen & ~(pgprot_val(prot) & PTE_PBMT_IO)) >> frame_bits == 0;
}

/* pte[i] = @first for the i-th frame after its own; 1 to ENTRIES_MAX. */
static __always_inline void entries_fill(pte_t *pte, pte_t first,
                                         unsigned int count)
{
	pte_t value = first + (count - 1) * pte_step(0);

	switch (count) {
		EACH_ENTRY_64(FILL_ENTRY)
	default:
		break;
	}
}

static __always_inline void entries_clear(pte_t *pte, unsigned int count)
{
	switch (count) {
		EACH_ENTRY_64(CLEAR_ENTRY)
	default:
		break;
	}
}

#endif /* MM_ENTRIES_H */
