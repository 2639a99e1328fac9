/* SPDX-License-Identifier: MIT */
/*
 * The common vmalloc and vfree, each in one lock section that calls nothing and
 * so needs no stack frame: an area of the right size is clean at the head of its
 * queue and lies in one leaf table, its pages are on this hart's stacks, nobody
 * holds the lock. Whatever is not so is left to the general path. An area made
 * here, or like one made here, is marked VM_SIMPLE and is freed the same way.
 *
 * At most FAST_PAGES, so that interrupts stay off for a short while only.
 */
#ifndef MM_VMALLOC_FAST_H
#define MM_VMALLOC_FAST_H

#include "mm/entries.h"
#include "mm/mm_internal.h"
#include "mm/page_internal.h"
#include "mm/pgtable_internal.h"
#include "mm/vm_index.h"

#define FAST_PAGES ENTRIES_MAX

static __always_inline unsigned int highest_order(unsigned long pages)
{
	unsigned int order = 0;

	while (2ul << order <= pages)
		order++;
	return order;
}

/* Is a block for each bit of @pages on the stacks? */
static __always_inline bool stacks_hold(const struct page_cache *cache,
                                        unsigned long pages)
{
	const struct page_stack *stack = cache->stacks;

	if (pages == 1)
		return stack->top[-1];
	for (; pages > 0; pages >>= 1, stack++)
		if (pages & 1 && !stack->top[-1])
			return false;
	return true;
}

static __always_inline void fast_populate(pte_t *pte, unsigned long pages,
                                          pgprot_t prot)
{
	struct page_cache *cache = page_cache_own();
	unsigned int order;

	if (likely(pages == 1)) {
		*pte = page_to_pte(page_stack_pop(&cache->stacks[0]), prot);
		return;
	}
	order = highest_order(pages);
	while (pages > 0) {
		struct page *page;

		while (1ul << order > pages)
			order--;
		page = page_stack_pop(&cache->stacks[order]);
		entries_fill(pte, page_to_pte(page, prot), 1u << order);
		pte += 1ul << order;
		pages -= 1ul << order;
	}
}

static __always_inline bool is_fast_size(unsigned long size)
{
	return size - 1 < (unsigned long)FAST_PAGES << PAGE_SHIFT;
}

/*
 * A mapped area, busy unless @stay_hidden, or NULL. Only for sizes that
 * is_fast_size() admits, without __GFP_DMA32, outside interrupts.
 */
static __always_inline struct vm_area *
vmalloc_fast(unsigned long size, unsigned long align, unsigned long flags,
             pgprot_t prot, const void *caller, bool stay_hidden)
{
	unsigned long pages = PFN_UP(size);
	struct vmap_hart *own = vmap_own();
	unsigned long irq_flags = irq_save();
	struct vm_area *area = NULL;

	if (unlikely(!vmap_lock_at_once(own)))
		goto out_irq;
	area = pool_head(own, pages, align);
	if (unlikely(!area) || unlikely(!area->ptes) ||
	    unlikely(own->deferred) ||
	    unlikely(!stacks_hold(page_cache_own(), pages)) ||
	    unlikely(pages >= NAPOT_PTES && pte_uses_napot())) {
		area = NULL;
		goto out_unlock;
	}
	pool_take_head(own, area, pages);
	fast_populate(area->ptes, pages, prot);
	area->vm.flags = flags | VM_SIMPLE;
	area->vm.caller = caller;
	area->vm.requested_size = size;
	area->vm.nr_pages = (unsigned int)pages;
	area->whole_blocks = true;
	if (stay_hidden) {
		area->state = AREA_BUILDING;
	} else {
		own->counters.vmalloc_pages += (long)pages;
		area_make_busy(own, area);
	}
out_unlock:
	spin_unlock(&own->lock);
out_irq:
	irq_restore(irq_flags);
	return area;
}

enum fast_free { NOTHING_DONE, ALL_FREED, PURGE_OWED, PAGES_LEFT };

/* Unmap and free from the end of the area on; returns the pages left over. */
static __always_inline unsigned long fast_unpopulate(pte_t *pte,
                                                     unsigned long pages)
{
	struct page_cache *cache = page_cache_own();
	unsigned int order = 0;

	if (likely(pages == 1)) {
		if (unlikely(!page_cache_push(cache, pte_first_page(*pte), 0)))
			return 1;
		*pte = 0;
		return 0;
	}
	/* Smallest block last in the area: bits from the lowest up. */
	for (; pages >> order > 0; order++) {
		unsigned long block = 1ul << order;
		pte_t *first;

		if (!(pages & block))
			continue;
		first = pte + pages - block;
		if (unlikely(!page_cache_push(cache, pte_first_page(*first),
		                              order)))
			break;
		entries_clear(first, (unsigned int)block);
		pages -= block;
	}
	return pages;
}

/*
 * Free the simple area at @addr. PAGES_LEFT: it is DYING and *area_out, *left_out
 * say what remains; PURGE_OWED: call vmap_purge(). Outside interrupts.
 */
static __always_inline enum fast_free vfree_fast(const void *addr,
                                                 const void *caller,
                                                 struct vm_area **area_out,
                                                 unsigned long *left_out)
{
	const unsigned long kind = VM_ALLOC | VM_SIMPLE;
	struct vmap_hart *own = vmap_own();
	unsigned long irq_flags = irq_save();
	enum fast_free result = NOTHING_DONE;
	struct vm_area *area;
	unsigned long pages;

	if (unlikely(!vmap_lock_at_once(own)))
		goto out_irq;
	area = vm_index_at_page((vaddr_t)addr);
	if (unlikely(!area) || unlikely(area->vm.addr != addr) ||
	    unlikely((area->vm.flags & (kind | VM_INTERNAL)) != kind) ||
	    unlikely(own->deferred) || unlikely(!area_win(area)))
		goto out_unlock;
	pages = area->vm.nr_pages;
	own->counters.unmaps++;
	own->counters.vmalloc_pages -= (long)pages;
	*left_out = fast_unpopulate(area->ptes, pages);
	*area_out = area;
	result = PAGES_LEFT;
	if (likely(*left_out == 0)) {
		result = ALL_FREED;
		if (pool_retire(own, area, &own->queues[pages - 1],
		                (long)pages + 1, caller))
			result = PURGE_OWED;
	}
out_unlock:
	spin_unlock(&own->lock);
out_irq:
	irq_restore(irq_flags);
	return result;
}

#endif /* MM_VMALLOC_FAST_H */
