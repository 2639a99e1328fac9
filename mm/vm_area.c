/* SPDX-License-Identifier: MIT */
/*
 * The life of an area: address space taken, made visible, claimed by one caller,
 * given back. The common path pops a retired area of the right size from this
 * hart's pool: descriptor, index entry and leaf table are all still there.
 */
#include "mm/vm_area.h"

#include <errno.h>

#include "core/assert.h"
#include "core/machine.h"
#include "core/report.h"
#include "mm/fault_inject.h"
#include "mm/kmem.h"
#include "mm/mm_internal.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_index.h"
#include "mm/vm_map_ram.h"
#include "mm/vspace.h"

static struct kmem_cache *area_cache;

struct vm_area *area_new(gfp_t gfp)
{
	return kmem_cache_alloc(area_cache, gfp | __GFP_ZERO);
}

void area_delete(struct vm_area *area)
{
	kmem_cache_free(area_cache, area);
}

/*
 * The hart that holds all locks, and how often: what it calls meanwhile takes
 * none, so that find_vm_area() works under vmlist_lock.
 */
static struct hart *freezer;      /* [A] */
static unsigned int freeze_depth; /* of the freezer */

static bool is_frozen_by_us(void)
{
	return __atomic_load_n(&freezer, __ATOMIC_RELAXED) == this_hart;
}

/* clang cannot follow a lock that a call finds: not analysed. */
unsigned long vmap_lock_own(void) __no_lock_analysis
{
	unsigned long irq_flags = irq_save();

	if (likely(!is_frozen_by_us()))
		spin_lock(&vmap_own()->lock);
	return irq_flags;
}

void vmap_unlock_own(unsigned long irq_flags) __no_lock_analysis
{
	if (likely(!is_frozen_by_us()))
		spin_unlock(&vmap_own()->lock);
	irq_restore(irq_flags);
}

/* By ascending address, the order in which locks of one rank nest. */
/* One more, so that the insertion below stays inside for one hart too. */
static struct vmap_hart *vmap_harts[CONFIG_NR_HARTS + 1]; /* [I] after boot */
static unsigned int nr_vmap_harts;

void vmap_hart_add(struct vmap_hart *own)
{
	unsigned int i = nr_vmap_harts++;

	ASSERT(i < CONFIG_NR_HARTS);
	own->lock = (struct spinlock)SPINLOCK_INIT(LOCK_VMAP_HART, "vmap");
	map_ram_hart_init(&own->map_ram);
	for (; i > 0 && vmap_harts[i - 1] > own; i--)
		vmap_harts[i] = vmap_harts[i - 1];
	vmap_harts[i] = own;
}

unsigned long vmap_freeze(void) __no_lock_analysis
{
	unsigned long irq_flags = irq_save();
	unsigned int i;

	if (is_frozen_by_us()) {
		freeze_depth++;
		return irq_flags;
	}
	for (i = 0; i < nr_vmap_harts; i++)
		spin_lock(&vmap_harts[i]->lock);
	__atomic_store_n(&freezer, this_hart, __ATOMIC_RELAXED);
	return irq_flags;
}

static void unlock_all(void) __no_lock_analysis
{
	unsigned int i;

	for (i = nr_vmap_harts; i-- > 0;)
		spin_unlock(&vmap_harts[i]->lock);
}

void vmap_thaw(unsigned long irq_flags)
{
	if (freeze_depth > 0) {
		freeze_depth--;
	} else {
		__atomic_store_n(&freezer, NULL, __ATOMIC_RELAXED);
		unlock_all();
	}
	irq_restore(irq_flags);
}

struct vmap_counters *vmap_counters_own(void)
{
	return &vmap_own()->counters;
}

/* A fresh descriptor for a fresh range. */
static void area_place(struct vm_area *area, vaddr_t start,
                       unsigned long va_pages, bool guarded)
{
	area->vm.addr = (void *)start;
	area->vm.size = va_pages << PAGE_SHIFT;
	area->va_pages = va_pages;
	area->guarded = guarded;
	area->freed_by = NULL;
}

void area_release(struct vm_area *area)
{
	struct hole *freed[2];
	unsigned int nr_freed;

	area->state = AREA_HOLE;
	nr_freed = vspace_release(area_start(area), area_end(area), &area->hole,
	                          freed);
	while (nr_freed-- > 0)
		area_delete(
			container_of(freed[nr_freed], struct vm_area, hole));
}

