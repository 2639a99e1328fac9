/* SPDX-License-Identifier: MIT */
/*
 * Requests and frees. The two functions for single pages are the hot path of
 * the system: interrupts off, a pop or push on the hart's stack, interrupts
 * back. Everything that is not the usual case is decided behind them. A free
 * proves in one range check and one 64-bit compare that the pointer is a used
 * block of its order without extra references.
 */
#include "mm/page_alloc.h"

#include <stdbool.h>

#include "core/assert.h"
#include "core/report.h"
#include "lib/page_ops.h"
#include "mm/fault_inject.h"
#include "mm/memblock.h"
#include "mm/page_internal.h"

static page_reclaim_hook *reclaim;

void page_alloc_set_reclaim(page_reclaim_hook *hook)
{
	reclaim = hook;
}

static bool may_drain(gfp_t gfp, unsigned long flags)
{
	return gfp & __GFP_RECLAIM && flags & SSTATUS_SIE;
}

/* What this hart can reach: its stack, the buddy, its own other blocks. */
static struct page *take_at_hand(bool below_4g, unsigned int order)
{
	struct page_cache *cache = page_cache_own();
	struct page *page;

	if (!below_4g &&
	    (cache->stacks[order].top != cache->stacks[order].base ||
	     page_cache_refill(cache, order)))
		return page_stack_pop(&cache->stacks[order]);
	page = buddy_take(below_4g, order);
	if (!page) {
		page_cache_empty(cache);
		page = buddy_take(below_4g, order);
	}
	if (page)
		page->state = PAGE_USED;
	return page;
}

/* Whatever it takes. Restores interrupts. */
static struct page *take_or_drain(gfp_t gfp, unsigned int order,
                                  unsigned long flags)
{
	bool below_4g = gfp & __GFP_DMA32 && page_two_zones;
	struct page *page = take_at_hand(below_4g, order);

	if (unlikely(!page) && may_drain(gfp, flags)) {
		irq_restore(flags);
		if (reclaim)
			(void)reclaim();
		page_alloc_drain_all();
		flags = irq_save();
		page = take_at_hand(below_4g, order);
	}
	irq_restore(flags);
	return page;
}

/*
 * The hart's stack was empty or does not serve. While requests are counted that
 * is so for each of them. Restores interrupts.
 */
static __noinline struct page *take_slowly(gfp_t gfp, unsigned int order,
                                           unsigned long flags)
{
	if (should_fail(FAULT_PAGE)) {
		irq_restore(flags);
		return NULL;
	}
	return take_or_drain(gfp, order, flags);
}

/* <= 16 instructions from the hart's stack, no lock */
struct page *page_alloc_one(gfp_t gfp)
{
	unsigned long flags;
	struct page *page;

	page_check_context(gfp);
	flags = irq_save();
	page = page_stack_pop(&page_cache_own()->stacks[0]);
	if (unlikely(!page))
		return take_slowly(gfp, 0, flags);
	irq_restore(flags);
	return page;
}

static struct page *take_order(gfp_t gfp, unsigned int order)
{
	unsigned long flags = irq_save();
	struct page *page = NULL;

	if (likely(!(gfp & __GFP_DMA32)))
		page = page_stack_pop(&page_cache_own()->stacks[order]);
	if (unlikely(!page))
		return take_slowly(gfp, order, flags);
	irq_restore(flags);
	return page;
}

static void clear_block(struct page *page, unsigned int order)
{
	char *at = page_address(page);
	char *end = at + (PAGE_SIZE << order);

	for (; at < end; at += PAGE_SIZE)
		clear_page(at);
}

struct page *page_alloc_order(gfp_t gfp, unsigned int order)
{
	struct page *page;

	page_check_context(gfp);
	if (unlikely(order > MAX_ORDER))
		return NULL;
	page = take_order(gfp, order);
	if (gfp & __GFP_ZERO && page)
		clear_block(page, order);
	return page;
}

unsigned int page_order_at_hand(unsigned int order)
{
	const struct page_stack *stacks = page_cache_own()->stacks;
	unsigned long mask;

	if (likely(stacks[order].top[-1]))
		return order;
	mask = buddy_orders(false);
	while (order > 0 && !(mask >> order) && !stacks[order].top[-1])
		order--;
	return order;
}

/*
 * A block of *@order or else of the largest order below it but 0. A glance at
 * the buddy without its lock decides whether to ask: with memory in single
 * pages this must cost little.
 */
static struct page *take_largest(bool below_4g, unsigned int *order)
{
	unsigned long mask = buddy_orders(below_4g);

	for (; *order > 0; --*order) {
		unsigned long flags = irq_save();
		struct page *page = NULL;

		if (likely(!below_4g))
			page = page_stack_pop(
				&page_cache_own()->stacks[*order]);
		if (unlikely(!page) && mask >> *order)
			page = take_at_hand(below_4g, *order);
		irq_restore(flags);
		if (page)
			return page;
	}
	return NULL;
}

