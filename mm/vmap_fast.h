/* SPDX-License-Identifier: MIT */
/*
 * Mapping and unmapping what somebody else owns, the common case in one lock
 * section that calls nothing: as mm/vmalloc_fast.h, without pages to care for.
 */
#ifndef MM_VMAP_FAST_H
#define MM_VMAP_FAST_H

#include "mm/entries.h"
#include "mm/mm_internal.h"
#include "mm/pgtable_internal.h"
#include "mm/vm_index.h"

/* The area to map into, taken from its queue, or NULL. Own lock held. */
static __always_inline struct vm_area *
take_simple(struct vmap_hart *own, unsigned long count, unsigned long align)
{
	struct vm_area *area = pool_head(own, count, align);

	if (unlikely(!area) || unlikely(!area->ptes) || unlikely(own->deferred))
		return NULL;
	pool_take_head(own, area, count);
	return area;
}

static __always_inline void begin_simple(struct vm_area *area,
                                         unsigned long size,
                                         unsigned long flags,
                                         const void *caller)
{
	area->vm.flags = flags;
	area->vm.caller = caller;
	area->vm.requested_size = size;
	area->vm.nr_pages = 0;
}

/*
 * A busy area over pages[0 .. count), 1 to ENTRIES_MAX; NULL: for the general
 * path, which also says what is wrong with a pointer.
 */
static __always_inline struct vm_area *
vmap_fast(struct page **pages, unsigned int count, unsigned long flags,
          pgprot_t prot, const void *caller)
{
	struct vmap_hart *own = vmap_own();
	unsigned long irq_flags = irq_save();
	struct vm_area *area = NULL;

	if (unlikely(!vmap_lock_at_once(own)))
		goto out_irq;
	area = take_simple(own, count, PAGE_SIZE);
	if (unlikely(!area))
		goto out_unlock;
	begin_simple(area, (unsigned long)count << PAGE_SHIFT, flags, caller);
	if (likely(entries_write(area->ptes, pages, count, prot))) {
		area_make_busy(own, area);
	} else {
		entries_clear(area->ptes, count);
		(void)pool_retire(own, area, &own->queues[count - 1],
		                  (long)count + 1, caller);
		area = NULL;
	}
out_unlock:
	spin_unlock(&own->lock);
out_irq:
	irq_restore(irq_flags);
	return area;
}

/* The same over @count frames from @phys on, placed at a multiple of @align. */
static __always_inline struct vm_area *
vmap_phys_fast(paddr_t phys, unsigned int count, unsigned long align,
               unsigned long size, unsigned long flags, pgprot_t prot,
               const void *caller)
{
	struct vmap_hart *own = vmap_own();
	unsigned long irq_flags = irq_save();
	struct vm_area *area = NULL;

	if (unlikely(!vmap_lock_at_once(own)))
		goto out_irq;
	area = take_simple(own, count, align);
	if (likely(area)) {
		begin_simple(area, size, flags, caller);
		area->vm.phys_addr = phys;
		entries_fill(area->ptes, pte_make(phys, prot), count);
		area_make_busy(own, area);
	}
	spin_unlock(&own->lock);
out_irq:
	irq_restore(irq_flags);
	return area;
}

/*
 * Unmap the area at @addr when it is a small one of a kind in @accept that owns
 * nothing. *owes_purge: call vmap_purge(). False: nothing was done.
 */
static __always_inline bool vunmap_fast(const void *addr, unsigned long accept,
                                        const void *caller, bool *owes_purge)
{
	const unsigned long never =
		VM_INTERNAL | VM_ALLOC | VM_MAP_PUT_PAGES | VM_MMAP | VM_WINDOW;
	struct vmap_hart *own = vmap_own();
	unsigned long irq_flags = irq_save();
	bool done = false;
	struct vm_area *area;
	unsigned long count;

	if (unlikely(!vmap_lock_at_once(own)))
		goto out_irq;
	area = vm_index_at_page((vaddr_t)addr);
	if (unlikely(!area) || unlikely(area->vm.addr != addr) ||
	    unlikely(!(area->vm.flags & accept)) ||
	    unlikely(area->vm.flags & never) || unlikely(!area->ptes) ||
	    unlikely(area->va_pages - 2 >= ENTRIES_MAX) ||
	    unlikely(pte_uses_napot()) || unlikely(own->deferred) ||
	    unlikely(!area_win(area)))
		goto out_unlock;
	count = area->va_pages - 1;
	entries_clear(area->ptes, (unsigned int)count);
	area->vm.phys_addr = 0;
	own->counters.unmaps++;
	*owes_purge = pool_retire(own, area, &own->queues[count - 1],
	                          (long)count + 1, caller);
	done = true;
out_unlock:
	spin_unlock(&own->lock);
out_irq:
	irq_restore(irq_flags);
	return done;
}

#endif /* MM_VMAP_FAST_H */
