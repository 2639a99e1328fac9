/* SPDX-License-Identifier: MIT */
/*
 * The binary buddy: a free block of order k that is not the largest is never
 * beside its free buddy, the block whose number differs in bit k alone. One
 * doubly linked list an order and zone, linked by frame number; a bit mask says
 * which lists have something. A chunk holds whole blocks only, so the buddy of
 * a block always has its metadata.
 *
 * One lock: harts come here only to fill and spill their caches.
 */
#include <stdbool.h>

#include "core/assert.h"
#include "core/lock.h"
#include "mm/memblock.h"
#include "mm/page_internal.h"

enum zone_index { ZONE_LOW, ZONE_HIGH, ZONES };

struct zone {
	unsigned long mask; /* bit k: list k is not empty */
	unsigned long free_pages;
	uint32_t heads[MAX_ORDER + 1]; /* frame numbers, 0 = none */
};

static struct spinlock buddy_lock =
	SPINLOCK_INIT(LOCK_PAGE_ALLOC, "buddy_lock");
static struct zone zones[ZONES] __guarded_by(buddy_lock);

static struct zone *zone_of(const struct page *page)
{
	return page_to_phys(page) < LOW_MEMORY_END ? &zones[ZONE_LOW]
	                                           : &zones[ZONE_HIGH];
}

/* The array's base is aligned: a bit of the frame number is one of the address. */
static struct page *buddy_of(const struct page *page, unsigned long order)
{
	return (struct page *)((uintptr_t)page ^ sizeof(struct page) << order);
}

static void list_push(struct zone *zone, struct page *page, unsigned long order)
	__must_hold(buddy_lock)
{
	unsigned long pfn = page_to_pfn(page);
	unsigned long next = zone->heads[order];

	page->kind = PAGE_KIND(PAGE_FREE, order);
	page->private = next; /* prev = 0 */
	if (next)
		pfn_to_page(next)->prev = pfn;
	zone->heads[order] = pfn;
	zone->mask |= 1ul << order;
}

/* The page is no head any more until the caller says so. */
static void list_remove(struct zone *zone, struct page *page,
                        unsigned long order) __must_hold(buddy_lock)
{
	unsigned long next = page->next;
	unsigned long prev = page->prev;

	page->state = PAGE_RESERVED;
	if (next)
		pfn_to_page(next)->prev = prev;
	if (prev) {
		pfn_to_page(prev)->next = next;
		return;
	}
	zone->heads[order] = next;
	if (!next)
		zone->mask &= ~(1ul << order);
}

static bool is_free_block(const struct page *page, unsigned long order)
{
	return page->kind == PAGE_KIND(PAGE_FREE, order);
}

static __always_inline void give_locked(struct page *page, unsigned long order)
	__must_hold(buddy_lock)
{
	struct zone *zone = zone_of(page);

	zone->free_pages += 1ul << order;
	for (; order < MAX_ORDER; order++) {
		struct page *buddy = buddy_of(page, order);

		if (!is_free_block(buddy, order))
			break;
		list_remove(zone, buddy, order);
		page->state = PAGE_RESERVED;
		if (buddy < page)
			page = buddy;
	}
	list_push(zone, page, order);
}

/*
 * A block of @order, cut from the smallest that is large enough, the lower half
 * each time. pre: zone->mask >> order is not 0
 */
static struct page *take_locked(struct zone *zone, unsigned long order)
	__must_hold(buddy_lock)
{
	unsigned long from = order;
	struct page *page;

	while (!(zone->mask >> from & 1))
		from++;
	page = pfn_to_page(zone->heads[from]);
	list_remove(zone, page, from);
	while (from > order) {
		from--;
		list_push(zone, page + (1ul << from), from);
	}
	page->kind = PAGE_KIND(PAGE_CACHED, order);
	zone->free_pages -= 1ul << order;
	return page;
}

static bool memblock_has(enum zone_index zone)
{
	unsigned long low = memblock_free_pages_below_4g();

	return zone == ZONE_LOW ? low > 0 : memblock_free_pages() > low;
}

