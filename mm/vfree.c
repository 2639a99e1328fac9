/* SPDX-License-Identifier: MIT */
/*
 * vfree: the claim decides which of several callers frees; what follows belongs
 * to that one alone. Pages go back before the flush, as in Linux: only a user of
 * a freed pointer can notice.
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "core/report.h"
#include "mm/mm_internal.h"
#include "mm/vm_area.h"
#include "mm/vmalloc_fast.h"

void area_drop_pages(struct vm_area *area)
{
	if (area->pages_filled)
		kvfree(area->vm.pages);
	area->vm.pages = NULL;
	area->pages_filled = false;
}

/* @area is DYING and ours. */
static void free_area(struct vm_area *area, const void *caller)
{
	unsigned long flags = area->vm.flags;

	if (likely(flags & VM_ALLOC && area->vm.nr_pages > 0)) {
		area_unpopulate(area, area->vm.nr_pages);
	} else {
		vm_area_unmap(area);
		if (flags & VM_MAP_PUT_PAGES) {
			unsigned long i;

			for (i = 0; i < area->vm.nr_pages; i++)
				put_page(area->vm.pages[i]);
			kvfree(area->vm.pages);
		}
	}
	area_drop_pages(area);
	vm_area_retire(area, caller);
}

static void free_deferred(struct vm_area *area)
{
	free_area(area, area->freed_by);
}

static __noinline void vfree_slowly(const void *addr, const void *caller)
{
	unsigned long accept = VM_ALLOC | VM_MAP_PUT_PAGES;
	struct vm_area *area;

	if (!addr)
		return;
	if (CONFIG_VM_COMPAT_FREE)
		accept |= VM_MAP | VM_IOREMAP;
	area = vm_area_claim(addr, accept);
	if (unlikely(!area)) {
		vm_area_report_bad_free("vfree", addr);
		return;
	}
	if (unlikely(in_interrupt())) {
		area->freed_by = caller;
		vm_area_defer(area, free_deferred);
		return;
	}
	vm_area_run_deferred();
	free_area(area, caller);
}

/* @area is DYING and ours; pages from @done on have not gone back. */
static __noinline void vfree_rest(struct vm_area *area, unsigned long done,
                                  const void *caller)
{
	area_free_runs(area, done, area->vm.nr_pages);
	vm_area_retire(area, caller);
}

/* fast_claim() was just called: the lock is held. One batch, then the rest. */
static __noinline void vfree_several(struct vmap_hart *own,
                                     struct vm_area *area,
                                     unsigned long irq_flags,
                                     const void *caller) __no_lock_analysis
{
	unsigned long pages = area->vm.nr_pages;
	long leaves = (long)area->huge_leaves;
	unsigned long done;

	if (likely(pages <= FAST_PAGES && area->ptes))
		done = entries_free_blocks(page_cache_own(), area->ptes, pages);
	else
		done = area_free_batch(area, 0, pages);
	if (unlikely(done < pages)) {
		spin_unlock(&own->lock);
		irq_restore(irq_flags);
		vfree_rest(area, done, caller);
		return;
	}
	area->huge_leaves = 0;
	if (unlikely(fast_retire(own, area, pool_queue(own, area),
	                         (long)area->va_pages - leaves * PTES_PER_TABLE,
	                         irq_flags, caller)))
		vmap_purge();
}

/* fast_claim() was just called: the lock is held. */
static __always_inline void vfree_quickly(struct vmap_hart *own,
                                          struct vm_area *area,
                                          unsigned long irq_flags,
                                          const void *caller) __no_lock_analysis
{
	unsigned long pages = area->vm.nr_pages;
	bool done = likely(pages == 1)
	                    ? fast_unpopulate_page(area->ptes)
	                    : fast_unpopulate_block(area->ptes, pages);

	if (unlikely(!done))
		vfree_several(own, area, irq_flags, caller);
	else if (unlikely(fast_retire(own, area, &own->queues[pages - 1],
	                              (long)pages + 1, irq_flags, caller)))
		vmap_purge();
}

/* <= 85 instructions for one page */
void vfree(const void *addr)
{
	unsigned long irq_flags = irq_save();
	struct vmap_hart *own = vmap_own();
	struct vm_area *area = NULL;

	if (likely(!in_interrupt()))
		area = fast_claim(own, addr);
	if (unlikely(!area)) {
		irq_restore(irq_flags);
		vfree_slowly(addr, CALLER());
		return;
	}
	vfree_quickly(own, area, irq_flags, CALLER());
}

struct area_owner *vm_area_unmap_simple(const void *addr, unsigned long size,
                                        struct spinlock *lock,
                                        const void *caller) __no_lock_analysis
{
	unsigned long irq_flags = irq_save();
	struct vmap_hart *own = vmap_own();
	struct vm_area *area = fast_claim_mapping(own, addr, size);
	struct area_owner *owner;

	if (unlikely(!area)) {
		irq_restore(irq_flags);
		return NULL;
	}
	spin_lock(lock);
	owner = area->owner;
	area->owner = NULL;
	spin_unlock(lock);
	vfree_quickly(own, area, irq_flags, caller);
	return owner;
}

/* Never takes long: always queued, as Linux does. */
void vfree_atomic(const void *addr)
{
	struct vm_area *area;

	if (!addr)
		return;
	area = vm_area_claim(addr, VM_ALLOC | VM_MAP_PUT_PAGES);
	if (!area) {
		vm_area_report_bad_free("vfree_atomic", addr);
		return;
	}
	area->freed_by = CALLER();
	vm_area_defer(area, free_deferred);
}

unsigned long vmalloc_nr_pages(void)
{
	struct vmap_counters counters;

	vmap_read_counters(&counters);
	return (unsigned long)counters.vmalloc_pages;
}

bool vm_area_fill_pages(struct vm_area *area, gfp_t gfp)
{
	unsigned long count = area->vm.nr_pages;
	struct page **pages;
	struct page **none = NULL;
	unsigned long i;

	if (area->vm.pages)
		return true;
	pages = kvmalloc(count * sizeof(*pages),
	                 (gfp & __GFP_RECLAIM) | __GFP_NOWARN);
	if (!pages)
		return false;
	for (i = 0; i < count; i++)
		pages[i] = vmalloc_to_page((char *)area->vm.addr +
		                           (i << PAGE_SHIFT));
	if (!__atomic_compare_exchange_n(&area->vm.pages, &none, pages, false,
	                                 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		kvfree(pages);
		return true;
	}
	if (is_vmalloc_addr(pages))
		area->vm.flags |= VM_VPAGES;
	area->vm.flags &= ~VM_SIMPLE;
	area->pages_filled = true;
	return true;
}
