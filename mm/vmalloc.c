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

/* Requests up to this many pages do not ask first whether so many are free. */
#define SMALL_PAGES 64u
#define HUGE_PAGES  (1ul << MAX_ORDER)

struct vmalloc_wish {
	unsigned long size;
	unsigned long align;
	unsigned long flags;
	gfp_t gfp;
	pgprot_t prot;
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

static void *back_and_publish(struct vm_area *area, unsigned long pages,
                              const struct vmalloc_wish *wish)
{
	unsigned long done =
		area_populate(area, 0, pages, wish->gfp, wish->prot);

	if (unlikely(done < pages)) {
		area_unpopulate(area, done);
		give_up(area, wish);
		return NULL;
	}
	area->vm.requested_size = wish->size;
	area->vm.nr_pages = (unsigned int)pages;
	if (pages <= FAST_PAGES && area->ptes && area->whole_blocks)
		area->vm.flags |= VM_SIMPLE;
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
	return back_and_publish(area, pages, wish);
}

static void *vmalloc_in(const struct vmalloc_wish *wish, vaddr_t start,
                        vaddr_t end)
{
	unsigned long pages = acceptable_pages(wish);
	struct vm_area *area = NULL;

	if (pages == 0)
		return NULL;
	if (may_wait(wish))
		vm_area_run_deferred();
	if (wants_huge(wish, pages))
		area = vm_area_reserve_in(pages, LEAF_TABLE_SIZE, wish->flags,
		                          start, end, GFP_NOWAIT, wish->caller);
	if (!area)
		area = vm_area_reserve_in(pages, wish->align, wish->flags,
		                          start, end, wish->gfp, wish->caller);
	if (!area) {
		complain(wish, "no address space");
		return NULL;
	}
	return back_and_publish(area, pages, wish);
}

static __noinline void *vmalloc_slowly(unsigned long size, unsigned long flags,
                                       gfp_t gfp, pgprot_t prot,
                                       const void *caller)
{
	struct vmalloc_wish wish = { .size = size,
		                     .align = PAGE_SIZE,
		                     .flags = flags,
		                     .gfp = gfp,
		                     .prot = prot,
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
	vm_area_publish(area);
	return area->vm.addr;
}

/* <= 80 instructions for one page from the pools */
static __noinline void *vmalloc_flags(unsigned long size, unsigned long flags,
                                      gfp_t gfp, pgprot_t prot,
                                      const void *caller)
{
	struct vm_area *area = NULL;

	if (likely(is_fast_size(size) && !(gfp & (__GFP_DMA32 | __GFP_ZERO)) &&
	           !in_interrupt()))
		area = vmalloc_fast(size, PAGE_SIZE, VM_ALLOC | flags, prot,
		                    caller, false);
	if (likely(area))
		return area->vm.addr;
	return vmalloc_slowly(size, VM_ALLOC | flags, gfp, prot, caller);
}

static __noinline void *vzalloc_flags(unsigned long size, unsigned long flags,
                                      const void *caller)
{
	struct vm_area *area = NULL;

	if (likely(is_fast_size(size) && !in_interrupt()))
		area = vmalloc_fast(size, PAGE_SIZE, VM_ALLOC | flags,
		                    PAGE_KERNEL, caller, true);
	if (likely(area))
		return zero_and_publish(area);
	return vmalloc_slowly(size, VM_ALLOC | flags, GFP_KERNEL | __GFP_ZERO,
	                      PAGE_KERNEL, caller);
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
	struct vmalloc_wish wish = { .size = size,
		                     .align = align,
		                     .flags = VM_ALLOC,
		                     .gfp = gfp_mask,
		                     .prot = prot,
		                     .caller = caller };

	if (!prot_is_sane(prot) || !node_exists(node))
		return NULL;
	if (start == VMALLOC_START && end == VMALLOC_END) {
		struct vm_area *area = NULL;
		bool zero = gfp_mask & __GFP_ZERO;

		if (likely(is_fast_size(size) && IS_POWER_OF_2(align) &&
		           !(gfp_mask & __GFP_DMA32) && !in_interrupt() &&
		           (!zero || pgprot_val(prot) & PTE_W)))
			area = vmalloc_fast(size, align, VM_ALLOC, prot, caller,
			                    zero);
		if (!area)
			return vmalloc_anywhere(&wish);
		return zero ? zero_and_publish(area) : area->vm.addr;
	}
	return vmalloc_in(&wish, start, end);
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
