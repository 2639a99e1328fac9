/* SPDX-License-Identifier: MIT */
/*
 * The common vmalloc and vfree, each in one lock section: an area of the right
 * size is clean at the head of its queue and lies in one leaf table, its pages
 * are on this hart's stacks, nobody holds the lock. For one page the section
 * calls nothing and so needs no stack frame. Where pages are missing, or do not
 * go back that easily, it does what it can, and the general steps go on from
 * there. Whatever else is not so is left to the general path from the start.
 *
 * An area that vmalloc() backed is marked VM_SIMPLE: the page table is the only
 * record of its frames. It is claimed here whatever its size.
 *
 * At most FAST_PAGES, so that interrupts stay off for a short while only.
 */
#ifndef MM_VMALLOC_FAST_H
#define MM_VMALLOC_FAST_H

#include "mm/backing.h"
#include "mm/entries.h"
#include "mm/mm_internal.h"
#include "mm/page_internal.h"
#include "mm/pgtable_internal.h"
#include "mm/vm_index.h"

#define FAST_PAGES ENTRIES_MAX

static __always_inline bool is_fast_size(unsigned long size)
{
	return size - 1 < (unsigned long)FAST_PAGES << PAGE_SHIFT;
}

/*
 * An area out of the pool, its fields set but for the state, and the own lock,
 * or NULL and no lock. Only for sizes that is_fast_size() admits. Interrupts off.
 */
static __always_inline struct vm_area *
fast_reserve(struct vmap_hart *own, unsigned long size, unsigned long align,
             unsigned long flags, const void *caller) __no_lock_analysis
{
	unsigned long pages = PFN_UP(size);
	struct vm_area *area;

	if (unlikely(!vmap_lock_at_once(own)))
		return NULL;
	area = pool_head(own, pages, align);
	if (unlikely(!area) || unlikely(!area->ptes) ||
	    unlikely(own->deferred) ||
	    unlikely(pages >= NAPOT_PTES && pte_uses_napot())) {
		spin_unlock(&own->lock);
		return NULL;
	}
	pool_take_head(own, area, pages);
	area->vm.flags = flags | VM_SIMPLE;
	area->vm.caller = caller;
	area->vm.requested_size = size;
	area->vm.nr_pages = (unsigned int)pages;
	return area;
}

static __always_inline bool fast_populate_page(struct vm_area *area,
                                               pgprot_t prot)
{
	struct page *page = page_stack_pop(&page_cache_own()->stacks[0]);

	if (unlikely(!page))
		return false;
	*area->ptes = page_to_pte(page, prot);
	return true;
}

/* The whole area, of 2 to FAST_PAGES pages, if it is one block. */
static __always_inline bool
fast_populate_block(struct vm_area *area, unsigned long pages, pgprot_t prot)
{
	unsigned int order = highest_order(pages);
	struct page *page = NULL;

	if (IS_POWER_OF_2(pages))
		page = page_stack_pop(&page_cache_own()->stacks[order]);
	if (unlikely(!page))
		return false;
	entries_fill(area->ptes, page_to_pte(page, prot), 1u << order);
	return true;
}

/* A block for each bit of the size while the stacks have them; their pages. */
static __always_inline unsigned long fast_populate_blocks(struct vm_area *area,
                                                          pgprot_t prot)
{
	struct page_cache *cache = page_cache_own();
	pte_t *pte = area->ptes;
	pte_t *end = pte + area->vm.nr_pages;

	while (pte != end) {
		unsigned int order = highest_order(end - pte);
		struct page *page = page_stack_pop(&cache->stacks[order]);

		if (unlikely(!page))
			break;
		entries_fill(pte, page_to_pte(page, prot), 1u << order);
		pte += 1ul << order;
	}
	return pte - area->ptes;
}

/* From page @done on in single pages, if nothing larger is at hand. */
static __always_inline unsigned long
fast_populate_singles(struct vm_area *area, unsigned long done, pgprot_t prot)
{
	unsigned long left = area->vm.nr_pages - done;

	if (page_order_at_hand(highest_order(left)) > 0)
		return 0;
	return entries_take_singles(page_cache_own(), area->ptes + done, left,
	                            prot);
}

