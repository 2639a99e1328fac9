/* SPDX-License-Identifier: MIT */
/*
 * Requests and frees. Both are a move on the hart's stack of the cache. A free
 * finds the cache in the struct page of the object's page; a range check against
 * the hart's window proves that this struct page may be read, and three compares
 * catch the common mistakes for a few instructions: not a slab, not at an
 * object's start, freed just before.
 */
#include "mm/kmem.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/assert.h"
#include "core/report.h"
#include "mm/fault_inject.h"
#include "mm/kmem_internal.h"
#include "mm/page_internal.h"

/* page->private of a block that kmalloc() took whole. */
#define LARGE_MAGIC 0x6b6d616c6c6f6321ul

#define SMALL_MAX 2048u

/* Number of the cache by (size - 1) / 16. */
static const uint8_t numbers[SMALL_MAX / KMEM_ALIGN_MIN] = {
	[0] = 0,         [1] = 1,          [2 ... 3] = 2,   [4 ... 5] = 3,
	[6 ... 7] = 4,   [8 ... 11] = 5,   [12 ... 15] = 6, [16 ... 31] = 7,
	[32 ... 63] = 8, [64 ... 127] = 9,
};

/* CONFIG_CHECK: nobody wrote to it while it was free. */
static void check_poison(const struct kmem_cache *cache, const void *object)
{
	const uint8_t *bytes = object;

	for (unsigned int i = KMEM_LINK_BYTES; i < cache->size; i++) {
		if (bytes[i] == KMEM_POISON)
			continue;
		report("kmalloc: %p, an object of %s, was written to at byte %u while it was free",
		       object, cache->name, i);
		return;
	}
}

static void *take_from_stack(struct kmem_stack *stack)
{
	return stack->top == stack->base ? NULL : *--stack->top;
}

/* Interrupts off, stack empty: half a stack from slabs at hand, 1 at least. */
static void *refill(struct kmem_cache *cache)
{
	struct kmem_stack *stack = &kmem_own()->stacks[cache->number];
	unsigned int room = stack->end - stack->base;
	unsigned int batch = room ? room / 2 : 1;

	stack->top = stack->base + slab_take(cache, batch, stack->base);
	return take_from_stack(stack);
}

/* A new slab is fetched with interrupts as the caller had them. */
void *kmem_take_slowly(struct kmem_stack *stack, gfp_t gfp, unsigned long flags)
{
	unsigned int number = stack - kmem_own()->stacks;
	struct kmem_cache *cache = &kmem_caches[number];
	void *object;

	if (should_fail(FAULT_SLAB)) {
		irq_restore(flags);
		return NULL;
	}
	object = refill(cache);
	while (!object) {
		struct page *page;

		irq_restore(flags);
		page = alloc_pages(gfp & ~(__GFP_ZERO | __GFP_DMA32), 0);
		if (!page)
			return NULL;
		slab_add(cache, page);
		flags = irq_save();
		object = take_from_stack(&kmem_own()->stacks[number]);
		if (!object)
			object = refill(cache);
	}
	irq_restore(flags);
	return object;
}

void *kmem_take(unsigned long number, gfp_t gfp)
{
	void *object;

	if (gfp & __GFP_RECLAIM)
		assert_no_lock_held("an allocation that may purge");
	object = kmem_take_inline(number, gfp);
	if (CONFIG_CHECK && object)
		check_poison(&kmem_caches[number], object);
	return object;
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	void *object = kmem_take(cache->number, gfp);

	if (gfp & __GFP_ZERO && object)
		memset(object, 0, cache->size);
	return object;
}

static void *take_large(size_t size, gfp_t gfp)
{
	unsigned int order = 1;
	struct page *page;

	if (size > KMALLOC_MAX_SIZE)
		return NULL;
	while (PAGE_SIZE << order < size)
		order++;
	page = alloc_pages(gfp, order);
	if (!page)
		return NULL;
	page->private = LARGE_MAGIC;
	return page_address(page);
}

void *kmalloc_any(size_t size, gfp_t gfp)
{
	unsigned long number = kmalloc_number(PAGE_SIZE);
	void *object;

	if (size == 0)
		return NULL;
	if (size > PAGE_SIZE)
		return take_large(size, gfp);
	if (size <= SMALL_MAX)
		number = numbers[(size - 1) / KMEM_ALIGN_MIN];
	object = kmem_take(number, gfp);
	if (gfp & __GFP_ZERO && object)
		memset(object, 0, size);
	return object;
}

void *kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc_any(size, gfp | __GFP_ZERO);
}

void *kcalloc(size_t count, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return kzalloc(bytes, gfp);
}

/* The struct page of any address, or NULL when it has none. */
static struct page *page_of(const void *address)
{
	struct page *page = virt_to_page(address);

	if ((uintptr_t)address - DIRECT_BASE >= DIRECT_SIZE)
		return NULL;
	return vmemmap_extent_of(page) ? page : NULL;
}