/*
 * Cut [start, end) for @size bytes; the descriptor that a split needs is this
 * hart's spare, so that nothing is allocated under the lock of the holes.
 */
static bool holes_take(struct vmap_hart *own, size_t size, size_t align,
                       vaddr_t start, vaddr_t end, vaddr_t *at_out)
{
	struct hole *unused;

	if (!own->spare)
		own->spare = area_new(GFP_NOWAIT);
	if (!own->spare || should_fail(FAULT_VSPACE))
		return false;
	if (!vspace_reserve(size, align, start, end, &own->spare->hole, at_out,
	                    &unused))
		return false;
	if (!unused)
		own->spare = NULL;
	else if (unused != &own->spare->hole)
		area_delete(container_of(unused, struct vm_area, hole));
	return true;
}

struct area_wish {
	unsigned long va_pages;
	unsigned long align;
	vaddr_t start;
	vaddr_t end;
	bool guarded;
};

static struct vm_area *reserve_once(const struct area_wish *wish)
{
	unsigned long irq_flags = vmap_lock_own();
	struct vm_area *area = area_new(GFP_NOWAIT);
	size_t size = wish->va_pages << PAGE_SHIFT;
	vaddr_t at;

	if (area && !holes_take(vmap_own(), size, wish->align, wish->start,
	                        wish->end, &at)) {
		area_delete(area);
		area = NULL;
	}
	if (area) {
		area_place(area, at, wish->va_pages, wish->guarded);
		area->state = AREA_BUILDING;
		if (vm_index_insert(area) != 0) {
			area_release(area);
			area = NULL;
		}
	}
	vmap_own()->counters.pool_misses++;
	vmap_unlock_own(irq_flags);
	return area;
}

static struct vm_area *reserve(struct area_wish *wish, unsigned long flags,
                               gfp_t gfp, const void *caller)
{
	struct vm_area *area;

	if (unlikely(!area_cache)) {
		report("the vmalloc API is called before vmalloc_init()");
		return NULL;
	}
	if (wish->va_pages > VMALLOC_SIZE >> PAGE_SHIFT || in_interrupt())
		return NULL;
	/* Holes are whole pages of the window: nothing to round or to clip. */
	if (wish->align < PAGE_SIZE)
		wish->align = PAGE_SIZE;
	area = reserve_once(wish);
	if (!area && gfp & __GFP_RECLAIM) {
		vmap_drain();
		do {
			area = reserve_once(wish);
		} while (!area && vmap_notify_purge());
	}
	if (area)
		area_begin(area, flags, caller);
	return area;
}

struct vm_area *vm_area_reserve_in(unsigned long pages, unsigned long align,
                                   unsigned long flags, vaddr_t start,
                                   vaddr_t end, gfp_t gfp, const void *caller)
{
	struct area_wish wish = { .va_pages = pages + 1,
		                  .align = align,
		                  .start = start,
		                  .end = end,
		                  .guarded = true };

	return reserve(&wish, flags, gfp, caller);
}

struct vm_area *vm_area_reserve_bare(unsigned long pages, unsigned long align,
                                     unsigned long flags, gfp_t gfp,
                                     const void *caller)
{
	struct area_wish wish = { .va_pages = pages,
		                  .align = align,
		                  .start = VMALLOC_START,
		                  .end = VMALLOC_END };

	return reserve(&wish, flags, gfp, caller);
}

struct vm_area *vm_area_reserve_at(vaddr_t start, unsigned long pages,
                                   unsigned long flags, const void *caller)
{
	struct area_wish wish = { .va_pages = pages,
		                  .align = PAGE_SIZE,
		                  .start = start,
		                  .end = start + (pages << PAGE_SHIFT) };

	return reserve(&wish, flags, GFP_KERNEL, caller);
}

static bool extend(struct vm_area *area, unsigned long pages)
{
	size_t size = pages << PAGE_SHIFT;
	vaddr_t end = area_end(area);
	struct vm_area *node;
	vaddr_t at;

	if (!holes_take(vmap_own(), size, PAGE_SIZE, end, end + size, &at))
		return false;
	if (vm_index_extend(area, end + size) == 0) {
		area->va_pages += pages;
		area->vm.size += size;
		area->vm.requested_size += size;
		if (pte_index(area_start(area), 0) + area->va_pages >
		    PTES_PER_TABLE)
			area->ptes = NULL;
		return true;
	}
	/* A cut at the start of a hole leaves the spare: to give them back. */
	node = vmap_own()->spare;
	vmap_own()->spare = NULL;
	area_place(node, at, pages, false);
	area_release(node);
	return false;
}

