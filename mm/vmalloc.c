/* SPDX-License-Identifier: MIT */
/*
 * vmalloc: an area backed by pages that nobody else has.
 *
 * One call costs a pop from the pool of areas, a pop from the pool of pages for
 * each block, a store for each entry and a store to publish
 * (docs/performance.md counts them).
 */
#include <linux/vmalloc.h>

#include "core/backtrace.h"
#include "core/log.h"
#include "core/report.h"
#include "lib/page_ops.h"
#include "mm/mm_internal.h"
#include "mm/page_alloc.h"
#include "mm/vmalloc_fast.h"

#define HUGE_PAGES (1ul << MAX_ORDER)
/* Requests up to this many pages do not ask first whether so many are free. */
#define SMALL_PAGES 64u

struct vmalloc_wish {
	unsigned long size;
	unsigned long align;
	unsigned long flags;
	gfp_t gfp;
	pgprot_t prot;
	struct area_owner *owner; /* VM_MMAP */
	const void *caller;
};

static void complain(const struct vmalloc_wish *wish, const char *why)
{
	static unsigned long failures;
	char caller[64];

	if (wish->gfp & __GFP_NOWARN)
		return;
	/* The 1st, 2nd, 4th, 8th ... failure: a loop of them is no flood. */
	failures++;
	if (!IS_POWER_OF_2(failures))
		return;
	symbol_format((uintptr_t)wish->caller, caller, sizeof(caller));
	log_warn("vmalloc: %lu bytes for %s: %s (failure %lu)", wish->size,
	         caller, why, failures);
}

static bool may_wait(const struct vmalloc_wish *wish)
{
	return wish->gfp & __GFP_RECLAIM;
}

/* Pages for a request that can be served at all, else 0. */
static unsigned long acceptable_pages(const struct vmalloc_wish *wish)
{
	unsigned long pages = PFN_UP(wish->size);

	if (unlikely(wish->size == 0)) {
		report("vmalloc: size 0");
		return 0;
	}
	if (unlikely(in_interrupt() && may_wait(wish))) {
		report("vmalloc: in an interrupt with flags that may wait");
		return 0;
	}
	if (unlikely(!IS_POWER_OF_2(wish->align))) {
		report("vmalloc: alignment %#lx is no power of two",
		       wish->align);
		return 0;
	}
	/* A size that wraps has 0 pages. */
	if (unlikely(pages == 0 ||
	             (pages > SMALL_PAGES && !has_free_pages(pages)))) {
		complain(wish, "more than is free");
		return 0;
	}
	return pages;
}

static void give_up(struct vm_area *area, const struct vmalloc_wish *wish)
{
	if (may_wait(wish))
		vm_area_retire(area, wish->caller);
	else
		vm_area_retire_quickly(area, wish->caller);
	complain(wish, "out of memory");
}

static __always_inline void area_give_to(struct vm_area *area,
                                         struct area_owner *owner)
{
	area->owner = owner;
	owner->start = area_start(area);
	owner->end = area_end(area) - PAGE_SIZE;
}

/* The first @done pages are there already. */
static bool back_with_pages(struct vm_area *area, unsigned long done,
                            const struct vmalloc_wish *wish)
{
	unsigned long pages = PFN_UP(wish->size);

	done = area_populate(area, done, pages, wish->gfp, wish->prot);
	if (unlikely(done < pages)) {
		area_free_runs(area, 0, done);
		give_up(area, wish);
		return false;
	}
	area->vm.requested_size = wish->size;
	area->vm.nr_pages = (unsigned int)pages;
	area->vm.flags |= VM_SIMPLE;
	if (unlikely(wish->owner))
		area_give_to(area, wish->owner);
	return true;
}

static void *publish(struct vm_area *area)
{
	vm_area_publish(area);
	return area->vm.addr;
}

/* Alignment that lets 2 MiB leaves be used. */
static bool wants_huge(const struct vmalloc_wish *wish, unsigned long pages)
{
	return pages >= HUGE_PAGES && vmap_huge_enabled() &&
	       wish->align < LEAF_TABLE_SIZE;
}

static void *vmalloc_anywhere(const struct vmalloc_wish *wish)
{
	unsigned long pages = acceptable_pages(wish);
	struct vm_area *area = NULL;

	if (unlikely(pages == 0))
		return NULL;
	if (may_wait(wish))
		vm_area_run_deferred();
	if (unlikely(wants_huge(wish, pages))) {
		area = vm_area_reserve(pages, LEAF_TABLE_SIZE, wish->flags,
		                       wish->gfp & ~__GFP_RECLAIM,
		                       wish->caller);
	}
	if (likely(!area))
		area = vm_area_reserve(pages, wish->align, wish->flags,
		                       wish->gfp, wish->caller);
	if (unlikely(!area)) {
		complain(wish, "no address space");
		return NULL;
	}
	return back_with_pages(area, 0, wish) ? publish(area) : NULL;
}

