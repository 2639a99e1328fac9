/* SPDX-License-Identifier: MIT */
/*
 * Blocks of memory straight between a hart's stacks and page-table entries, for
 * the paths that do it for many at a time: inline, interrupts off, no lock, at
 * most ENTRIES_MAX entries. Nothing but the entries records what an area has: a
 * block begins at the entry whose frame is the head of a used block, and the
 * entries behind it map the rest.
 */
#ifndef MM_BACKING_H
#define MM_BACKING_H

#include "mm/entries.h"
#include "mm/mm_internal.h"
#include "mm/page_internal.h"

/* The largest order of which @pages pages, 1 to ENTRIES_MAX, hold a block. */
static __always_inline unsigned int highest_order(unsigned long pages)
{
	static const unsigned char orders[] = { 0, 0, 1, 1, 2, 2, 2, 2, 3 };

	return pages < 8 ? orders[pages] : 3u + orders[pages / 8];
}

/* Single pages into entries until the stack is empty; returns how many. */
static __always_inline unsigned long
entries_take_singles(struct page_cache *cache, pte_t *pte, unsigned long count,
                     pgprot_t prot)
{
	struct page_stack *stack = &cache->stacks[0];
	struct page **top = stack->top;
	pte_t *at = pte;
	pte_t *end = pte + count;
	struct page *page;

	for (; at != end && (page = top[-1]); at++, top--) {
		page->state = PAGE_USED;
		*at = page_to_pte(page, prot);
	}
	stack->top = top;
	return at - pte;
}

/*
 * Clear entries and free what they map, block by block, up to whatever is not
 * the usual case: a block that reaches beyond @count, one that has references, a
 * full stack. Returns how many entries that is. (mm/backing.c)
 */
unsigned long entries_free_blocks(struct page_cache *cache, pte_t *pte,
                                  unsigned long count);

#endif /* MM_BACKING_H */