int vm_area_extend(struct vm_area *area, unsigned long pages)
{
	unsigned long irq_flags = vmap_lock_own();
	bool extended = extend(area, pages);

	vmap_unlock_own(irq_flags);
	return extended ? 0 : -ENOMEM;
}

struct vm_area *vm_area_reserve(unsigned long pages, unsigned long align,
                                unsigned long flags, gfp_t gfp,
                                const void *caller)
{
	unsigned long irq_flags = vmap_lock_own();
	struct vmap_hart *own = vmap_own();
	struct vm_area *area = pool_take(own, pages, align);

	if (likely(area))
		area_begin(area, flags, caller);
	vmap_unlock_own(irq_flags);
	if (likely(area))
		return area;
	return vm_area_reserve_in(pages, align, flags, VMALLOC_START,
	                          VMALLOC_END, gfp, caller);
}

static long owned_pages(const struct vm_area *area)
{
	return area->vm.flags & VM_ALLOC ? (long)area->vm.nr_pages : 0;
}

void vm_area_publish(struct vm_area *area)
{
	struct vmap_hart *own;
	unsigned long irq_flags;

	race_window(RACE_AREA_BUILT);
	irq_flags = vmap_lock_own();
	own = vmap_own();
	own->counters.vmalloc_pages += owned_pages(area);
	area_make_busy(own, area);
	vmap_unlock_own(irq_flags);
}

struct vm_area *vm_area_claim(const void *addr, unsigned long accept)
{
	unsigned long irq_flags = vmap_lock_own();
	struct vm_area *area = vm_index_exact((vaddr_t)addr);

	if (area && area_accepts(area, accept) && area_win(area)) {
		vmap_own()->counters.unmaps++;
		vmap_own()->counters.vmalloc_pages -= owned_pages(area);
	} else {
		area = NULL;
	}
	vmap_unlock_own(irq_flags);
	return area;
}

void vm_area_unclaim(struct vm_area *area)
{
	unsigned long irq_flags = vmap_lock_own();

	vmap_own()->counters.unmaps--;
	vmap_own()->counters.vmalloc_pages += owned_pages(area);
	__atomic_store_n(&area->state, AREA_BUSY, __ATOMIC_RELEASE);
	vmap_unlock_own(irq_flags);
}

bool vmap_translate(vaddr_t va, paddr_t *pa_out, pgprot_t *prot_out)
{
	unsigned long irq_flags = vmap_lock_own();
	bool mapped = pgtable_translate(va, pa_out, prot_out);

	vmap_unlock_own(irq_flags);
	return mapped;
}

/* True when this hart owes a purge. */
static bool retire(struct vm_area *area, const void *freed_by)
{
	long huge_pages = (long)area->huge_leaves * PTES_PER_TABLE;
	unsigned long irq_flags = vmap_lock_own();
	struct vmap_hart *own = vmap_own();
	bool owes_purge =
		pool_retire(own, area, pool_queue(own, area),
	                    (long)area->va_pages - huge_pages, freed_by);

	area->huge_leaves = 0;
	area->vm.phys_addr = 0;
	vmap_unlock_own(irq_flags);
	return owes_purge;
}

void vm_area_retire(struct vm_area *area, const void *freed_by)
{
	if (unlikely(retire(area, freed_by)) && !in_interrupt())
		vmap_purge();
}

/* A purge that is owed stays owed: the next retirement sees it. */
void vm_area_retire_quickly(struct vm_area *area, const void *freed_by)
{
	(void)retire(area, freed_by);
}

int vmap_hart_init(struct hart *hart)
{
	struct vmap_hart *own;

	own = kzalloc(sizeof(*own), GFP_KERNEL);
	if (!own)
		return -ENOMEM;
	hart->local[HART_LOCAL_VMAP] = own;
	vmap_hart_add(own);
	return 0;
}

int vmap_init(void)
{
	struct vm_area *first;

	area_cache = kmem_cache_create("vm_area", sizeof(struct vm_area), 0);
	ASSERT(area_cache);
	vm_index_init();
	vmap_limits_init();
	vmap_refill_budget(vmap_own());
	first = area_new(GFP_KERNEL);
	if (!first)
		return -ENOMEM;
	vspace_init(&first->hole);
	return 0;
}
