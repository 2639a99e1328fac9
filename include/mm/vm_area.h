/* SPDX-License-Identifier: MIT */
/*
 * Areas: ranges of the vmalloc window with an owner. Everything that needs
 * address space (vmalloc, vmap, ioremap, stacks, map_ram blocks) goes through
 * the five steps here:
 *
 *   reserve -> (map) -> publish ... claim -> (unmap) -> retire
 *
 *              pool of this hart, by size        holes (mm/vspace.c)
 *                 ^    |                            ^     |
 *          retire |    | reserve             drain  |     | reserve, pool empty
 *                 |    v                            |     v
 *   BUSY --claim--> DYING -> LAZY (queued, stamped) +-> free address space
 *     ^                        |
 *     +--publish-- BUILDING <--+  once a flush numbered above the stamp is done
 *
 * A retired area keeps its descriptor, its addresses and its leaf table, so the
 * common reserve is a pop: head of the queue for this size, stamp clean, aligned.
 *
 * Locking: one lock a hart; a hart reads the index (mm/vm_index.h)
 * and changes states under its own; shape changes and dumps take all of them
 * (vmap_freeze). Between claim and retire, and between reserve and publish, an
 * area belongs to its caller alone and needs no lock.
 */
#ifndef MM_VM_AREA_H
#define MM_VM_AREA_H

#include <linux/vmalloc.h>
#include <stdbool.h>

#include "core/hart.h"
#include "lib/hole_tree.h"

enum area_state {
	AREA_HOLE,     /* ->hole stands for free address space */
	AREA_BUILDING, /* reserved, not yet visible */
	AREA_BUSY,     /* published */
	AREA_DYING,    /* claimed by whoever frees it */
	AREA_LAZY,     /* in a pool queue; reusable once its stamp is clean */
};

/* What the maker of a VM_MMAP area keeps about it begins with a range of it. */
struct area_owner {
	vaddr_t start;
	vaddr_t end;
};

struct vm_area {
	struct vm_struct vm;        /* what Linux shows; comes first */
	unsigned int state;         /* [A] enum area_state */
	bool guarded;               /* last page of the range is a guard */
	bool pages_filled;          /* vm.pages was made by find_vm_area() */
	unsigned int huge_leaves;   /* these pin no leaf table */
	unsigned long pinned_pages; /* AREA_LAZY: as counted */
	unsigned long va_pages;     /* guard included */
	pte_t *ptes;    /* first entry, when one leaf table holds all */
	uint64_t stamp; /* AREA_LAZY: tlb_stamp() at unmapping */
	struct vm_area *queue_next;
	const void *freed_by; /* who freed it last; NULL: never */
	union {
		/* DYING in an interrupt */
		void (*deferred_work)(struct vm_area *area);
		struct area_owner *owner; /* VM_MMAP: its maker's, or NULL */
	};
	struct hole hole; /* AREA_HOLE */
};

static inline struct vm_area *to_area(struct vm_struct *vm)
{
	return container_of(vm, struct vm_area, vm);
}

static inline vaddr_t area_start(const struct vm_area *area)
{
	return (vaddr_t)area->vm.addr;
}

static inline vaddr_t area_end(const struct vm_area *area)
{
	return area_start(area) + (area->va_pages << PAGE_SHIFT);
}

/* Pages that may be mapped: without the guard. */
static inline unsigned long area_usable_pages(const struct vm_area *area)
{
	return area->va_pages - area->guarded;
}

static inline bool area_is_busy(const struct vm_area *area)
{
	return __atomic_load_n(&area->state, __ATOMIC_ACQUIRE) == AREA_BUSY;
}

/*
 * @pages usable pages plus a guard, aligned to @align (power of two, >= 1),
 * anywhere in the window. State BUILDING, vm.{addr,size,flags,caller} set.
 * NULL: no memory or no address space, after one drain and retry when gfp has
 * __GFP_RECLAIM. cost: a pool hit is about 40 instructions.
 */
struct vm_area *vm_area_reserve(unsigned long pages, unsigned long align,
                                unsigned long flags, gfp_t gfp,
                                const void *caller);

/* The same inside [start, end) (any values; guard included in it), no pools. */
struct vm_area *vm_area_reserve_in(unsigned long pages, unsigned long align,
                                   unsigned long flags, vaddr_t start,
                                   vaddr_t end, gfp_t gfp, const void *caller);

