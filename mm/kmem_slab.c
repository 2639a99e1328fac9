/* SPDX-License-Identifier: MIT */
/*
 * A slab is one page of equal objects. Its struct page holds the cache's number,
 * how many objects are taken and the first free one; each free object holds the
 * number of the next in its first two bytes. Slabs with a free object are in
 * the cache's list, full ones in none: a free finds them by address.
 */
#include <stdbool.h>
#include <string.h>

#include "core/assert.h"
#include "core/report.h"
#include "mm/kmem_internal.h"

#define NO_OBJECT       0xffffu
#define EMPTY_SLABS_MAX 1u /* kept, against giving and taking in turns */

static void *object_at(const struct kmem_cache *cache, const struct page *page,
                       unsigned int index)
{
	return (char *)page_address(page) + (size_t)index * cache->size;
}

static uint16_t *link_of(void *object)
{
	return object;
}

static void list_push(struct kmem_cache *cache, struct page *page)
{
	page->prev = 0;
	page->next = cache->partial;
	if (page->next)
		pfn_to_page(page->next)->prev = page_to_pfn(page);
	cache->partial = page_to_pfn(page);
}

static void list_remove(struct kmem_cache *cache, const struct page *page)
{
	if (page->next)
		pfn_to_page(page->next)->prev = page->prev;
	if (page->prev)
		pfn_to_page(page->prev)->next = page->next;
	else
		cache->partial = page->next;
}

/* Cut @page into objects. It belongs to nobody else yet. */
void slab_add(struct kmem_cache *cache, struct page *page)
{
	unsigned long flags;

	for (unsigned int i = 0; i < cache->per_slab; i++) {
		void *object = object_at(cache, page, i);

		if (CONFIG_CHECK)
			memset(object, KMEM_POISON, cache->size);
		*link_of(object) = i + 1 < cache->per_slab ? i + 1 : NO_OBJECT;
	}
	page->slab_free = 0;
	page->slab_used = 0;
	page->cache = (int8_t)(cache->number | SLAB_MARK);
	page->state = PAGE_SLAB;

	flags = spin_lock_irqsave(&cache->lock);
	list_push(cache, page);
	cache->slabs++;
	cache->empty_slabs++;
	spin_unlock_irqrestore(&cache->lock, flags);
}

static void *take_object(struct kmem_cache *cache, struct page *page)
{
	void *object = object_at(cache, page, page->slab_free);

	if (page->slab_used++ == 0)
		cache->empty_slabs--;
	page->slab_free = *link_of(object);
	if (page->slab_free == NO_OBJECT)
		list_remove(cache, page);
	return object;
}

unsigned int slab_take(struct kmem_cache *cache, unsigned int count,
                       void **objects)
{
	unsigned long flags = spin_lock_irqsave(&cache->lock);
	unsigned int taken = 0;

	while (taken < count && cache->partial)
		objects[taken++] =
			take_object(cache, pfn_to_page(cache->partial));
	spin_unlock_irqrestore(&cache->lock, flags);
	return taken;
}

/* Take an empty slab out of the cache and put it on @list. */
static void detach(struct kmem_cache *cache, struct page *page,
                   struct page **list)
{
	list_remove(cache, page);
	cache->slabs--;
	cache->empty_slabs--;
	page->private = (uintptr_t)*list;
	*list = page;
}

static unsigned long free_list(struct page *list)
{
	unsigned long pages = 0;

	while (list) {
		struct page *page = list;

		list = (struct page *)page->private;
		page->extra_refs = 0; /* was slab_free, slab_used */
		page->order = 0;
		page->state = PAGE_USED;
		__free_pages(page, 0);
		pages++;
	}
	return pages;
}

static void give_object(struct kmem_cache *cache, void *object,
                        struct page **emptied)
{
	struct page *page = virt_to_page(object);
	unsigned int offset = (uintptr_t)object & (PAGE_SIZE - 1);

	if (page->slab_used == 0) {
		report("kfree: %p, an object of %s, was free already", object,
		       cache->name);
		return;
	}
	if (page->slab_free == NO_OBJECT)
		list_push(cache, page);
	*link_of(object) = page->slab_free;
	page->slab_free = offset / cache->size;
	if (--page->slab_used > 0)
		return;
	if (++cache->empty_slabs > EMPTY_SLABS_MAX)
		detach(cache, page, emptied);
}

void slab_give(struct kmem_cache *cache, unsigned int count, void **objects)
{
	unsigned long flags = spin_lock_irqsave(&cache->lock);
	struct page *emptied = NULL;

	for (unsigned int i = 0; i < count; i++)
		give_object(cache, objects[i], &emptied);
	spin_unlock_irqrestore(&cache->lock, flags);
	free_list(emptied);
}

unsigned long slab_free_empty(struct kmem_cache *cache)
{
	unsigned long flags = spin_lock_irqsave(&cache->lock);
	struct page *emptied = NULL;
	uint32_t pfn = cache->partial;

	while (pfn && cache->empty_slabs > 0) {
		struct page *page = pfn_to_page(pfn);

		pfn = page->next;
		if (page->slab_used == 0)
			detach(cache, page, &emptied);
	}
	spin_unlock_irqrestore(&cache->lock, flags);
	return free_list(emptied);
}

unsigned long slab_free_objects(struct kmem_cache *cache)
{
	unsigned long flags = spin_lock_irqsave(&cache->lock);
	unsigned long objects = 0;

	for (uint32_t pfn = cache->partial; pfn; pfn = pfn_to_page(pfn)->next)
		objects += cache->per_slab - pfn_to_page(pfn)->slab_used;
	spin_unlock_irqrestore(&cache->lock, flags);
	return objects;
}

static void check_slab(const struct kmem_cache *cache, const struct page *page)
{
	unsigned int objects = 0;

	ASSERT(page_is_valid(page));
	ASSERT(page->state == PAGE_SLAB);
	ASSERT(slab_number(page) == cache->number);
	for (unsigned int i = page->slab_free; i != NO_OBJECT;
	     i = *link_of(object_at(cache, page, i))) {
		ASSERT(i < cache->per_slab);
		ASSERT(objects < cache->per_slab);
		objects++;
	}
	ASSERT(objects == (unsigned int)cache->per_slab - page->slab_used);
	ASSERT(objects > 0);
}

void slab_check(struct kmem_cache *cache)
{
	unsigned long flags = spin_lock_irqsave(&cache->lock);
	unsigned int empty = 0;
	unsigned long slabs = 0;
	uint32_t prev = 0;

	for (uint32_t pfn = cache->partial; pfn; pfn = pfn_to_page(pfn)->next) {
		const struct page *page = pfn_to_page(pfn);

		ASSERT(page->prev == prev);
		check_slab(cache, page);
		empty += page->slab_used == 0;
		slabs++;
		prev = pfn;
	}
	ASSERT(empty == cache->empty_slabs);
	ASSERT(slabs <= cache->slabs);
	spin_unlock_irqrestore(&cache->lock, flags);
}