static __noinline void *vmalloc_in(unsigned long size, unsigned long align,
                                   vaddr_t start, vaddr_t end, gfp_t gfp,
                                   pgprot_t prot, const void *caller)
{
	struct vmalloc_wish wish = { .size = size,
		                     .align = align,
		                     .flags = VM_ALLOC,
		                     .gfp = gfp,
		                     .prot = prot,
		                     .caller = caller };
	unsigned long pages = acceptable_pages(&wish);
	struct vm_area *area = NULL;

	if (pages == 0)
		return NULL;
	if (may_wait(&wish))
		vm_area_run_deferred();
	if (wants_huge(&wish, pages))
		area = vm_area_reserve_in(pages, LEAF_TABLE_SIZE, VM_ALLOC,
		                          start, end, GFP_NOWAIT, caller);
	if (!area)
		area = vm_area_reserve_in(pages, align, VM_ALLOC, start, end,
		                          gfp, caller);
	if (!area) {
		complain(&wish, "no address space");
		return NULL;
	}
	return back_with_pages(area, 0, &wish) ? publish(area) : NULL;
}

static __noinline void *vmalloc_slowly(unsigned long size, unsigned long align,
                                       unsigned long flags, gfp_t gfp,
                                       pgprot_t prot, struct area_owner *owner,
                                       const void *caller)
{
	struct vmalloc_wish wish = { .size = size,
		                     .align = align,
		                     .flags = flags,
		                     .gfp = gfp,
		                     .prot = prot,
		                     .owner = owner,
		                     .caller = caller };

	return vmalloc_anywhere(&wish);
}

/* Zeroed with interrupts on, before anybody can see it. */
static __noinline void *zero_and_publish(struct vm_area *area)
{
	char *at = area->vm.addr;
	char *end = at + get_vm_area_size(&area->vm);

	for (; at < end; at += PAGE_SIZE)
		clear_page(at);
	return publish(area);
}

/*
 * The lock is held; the stacks had blocks for the first @done pages, which are
 * not zeroed.
 */
static __noinline void *vmalloc_rest(struct vmap_hart *own,
                                     struct vm_area *area,
                                     unsigned long irq_flags,
                                     unsigned long done, gfp_t gfp,
                                     pgprot_t prot) __no_lock_analysis
{
	struct vmalloc_wish wish = { .size = area->vm.requested_size,
		                     .gfp = gfp & ~__GFP_ZERO,
		                     .prot = prot,
		                     .owner = area->vm.flags & VM_MMAP
		                                      ? area->owner
		                                      : NULL,
		                     .caller = area->vm.caller };

	done += fast_populate_singles(area, done, prot);
	if (likely(done == area->vm.nr_pages) && !(gfp & __GFP_ZERO))
		return fast_publish(own, area, irq_flags);
	fast_hide(own, area, irq_flags);
	if (!back_with_pages(area, done, &wish))
		return NULL;
	return gfp & __GFP_ZERO ? zero_and_publish(area) : publish(area);
}

/* fast_reserve() was just called: the lock is held. */
static __noinline void *vmalloc_several(struct vmap_hart *own,
                                        struct vm_area *area,
                                        unsigned long irq_flags, gfp_t gfp,
                                        pgprot_t prot) __no_lock_analysis
{
	unsigned long done = fast_populate_blocks(area, prot);

	if (unlikely(done < area->vm.nr_pages))
		return vmalloc_rest(own, area, irq_flags, done, gfp, prot);
	if (likely(!(gfp & __GFP_ZERO)))
		return fast_publish(own, area, irq_flags);
	fast_hide(own, area, irq_flags);
	return zero_and_publish(area);
}

/* pre: what is to be zeroed is writable */
static __always_inline void *
vmalloc_quickly(unsigned long size, unsigned long align, unsigned long flags,
                gfp_t gfp, pgprot_t prot, struct area_owner *owner,
                const void *caller)
{
	unsigned long irq_flags = irq_save();
	struct vmap_hart *own = vmap_own();
	unsigned long pages = PFN_UP(size);
	struct vm_area *area = NULL;
	bool done;

	if (likely(!in_interrupt()))
		area = fast_reserve(own, size, align, flags, caller);
	if (unlikely(!area)) {
		irq_restore(irq_flags);
		return vmalloc_slowly(size, align, flags, gfp, prot, owner,
		                      caller);
	}
	if (owner)
		area_give_to(area, owner);
	done = likely(pages == 1) ? fast_populate_page(area, prot)
	                          : fast_populate_block(area, pages, prot);
	if (unlikely(!done) && !IS_POWER_OF_2(pages))
		return vmalloc_several(own, area, irq_flags, gfp, prot);
	if (unlikely(!done))
		return vmalloc_rest(own, area, irq_flags, 0, gfp, prot);
	if (likely(!(gfp & __GFP_ZERO)))
		return fast_publish(own, area, irq_flags);
	fast_hide(own, area, irq_flags);
	return zero_and_publish(area);
}