/* Free the piece as the largest blocks that fit. */
static void add_piece(paddr_t start, paddr_t end) __must_hold(buddy_lock)
{
	unsigned long pfn = PFN_DOWN(start);

	while (pfn < PFN_DOWN(end)) {
		unsigned int order = 0;

		while (order < MAX_ORDER && IS_ALIGNED(pfn, 2ul << order) &&
		       pfn + (2ul << order) <= PFN_DOWN(end))
			order++;
		give_locked(pfn_to_page(pfn), order);
		pfn += 1ul << order;
	}
}

/*
 * Take a chunk from memblock. The chunk that memblock takes single pages from
 * is backed first: it comes here last, when no page is left to back it with.
 */
static bool feed(enum zone_index zone) __must_hold(buddy_lock)
{
	struct phys_range none = { 0 };
	struct phys_range piece;
	paddr_t stash;

	if (!memblock_has(zone))
		return false;
	stash = memblock_next_page();
	if (stash)
		(void)vmemmap_back_chunk(stash, &none);
	if (!memblock_take_chunk(zone == ZONE_LOW, &piece.start, &piece.end))
		return false;
	if (vmemmap_back_chunk(piece.start, &piece))
		add_piece(piece.start, piece.end);
	return true;
}

void page_alloc_add(struct phys_range range)
{
	unsigned long flags = spin_lock_irqsave(&buddy_lock);

	vmemmap_add_memory(range);
	spin_unlock_irqrestore(&buddy_lock, flags);
}

static bool zone_has(enum zone_index index, unsigned long order)
	__must_hold(buddy_lock)
{
	while (!(zones[index].mask >> order)) {
		if (!feed(index))
			return false;
	}
	return true;
}

/* The zone to take a block of @order or more from, or NULL. */
static struct zone *choose_zone(bool below_4g, unsigned long order)
	__must_hold(buddy_lock)
{
	if (!below_4g && page_two_zones && zone_has(ZONE_HIGH, order))
		return &zones[ZONE_HIGH];
	return zone_has(ZONE_LOW, order) ? &zones[ZONE_LOW] : NULL;
}

struct page *buddy_take(bool below_4g, unsigned int order)
{
	struct page *page = NULL;
	struct zone *zone;

	spin_lock(&buddy_lock);
	zone = choose_zone(below_4g, order);
	if (zone)
		page = take_locked(zone, order);
	spin_unlock(&buddy_lock);
	return page;
}

/*
 * Which order to take from @mask for @count blocks of @order: one that yields
 * them all if there is such a block, else the largest there is.
 */
static unsigned long batch_order(unsigned long mask, unsigned long order,
                                 unsigned long count)
{
	unsigned long best = order;

	while (best < MAX_ORDER && count >= 2) {
		best++;
		count /= 2;
	}
	if (mask >> best)
		return best;
	while (!(mask >> best & 1))
		best--;
	return best;
}

/* Cut a block into blocks of @order, stored downward below @slot. */
static struct page **carve(struct page *page, unsigned long order,
                           struct page **slot)
{
	struct page *end = page + (1ul << page->order);

	for (; page < end; page += 1ul << order) {
		page->kind = PAGE_KIND(PAGE_CACHED, order);
		*--slot = page;
	}
	return slot;
}

/* Take the list's first blocks, as many as there are slots down to @stop. */
static struct page **pop_many(struct zone *zone, unsigned long order,
                              struct page **slot, struct page **stop)
	__must_hold(buddy_lock)
{
	unsigned long pfn = zone->heads[order];
	struct page **from = slot;

	while (pfn && slot != stop) {
		struct page *page = pfn_to_page(pfn);

		pfn = page->next;
		page->state = PAGE_CACHED;
		*--slot = page;
	}
	zone->heads[order] = pfn;
	if (pfn)
		pfn_to_page(pfn)->prev = 0;
	else
		zone->mask &= ~(1ul << order);
	zone->free_pages -= (unsigned long)(from - slot) << order;
	return slot;
}

/*
 * Few large blocks, cut up here, rather than many small ones: cheaper, and
 * popping the stack then gives ascending neighbours. Hence also the order of
 * blocks[]: highest address first.
 */