static __noinline struct page *up_to_slowly(gfp_t gfp, unsigned int order,
                                            unsigned int *order_out)
{
	bool below_4g = gfp & __GFP_DMA32 && page_two_zones;
	struct page *page;

	if (should_fail(FAULT_PAGE))
		return NULL;
	if (order > MAX_ORDER)
		order = MAX_ORDER;
	page = take_largest(below_4g, &order);
	if (!page)
		page = take_or_drain(gfp, 0, irq_save());
	if (!page)
		return NULL;
	if (gfp & __GFP_ZERO)
		clear_block(page, order);
	*order_out = order;
	return page;
}

/* <= 20 instructions when the hart's stack has one */
struct page *alloc_pages_up_to(gfp_t gfp, unsigned int order_wanted,
                               unsigned int *order_out)
{
	page_check_context(gfp);
	if (likely(order_wanted < ORDERS &&
	           !(gfp & (__GFP_ZERO | __GFP_DMA32)))) {
		unsigned long flags = irq_save();
		struct page *page =
			page_stack_pop(&page_cache_own()->stacks[order_wanted]);

		irq_restore(flags);
		if (likely(page)) {
			*order_out = order_wanted;
			return page;
		}
	}
	return up_to_slowly(gfp, order_wanted, order_out);
}

static const char *state_name(const struct page *page)
{
	switch ((enum page_state)page->state) {
	case PAGE_RESERVED:
		return "inside a block, or not the allocator's";
	case PAGE_FREE:
	case PAGE_CACHED:
		return "free already";
	case PAGE_USED:
		return "the head of a block of another order";
	case PAGE_SLAB:
		return "a page of small objects";
	}
	return "damaged";
}

/* Everything but the usual case. Restores interrupts. */
static __noinline void free_slowly(struct page *page, unsigned int order,
                                   unsigned long flags)
{
	struct page_cache *cache = page_cache_own();

	if (!page_cache_move_window(cache, page)) {
		irq_restore(flags);
		report("free of page %p: not a page of the allocator", page);
		return;
	}
	if (order > MAX_ORDER || page->state != PAGE_USED ||
	    page->order != order) {
		irq_restore(flags);
		report("free of page %p (frame %#lx), order %u: it is %s", page,
		       page_to_pfn(page), order, state_name(page));
		return;
	}
	if (chunk_first_page(page)->chunk_refs != 0)
		page_free_referenced(page, order);
	else
		page_cache_give(cache, page, order);
	irq_restore(flags);
}

/* <= 24 instructions into the hart's stack, no lock */
void page_free_one(struct page *page)
{
	unsigned long flags = irq_save();

	if (likely(page_cache_push(page_cache_own(), page, 0)))
		irq_restore(flags);
	else
		free_slowly(page, 0, flags);
}

void page_free_order(struct page *page, unsigned int order)
{
	unsigned long flags = irq_save();

	if (likely(order < ORDERS &&
	           page_cache_push(page_cache_own(), page, order)))
		irq_restore(flags);
	else
		free_slowly(page, order, flags);
}

void page_alloc_drain(void)
{
	unsigned long flags = irq_save();

	page_cache_empty(page_cache_own());
	irq_restore(flags);
}

static void drain_this(void *unused)
{
	(void)unused;
	page_alloc_drain();
}

void page_alloc_drain_all(void)
{
	hart_run_everywhere(drain_this, NULL);
}

/* Without the harts' caches. */
static unsigned long free_in_common(bool below_4g)
{
	unsigned long untouched = below_4g ? memblock_free_pages_below_4g()
	                                   : memblock_free_pages();

	return buddy_free_pages(below_4g) + untouched -
	       vmemmap_pages_owed(untouched);
}

static unsigned long free_in_zones(bool below_4g)
{
	unsigned long pages = free_in_common(below_4g);

	for (unsigned int i = 0; i < nr_harts; i++)
		pages += page_cache_pages(harts[i]->local[HART_LOCAL_PAGES],
		                          below_4g);
	return pages;
}

/* A block of the largest order on the hart's own stack answers most at once. */
bool has_free_pages(unsigned long count)
{
	if (count <= 1ul << MAX_ORDER &&
	    page_cache_own()->stacks[MAX_ORDER].top[-1])
		return true;
	return free_in_common(false) >= count || nr_free_pages() >= count;
}

unsigned long nr_free_pages(void)
{
	return free_in_zones(false);
}

unsigned long nr_free_pages_below_4g(void)
{
	return free_in_zones(true);
}

unsigned long nr_total_pages(void)
{
	return memblock_total_pages();
}

void page_alloc_stats(unsigned long free_blocks[MAX_ORDER + 1],
                      unsigned long *cached_pages)
{
	buddy_stats(free_blocks);
	*cached_pages = 0;
	for (unsigned int i = 0; i < nr_harts; i++)
		*cached_pages += page_cache_pages(
			harts[i]->local[HART_LOCAL_PAGES], false);
}