/* The address of the area, which is busy from here on. */
static __always_inline void *
fast_publish(struct vmap_hart *own, struct vm_area *area,
             unsigned long irq_flags) __no_lock_analysis
{
	own->counters.vmalloc_pages += area->vm.nr_pages;
	area_make_busy(own, area);
	spin_unlock(&own->lock);
	irq_restore(irq_flags);
	return area->vm.addr;
}

/* The area is the caller's to go on with. */
static __always_inline void
fast_hide(struct vmap_hart *own, struct vm_area *area,
          unsigned long irq_flags) __no_lock_analysis
{
	area->state = AREA_BUILDING;
	spin_unlock(&own->lock);
	irq_restore(irq_flags);
}

/*
 * The simple area at @addr, DYING and ours, and the own lock, or NULL and no
 * lock. Interrupts off.
 */
static __always_inline struct vm_area *
fast_claim(struct vmap_hart *own, const void *addr) __no_lock_analysis
{
	const unsigned long kind = VM_ALLOC | VM_SIMPLE;
	struct vm_area *area;

	if (unlikely(!vmap_lock_at_once(own)))
		return NULL;
	area = vm_index_at_page((vaddr_t)addr);
	if (unlikely(!area) || unlikely(area->vm.addr != addr) ||
	    unlikely((area->vm.flags & (kind | VM_INTERNAL)) != kind) ||
	    unlikely(own->deferred) || unlikely(!area_win(area))) {
		spin_unlock(&own->lock);
		return NULL;
	}
	own->counters.unmaps++;
	own->counters.vmalloc_pages -= area->vm.nr_pages;
	return area;
}

/* The same of a VM_MMAP area that has just this size and an owner. */
static __always_inline struct vm_area *
fast_claim_mapping(struct vmap_hart *own, const void *addr,
                   unsigned long size) __no_lock_analysis
{
	const unsigned long kind = VM_MMAP | VM_SIMPLE;
	struct vm_area *area;

	if (unlikely(!vmap_lock_at_once(own)))
		return NULL;
	area = vm_index_at_page((vaddr_t)addr);
	if (unlikely(!area) || unlikely(area->vm.addr != addr) ||
	    unlikely(area->vm.size != size + PAGE_SIZE) ||
	    unlikely((area->vm.flags & kind) != kind) ||
	    unlikely(own->deferred) || unlikely(!area_is_busy(area)) ||
	    unlikely(!area->owner) || unlikely(!area_win(area))) {
		spin_unlock(&own->lock);
		return NULL;
	}
	own->counters.unmaps++;
	return area;
}

/* @pte: NULL for an area whose guard lies in another leaf table. */
static __always_inline bool fast_unpopulate_page(pte_t *pte)
{
	if (unlikely(!pte) ||
	    unlikely(!page_cache_push(page_cache_own(), pte_first_page(*pte),
	                              0)))
		return false;
	*pte = 0;
	return true;
}

/* The whole area, of more than one page, if it is one block. */
static __always_inline bool fast_unpopulate_block(pte_t *pte,
                                                  unsigned long pages)
{
	unsigned int order;

	if (pages > FAST_PAGES || !pte || !IS_POWER_OF_2(pages))
		return false;
	order = highest_order(pages);
	if (unlikely(!page_cache_push(page_cache_own(), pte_first_page(*pte),
	                              order)))
		return false;
	entries_clear(pte, 1u << order);
	return true;
}

/* The area has no pages any more. True: call vmap_purge(). */
static __always_inline bool
fast_retire(struct vmap_hart *own, struct vm_area *area,
            struct area_queue *queue, long pinned_pages,
            unsigned long irq_flags, const void *caller) __no_lock_analysis
{
	bool owes_purge = pool_retire(own, area, queue, pinned_pages, caller);

	spin_unlock(&own->lock);
	irq_restore(irq_flags);
	return owes_purge;
}

#endif /* MM_VMALLOC_FAST_H */
