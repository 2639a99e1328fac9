/* SPDX-License-Identifier: MIT */
/*
 * What the files of kmem share.
 *
 *   mm/kmem.c         requests and frees through the hart's stack
 *   mm/kmem_cache.c   the table of caches, the harts' stacks, shrinking, dumps
 *   mm/kmem_slab.c    pages of objects
 */
#ifndef MM_KMEM_INTERNAL_H
#define MM_KMEM_INTERNAL_H

#include <stdbool.h>

#include "core/hart.h"
#include "core/lock.h"
#include "mm/kmem.h"
#include "mm/page_alloc.h"

#define KMALLOC_CACHES  11u
#define KMEM_SLOTS      27u /* a stack: a NULL and up to 26 objects */
#define KMEM_HART_ORDER 0u  /* pages of struct kmem_hart_slots */
#define KMEM_ALIGN_MIN  16ul

struct kmem_cache {
	const char *name;     /* [I] NULL: not in use */
	uint16_t size;        /* [I] from one object to the next */
	uint16_t per_slab;    /* [I] objects in a page */
	uint8_t number;       /* [I] in kmem_caches[] and page->cache */
	struct spinlock lock; /* rank LOCK_KMEM */
	uint32_t partial;     /* [L] slabs with a free object: frame number */
	unsigned int empty_slabs; /* [L] of those, without a used one */
	unsigned long slabs;      /* [L] */
};

/* What a hart's block holds. */
struct kmem_hart_slots {
	struct kmem_hart hart; /* first: what struct hart points at */
	void *slots[KMEM_CACHES][KMEM_SLOTS];
};

_Static_assert(sizeof(struct kmem_hart_slots) <= PAGE_SIZE << KMEM_HART_ORDER,
               "struct kmem_hart_slots");

/* mm/kmem_cache.c */
extern struct kmem_cache kmem_caches[KMEM_CACHES];

/*
 * page->cache of a slab: the number of its cache, and the sign bit. It shares a
 * byte with page->order, so that one load tells a slab and names its cache.
 */
#define SLAB_MARK 0x80u

static inline unsigned int slab_number(const struct page *page)
{
	return page->cache & (KMEM_CACHES - 1);
}

/* Bytes from 0 on that CONFIG_CHECK leaves alone: the slab's link is there. */
#define KMEM_LINK_BYTES 8u
#define KMEM_POISON     0x6b

/*
 * mm/kmem_slab.c. Take up to @count objects from slabs at hand; give some back
 * (slabs that become empty are freed, all but one); bring a new slab.
 */
unsigned int slab_take(struct kmem_cache *cache, unsigned int count,
                       void **objects);
void slab_give(struct kmem_cache *cache, unsigned int count, void **objects);
void slab_add(struct kmem_cache *cache, struct page *page);
unsigned long slab_free_empty(struct kmem_cache *cache);
unsigned long slab_free_objects(struct kmem_cache *cache);
void slab_check(struct kmem_cache *cache);

#endif /* MM_KMEM_INTERNAL_H */