/* Without guard page: map_ram blocks, large vm_map_ram areas. */
struct vm_area *vm_area_reserve_bare(unsigned long pages, unsigned long align,
                                     unsigned long flags, gfp_t gfp,
                                     const void *caller);

/*
 * Exactly [start, start + pages): -EBUSY-like NULL when taken. No guard. For
 * pcpu_get_vm_areas() and early areas. @area may give the descriptor or be NULL.
 */
struct vm_area *vm_area_reserve_at(vaddr_t start, unsigned long pages,
                                   unsigned long flags, const void *caller);

/*
 * @pages more behind a busy area that only the caller changes, if the addresses
 * are free; its guard page moves on. -ENOMEM: they are not, nothing changed.
 */
int vm_area_extend(struct vm_area *area, unsigned long pages) __must_check;

/*
 * The first busy area with all of @flags that reaches above @from and begins
 * below @end, guard included; NULL: none. The caller keeps such areas from going.
 */
struct vm_area *vm_area_next(vaddr_t from, vaddr_t end, unsigned long flags);

/*
 * Map into a BUILDING area (or any that the caller owns) from usable page
 * @index on: given pages, or a physical range with the largest leaves that fit.
 * -ENOMEM; -EBUSY when an entry is present; -EINVAL for a NULL or invalid page;
 * in each case what this call wrote is cleared again.
 */
int vm_area_map_page_array(struct vm_area *area, unsigned long index,
                           struct page **pages, unsigned long count,
                           pgprot_t prot) __must_check;
int vm_area_map_phys(struct vm_area *area, paddr_t phys, unsigned long pages,
                     pgprot_t prot) __must_check;

/* @count contiguous frames at page @index, 4 KiB entries. -ENOMEM as above. */
int vm_area_map_block(struct vm_area *area, unsigned long index, paddr_t phys,
                      unsigned long count, pgprot_t prot) __must_check;

/*
 * One 2 MiB leaf at page @index. False: not aligned, switched off (vmap.huge=off),
 * a leaf table is there already, or no memory; nothing is changed then.
 */
bool vm_area_map_huge(struct vm_area *area, unsigned long index, paddr_t phys,
                      pgprot_t prot);
bool vmap_huge_enabled(void);

/*
 * The entries from page @index on, in a leaf table that is made when missing;
 * *count is cut to those that this table holds. NULL: no memory, or a huge leaf.
 */
pte_t *vm_area_entries(struct vm_area *area, unsigned long index,
                       unsigned long *count);

/* Clear @count entries from page @index on, whatever maps them. */
void vm_area_clear(struct vm_area *area, unsigned long index,
                   unsigned long count);

/*
 * mm/backing.c, for an area that the caller owns: back usable pages
 * [index, count) with memory, and return the end reached; unmap and free them,
 * whatever blocks they came from.
 */
unsigned long area_populate(struct vm_area *area, unsigned long index,
                            unsigned long count, gfp_t gfp, pgprot_t prot);
void area_free_runs(struct vm_area *area, unsigned long index,
                    unsigned long count);

/* BUILDING -> BUSY: visible to find, vmallocinfo, vread. Release store. */
void vm_area_publish(struct vm_area *area);

/*
 * BUSY -> DYING by exactly one caller: the area that starts exactly at @addr.
 * NULL when there is none, or when its kind is not in @accept: a VM_INTERNAL
 * flag of the area must be in @accept, and so must one of its flags.
 */
struct vm_area *vm_area_claim(const void *addr, unsigned long accept);

/*
 * The common mapping, in short (mm/vmalloc.c, mm/vfree.c): up to 64 pages of
 * zeroed memory in a VM_MMAP area, which is @owner's, and @owner is given its
 * range, before anybody sees it. NULL: no memory.
 */
void *vm_area_map_simple(unsigned long size, pgprot_t prot,
                         struct area_owner *owner,
                         const void *caller) __must_check;

/*
 * If [addr, addr + size) is all of a VM_MMAP area, every page of which it owns
 * (VM_SIMPLE): it goes with its pages. Its owner is taken away under @lock and
 * returned. NULL: there is no such area, nothing changed. The caller sees to it
 * that nobody else changes the area.
 */
struct area_owner *vm_area_unmap_simple(const void *addr, unsigned long size,
                                        struct spinlock *lock,
                                        const void *caller);