unsigned long buddy_take_batch(unsigned int order, unsigned long count,
                               struct page **blocks)
{
	struct page **slot = blocks + count;
	unsigned long taken;

	spin_lock(&buddy_lock);
	while (slot != blocks) {
		struct zone *zone = choose_zone(false, order);
		unsigned long from;

		if (!zone)
			break;
		from = batch_order(zone->mask, order, slot - blocks);
		if (from == order && zone->heads[order])
			slot = pop_many(zone, order, slot, blocks);
		else
			slot = carve(take_locked(zone, from), order, slot);
	}
	spin_unlock(&buddy_lock);

	taken = blocks + count - slot;
	if (slot != blocks) {
		for (unsigned long i = 0; i < taken; i++)
			blocks[i] = slot[i];
	}
	return taken;
}

void buddy_give(struct page *page, unsigned int order)
{
	spin_lock(&buddy_lock);
	give_locked(page, order);
	spin_unlock(&buddy_lock);
}

void buddy_give_batch(unsigned int order, unsigned long count,
                      struct page **blocks)
{
	spin_lock(&buddy_lock);
	for (struct page **end = blocks + count; blocks != end; blocks++)
		give_locked(*blocks, order);
	spin_unlock(&buddy_lock);
}

unsigned long buddy_orders(bool below_4g)
{
	unsigned long untouched = below_4g ? memblock_free_pages_below_4g()
	                                   : memblock_free_pages();
	unsigned long mask = READ_ONCE(zones[ZONE_LOW].mask);

	if (untouched > 0)
		return ~0ul;
	return below_4g ? mask : mask | READ_ONCE(zones[ZONE_HIGH].mask);
}

unsigned long buddy_free_pages(bool below_4g)
{
	unsigned long pages = READ_ONCE(zones[ZONE_LOW].free_pages);

	return below_4g ? pages
	                : pages + READ_ONCE(zones[ZONE_HIGH].free_pages);
}

void buddy_stats(unsigned long free_blocks[MAX_ORDER + 1])
{
	unsigned long flags = spin_lock_irqsave(&buddy_lock);

	for (unsigned int order = 0; order <= MAX_ORDER; order++) {
		free_blocks[order] = 0;
		for (int i = 0; i < ZONES; i++) {
			for (unsigned long pfn = zones[i].heads[order]; pfn;
			     pfn = pfn_to_page(pfn)->next)
				free_blocks[order]++;
		}
	}
	spin_unlock_irqrestore(&buddy_lock, flags);
}

static void check_block(const struct page *page, unsigned int order)
{
	unsigned long pfn = page_to_pfn(page);

	ASSERT(page_is_valid(page));
	ASSERT(is_free_block(page, order));
	ASSERT(IS_ALIGNED(pfn, 1ul << order));
	for (unsigned long i = 1; i < 1ul << order; i++)
		ASSERT(page[i].state == PAGE_RESERVED);
	for (unsigned long i = 0; i < 1ul << order; i++)
		ASSERT(page[i].extra_refs == 0);
	if (order < MAX_ORDER)
		ASSERT(!is_free_block(buddy_of(page, order), order));
}

static unsigned long check_list(const struct zone *zone, unsigned int order)
	__must_hold(buddy_lock)
{
	unsigned long prev = 0;
	unsigned long blocks = 0;

	for (unsigned long pfn = zone->heads[order]; pfn;
	     pfn = pfn_to_page(pfn)->next) {
		ASSERT(pfn_to_page(pfn)->prev == prev);
		ASSERT(zone == zone_of(pfn_to_page(pfn)));
		check_block(pfn_to_page(pfn), order);
		prev = pfn;
		blocks++;
	}
	ASSERT((blocks != 0) == (zone->mask >> order & 1));
	return blocks << order;
}

void buddy_check(void)
{
	unsigned long flags = spin_lock_irqsave(&buddy_lock);

	for (struct zone *zone = zones; zone < zones + ZONES; zone++) {
		unsigned long pages = 0;

		for (unsigned int order = 0; order <= MAX_ORDER; order++)
			pages += check_list(zone, order);
		ASSERT(pages == zone->free_pages);
	}
	spin_unlock_irqrestore(&buddy_lock, flags);
}
