/* SPDX-License-Identifier: MIT */
/*
 * The caches are one small table, so that a slab's struct page names its cache
 * in a byte and a hart's stack of it is found by an index. The first ones are
 * kmalloc()'s. How many objects a hart may keep falls with their size.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "core/assert.h"
#include "core/power.h"
#include "core/report.h"
#include "lib/printf.h"
#include "mm/fault_inject.h"
#include "mm/kmem_internal.h"
#include "mm/page_internal.h"

#define NAME_BYTES 32u /* of a cache, with its NUL */

struct kmem_cache kmem_caches[KMEM_CACHES];

/* Guards which caches exist, and that every hart has their stacks. */
static struct spinlock caches_lock = SPINLOCK_INIT(LOCK_KMEM, "kmem_caches");

static const struct {
	const char *name;
	unsigned int size;
} kmalloc_caches[KMALLOC_CACHES] = {
	{ "kmalloc-16", 16 },     { "kmalloc-32", 32 },
	{ "kmalloc-64", 64 },     { "kmalloc-96", 96 },
	{ "kmalloc-128", 128 },   { "kmalloc-192", 192 },
	{ "kmalloc-256", 256 },   { "kmalloc-512", 512 },
	{ "kmalloc-1024", 1024 }, { "kmalloc-2048", 2048 },
	{ "kmalloc-4096", 4096 },
};

/* None while requests for objects fail on demand: they are then all counted. */
static unsigned int limit_for(size_t size)
{
	if (fault_is_armed(FAULT_SLAB))
		return 0;
	if (size <= 256)
		return KMEM_SLOTS - 1;
	return size <= 1024 ? 16 : 8;
}

static void cache_set(unsigned int number, const char *name, size_t size)
{
	struct kmem_cache *cache = &kmem_caches[number];

	cache->size = size;
	cache->per_slab = PAGE_SIZE / size;
	cache->number = number;
	cache->lock = (struct spinlock)SPINLOCK_INIT(LOCK_KMEM, name);
	cache->name = name;
}

/* The largest power of two that divides the spacing divides all addresses. */
static void stack_set(struct kmem_hart_slots *own,
                      const struct kmem_cache *cache)
{
	struct kmem_stack *stack = &own->hart.stacks[cache->number];
	unsigned int size = cache->size;

	own->slots[cache->number][0] = NULL;
	stack->base = &own->slots[cache->number][1];
	stack->top = stack->base;
	stack->end = stack->base + limit_for(size);
	stack->misaligned = (size & -size) - 1;
}

int kmem_hart_init(struct hart *hart)
{
	struct page *page = alloc_pages(GFP_KERNEL, KMEM_HART_ORDER);
	unsigned long flags;

	if (!page)
		return -ENOMEM;
	memset(page_address(page), 0, sizeof(struct kmem_hart));
	flags = spin_lock_irqsave(&caches_lock);
	hart->local[HART_LOCAL_KMEM] = page_address(page);
	for (unsigned int i = 0; i < KMEM_CACHES; i++) {
		if (kmem_caches[i].name)
			stack_set(hart->local[HART_LOCAL_KMEM],
			          &kmem_caches[i]);
	}
	spin_unlock_irqrestore(&caches_lock, flags);
	return 0;
}

void kmem_init(void)
{
	for (unsigned int i = 0; i < KMALLOC_CACHES; i++)
		cache_set(i, kmalloc_caches[i].name, kmalloc_caches[i].size);
	if (kmem_hart_init(&boot_hart))
		refuse_boot("no memory for the first hart's stacks of objects");
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size,
                                     size_t align)
{
	size_t spacing =
		ALIGN_UP(size, align > KMEM_ALIGN_MIN ? align : KMEM_ALIGN_MIN);
	struct kmem_cache *cache = NULL;
	unsigned long flags;

	ASSERT(size > 0 && (align == 0 || IS_POWER_OF_2(align)));
	if (size > PAGE_SIZE || spacing > PAGE_SIZE)
		return NULL;

	flags = spin_lock_irqsave(&caches_lock);
	for (unsigned int i = KMALLOC_CACHES; i < KMEM_CACHES; i++) {
		if (kmem_caches[i].name)
			continue;
		cache = &kmem_caches[i];
		cache_set(i, name, spacing);
		break;
	}
	for (unsigned int i = 0; cache && i < CONFIG_NR_HARTS; i++) {
		if (harts[i] && harts[i]->local[HART_LOCAL_KMEM])
			stack_set(harts[i]->local[HART_LOCAL_KMEM], cache);
	}
	spin_unlock_irqrestore(&caches_lock, flags);
	return cache;
}

