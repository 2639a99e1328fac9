/* SPDX-License-Identifier: MIT */
/*
 * What the files of the vmap layer share: a hart's pools and its lock.
 */
#ifndef MM_MM_INTERNAL_H
#define MM_MM_INTERNAL_H

#include "core/hart.h"
#include "core/lock.h"
#include "core/race_window.h"
#include "mm/page.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"

/* One queue for each size up to 1 MiB, then one for each doubling. */
#define POOL_EXACT_PAGES  256u
#define POOL_LARGE_QUEUES 16u
#define POOL_ODD_QUEUE    (POOL_EXACT_PAGES + POOL_LARGE_QUEUES)
#define POOL_QUEUES       (POOL_ODD_QUEUE + 1u)

/* vm_map_ram() works in blocks of one leaf table. */
#define BLOCK_PAGES PTES_PER_TABLE

/* Purges that may be under way before a hart waits for the oldest. */
#define PURGES_AHEAD 8u

/* Oldest first: the head is the first to become clean. */
struct area_queue {
	struct vm_area *head;
	struct vm_area *tail;
};

struct map_ram_block;

/* Of vm_map_ram() (mm/map_ram_block.c). What each mapping needs comes first. */
struct map_ram_hart {
	vaddr_t next; /* free run of the running pass: [next, limit) */
	vaddr_t limit;
	vaddr_t number;    /* of current: its base / 2 MiB; NO_BLOCK: none */
	uint64_t bias;     /* [I] entries_bias(PAGE_KERNEL) */
	uint64_t noted;    /* stamp that current has; STAMP_NONE: unknown */
	uintptr_t entries; /* entry of page va: at entries + (va >> 9) */
	uintptr_t lengths; /* length of page va: at lengths + (va >> 12) */
	struct map_ram_block *current; /* the block of the running pass */
	unsigned int scanned;          /* free[] is used up below this page */
	unsigned int nr_blocks;
	unsigned int maps_at_pass;   /* map_ram_maps when the pass began */
	unsigned long maps_at_flush; /* ... when a new flush was last seen */
	uint64_t flush_seen;
	unsigned long pass_pages; /* of all blocks */
	/* Bit: this page of current was free when the pass began. */
	uint64_t free[BLOCK_PAGES / 64];
};

struct vmap_hart {
	struct spinlock lock;
	struct map_ram_hart map_ram; /* [L] */
	long lazy_left;              /* [L] what may be retired until a purge */
	long area_cost;              /* [I] of an area, beside its pages */
	unsigned long
		unmaps_settled;     /* [L] counters.unmaps at the last purge */
	unsigned long pooled_pages; /* [L] pinned_pages in the queues */
	uint64_t newest_stamp;      /* [L] of anything unmapped by this hart */
	uint64_t purge_stamps[PURGES_AHEAD]; /* [L] newest_stamp at the last */
	unsigned int purges_begun;           /* [L] the next is this one, mod */
	struct vm_area *spare;    /* [L] descriptor for the next split hole */
	struct vm_area *deferred; /* [L] frees that interrupts asked for */
	struct vmap_counters counters;         /* [L] */
	struct area_queue queues[POOL_QUEUES]; /* [L] */
};

static inline struct vmap_hart *vmap_own(void)
{
	return this_hart->local[HART_LOCAL_VMAP];
}

static inline struct vmap_hart *vmap_of(unsigned int hart)
{
	return harts[hart]->local[HART_LOCAL_VMAP];
}

static inline struct map_ram_hart *map_ram_own(void)
{
	return &vmap_own()->map_ram;
}

/* Frame of a leaf at level 0; the first of a NAPOT group (Svnapot). */
static inline paddr_t pte_phys_at(const pte_t *pte)
{
	pte_t value = *pte;

	if (unlikely(value & PTE_N)) {
		unsigned long slot = (uintptr_t)pte / sizeof(*pte) & 15;

		value &= ~(15ul << PTE_PPN_SHIFT);
		value |= slot << PTE_PPN_SHIFT;
	}
	return pte_phys(value);
}

static inline struct page *pte_first_page(pte_t pte)
{
	if (unlikely(pte & PTE_N))
		pte &= ~(15ul << PTE_PPN_SHIFT);
	return phys_to_page(pte_phys(pte));
}

/* --- one lock section: inline, because vmalloc() and vfree() are made of it */

/*
 * The own lock without a wait, so that the caller needs no stack frame: false
 * when it is taken, and then the general path is for it. Interrupts off.
 */
static inline bool vmap_lock_at_once(struct vmap_hart *own)
	__try_acquires(own->lock) __no_lock_analysis
{
	if (CONFIG_NR_HARTS > 1 && !CONFIG_LOCK_DEBUG)
		return spin_try_once(&own->lock);
	spin_lock(&own->lock);
	return true;
}

/*
 * The oldest retired area of @pages pages when it is clean, or NULL. It stays in
 * the queue until pool_take_head(); pages <= POOL_EXACT_PAGES. Own lock held.
 */
