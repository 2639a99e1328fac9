/* SPDX-License-Identifier: MIT */
/*
 * A hart's free blocks: a stack of pointers for each order. An array rather than
 * a list, because popping one then touches no struct page but for the state that
 * tells a double free. The newest goes out first; what spills is the oldest half.
 *
 * The limits bound what a hart may keep from the others: the larger the blocks,
 * the fewer; on a small machine fewer still, down to none.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "core/assert.h"
#include "core/machine.h"
#include "mm/fault_inject.h"
#include "mm/memblock.h"
#include "mm/page_internal.h"

static const unsigned short limits[ORDERS] = { 320, 32, 32, 16, 16,
	                                       8,   8,  4,  4,  8 };

/*
 * No order of one hart may hold more than this share of all memory. The largest
 * blocks become 2 MiB leaves, for which the buddy is the dearest part.
 */
#define SHARE_OF_ORDER   128ul
#define SHARE_OF_LARGEST 16ul

/* Blocks fetched at once when a stack is empty; a power of two. */
#define BATCH_MOST 32ul

bool page_two_zones;

static struct page_cache boot_cache;

/* None while requests for pages fail on demand: they are then all counted. */
static unsigned long limit_of(unsigned int order)
{
	unsigned long part =
		order == MAX_ORDER ? SHARE_OF_LARGEST : SHARE_OF_ORDER;
	unsigned long share = nr_total_pages() / part >> order;

	if (fault_is_armed(FAULT_PAGE))
		return 0;
	if (machine.nr_hart_ids > 1)
		share /= machine.nr_hart_ids;
	return share < limits[order] ? share : limits[order];
}

static unsigned long batch_of(unsigned long limit)
{
	unsigned long batch = BATCH_MOST;

	while (batch > limit / 2)
		batch /= 2;
	return batch;
}

/* Nothing on it, and as much room as it may have now. */
static void stack_empty(struct page_stack *stack, unsigned int order)
{
	unsigned long limit = limit_of(order);

	stack->top = stack->base;
	stack->end = stack->base + limit;
	stack->batch = batch_of(limit);
}

static void cache_init(struct page_cache *cache)
{
	struct page **slot = cache->slots;

	for (unsigned int order = 0; order < ORDERS; order++) {
		struct page_stack *stack = &cache->stacks[order];

		*slot++ = NULL;
		stack->base = slot;
		stack_empty(stack, order);
		slot += limits[order];
	}
	ASSERT(slot <= cache->slots + PAGE_SLOTS);
}

void page_alloc_init(void)
{
	page_two_zones =
		memblock_total_pages() != memblock_total_pages_below_4g();
	vmemmap_init();
	cache_init(&boot_cache);
	boot_hart.local[HART_LOCAL_PAGES] = &boot_cache;
}

int page_alloc_hart_init(struct hart *hart)
{
	struct page *page;

	_Static_assert(sizeof(struct page_cache) <= PAGE_SIZE, "one page");
	page = alloc_pages(GFP_KERNEL | __GFP_ZERO, 0);
	if (!page)
		return -ENOMEM;
	cache_init(page_address(page));
	hart->local[HART_LOCAL_PAGES] = page_address(page);
	return 0;
}

bool page_cache_refill(struct page_cache *cache, unsigned int order)
{
	struct page_stack *stack = &cache->stacks[order];

	stack->top = stack->base +
	             buddy_take_batch(order, stack->batch, stack->base);
	return stack->top != stack->base;
}

/* Make room: the oldest half to the buddy. */
static void spill(struct page_stack *stack, unsigned int order)
{
	unsigned long count = stack->top - stack->base;
	unsigned long oldest = (count + 1) / 2;

	buddy_give_batch(order, oldest, stack->base);
	memmove(stack->base, stack->base + oldest,
	        (count - oldest) * sizeof(*stack->base));
	stack->top -= oldest;
}

void page_cache_give(struct page_cache *cache, struct page *page,
                     unsigned int order)
{
	struct page_stack *stack = &cache->stacks[order];

	if (stack->base == stack->end) {
		buddy_give(page, order);
		return;
	}
	if (unlikely(stack->top == stack->end))
		spill(stack, order);
	page->state = PAGE_CACHED;
	page->order = order;
	*stack->top++ = page;
}

void page_cache_empty(struct page_cache *cache)
{
	for (unsigned int order = 0; order < ORDERS; order++) {
		struct page_stack *stack = &cache->stacks[order];

		buddy_give_batch(order, stack->top - stack->base, stack->base);
		stack_empty(stack, order);
	}
}

bool page_cache_move_window(struct page_cache *cache, const struct page *page)
{
	const struct vmemmap_extent *extent = vmemmap_extent_of(page);

	if (!extent || !IS_ALIGNED((uintptr_t)page, sizeof(*page)))
		return false;
	cache->window.start = extent->start;
	cache->window.bytes = __atomic_load_n(&extent->bytes, __ATOMIC_ACQUIRE);
	return true;
}

/* Only where both zones exist is a look at each block needed. */
unsigned long page_cache_pages(const struct page_cache *cache, bool below_4g)
{
	unsigned long pages = 0;

	for (unsigned int order = 0; order < ORDERS; order++) {
		const struct page_stack *stack = &cache->stacks[order];
		struct page **top = READ_ONCE(stack->top);
		unsigned long blocks = top - stack->base;

		if (below_4g && page_two_zones) {
			blocks = 0;
			for (struct page **slot = stack->base; slot < top;
			     slot++)
				blocks += page_to_phys(READ_ONCE(*slot)) <
				          LOW_MEMORY_END;
		}
		pages += blocks << order;
	}
	return pages;
}

void page_cache_check(const struct page_cache *cache)
{
	for (unsigned int order = 0; order < ORDERS; order++) {
		const struct page_stack *stack = &cache->stacks[order];

		ASSERT(stack->base[-1] == NULL);
		ASSERT(stack->base <= stack->top && stack->top <= stack->end);
		for (struct page **slot = stack->base; slot < stack->top;
		     slot++) {
			ASSERT(page_is_valid(*slot));
			ASSERT((*slot)->state == PAGE_CACHED);
			ASSERT((*slot)->order == order);
			ASSERT((*slot)->extra_refs == 0);
			(*slot)->private = 0;
		}
	}
	/* A block that stands in two slots is met marked the second time. */
	for (unsigned int order = 0; order < ORDERS; order++) {
		const struct page_stack *stack = &cache->stacks[order];

		for (struct page **slot = stack->base; slot < stack->top;
		     slot++) {
			ASSERT((*slot)->private == 0);
			(*slot)->private = 1;
		}
	}
}