static void move_window(struct kmem_hart *own, const struct page *page)
{
	const struct vmemmap_extent *extent = vmemmap_extent_of(page);
	size_t bytes = __atomic_load_n(&extent->bytes, __ATOMIC_ACQUIRE);

	own->pages = (struct page *)extent->start;
	own->direct_start = (uintptr_t)page_address(own->pages);
	own->direct_bytes = bytes / sizeof(struct page) * PAGE_SIZE;
}

static bool is_large(const void *object, const struct page *page)
{
	return page->state == PAGE_USED && page->order > 0 &&
	       page->private == LARGE_MAGIC && page_address(page) == object;
}

/* Interrupts off. The oldest half of the stack goes back to the slabs. */
static void spill(struct kmem_cache *cache, struct kmem_stack *stack)
{
	unsigned int count = stack->top - stack->base;
	unsigned int oldest = (count + 1) / 2;

	slab_give(cache, oldest, stack->base);
	memmove(stack->base, stack->base + oldest,
	        (count - oldest) * sizeof(*stack->base));
	stack->top -= oldest;
}

static void keep(struct kmem_cache *cache, struct kmem_stack *stack,
                 void *object)
{
	if (stack->base == stack->end) {
		slab_give(cache, 1, &object);
		return;
	}
	if (stack->top == stack->end)
		spill(cache, stack);
	*stack->top++ = object;
}

static bool is_stacked(const struct kmem_stack *stack, const void *object)
{
	for (void **slot = stack->base; slot < stack->top; slot++) {
		if (*slot == object)
			return true;
	}
	return false;
}

/* What is wrong with freeing @object of @cache, or NULL. */
static const char *mistake(const struct kmem_cache *cache,
                           const struct kmem_stack *stack, const void *object)
{
	if (((uintptr_t)object & (PAGE_SIZE - 1)) % cache->size != 0)
		return "is inside an object";
	if (is_stacked(stack, object))
		return "is free already";
	return NULL;
}

static void free_small(const void *object, struct page *page)
{
	unsigned long flags = irq_save();
	struct kmem_hart *own = kmem_own();
	struct kmem_cache *cache = &kmem_caches[slab_number(page)];
	struct kmem_stack *stack = &own->stacks[cache->number];
	const char *why = mistake(cache, stack, object);

	if (!why) {
		move_window(own, page);
		if (CONFIG_CHECK)
			memset((char *)object + KMEM_LINK_BYTES, KMEM_POISON,
			       cache->size - KMEM_LINK_BYTES);
		keep(cache, stack, (void *)object);
	}
	irq_restore(flags);
	if (why)
		report("kfree: %p (%s) %s", object, cache->name, why);
}

static void free_large(struct page *page)
{
	page->private = 0;
	__free_pages(page, page->order);
}

static __noinline void free_slowly(const void *object)
{
	struct page *page = page_of(object);

	if (!object)
		return;
	if (!page)
		report("kfree: %p is not memory of the allocator", object);
	else if (page->state == PAGE_SLAB)
		free_small(object, page);
	else if (is_large(object, page))
		free_large(page);
	else
		report("kfree: %p did not come from kmalloc, or is free already",
		       object);
}

/* Interrupts off. False: not the usual case, nothing was done. */
static __always_inline bool push(struct kmem_hart *own, const void *object)
{
	uintptr_t offset = (uintptr_t)object - own->direct_start;
	struct kmem_stack *stack;
	void **top;
	long mark;

	if (CONFIG_CHECK || offset >= own->direct_bytes)
		return false;
	mark = own->pages[offset / PAGE_SIZE].cache;
	if (mark >= 0)
		return false;
	stack = &own->stacks[mark & (KMEM_CACHES - 1)];
	top = stack->top;
	if ((uintptr_t)object & stack->misaligned || top == stack->end ||
	    top[-1] == object)
		return false;
	*top = (void *)object;
	stack->top = top + 1;
	return true;
}

/* <= 30 instructions into the hart's stack */
void kfree(const void *object)
{
	unsigned long flags = irq_save();
	bool done = push(kmem_own(), object);

	irq_restore(flags);
	if (unlikely(!done))
		free_slowly(object);
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	const struct page *page = page_of(object);

	if (object && (!page || page->state != PAGE_SLAB ||
	               slab_number(page) != cache->number)) {
		report("kmem_cache_free: %p is no object of %s", object,
		       cache->name);
	} else {
		kfree(object);
	}
}

size_t ksize(const void *object)
{
	const struct page *page = page_of(object);

	if (!object)
		return 0;
	if (page && page->state == PAGE_SLAB)
		return kmem_caches[slab_number(page)].size;
	if (page && is_large(object, page))
		return PAGE_SIZE << page->order;
	report("ksize: %p did not come from kmalloc", object);
	return 0;
}

void *krealloc(const void *object, size_t size, gfp_t gfp)
{
	size_t old_size = ksize(object);
	void *copy;

	if (size == 0) {
		kfree(object);
		return NULL;
	}
	if (size <= old_size)
		return (void *)object;
	copy = kmalloc_any(size, gfp);
	if (copy && old_size > 0) {
		memcpy(copy, object, old_size);
		kfree(object);
	}
	return copy;
}
