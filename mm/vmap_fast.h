/* SPDX-License-Identifier: MIT */
/*
 * Mapping and unmapping what somebody else owns, the common case in one lock
 * section that calls nothing: as mm/vmalloc_fast.h, without pages to care for.
 *
 * An area made here is marked VM_PLAIN: it owns nothing, it has up to 64 entries
 * of its own in one leaf table, and that is all there is to it. Unmapping looks
 * at this one flag; who gives such an area more to take care of clears it.
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
	area->vm.flags = flags | VM_PLAIN;
	area->vm.caller = caller;
	area->vm.requested_size = size;
	area->vm.nr_pages = 0;
}

/*
 * A busy area over pages[0 .. count), 1 to ENTRIES_MAX, PAGE_KERNEL; NULL: for
 * the general path, which also says what is wrong with a pointer.
 */
static __always_inline struct vm_area *vmap_fast(struct page **pages,
                                                 unsigned long count,
                                                 unsigned long flags,
                                                 const void *caller)
{
	unsigned long irq_flags = irq_save();
	struct vmap_hart *own = vmap_own();
	struct vm_area *area = NULL;

	if (unlikely(!vmap_lock_at_once(own)))
		goto out_irq;
	area = take_simple(own, count, PAGE_SIZE);
	if (unlikely(!area))
		goto out_unlock;
	begin_simple(area, count << PAGE_SHIFT, flags, caller);
	if (likely(entries_write_biased(area->ptes, pages, count, PAGE_KERNEL,
	                                own->map_ram.bias))) {
		area_make_busy(own, area);
	} else {
		entries_clear(area->ptes, (unsigned int)count);
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
vmap_phys_fast(paddr_t phys, unsigned long count, unsigned long align,
               unsigned long size, unsigned long flags, pgprot_t prot,
               const void *caller)
{
	unsigned long irq_flags = irq_save();
	struct vmap_hart *own = vmap_own();
	struct vm_area *area = NULL;

	if (unlikely(!vmap_lock_at_once(own)))
		goto out_irq;
	area = take_simple(own, count, align);
	if (likely(area)) {
		begin_simple(area, size, flags, caller);
		area->vm.phys_addr = phys;
		entries_fill(area->ptes, pte_make(phys, prot),
		             (unsigned int)count);
		area_make_busy(own, area);
	}
	spin_unlock(&own->lock);
out_irq:
	irq_restore(irq_flags);
	return area;
}

/*
 * Unmap the area at @addr when it is one made here with the flags @kind.
 * *owes_purge: call vmap_purge(). False: nothing was done.
 */
static __always_inline bool vunmap_fast(const void *addr, unsigned long kind,
                                        const void *caller, bool *owes_purge)
{
	unsigned long irq_flags = irq_save();
	struct vmap_hart *own = vmap_own();
	bool done = false;
	struct vm_area *area;
	unsigned long count;

	if (unlikely(!vmap_lock_at_once(own)))
		goto out_irq;
	area = vm_index_at_page((vaddr_t)addr);
	if (unlikely(!area) || unlikely(area->vm.addr != addr) ||
	    unlikely((area->vm.flags & (kind | VM_PLAIN)) !=
	             (kind | VM_PLAIN)) ||
	    unlikely(own->deferred) || unlikely(!area_win(area)))
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
