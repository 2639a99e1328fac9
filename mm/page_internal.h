/* SPDX-License-Identifier: MIT */
/*
 * What the files of the page allocator share.
 *
 *   mm/page_alloc.c   requests and frees through the hart's cache
 *   mm/page_run.c     runs, bulk, cutting used blocks
 *   mm/page_cache.c   the caches: filled from and spilled to
 *   mm/buddy.c        free blocks by order, two zones, one lock; fed from
 *   mm/memblock.c     chunks, whose metadata is made by mm/vmemmap.c
 */
#ifndef MM_PAGE_INTERNAL_H
#define MM_PAGE_INTERNAL_H

#include <stdbool.h>

#include "arch/csr.h"
#include "core/hart.h"
#include "core/lock.h"
#include "core/machine.h"
#include "mm/memblock.h"
#include "mm/page_alloc.h"

#define ORDERS     (MAX_ORDER + 1)
#define PAGE_SLOTS 460u /* limits of all orders, and a NULL below each */

/* A stack of free blocks, all of one order. base[-1] is NULL. */
struct page_stack {
	struct page **top; /* one above the newest */
	struct page **base;
	struct page **end;   /* full when top == end */
	unsigned long batch; /* blocks fetched when empty */
};

/*
 * A part of the struct page array that is known to be backed: inside it any
 * aligned pointer may be read.
 */
struct page_window {
	uintptr_t start;
	uintptr_t bytes;
};

/* One a hart; all of it [H]. */
struct page_cache {
	struct page_window window;
	struct page_stack stacks[ORDERS];
	struct page *slots[PAGE_SLOTS];
};

static inline struct page_cache *page_cache_own(void)
{
	return this_hart->local[HART_LOCAL_PAGES];
}

/* Interrupts off. NULL when empty. The block is then USED. */
static inline struct page *page_stack_pop(struct page_stack *stack)
{
	struct page **top = stack->top;
	struct page *page = top[-1];

	if (unlikely(!page))
		return NULL;
	stack->top = top - 1;
	page->state = PAGE_USED;
	return page;
}

static inline struct page *chunk_first_page(const struct page *page)
{
	return (struct page *)((uintptr_t)page &
	                       ~(CHUNK_PAGES * sizeof(struct page) - 1));
}

/* May @page be read? */
static __always_inline bool page_in_window(const struct page_window *window,
                                           const struct page *page)
{
	return (uintptr_t)page - window->start < window->bytes &&
	       IS_ALIGNED((uintptr_t)page, sizeof(struct page));
}

/* Interrupts off. False: the stack is full. */
static __always_inline bool page_stack_push(struct page_stack *stack,
                                            struct page *page)
{
	struct page **top = stack->top;

	if (top == stack->end)
		return false;
	page->state = PAGE_CACHED;
	*top = page;
	stack->top = top + 1;
	return true;
}

/*
 * Interrupts off. Free the block in the usual case: a used block of @order,
 * no extra references near it, room on the stack. False: nothing was done.
 */
static __always_inline bool
page_cache_push(struct page_cache *cache, struct page *page, unsigned int order)
{
	if (!page_in_window(&cache->window, page) ||
	    page->meta != PAGE_KIND(PAGE_USED, (uint64_t)order) ||
	    (order > 0 && chunk_first_page(page)->chunk_refs != 0))
		return false;
	return page_stack_push(&cache->stacks[order], page);
}

/*
 * The order of the used block that begins at @page, if nobody has extra
 * references to that page; else more than MAX_ORDER. One load tells: what
 * stands above the state is the order and no more.
 */
static __always_inline unsigned long
page_plain_order(const struct page_cache *cache, const struct page *page)
{
	uint64_t meta;

	if (unlikely(!page_in_window(&cache->window, page)))
		return ORDERS;
	meta = page->meta;
	return (uint8_t)meta == PAGE_USED ? meta >> 8 : ORDERS;
}

/*
 * mm/page_alloc.c: the largest order up to @order of which there might be a block
 * at hand, found at a glance; 0 if there is none.
 */
unsigned int page_order_at_hand(unsigned int order);

/* mm/page_cache.c. Interrupts off in all of these. */
bool page_cache_refill(struct page_cache *cache, unsigned int order);
void page_cache_give(struct page_cache *cache, struct page *page,
                     unsigned int order);
/* All to the buddy; then as much room as a hart may have now. */
void page_cache_empty(struct page_cache *cache);
bool page_cache_move_window(struct page_cache *cache, const struct page *page);
unsigned long page_cache_pages(const struct page_cache *cache, bool below_4g);
void page_cache_check(const struct page_cache *cache);

/*
 * mm/buddy.c. Interrupts off in all of these. Blocks come out with state
 * CACHED and their order; they go in whatever their state.
 */
struct page *buddy_take(bool below_4g, unsigned int order);
unsigned long buddy_take_batch(unsigned int order, unsigned long count,
                               struct page **blocks);
void buddy_give(struct page *page, unsigned int order);
void buddy_give_batch(unsigned int order, unsigned long count,
                      struct page **blocks);
/* A glance without the lock: orders of which buddy_take() might find a block. */
unsigned long buddy_orders(bool below_4g);
unsigned long buddy_free_pages(bool below_4g);
void buddy_stats(unsigned long free_blocks[MAX_ORDER + 1]);
void buddy_check(void);

/* RAM on either side of 4 GiB? Then the caches mix both. [I] */
extern bool page_two_zones;

/* mm/vmemmap.c: a backed part of the struct page array. */
struct vmemmap_extent {
	uintptr_t start; /* [I] */
	uintptr_t bytes; /* [A] grows; 0 once a neighbour has taken it over */
};

/* After memory_init(). */
void vmemmap_init(void);

/*
 * memblock_add() after that, and its part of the array is owed. Locking:
 * LOCK_PAGE_ALLOC held.
 */
void vmemmap_add_memory(struct phys_range range);

/*
 * Of @free_pages in memblock, those that will be struct pages and their tables:
 * free memory does not count them, so it does not shrink as chunks are used.
 */
unsigned long vmemmap_pages_owed(unsigned long free_pages);

/*
 * Back the struct pages of the chunk of @pa, all RESERVED. Pages come from
 * memblock, then from the start of @spare. False: out of memory.
 * Locking: LOCK_PAGE_ALLOC held.
 */
bool vmemmap_back_chunk(paddr_t pa, struct phys_range *spare);
const struct vmemmap_extent *vmemmap_extent_of(const struct page *page);
const struct vmemmap_extent *vmemmap_extents(unsigned int *count_out);

/* mm/page.c: drop an extra reference; false when there is none. */
bool page_drop_extra(struct page *page);

/*
 * mm/page_run.c: free a used block, some pages of which may have extra
 * references. Interrupts off.
 */
void page_free_referenced(struct page *page, unsigned int order);

/* Memory may be short: whoever permits a purge holds no lock. */
static inline void page_check_context(gfp_t gfp)
{
	if (gfp & __GFP_RECLAIM)
		assert_no_lock_held("an allocation that may purge");
}

#endif /* MM_PAGE_INTERNAL_H */