/* <= 80 instructions for one page from the pools */
static __noinline void *vmalloc_flags(unsigned long size, unsigned long flags,
                                      gfp_t gfp, pgprot_t prot,
                                      const void *caller)
{
	if (likely(is_fast_size(size) && !(gfp & (__GFP_DMA32 | __GFP_ZERO))))
		return vmalloc_quickly(size, PAGE_SIZE, VM_ALLOC | flags,
		                       gfp & ~__GFP_ZERO, prot, NULL, caller);
	return vmalloc_slowly(size, PAGE_SIZE, VM_ALLOC | flags, gfp, prot,
	                      NULL, caller);
}

static __noinline void *vzalloc_flags(unsigned long size, unsigned long flags,
                                      const void *caller)
{
	if (likely(is_fast_size(size))) {
		return vmalloc_quickly(size, PAGE_SIZE, VM_ALLOC | flags,
		                       GFP_KERNEL | __GFP_ZERO, PAGE_KERNEL,
		                       NULL, caller);
	}
	return vmalloc_slowly(size, PAGE_SIZE, VM_ALLOC | flags,
	                      GFP_KERNEL | __GFP_ZERO, PAGE_KERNEL, NULL,
	                      caller);
}

void *vm_area_map_simple(unsigned long size, pgprot_t prot,
                         struct area_owner *owner, const void *caller)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN;

	if (likely(pgprot_val(prot) & PTE_W))
		return vmalloc_quickly(size, PAGE_SIZE, VM_MMAP, gfp, prot,
		                       owner, caller);
	return vmalloc_slowly(size, PAGE_SIZE, VM_MMAP, gfp, prot, owner,
	                      caller);
}

static bool node_exists(int node)
{
	if (likely(node == NUMA_NO_NODE || node == 0))
		return true;
	report("vmalloc: there is no node %d", node);
	return false;
}

void *vmalloc(unsigned long size)
{
	return vmalloc_flags(size, 0, GFP_KERNEL, PAGE_KERNEL, CALLER());
}

void *vzalloc(unsigned long size)
{
	return vzalloc_flags(size, 0, CALLER());
}

void *vmalloc_user(unsigned long size)
{
	return vzalloc_flags(size, VM_USERMAP, CALLER());
}

void *vmalloc_node(unsigned long size, int node)
{
	if (!node_exists(node))
		return NULL;
	return vmalloc_flags(size, 0, GFP_KERNEL, PAGE_KERNEL, CALLER());
}

void *vzalloc_node(unsigned long size, int node)
{
	if (!node_exists(node))
		return NULL;
	return vzalloc_flags(size, 0, CALLER());
}

void *vmalloc_exec(unsigned long size)
{
	return vmalloc_flags(size, 0, GFP_KERNEL, PAGE_KERNEL_EXEC, CALLER());
}

void *vmalloc_32(unsigned long size)
{
	return vmalloc_flags(size, 0, GFP_KERNEL | GFP_DMA32, PAGE_KERNEL,
	                     CALLER());
}

void *vmalloc_32_user(unsigned long size)
{
	return vmalloc_flags(size, VM_USERMAP,
	                     GFP_KERNEL | GFP_DMA32 | __GFP_ZERO, PAGE_KERNEL,
	                     CALLER());
}

void *vmalloc_huge(unsigned long size, gfp_t gfp_mask)
{
	return vmalloc_flags(size, VM_ALLOW_HUGE_VMAP, gfp_mask, PAGE_KERNEL,
	                     CALLER());
}

static bool prot_is_sane(pgprot_t prot)
{
	if (likely(pgprot_is_sane(prot)))
		return true;
	report("vmalloc: protection %#lx is not one a kernel page may have",
	       pgprot_val(prot));
	return false;
}

void *__vmalloc(unsigned long size, gfp_t gfp_mask, pgprot_t prot)
{
	if (!prot_is_sane(prot))
		return NULL;
	return vmalloc_flags(size, 0, gfp_mask, prot, CALLER());
}

void *__vmalloc_node_range(unsigned long size, unsigned long align,
                           unsigned long start, unsigned long end,
                           gfp_t gfp_mask, pgprot_t prot, int node,
                           const void *caller)
{
	if (!prot_is_sane(prot) || !node_exists(node))
		return NULL;
	if (unlikely(start != VMALLOC_START || end != VMALLOC_END))
		return vmalloc_in(size, align, start, end, gfp_mask, prot,
		                  caller);
	if (likely(is_fast_size(size) && IS_POWER_OF_2(align) &&
	           !(gfp_mask & __GFP_DMA32) &&
	           (!(gfp_mask & __GFP_ZERO) || pgprot_val(prot) & PTE_W)))
		return vmalloc_quickly(size, align, VM_ALLOC, gfp_mask, prot,
		                       NULL, caller);
	return vmalloc_slowly(size, align, VM_ALLOC, gfp_mask, prot, NULL,
	                      caller);
}

void *vmalloc_array(size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return vmalloc_flags(bytes, 0, GFP_KERNEL, PAGE_KERNEL, CALLER());
}

void *vcalloc(size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return vzalloc_flags(bytes, 0, CALLER());
}