/* This hart's free objects back to their slabs; as much room as it may have. */
static void empty_stacks(void *unused)
{
	unsigned long flags = irq_save();
	struct kmem_hart *own = kmem_own();

	(void)unused;
	for (unsigned int i = 0; i < KMEM_CACHES; i++) {
		struct kmem_stack *stack = &own->stacks[i];

		if (!stack->base)
			continue;
		if (stack->top != stack->base)
			slab_give(&kmem_caches[i], stack->top - stack->base,
			          stack->base);
		stack->top = stack->base;
		stack->end = stack->base + limit_for(kmem_caches[i].size);
	}
	irq_restore(flags);
}

static void empty_all_stacks(void)
{
	unsigned long flags = irq_save();

	irq_restore(flags);
	if (flags & SSTATUS_SIE)
		hart_run_everywhere(empty_stacks, NULL);
	else
		empty_stacks(NULL);
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	unsigned long flags;

	empty_all_stacks();
	(void)slab_free_empty(cache);
	if (cache->slabs > 0) {
		report("kmem_cache_destroy: %s has objects in %lu pages",
		       cache->name, cache->slabs);
		return;
	}
	flags = spin_lock_irqsave(&caches_lock);
	cache->name = NULL;
	spin_unlock_irqrestore(&caches_lock, flags);
}

unsigned long kmem_shrink(void)
{
	unsigned long before = kmem_slab_pages();

	empty_all_stacks();
	for (unsigned int i = 0; i < KMEM_CACHES; i++)
		if (READ_ONCE(kmem_caches[i].slabs) > 0)
			(void)slab_free_empty(&kmem_caches[i]);
	return before - kmem_slab_pages();
}

unsigned long kmem_slab_pages(void)
{
	unsigned long pages = 0;

	for (unsigned int i = 0; i < KMEM_CACHES; i++)
		pages += READ_ONCE(kmem_caches[i].slabs);
	return pages;
}

static unsigned long stacked_objects(unsigned int number)
{
	unsigned long objects = 0;

	for (unsigned int i = 0; i < nr_harts; i++) {
		const struct kmem_hart *hart = harts[i]->local[HART_LOCAL_KMEM];
		const struct kmem_stack *stack = &hart->stacks[number];

		objects += READ_ONCE(stack->top) - stack->base;
	}
	return objects;
}

/* A word: parsers of slabinfo look for blanks. */
static const char *one_word(char word[NAME_BYTES], const char *name)
{
	size_t i;

	for (i = 0; i < NAME_BYTES - 1 && name[i]; i++)
		word[i] = name[i] == ' ' ? '_' : name[i];
	word[i] = '\0';
	return word;
}

void kmem_show(kmem_emit *emit, void *context)
{
	char name[NAME_BYTES];
	char line[128];

	for (unsigned int i = 0; i < KMEM_CACHES; i++) {
		struct kmem_cache *cache = &kmem_caches[i];
		unsigned long slabs = READ_ONCE(cache->slabs);
		unsigned long objects = slabs * cache->per_slab;
		unsigned long idle;

		if (!cache->name)
			continue;
		idle = slab_free_objects(cache) + stacked_objects(i);
		ksnprintf(line, sizeof(line),
		          "%-17s %6lu %6lu %6u %4u    1 : tunables    0    0 "
		          "   0 : slabdata %6lu %6lu      0",
		          one_word(name, cache->name), objects - idle, objects,
		          cache->size, cache->per_slab, slabs, slabs);
		emit(line, context);
	}
}

static void check_stack(const struct kmem_cache *cache,
                        const struct kmem_stack *stack)
{
	ASSERT(stack->base[-1] == NULL);
	ASSERT(stack->base <= stack->top && stack->top <= stack->end);
	for (void **slot = stack->base; slot < stack->top; slot++) {
		const struct page *page = virt_to_page(*slot);
		unsigned int offset = (uintptr_t)*slot & (PAGE_SIZE - 1);

		ASSERT(page_is_valid(page));
		ASSERT(page->state == PAGE_SLAB);
		ASSERT(slab_number(page) == cache->number);
		ASSERT(offset % cache->size == 0);
		for (void **other = stack->base; other < slot; other++)
			ASSERT(*other != *slot);
	}
}

void kmem_check(void)
{
	unsigned long flags = irq_save();

	for (unsigned int i = 0; i < KMEM_CACHES; i++) {
		if (!kmem_caches[i].name)
			continue;
		slab_check(&kmem_caches[i]);
		check_stack(&kmem_caches[i], &kmem_own()->stacks[i]);
	}
	irq_restore(flags);
}
