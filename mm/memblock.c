/* SPDX-License-Identifier: MIT */
/*
 * A short sorted array of free ranges, none of which crosses 4 GiB. Chunks are
 * cut from the start of a range. Single pages come from a stash: one piece of
 * one chunk, preferably a piece that could not become a whole 2 MiB block
 * anyway, so that tables and metadata do not break the blocks of others.
 * mm/memory_init.c adds the ranges.
 */
#include "mm/memblock.h"

#include <stdbool.h>

#include "core/assert.h"
#include "core/lock.h"
#include "core/machine.h"
#include "mm/memblock_internal.h"

static struct spinlock memblock_lock =
	SPINLOCK_INIT(LOCK_MEMBLOCK, "memblock_lock");
static struct phys_range ranges[MEMBLOCK_RANGES] __guarded_by(memblock_lock);
static unsigned int nr_ranges __guarded_by(memblock_lock);
static struct phys_range stash __guarded_by(memblock_lock);
/* Written under the lock, read anywhere. */
static unsigned long free_pages;
static unsigned long free_low_pages;
static unsigned long total_pages;
static unsigned long total_low_pages;

static void count_taken(const struct phys_range *taken)
	__must_hold(memblock_lock)
{
	unsigned long pages = PFN_DOWN(taken->end - taken->start);

	WRITE_ONCE(free_pages, free_pages - pages);
	if (taken->start < LOW_MEMORY_END)
		WRITE_ONCE(free_low_pages, free_low_pages - pages);
}

static void remove_range(unsigned int at) __must_hold(memblock_lock)
{
	nr_ranges--;
	for (; at < nr_ranges; at++)
		ranges[at] = ranges[at + 1];
}

static void insert_range(const struct phys_range *range)
	__must_hold(memblock_lock)
{
	unsigned int at = nr_ranges;

	ASSERT(nr_ranges < MEMBLOCK_RANGES);
	for (; at > 0 && ranges[at - 1].start > range->start; at--)
		ranges[at] = ranges[at - 1];
	ranges[at] = *range;
	nr_ranges++;
}

/* Cut what range @at has in the chunk of its first page. */
static struct phys_range cut_first_chunk(unsigned int at)
	__must_hold(memblock_lock)
{
	struct phys_range *range = &ranges[at];
	paddr_t chunk_end = ALIGN_DOWN(range->start, CHUNK_SIZE) + CHUNK_SIZE;
	struct phys_range piece = *range;

	if (chunk_end >= range->end) {
		remove_range(at);
		return piece;
	}
	piece.end = chunk_end;
	range->start = chunk_end;
	return piece;
}

/* The part-filled chunk at the end of range @at, which begins with a chunk. */
static struct phys_range cut_ragged_end(unsigned int at)
	__must_hold(memblock_lock)
{
	struct phys_range *range = &ranges[at];
	struct phys_range piece = {
		.start = ALIGN_DOWN(range->end, CHUNK_SIZE),
		.end = range->end,
	};

	range->end = piece.start;
	if (range->start == range->end)
		remove_range(at);
	return piece;
}

static void refill_stash(void) __must_hold(memblock_lock)
{
	for (unsigned int i = 0; i < nr_ranges; i++) {
		if (!IS_ALIGNED(ranges[i].start, CHUNK_SIZE)) {
			stash = cut_first_chunk(i);
			return;
		}
		if (!IS_ALIGNED(ranges[i].end, CHUNK_SIZE)) {
			stash = cut_ragged_end(i);
			return;
		}
	}
	if (nr_ranges > 0)
		stash = cut_first_chunk(0);
}

paddr_t memblock_alloc_page(void)
{
	unsigned long flags = spin_lock_irqsave(&memblock_lock);
	struct phys_range page;

	if (stash.start == stash.end)
		refill_stash();
	page.start = stash.start;
	page.end = page.start;
	if (stash.start != stash.end) {
		page.end += PAGE_SIZE;
		stash.start += PAGE_SIZE;
		count_taken(&page);
	}
	spin_unlock_irqrestore(&memblock_lock, flags);
	return page.start == page.end ? 0 : page.start;
}

paddr_t memblock_next_page(void)
{
	unsigned long flags = spin_lock_irqsave(&memblock_lock);
	paddr_t next = stash.start == stash.end ? 0 : stash.start;

	spin_unlock_irqrestore(&memblock_lock, flags);
	return next;
}

static struct phys_range take_stash(void) __must_hold(memblock_lock)
{
	struct phys_range piece = stash;

