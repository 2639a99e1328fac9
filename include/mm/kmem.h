/* SPDX-License-Identifier: MIT */
/*
 * Small objects: slabs of single pages, a stack of free objects per hart and
 * cache in front, reached with interrupts off and no lock. kmalloc() is a row
 * of such caches up to one page; above it is the page allocator. Powers of two
 * are naturally aligned; everything is aligned to 16 bytes.
 *
 * A freed object stays in a page of its cache, unchanged but for its first two
 * bytes, until the page is given back: reading through a stale pointer is
 * harmless while the page is the cache's.
 *
 * Context: any. Locking: LOCK_KMEM.
 */
#ifndef MM_KMEM_H
#define MM_KMEM_H

#include <stdbool.h>

#include "arch/csr.h"
#include "core/hart.h"
#include "mm/types.h"

#define KMALLOC_MAX_SIZE (PAGE_SIZE << 9) /* 2 MiB */
/* kmalloc()'s 11 and those that are created; a power of two */
#define KMEM_CACHES 16u

struct kmem_cache;

/* After page_alloc_init(), page_alloc_hart_init(). */
void kmem_init(void);
int kmem_hart_init(struct hart *hart) __must_check;

/*
 * @align: power of two or 0. NULL when there are too many caches, or when an
 * object would be larger than a page. @name is kept, not copied.
 */
struct kmem_cache *kmem_cache_create(const char *name, size_t size,
                                     size_t align);

/*
 * pre: interrupts on, no spinlock held, all objects freed. Reports and keeps
 * the cache when some are not.
 */
void kmem_cache_destroy(struct kmem_cache *cache);

/* cost: <= 20 instructions from the hart's stack */
void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp);

/* NULL is nothing. Reports and ignores what is no object of @cache. */
void kmem_cache_free(struct kmem_cache *cache, void *object);

/* The rest, up to kzalloc(), is kmalloc()'s inline half and nobody's else. */

/* Free objects of one cache. base[-1] is NULL. */
struct kmem_stack {
	void **top; /* one above the newest */
	void **base;
	void **end;           /* full when top == end */
	uintptr_t misaligned; /* bits that no object's address has */
};

/*
 * One a hart; all of it [H]. The window is direct-map memory whose struct pages
 * are known to be backed: [direct_start, + direct_bytes), from ->pages on.
 */
struct kmem_hart {
	uintptr_t direct_start;
	uintptr_t direct_bytes;
	struct page *pages;
	struct kmem_stack stacks[KMEM_CACHES];
};

void *kmem_take(unsigned long number, gfp_t gfp);
void *kmem_take_slowly(struct kmem_stack *stack, gfp_t gfp,
                       unsigned long flags);
void *kmalloc_any(size_t size, gfp_t gfp);

static inline struct kmem_hart *kmem_own(void)
{
	return this_hart->local[HART_LOCAL_KMEM];
}

/* Number of the smallest cache of kmalloc() for @size: 1 to PAGE_SIZE. */
static __always_inline unsigned long kmalloc_number(size_t size)
{
	return (size > 16) + (size > 32) + (size > 64) + (size > 96) +
	       (size > 128) + (size > 192) + (size > 256) + (size > 512) +
	       (size > 1024) + (size > 2048);
}

/* Objects are looked at when they come and go. */
static __always_inline bool kmem_is_checked(void)
{
	return CONFIG_CHECK;
}

/* <= 12 instructions from the hart's stack */
static __always_inline void *kmem_take_inline(unsigned long number, gfp_t gfp)
{
	unsigned long flags = irq_save();
	struct kmem_stack *stack = &kmem_own()->stacks[number];
	void **top = stack->top;
	void *object = top[-1];

	if (unlikely(!object))
		return kmem_take_slowly(stack, gfp, flags);
	stack->top = top - 1;
	irq_restore(flags);
	return object;
}

/*
 * size 0 gives NULL. Up to KMALLOC_MAX_SIZE; larger: NULL (use vmalloc).
 * cost: a size known to the compiler: <= 12 instructions from the stack
 */
static __always_inline void *kmalloc(size_t size, gfp_t gfp)
{
	if (!kmem_is_checked() && __builtin_constant_p(size) && size > 0 &&
	    size <= PAGE_SIZE && __builtin_constant_p(gfp) &&
	    !(gfp & __GFP_ZERO))
		return kmem_take_inline(kmalloc_number(size), gfp);
	return kmalloc_any(size, gfp);
}

void *kzalloc(size_t size, gfp_t gfp);
void *kcalloc(size_t count, size_t size, gfp_t gfp); /* NULL on overflow */

/* As realloc(): @object unchanged and still valid when NULL is returned. */
void *krealloc(const void *object, size_t size, gfp_t gfp);

/*
 * NULL is nothing. Reports and ignores what kmalloc() did not return, as far as
 * that is seen at once: foreign addresses, the inside of objects, the object
 * freed last; any object free already under CONFIG_CHECK.
 */
void kfree(const void *object);

/* Bytes that may be used; 0 for NULL; reports a foreign address. */
size_t ksize(const void *object);

/*
 * Give empty slabs back: this hart's stacks are emptied first, and every
 * hart's when interrupts are on. Returns pages freed. No spinlock held.
 */
unsigned long kmem_shrink(void);

/*
 * One line for each cache as Linux's /proc/slabinfo has them: name, objects used,
 * objects, bytes of one, objects a slab, pages a slab, ..., slabs.
 */
typedef void kmem_emit(const char *line, void *context);
void kmem_show(kmem_emit *emit, void *context);

unsigned long kmem_slab_pages(void);

/* Walks all slabs that have a free object. Panics on damage. */
void kmem_check(void);

#endif /* MM_KMEM_H */
