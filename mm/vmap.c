/* SPDX-License-Identifier: MIT */
/*
 * vmap: an area over pages that somebody else owns. The mapping never keeps
 * pages alive and never frees them, unless the caller hands them over with
 * VM_MAP_PUT_PAGES.
 */
#include <linux/vmalloc.h>

#include "core/report.h"
#include "mm/memblock.h"
#include "mm/mm_internal.h"
#include "mm/page_alloc.h"
#include "mm/vm_area.h"
#include "mm/vmap_fast.h"

/* Of a frame number in an entry (priv. spec 4.4.1). */
#define PFN_BITS 44

#define VMAP_FLAGS (VM_MAP | VM_USERMAP | VM_MAP_PUT_PAGES | VM_DMA_COHERENT)

static pgprot_t never_executable(pgprot_t prot)
{
	return __pgprot(pgprot_val(prot) & ~PTE_X);
}

static bool vmap_is_legal(const char *name, const void *array,
                          unsigned int count, unsigned long flags,
                          pgprot_t prot)
{
	if (unlikely(in_interrupt()))
		report("%s: in an interrupt", name);
	else if (unlikely(!array && count > 0))
		report("%s: no array for %u pages", name, count);
	else if (unlikely(flags & ~VMAP_FLAGS)) {
		report("%s: flags %#lx are not for callers", name,
		       flags & ~VMAP_FLAGS);
	} else if (unlikely(!pgprot_is_sane(never_executable(prot)))) {
		report("%s: protection %#lx is not one a kernel page may have",
		       name, pgprot_val(prot));
	} else {
		return count != 0 && count <= nr_total_pages();
	}
	return false;
}

static __noinline void *vmap_slowly(struct page **pages, unsigned int count,
                                    unsigned long flags, pgprot_t prot,
                                    const void *caller)
{
	struct vm_area *area;

	if (!vmap_is_legal("vmap", pages, count, flags, prot))
		return NULL;
	vm_area_run_deferred();
	area = vm_area_reserve(count, PAGE_SIZE, flags | VM_MAP, GFP_KERNEL,
	                       caller);
	if (unlikely(!area))
		return NULL;
	if (unlikely(vm_area_map_page_array(area, 0, pages, count,
	                                    never_executable(prot)) != 0)) {
		vm_area_retire(area, caller);
		return NULL;
	}
	if (flags & VM_MAP_PUT_PAGES) {
		area->vm.pages = pages;
		area->vm.nr_pages = count;
	}
	vm_area_publish(area);
	return area->vm.addr;
}

/*
 * The two hot paths get their caller as an argument: reading it, gcc would make
 * them a stack frame.
 */
static __noinline void *vmap_for(struct page **pages, unsigned int count,
                                 unsigned long flags, pgprot_t prot,
                                 const void *caller)
{
	struct vm_area *area = NULL;

	if (likely(pages && count - 1 < ENTRIES_MAX &&
	           !(flags & ~(VM_MAP | VM_USERMAP)) &&
	           pgprot_val(prot) == pgprot_val(PAGE_KERNEL) &&
	           !in_interrupt() && !CONFIG_CHECK))
		area = vmap_fast(pages, COUNT_IN_REGISTER(count),
		                 flags | VM_MAP, caller);
	if (likely(area))
		return area->vm.addr;
	return vmap_slowly(pages, count, flags, prot, caller);
}

void *vmap(struct page **pages, unsigned int count, unsigned long flags,
           pgprot_t prot)
{
	return vmap_for(pages, count, flags, prot, CALLER());
}

static void unmap_area(struct vm_area *area, const void *caller)
{
	if (area->vm.flags & VM_WINDOW)
		remap_drop_views(area);
	vm_area_unmap(area);
	/* The array of a VM_MAP_PUT_PAGES area is the caller's again. */
	area_drop_pages(area);
	vm_area_retire(area, caller);
}

static void unmap_deferred(struct vm_area *area)
{
	unmap_area(area, area->freed_by);
}

#define VUNMAP_KINDS (VM_MAP | VM_IOREMAP | VM_SPARSE)

static __noinline void vunmap_slowly(const void *addr, const void *caller)
{
	unsigned long accept = VUNMAP_KINDS;
	struct vm_area *area;

	if (!addr)
		return;
	if (CONFIG_VM_COMPAT_FREE)
		accept |= VM_ALLOC;
	area = vm_area_claim(addr, accept);
	if (unlikely(!area)) {
		vm_area_report_bad_free("vunmap", addr);
		return;
	}
	if (unlikely(in_interrupt())) {
		area->freed_by = caller;
		vm_area_defer(area, unmap_deferred);
		return;
	}
	vm_area_run_deferred();
	unmap_area(area, caller);
}

static __noinline void vunmap_for(const void *addr, const void *caller)
{
	bool owes_purge = false;

	if (unlikely(in_interrupt()) ||
	    unlikely(!vunmap_fast(addr, VM_PLAIN, caller, &owes_purge)))
		vunmap_slowly(addr, caller);
	else if (unlikely(owes_purge))
		vmap_purge();
}

void vunmap(const void *addr)
{
	vunmap_for(addr, CALLER());
}

/* Frames that are not RAM: devices without struct page. */
void *vmap_pfn(const unsigned long *pfns, unsigned int count, pgprot_t prot)
{
	struct vm_area *area;
	unsigned int i;

	if (!vmap_is_legal("vmap_pfn", pfns, count, 0, prot))
		return NULL;
	for (i = 0; i < count; i++) {
		if (pfns[i] >> PFN_BITS) {
			report("vmap_pfn: there is no frame %#lx", pfns[i]);
			return NULL;
		}
		if (memblock_is_ram(PFN_PHYS(pfns[i]), PFN_PHYS(pfns[i] + 1))) {
			report("vmap_pfn: frame %#lx is RAM", pfns[i]);
			return NULL;
		}
	}
	area = vm_area_reserve(count, PAGE_SIZE, VM_IOREMAP, GFP_KERNEL,
	                       CALLER());
	if (!area)
		return NULL;
	for (i = 0; i < count; i++) {
		if (vm_area_map_block(area, i, PFN_PHYS(pfns[i]), 1,
		                      never_executable(prot)) != 0) {
			vm_area_clear(area, 0, i);
			vm_area_retire(area, CALLER());
			return NULL;
		}
	}
	vm_area_publish(area);
	return area->vm.addr;
}