/* DYING -> BUSY again: the claimer changed its mind and nothing else. */
void vm_area_unclaim(struct vm_area *area);

/*
 * mm/vm_find.c: the busy area whose usable pages hold [start, start + size), or
 * NULL; areas and blocks of vm_map_ram() are none.
 */
struct vm_area *vm_area_holding(vaddr_t start, size_t size);

/* report() why a claim of @addr by @function failed. */
void vm_area_report_bad_free(const char *function, const void *addr);

/* Clear every entry of the area. Frees no pages, flushes nothing. */
void vm_area_unmap(struct vm_area *area);

/*
 * DYING or BUILDING -> LAZY: the caller has cleared every entry. Queues it and
 * purges when this hart's limit is reached (never in interrupts).
 */
void vm_area_retire(struct vm_area *area, const void *freed_by);

/* The same for callers that may not wait: leaves the purge to a later one. */
void vm_area_retire_quickly(struct vm_area *area, const void *freed_by);

/*
 * The frames of a VM_ALLOC area as an array (vm.pages), made from the page table
 * when somebody asks for it (find_vm_area) or is about to clear entries that are
 * the only record. False: no memory. Thread.
 */
bool vm_area_fill_pages(struct vm_area *area, gfp_t gfp);

/*
 * In interrupts: queue a claimed area; @work runs in thread context: in the worker
 * of core/work.h where there is one, and at the latest when this hart next frees
 * or allocates, or in vmap_drain() of any hart.
 */
typedef void vm_area_work(struct vm_area *area);
void vm_area_defer(struct vm_area *area, vm_area_work *work);
void vm_area_run_deferred(void);

/*
 * @pages entries were cleared just now by somebody who keeps the addresses
 * (map_ram): owed to the next flush. Own vmap lock held, or interrupts off.
 */
void vmap_note_unmapped(unsigned long pages);

/* 4 KiB entries a hart may leave unflushed; grows with RAM. */
unsigned long vmap_lazy_max_pages(void);

/*
 * Flush what is lazy; queues become reusable. Cheap when a flush has passed
 * already. Thread.
 */
void vmap_purge(void);

/* All queues of all harts back to free address space, empty tables freed. */
void vmap_drain(void);

/* All vmap locks, in order: nothing is published, claimed or reshaped. */
unsigned long vmap_freeze(void); /* returns irq flags */
void vmap_thaw(unsigned long irq_flags);
unsigned long vmap_lock_own(void); /* own lock; returns irq flags */
void vmap_unlock_own(unsigned long irq_flags);

/*
 * pgtable_translate() of an address that may be nobody's: its tables are not
 * given back meanwhile. Any context in which no vmap lock is held.
 */
bool vmap_translate(vaddr_t va, paddr_t *pa_out, pgprot_t *prot_out);

struct vmap_counters {
	unsigned long maps; /* areas mapped + map_ram mappings */
	unsigned long unmaps;
	unsigned long purges; /* flushes asked for by lazy limits or callers */
	unsigned long purged_pages; /* entries those made reusable, about */
	unsigned long drains;
	unsigned long pool_misses; /* reservations that cut a hole */
	unsigned long deferred;    /* frees queued in interrupts */
	long vmalloc_pages;        /* pages owned by VM_ALLOC areas */
	long busy_areas;           /* maps - unmaps */
	unsigned long map_ram_maps;
	unsigned long map_ram_unmaps;
	unsigned long tables_reclaimed;
	unsigned long lazy_pages; /* now */
	unsigned long lazy_areas; /* now */
	unsigned long
		pooled_pages; /* now; clean ones too, but for huge leaves */
};

/* This hart's counters; vmap_read_counters() sums all harts. */
struct vmap_counters *vmap_counters_own(void);
void vmap_read_counters(struct vmap_counters *out);

/*
 * First of mm's steps at boot: fixes VMALLOC_START and makes every call of the
 * API safe before vmalloc_init() (it reports or returns NULL).
 */
void vmap_early_init(void);
/* Holes, index, descriptors: part of vmalloc_init(). */
int vmap_init(void) __must_check;
int vmap_hart_init(struct hart *hart) __must_check;

/* Walks everything, holds all locks: I-1, I-2, I-8, I-15 and the index. Panics. */
void vmap_check(void);

#endif /* MM_VM_AREA_H */
