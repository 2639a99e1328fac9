/* SPDX-License-Identifier: MIT */
/*
 * References to pages. The chunk's count moves when a page's count leaves or
 * reaches 0; it is added after the page's own and taken away after it, so once
 * get_page() has returned the chunk counts the page. It shares a word with the
 * first page's state: only its upper half is ever added to.
 */
#include "mm/page.h"

#include <stdbool.h>

#include "core/assert.h"
#include "core/report.h"
#include "mm/memblock.h"
#include "mm/page_internal.h"

#define CHUNK_REF (1u << 16) /* one in page->chunk_refs, seen as head_word */

bool page_is_valid(const struct page *page)
{
	return IS_ALIGNED((uintptr_t)page, sizeof(struct page)) &&
	       vmemmap_extent_of(page);
}

bool pfn_is_valid(unsigned long pfn)
{
	return pfn < PFN_DOWN(DIRECT_SIZE) && page_is_valid(pfn_to_page(pfn));
}

paddr_t virt_to_phys(const void *address)
{
	DEBUG_ASSERT((uintptr_t)address - DIRECT_BASE < DIRECT_SIZE);
	return (uintptr_t)address - DIRECT_BASE;
}

/* Tails are RESERVED: whether their block is used, the caller knows. */
static bool may_be_referenced(const struct page *page)
{
	return page_is_valid(page) &&
	       (page->state == PAGE_USED || page->state == PAGE_RESERVED);
}

void get_page(struct page *page)
{
	if (!may_be_referenced(page)) {
		report("get_page: page %p is not in use", page);
		return;
	}
	if (__atomic_fetch_add(&page->extra_refs, 1, __ATOMIC_RELAXED) == 0)
		__atomic_fetch_add(&chunk_first_page(page)->head_word,
		                   CHUNK_REF, __ATOMIC_RELAXED);
}

bool page_drop_extra(struct page *page)
{
	uint32_t refs = __atomic_load_n(&page->extra_refs, __ATOMIC_ACQUIRE);

	/* Acquire, release: whoever frees the page sees all uses of it. */
	do {
		if (refs == 0)
			return false;
	} while (!__atomic_compare_exchange_n(&page->extra_refs, &refs,
	                                      refs - 1, true, __ATOMIC_ACQ_REL,
	                                      __ATOMIC_ACQUIRE));
	if (refs == 1)
		__atomic_fetch_sub(&chunk_first_page(page)->head_word,
		                   CHUNK_REF, __ATOMIC_RELAXED);
	return true;
}

void put_page(struct page *page)
{
	if (!may_be_referenced(page))
		report("put_page: page %p is not in use", page);
	else if (!page_drop_extra(page))
		page_free_one(page);
}

unsigned int page_count(const struct page *page)
{
	return 1 + __atomic_load_n(&page->extra_refs, __ATOMIC_RELAXED);
}
