/* SPDX-License-Identifier: MIT */
/*
 * Runs: pages that are neighbours, whatever blocks they came from. A used block
 * is cut like a free one, by halves, so a part of it can go while the rest
 * stays:
 *
 *   free [a, b) of one used block of order 3:
 *
 *     | U3  r  r  r  r  r  r  r |
 *            a           b
 *     | U0 U0 U1  r  U0 U0 U1 r |   cut at a, then at b: heads made, no list
 */
#include <stdbool.h>

#include "core/report.h"
#include "mm/page_internal.h"

/* Cut the used block at @head so that a block begins at @at inside it. */
static void cut_used(struct page *head, struct page *at)
{
	while (head != at) {
		unsigned int order = head->order - 1u;
		struct page *right = head + (1ul << order);

		right->kind = PAGE_KIND(PAGE_USED, order);
		head->order = order;
		if (at >= right)
			head = right;
	}
}

/* Head of the used block that @page lies in, or NULL. */
static struct page *used_block_of(struct page *page)
{
	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		struct page *head = (struct page *)ALIGN_DOWN(
			(uintptr_t)page, sizeof(struct page) << order);

		if (head->state == PAGE_RESERVED)
			continue;
		if (head->state != PAGE_USED || head->order < order)
			return NULL;
		return head;
	}
	return NULL;
}

void page_cut(struct page *page)
{
	struct page *head = page_is_valid(page) ? used_block_of(page) : NULL;

	if (head)
		cut_used(head, page);
}

/* Free the first block of the run, cut to fit. Pages done, 0: reported. */
static unsigned long free_first(struct page *page, unsigned long count)
{
	struct page *head = page_is_valid(page) ? used_block_of(page) : NULL;
	unsigned int order;

	if (!head) {
		report("page_free_run: page %p is in no used block", page);
		return 0;
	}
	cut_used(head, page);
	if (1ul << page->order > count)
		cut_used(page, page + count);
	order = page->order;
	page_free_order(page, order);
	return 1ul << order;
}

unsigned long page_free_block(struct page *page, unsigned long count)
{
	unsigned long flags = irq_save();
	struct page_cache *cache = page_cache_own();
	unsigned long order = page_plain_order(cache, page);
	unsigned long done = 0;

	if (likely(order <= MAX_ORDER && 1ul << order <= count &&
	           page_cache_push(cache, page, (unsigned int)order)))
		done = 1ul << order;
	irq_restore(flags);
	return done;
}

static __noinline void free_rest(struct page *page, unsigned long count)
{
	while (count > 0) {
		unsigned long done = page_free_block(page, count);

		if (unlikely(!done))
			done = free_first(page, count);
		if (!done)
			return;
		page += done;
		count -= done;
	}
}

/* A run of one block, the usual case, needs no loop: <= 40 instructions */
void page_free_run(struct page *page, unsigned long count)
{
	unsigned long done = page_free_block(page, count);

	if (unlikely(done != count))
		free_rest(page + done, count - done);
}

unsigned long page_block_pages(const struct page *page)
{
	if (!page_is_valid(page) || page->state != PAGE_USED)
		return 0;
	return 1ul << page->order;
}

static void split_used(struct page *page, unsigned int order)
{
	struct page *end = page + (1ul << order);

	for (; page < end; page++)
		page->kind = PAGE_KIND(PAGE_USED, 0);
}

void page_split(struct page *page, unsigned int order)
{
	if (page_is_valid(page) && page->state == PAGE_USED &&
	    page->order == order)
		split_used(page, order);
	else
		report("page_split: page %p is no used block of order %u", page,
		       order);
}

void page_free_referenced(struct page *page, unsigned int order)
{
	struct page *end = page + (1ul << order);

	split_used(page, order);
	for (; page < end; page++) {
		if (!page_drop_extra(page))
			page_cache_give(page_cache_own(), page, 0);
	}
}

/* Single pages from the hart's stack; returns how many it had. */
static unsigned long take_singles(unsigned long count, struct page **pages)
{
	unsigned long flags = irq_save();
	struct page_stack *stack = &page_cache_own()->stacks[0];
	unsigned long taken = 0;

	for (; taken < count; taken++) {
		struct page *page = page_stack_pop(stack);

		if (!page)
			break;
		pages[taken] = page;
	}
	irq_restore(flags);
	return taken;
}

/* Once only small blocks are left there is no sense in asking for large ones. */
unsigned long alloc_pages_bulk(gfp_t gfp, unsigned long count,
                               struct page **pages)
{
	unsigned int order = MAX_ORDER;
	unsigned long taken = 0;

	while (taken < count) {
		struct page *page;

		while (order > 0 && 1ul << order > count - taken)
			order--;
		page = alloc_pages_up_to(gfp, order, &order);
		if (!page)
			break;
		split_used(page, order);
		for (unsigned long i = 0; i < 1ul << order; i++)
			pages[taken++] = page + i;
		if (order == 0 && !(gfp & (__GFP_ZERO | __GFP_DMA32)))
			taken += take_singles(count - taken, pages + taken);
	}
	return taken;
}
