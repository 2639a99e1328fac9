/* SPDX-License-Identifier: MIT */
/*
 * Physical pages: a buddy of orders 0..9 (2 MiB) under one lock, per-hart caches
 * in front of it, 2 MiB chunks of memblock behind it. mm/page.h
 * says what a block is and how pages outlive it.
 *
 * Two zones: below and above 4 GiB. Requests without __GFP_DMA32 use the upper
 * one while it has memory, so that the lower one lasts for those that need it;
 * within a zone the lowest chunk goes first, so runs repeat exactly.
 *
 * Context: any, also interrupts. Locking: LOCK_PAGE_ALLOC.
 */
#ifndef MM_PAGE_ALLOC_H
#define MM_PAGE_ALLOC_H

#include <stdbool.h>

#include "core/hart.h"
#include "core/machine.h"
#include "mm/page.h"

#define MAX_ORDER 9u /* largest order: 2 MiB, one level-1 leaf */

void page_alloc_init(void);

/* RAM that had another use until now joins: as of memblock_add(), but later. */
void page_alloc_add(struct phys_range range);

int page_alloc_hart_init(struct hart *hart) __must_check;

/* alloc_pages() behind its two doors: the common case has less to decide. */
struct page *page_alloc_one(gfp_t gfp);
struct page *page_alloc_order(gfp_t gfp, unsigned int order);

/*
 * 2^order contiguous, naturally aligned pages, or NULL. gfp: __GFP_ZERO,
 * __GFP_DMA32. When no block is left, interrupts are on and gfp has
 * __GFP_RECLAIM, the reclaim hook runs once, all harts' caches are emptied and
 * the request is tried again. cost: cached order 0: <= 16 instructions
 */
static inline struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	if (__builtin_constant_p(gfp) && __builtin_constant_p(order) &&
	    order == 0 && !(gfp & (__GFP_ZERO | __GFP_DMA32)))
		return page_alloc_one(gfp);
	return page_alloc_order(gfp, order);
}

void page_free_one(struct page *page);
void page_free_order(struct page *page, unsigned int order);

/*
 * Gives back a block that alloc_pages(order) returned. Reports and ignores a
 * pointer that is not a used block of that order (double free, wrong order,
 * foreign pointer). Pages with extra references stay alive until put_page().
 * cost: order 0 into the cache: <= 24 instructions
 */
static inline void __free_pages(struct page *page, unsigned int order)
{
	if (__builtin_constant_p(order) && order == 0)
		page_free_one(page);
	else
		page_free_order(page, order);
}

/*
 * @count pages starting at @page, physically contiguous, each in a used block:
 * blocks that the run ends inside of are cut first, the others are freed whole.
 * Pages with extra references stay alive. Reports and stops at a page that is
 * in no used block. cost: O(blocks), plus O(pages) where a chunk has pages with
 * extra references
 */
void page_free_run(struct page *page, unsigned long count);

/*
 * Cut the used block that @page lies in, if there is one, so that a block begins
 * at @page: what is before it and what follows may then be freed by two harts at
 * a time.
 */
void page_cut(struct page *page);

/*
 * The used block that begins at @page, if it has no more than @count pages and
 * goes onto the hart's stack just so. Returns its pages; 0: nothing was done.
 */
unsigned long page_free_block(struct page *page, unsigned long count);

/* Pages of the used block that begins at @page; 0: none does. Any pointer. */
unsigned long page_block_pages(const struct page *page);

/*
 * Make each page of the used block (@page, @order) a used block of order 0, so
 * that __free_pages(page, 0) and put_page() fit each. cost: O(pages)
 */
void page_split(struct page *page, unsigned int order);

/*
 * Up to @count used blocks of order 0 into pages[]; returns how many. The result
 * is in ascending contiguous stretches where memory permits.
 */
unsigned long alloc_pages_bulk(gfp_t gfp, unsigned long count,
                               struct page **pages);

/*
 * One used block of the largest order <= @order_wanted that can be had;
 * *order_out says which. NULL only when no page is left.
 */
struct page *alloc_pages_up_to(gfp_t gfp, unsigned int order_wanted,
                               unsigned int *order_out);

/*
 * Free pages: buddy, caches of all harts, memblock without what will become
 * struct pages; as many as can be allocated. Exact while no hart
 * allocates or frees; O(harts). Total: everything mm was given at boot.
 */
unsigned long nr_free_pages(void);
bool has_free_pages(unsigned long count); /* the same asked cheaply */
unsigned long nr_free_pages_below_4g(void);
unsigned long nr_total_pages(void);

/* Empty this hart's cache into the buddy. */
void page_alloc_drain(void);

/* Every hart's. Context: interrupts on, no spinlock held. */
void page_alloc_drain_all(void);

/*
 * mm/vmalloc_init.c: called with no lock held and interrupts on when memory is short;
 * returns whether it gave pages back.
 */
typedef bool page_reclaim_hook(void);
void page_alloc_set_reclaim(page_reclaim_hook *hook);

/*
 * Walks everything: lists, states, sums, this hart's cache (CONFIG_CHECK,
 * tests). Panics on damage.
 */
void page_alloc_check(void);

/* Free blocks of each order in the buddy, for meminfo. */
void page_alloc_stats(unsigned long free_blocks[MAX_ORDER + 1],
                      unsigned long *cached_pages);

#endif /* MM_PAGE_ALLOC_H */