	stash.start = stash.end;
	return piece;
}

/* The lowest range on one side of 4 GiB, or else the stash if it is there. */
static struct phys_range take_from_zone(bool low) __must_hold(memblock_lock)
{
	struct phys_range none = { 0 };

	for (unsigned int i = 0; i < nr_ranges; i++) {
		if ((ranges[i].start < LOW_MEMORY_END) == low)
			return cut_first_chunk(i);
	}
	return (stash.start < LOW_MEMORY_END) == low ? take_stash() : none;
}

bool memblock_take_chunk(bool below_4g, paddr_t *start_out, paddr_t *end_out)
{
	unsigned long flags = spin_lock_irqsave(&memblock_lock);
	struct phys_range piece = { 0 };

	if (!below_4g)
		piece = take_from_zone(false);
	if (piece.start == piece.end)
		piece = take_from_zone(true);
	count_taken(&piece);
	spin_unlock_irqrestore(&memblock_lock, flags);

	if (piece.start == piece.end)
		return false;
	*start_out = piece.start;
	*end_out = piece.end;
	return true;
}

unsigned long memblock_free_pages(void)
{
	return READ_ONCE(free_pages);
}

unsigned long memblock_free_pages_below_4g(void)
{
	return READ_ONCE(free_low_pages);
}

unsigned long memblock_total_pages(void)
{
	return total_pages;
}

unsigned long memblock_total_pages_below_4g(void)
{
	return total_low_pages;
}

bool memblock_is_ram(paddr_t start, paddr_t end)
{
	for (unsigned int i = 0; i < machine.nr_memory; i++) {
		if (start < machine.memory[i].end &&
		    end > machine.memory[i].start)
			return true;
	}
	return false;
}

static void add_locked(struct phys_range range) __must_hold(memblock_lock)
{
	struct phys_range low = range;
	unsigned long pages = PFN_DOWN(range.end - range.start);

	free_pages += pages;
	total_pages += pages;
	if (range.start < LOW_MEMORY_END) {
		if (low.end > LOW_MEMORY_END)
			low.end = LOW_MEMORY_END;
		free_low_pages += PFN_DOWN(low.end - low.start);
		total_low_pages += PFN_DOWN(low.end - low.start);
		insert_range(&low);
		range.start = low.end;
	}
	if (range.start != range.end)
		insert_range(&range);
}

void memblock_add(struct phys_range range)
{
	unsigned long flags = spin_lock_irqsave(&memblock_lock);

	add_locked(range);
	spin_unlock_irqrestore(&memblock_lock, flags);
}

static bool is_spanned(unsigned long block, unsigned int shift)
	__must_hold(memblock_lock)
{
	for (unsigned int i = 0; i < nr_ranges; i++) {
		if (ranges[i].start >> shift <= block &&
		    (ranges[i].end - 1) >> shift >= block)
			return true;
	}
	return false;
}

/* A range begins a block of its own unless the one before ends in it. */
unsigned long memblock_blocks_spanned(unsigned int shift)
{
	unsigned long flags = spin_lock_irqsave(&memblock_lock);
	unsigned long next = 0;
	unsigned long blocks = 0;

	for (unsigned int i = 0; i < nr_ranges; i++) {
		unsigned long first = ranges[i].start >> shift;
		unsigned long end = ((ranges[i].end - 1) >> shift) + 1;

		blocks += end - (first > next ? first : next);
		next = end;
	}
	if (stash.start != stash.end &&
	    !is_spanned(stash.start >> shift, shift))
		blocks++;
	spin_unlock_irqrestore(&memblock_lock, flags);
	return blocks;
}

void memblock_check(void)
{
	unsigned long flags = spin_lock_irqsave(&memblock_lock);
	unsigned long pages = PFN_DOWN(stash.end - stash.start);
	paddr_t last_end = 0;

	ASSERT(pages <= CHUNK_PAGES);
	for (unsigned int i = 0; i < nr_ranges; i++) {
		ASSERT(ranges[i].start >= last_end);
		ASSERT(ranges[i].start < ranges[i].end);
		ASSERT(IS_ALIGNED(ranges[i].start | ranges[i].end, PAGE_SIZE));
		ASSERT(ranges[i].start >= LOW_MEMORY_END ||
		       ranges[i].end <= LOW_MEMORY_END);
		last_end = ranges[i].end;
		pages += PFN_DOWN(ranges[i].end - ranges[i].start);
	}
	ASSERT(pages == free_pages);
	spin_unlock_irqrestore(&memblock_lock, flags);
}
