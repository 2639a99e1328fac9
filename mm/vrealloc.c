/* SPDX-License-Identifier: MIT */
/*
 * vrealloc: a vmalloc area changes its size by moving page-table entries, not
 * bytes. The new area is mapped completely before the old one is touched, so
 * every failure leaves the old one as it was.
 */
#include <linux/vmalloc.h>
#include <string.h>

#include "core/report.h"
#include "mm/mm_internal.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"

/*
 * Map the first @count pages of @from at the start of @to as well, each with the
 * protection that it has.
 */
static bool alias_pages(const struct vm_area *from, struct vm_area *to,
                        unsigned long count)
{
	unsigned long index = 0;

	while (index < count) {
		vaddr_t va = area_start(from) + (index << PAGE_SHIFT);
		pgprot_t prot;
		paddr_t phys;
		unsigned long run = area_extent(from, index, &phys);

		if (run == 0 || !pgtable_translate(va, &phys, &prot))
			break;
		if (run > count - index)
			run = count - index;
		if (run >= PTES_PER_TABLE &&
		    vm_area_map_huge(to, index, phys, prot))
			run = PTES_PER_TABLE;
		else if (vm_area_map_block(to, index, phys, run, prot) != 0)
			break;
		index += run;
	}
	if (index < count)
		vm_area_clear(to, 0, index);
	return index == count;
}

static bool build(const struct vm_area *from, struct vm_area *to,
                  unsigned long pages, gfp_t gfp, pgprot_t prot)
{
	unsigned long old_pages = from->vm.nr_pages;
	unsigned long keep = pages < old_pages ? pages : old_pages;
	unsigned long done = pages;

	if (pages > keep)
		done = area_populate(to, keep, pages, gfp, prot);
	if (done == pages && alias_pages(from, to, keep))
		return true;
	if (done > keep)
		area_free_runs(to, keep, done);
	return false;
}

/*
 * What the new area did not take goes back. The array names it, so that nothing
 * has to be split and nothing can fail.
 */
static void retire_old(struct vm_area *old, unsigned long keep,
                       const void *caller)
{
	unsigned long pages = old->vm.nr_pages;

	vm_area_unmap(old);
	if (keep < pages)
		area_free_array(old->vm.pages + keep, pages - keep);
	area_drop_pages(old);
	vm_area_retire(old, caller);
}

/* At 2 MiB where that lets large leaves be used, but not at any price. */
static struct vm_area *reserve(const struct vm_area *old, unsigned long pages,
                               gfp_t gfp, const void *caller)
{
	unsigned long flags = (old->vm.flags & ~VM_VPAGES) | VM_SIMPLE;
	struct vm_area *area = NULL;

	if (pages >= PTES_PER_TABLE && vmap_huge_enabled())
		area = vm_area_reserve(pages, LEAF_TABLE_SIZE, flags,
		                       gfp & ~__GFP_RECLAIM, caller);
	if (!area)
		area = vm_area_reserve(pages, PAGE_SIZE, flags, gfp, caller);
	return area;
}

/* The moved area, BUILDING, or NULL with @old as it was. */
static struct vm_area *move(struct vm_area *old, unsigned long pages, gfp_t gfp,
                            const void *caller)
{
	struct vm_area *area;
	pgprot_t prot;
	paddr_t phys;

	if (!pgtable_translate(area_start(old), &phys, &prot))
		return NULL;
	if (pages < old->vm.nr_pages && !vm_area_fill_pages(old, gfp))
		return NULL;
	area = reserve(old, pages, gfp, caller);
	if (!area)
		return NULL;
	if (!build(old, area, pages, gfp, prot)) {
		vm_area_retire(area, caller);
		return NULL;
	}
	area->vm.nr_pages = (unsigned int)pages;
	return area;
}

/* Inside one page, which may be mapped read-only. */
static void zero_bytes(vaddr_t va, size_t bytes)
{
	paddr_t phys;

	if (pgtable_translate(va, &phys, NULL))
		memset(phys_to_virt(phys), 0, bytes);
}

/* What is left of the old last page shall read as zero; new pages do. */
static void zero_growth(struct vm_area *area, size_t old_size, size_t size,
                        gfp_t gfp)
{
	size_t end = ALIGN_UP(old_size, PAGE_SIZE);

	if (size < end)
		end = size;
	if (gfp & __GFP_ZERO && old_size < end)
		zero_bytes(area_start(area) + old_size, end - old_size);
	area->vm.requested_size = size;
}

/* Entries cleared by hand (unmap_kernel_range) cannot be moved. */
static bool is_mapped_whole(const struct vm_area *area)
{
	unsigned long index = 0;

	while (index < area->vm.nr_pages) {
		paddr_t phys;
		unsigned long run = area_extent(area, index, &phys);

		if (run == 0)
			return false;
		index += run;
	}
	return true;
}

static void *keep_in_place(struct vm_area *area, size_t size, gfp_t gfp)
{
	zero_growth(area, area->vm.requested_size, size, gfp);
	vm_area_unclaim(area);
	return area->vm.addr;
}

static void *resize(struct vm_area *area, size_t size, gfp_t gfp,
                    const void *caller)
{
	unsigned long pages = PFN_UP(size);
	unsigned long old_pages = area->vm.nr_pages;
	size_t old_size = area->vm.requested_size;
	struct vm_area *moved = NULL;

	if (pages == old_pages)
		return keep_in_place(area, size, gfp);
	if (old_pages == 0)
		report("vrealloc(%p): vmalloc did not back it", area->vm.addr);
	else if (area->pages_filled && !is_mapped_whole(area))
		report("vrealloc(%p): pages of it are unmapped", area->vm.addr);
	else if (pages != 0 && pages <= nr_total_pages())
		moved = move(area, pages, gfp, caller);
	if (!moved) {
		vm_area_unclaim(area);
		return NULL;
	}
	retire_old(area, pages < old_pages ? pages : old_pages, caller);
	zero_growth(moved, old_size, size, gfp);
	vm_area_publish(moved);
	return moved->vm.addr;
}

void *vrealloc(const void *p, size_t size, gfp_t gfp_mask)
{
	struct vm_area *area;

	if (!p)
		return __vmalloc(size, gfp_mask, PAGE_KERNEL);
	if (in_interrupt()) {
		report("vrealloc(%p): in an interrupt", p);
		return NULL;
	}
	if (size == 0) {
		vfree(p);
		return NULL;
	}
	area = vm_area_claim(p, VM_ALLOC);
	if (!area) {
		vm_area_report_bad_free("vrealloc", p);
		return NULL;
	}
	return resize(area, size, gfp_mask, CALLER());
}