static inline struct vm_area *
pool_head(struct vmap_hart *own, unsigned long pages, unsigned long align)
{
	struct vm_area *area = own->queues[pages - 1].head;

	if (unlikely(!area) || !tlb_is_clean(area->stamp))
		return NULL;
	if (align > PAGE_SIZE && !IS_ALIGNED(area_start(area), align))
		return NULL;
	return area;
}

static inline void pool_take_head(struct vmap_hart *own, struct vm_area *area,
                                  unsigned long pages)
{
	own->queues[pages - 1].head = area->queue_next;
	own->pooled_pages -= area->pinned_pages;
}

/* A reserved area becomes its new owner's. */
static inline void area_begin(struct vm_area *area, unsigned long flags,
                              const void *caller)
{
	area->vm.flags = flags;
	area->vm.nr_pages = 0;
	area->vm.caller = caller;
	area->vm.requested_size = get_vm_area_size(&area->vm);
	area->state = AREA_BUILDING;
}

/* Visible from here on. Own lock held. */
static inline void area_make_busy(struct vmap_hart *own, struct vm_area *area)
{
	own->counters.maps++;
	__atomic_store_n(&area->state, AREA_BUSY, __ATOMIC_RELEASE);
}

/* BUSY -> DYING: exactly one caller sees true. */
static inline bool area_win(struct vm_area *area)
{
	unsigned int busy = AREA_BUSY;

	race_window(RACE_AREA_FOUND);
	if (CONFIG_NR_HARTS > 1)
		return __atomic_compare_exchange_n(
			&area->state, &busy, AREA_DYING, false,
			__ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
	if (area->state != AREA_BUSY)
		return false;
	area->state = AREA_DYING;
	return true;
}

/* In @accept: also areas that have no flag at all. */
#define ANY_KIND (1ul << 63)

/* May a caller that frees @accept free this area? */
static inline bool area_accepts(const struct vm_area *area,
                                unsigned long accept)
{
	unsigned long flags = area->vm.flags | ANY_KIND;

	return flags & accept && !(flags & VM_INTERNAL & ~accept);
}

/*
 * DYING -> LAZY: behind the others in its queue. True when this hart owes a
 * purge. Own lock held, entries cleared.
 */
static inline bool pool_retire(struct vmap_hart *own, struct vm_area *area,
                               struct area_queue *queue, long pinned_pages,
                               const void *freed_by)
{
	uint64_t stamp = tlb_stamp();

	race_window(RACE_AREA_STAMPED);
	area->freed_by = freed_by;
	area->stamp = stamp;
	area->state = AREA_LAZY;
	area->queue_next = NULL;
	if (queue->head)
		queue->tail->queue_next = area;
	else
		queue->head = area;
	queue->tail = area;
	own->newest_stamp = stamp;
	area->pinned_pages = (unsigned long)pinned_pages;
	own->pooled_pages += (unsigned long)pinned_pages;
	own->lazy_left -= pinned_pages + own->area_cost;
	return unlikely(own->lazy_left < 0);
}

/* mm/vm_pool.c; own lock held. */
struct vm_area *pool_take(struct vmap_hart *own, unsigned long pages,
                          unsigned long align);
struct area_queue *pool_queue(struct vmap_hart *own,
                              const struct vm_area *area);
struct vm_area *pool_take_all(struct vmap_hart *hart);

/* Descriptors (mm/vm_area.c). */
struct vm_area *area_new(gfp_t gfp);
void area_delete(struct vm_area *area);

/* Address space back to the holes; out of the index and flushed already. */
void area_release(struct vm_area *area);

/* Unmap and free the first @count pages of an area that owns them. */
void area_unpopulate(struct vm_area *area, unsigned long count);

/*
 * As much of it as one section with interrupts off does, 0 for what is not the
 * usual case; returns the pages freed. The own vmap lock may be held.
 */
unsigned long area_free_batch(struct vm_area *area, unsigned long index,
                              unsigned long pages);

/*
 * Frame of page @index and how many that follow lie in the same leaf (at least
 * 1); 0: not mapped.
 */
unsigned long area_extent(const struct vm_area *area, unsigned long index,
                          paddr_t *phys_out);

/* Free pages that an array names; frames in a row go back together. */
void area_free_array(struct page **pages, unsigned long count);

/* mm/remap.c: give up every view in a VM_WINDOW area. */
void remap_drop_views(struct vm_area *window);

/* mm/vfree.c: forget vm.pages; an array that is not the caller's goes back. */
void area_drop_pages(struct vm_area *area);

/* One more hart's lock for vmap_freeze(); single-threaded boot. */
void vmap_hart_add(struct vmap_hart *own);

/* mm/vmap_purge.c */
void vmap_limits_init(void);
void vmap_refill_budget(struct vmap_hart *own);
bool vmap_notify_purge(void);

#endif /* MM_MM_INTERNAL_H */
