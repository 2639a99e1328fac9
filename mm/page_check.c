/* SPDX-License-Identifier: MIT */
/*
 * The whole truth about pages: the lists of the buddy, this hart's cache, then
 * one walk over all metadata, block by block, which must find the same free
 * pages as the lists and the counted references.
 */
#include <stdbool.h>

#include "core/assert.h"
#include "mm/memblock.h"
#include "mm/page_internal.h"

/* The block that begins at @page, as far as its head tells. */
static unsigned long block_pages(const struct page *page)
{
	if (page->state == PAGE_RESERVED || page->state == PAGE_SLAB)
		return 1;
	ASSERT(page->order <= MAX_ORDER);
	ASSERT(IS_ALIGNED(page_to_pfn(page), 1ul << page->order));
	for (unsigned long i = 1; i < 1ul << page->order; i++)
		ASSERT(page[i].state == PAGE_RESERVED);
	return 1ul << page->order;
}

static unsigned long check_chunk(const struct page *first)
{
	const struct page *end = first + CHUNK_PAGES;
	unsigned int referenced = 0;
	unsigned long free = 0;

	for (const struct page *page = first; page < end;) {
		ASSERT(page->state <= PAGE_SLAB);
		if (page->state == PAGE_FREE)
			free += 1ul << page->order;
		page += block_pages(page);
	}
	for (const struct page *page = first; page < end; page++) {
		if (page->state != PAGE_SLAB && page->extra_refs > 0)
			referenced++;
	}
	ASSERT(referenced == first->chunk_refs);
	return free;
}

void page_alloc_check(void)
{
	unsigned long flags = irq_save();
	unsigned int count;
	const struct vmemmap_extent *extents = vmemmap_extents(&count);
	unsigned long free = 0;

	memblock_check();
	buddy_check();
	page_cache_check(page_cache_own());
	for (unsigned int i = 0; i < count; i++) {
		const struct page *page = (struct page *)extents[i].start;
		const struct page *end =
			(struct page *)(extents[i].start + extents[i].bytes);

		for (; page < end; page += CHUNK_PAGES)
			free += check_chunk(page);
	}
	ASSERT(free == buddy_free_pages(false));
	irq_restore(flags);
}
