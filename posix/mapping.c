/* SPDX-License-Identifier: MIT */
/*
 * Ranges of addresses under mmap(): taken, given back, changed. The common pair,
 * a mapping made and given back whole, needs the mutex only to find it again: an
 * area is built before anybody sees it and taken apart when nobody does any more.
 */
#include "posix/mapping.h"

#include <errno.h>
#include <linux/slab.h>

#include "core/hart.h"
#include "lib/page_ops.h"
#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "posix/mapping_internal.h"

#define ALIGN_MAX (64ul << 20)
/* Up to so many pages there is a shorter way. */
#define SIMPLE_PAGES 64ul

/* By PROT_*; 0 for what is refused. Any access includes reading. */
static const pgprot_t prots[PROT_READ | PROT_WRITE | PROT_EXEC] = {
	[PROT_NONE] = PAGE_HIDDEN,    [PROT_READ] = PAGE_KERNEL_RO,
	[PROT_WRITE] = PAGE_KERNEL,   [PROT_READ | PROT_WRITE] = PAGE_KERNEL,
	[PROT_EXEC] = PAGE_KERNEL_RX, [PROT_READ | PROT_EXEC] = PAGE_KERNEL_RX,
};

int mapping_prot(unsigned int prot, pgprot_t *prot_out)
{
	if (prot & ~(unsigned int)(PROT_READ | PROT_WRITE | PROT_EXEC))
		return -EINVAL;
	if (prot & PROT_WRITE && prot & PROT_EXEC)
		return -EACCES;
	*prot_out = prots[prot];
	return 0;
}

/* Of a region, whose protection was looked at when it was made. */
static pgprot_t prot_of(const struct region *region)
{
	return prots[region->prot];
}

/* mlockall(MCL_FUTURE) */
bool mappings_locked;
struct vm_area *mapping_heap;

bool region_is_eager(const struct region *region)
{
	if (region->flags & REGION_NORESERVE || region->prot == PROT_NONE)
		return false;
	return region->flags & REGION_EAGER || mappings_locked ||
	       region->end - region->start <= EAGER_BYTES;
}

/*
 * A large mapping starts at a multiple of the largest power of two that it
 * holds: leaves fit, and allocators that want their segments aligned find them so.
 */
struct vm_area *mapping_reserve(size_t bytes, vaddr_t at, const void *caller)
{
	const unsigned long pages = bytes >> PAGE_SHIFT;
	struct vm_area *area = NULL;
	unsigned long align = ALIGN_MAX;

	if (at) {
		return vm_area_reserve_in(pages, PAGE_SIZE, VM_MMAP, at,
		                          at + bytes + PAGE_SIZE, GFP_NOWAIT,
		                          caller);
	}
	if (likely(bytes < LEAF_TABLE_SIZE))
		return vm_area_reserve(pages, PAGE_SIZE, VM_MMAP, GFP_KERNEL,
		                       caller);
	while (align > bytes)
		align >>= 1;
	area = vm_area_reserve(pages, align, VM_MMAP, GFP_NOWAIT, caller);
	if (!area)
		area = vm_area_reserve(pages, PAGE_SIZE, VM_MMAP, GFP_KERNEL,
		                       caller);
	return area;
}

/* Zeroed through its own addresses where they may be written: interrupts on. */
static bool back_at_once(struct vm_area *area, pgprot_t prot)
{
	const unsigned long pages = area_usable_pages(area);
	const bool writable = pgprot_val(prot) & PTE_W;
	const gfp_t gfp = writable ? GFP_KERNEL : GFP_KERNEL | __GFP_ZERO;
	unsigned long done = 0;

	if (likely(pages == 1 || has_free_pages(pages)))
		done = area_populate(area, 0, pages, gfp, prot);
	if (unlikely(done < pages)) {
		area_free_runs(area, 0, done);
		return false;
	}
	area->vm.nr_pages = (unsigned int)pages;
	area->vm.flags |= VM_SIMPLE;
	if (writable) {
		char *at = area->vm.addr;
		char *end = at + (pages << PAGE_SHIFT);

		for (; at < end; at += PAGE_SIZE)
			clear_page(at);
	}
	return true;
}

int mapping_back(struct vm_area *area, const struct region *region)
{
	int err = 0;

	if (region->file)
		return mapping_fill_from_file(area, region);
	if (region_is_eager(region)) {
		err = sparse_fill(area, region->start, region->end,
		                  prot_of(region));
	} else {
		mapping_faults_enable();
		if (!(region->flags & REGION_NORESERVE) &&
		    region->prot != PROT_NONE &&
		    !has_free_pages((region->end - region->start) >>
		                    PAGE_SHIFT))
			err = -ENOMEM;
	}
	if (err)
		sparse_drop(area, region->start, region->end, false);
	return err;
}

int mapping_publish(struct vm_area *area, struct region *region,
                    const void *caller)
{
	int err;

	if (likely(!region->file && region_is_eager(region)))
		err = back_at_once(area, prot_of(region)) ? 0 : -ENOMEM;
	else
		err = mapping_back(area, region);
	if (unlikely(err)) {
		vm_area_retire(area, caller);
		return err;
	}
	area->owner = region_owner(region);
	vm_area_publish(area);
	return 0;
}

static bool is_simple(const struct region *region, size_t bytes)
{
	return bytes <= SIMPLE_PAGES << PAGE_SHIFT && !region->file &&
	       region->prot != PROT_NONE && !(region->flags & REGION_NORESERVE);
}

static __noinline int create_slowly(struct region *region, vaddr_t at,
                                    const void *caller)
{
	const size_t bytes = region->end - region->start;
	struct vm_area *area = mapping_reserve(bytes, at, caller);

	if (!area)
		return -ENOMEM;
	region->start = area_start(area);
	region->end = region->start + bytes;
	return mapping_publish(area, region, caller);
}

int mapping_create(struct region *region, vaddr_t at, const void *caller)
{
	const size_t bytes = region->end - region->start;

	if (unlikely(at || !is_simple(region, bytes)))
		return create_slowly(region, at, caller);
	return vm_area_map_simple(bytes, prot_of(region), region_owner(region),
	                          caller)
	               ? 0
	               : -ENOMEM;
}

void mapping_drop(struct vm_area *area, const struct region *regions)
{
	for (; regions; regions = regions->next)
		sparse_drop(area, regions->start, regions->end,
		            regions->file && regions->flags & REGION_SHARED);
}

void mapping_discard(struct vm_area *area, struct region *regions,
                     const void *caller)
{
	if (likely(area->vm.flags & VM_SIMPLE))
		area_free_runs(area, 0, area->vm.nr_pages);
	else
		mapping_drop(area, regions);
	region_free(regions);
	vm_area_retire(area, caller);
}

/* Nobody finds the area from here on. Its regions. */
static struct region *claim_whole(struct vm_area *area)
{
	unsigned long flags = spin_lock_irqsave(&regions_lock);
	struct region *regions = area_regions(area);

	area->owner = NULL;
	spin_unlock_irqrestore(&regions_lock, flags);
	(void)vm_area_claim(area->vm.addr, VM_MMAP);
	return regions;
}

/* Does [start, end) hold all regions of @area? */
static bool holds_all(const struct vm_area *area, vaddr_t start, vaddr_t end)
{
	const struct region *region = area_regions(area);

	if (area == mapping_heap || !region || region->start < start)
		return false;
	while (region->next)
		region = region->next;
	return region->end <= end;
}

void mapping_flush(const struct vm_area *area, vaddr_t start, vaddr_t end)
{
	if (area->huge_leaves > 0) /* one may have been split */
		tlb_flush_all();
	else
		tlb_flush_range(start, end);
}

void mapping_replace(struct vm_area *area, vaddr_t start, vaddr_t end,
                     struct region *in, struct region_spares *spares)
{
	struct region *old;

	area->vm.flags &= ~VM_SIMPLE;
	old = region_splice(area, start, end, in, spares);
	if (!old)
		return;
	mapping_drop(area, old);
	mapping_flush(area, start, end);
	region_free(old);
}

bool mapping_unmap_whole(vaddr_t start, vaddr_t end, const void *caller)
{
	struct area_owner *owner;

	mutex_lock(&mappings_mutex);
	owner = vm_area_unmap_simple((void *)start, end - start, &regions_lock,
	                             caller);
	mutex_unlock(&mappings_mutex);
	if (likely(owner))
		region_free((struct region *)owner);
	return owner;
}

int mapping_split_ends(vaddr_t start, vaddr_t end)
{
	struct vm_area *first = mapping_next(start, end);
	struct vm_area *area;
	int err = 0;

	if (first && area_start(first) < start)
		err = sparse_split(start, lower(end, area_usable_end(first)),
		                   false);
	for (area = first; area && !err;
	     area = mapping_next(area_end(area), end)) {
		if (area_usable_end(area) > end)
			err = sparse_split(higher(start, area_start(area)), end,
			                   false);
		if (area_end(area) >= end)
			break;
	}
	return err;
}

int mapping_unmap(vaddr_t start, vaddr_t end, const void *caller)
{
	struct region_spares spares;
	struct vm_area *area;
	int err;

	if (!region_spares_get(&spares))
		return -ENOMEM;
	err = mapping_split_ends(start, end);
	for (area = mapping_next(start, end); area && !err;
	     area = mapping_next(start, end)) {
		const vaddr_t first = higher(start, area_start(area));

		start = area_end(area);
		if (holds_all(area, first, end)) {
			mapping_discard(area, claim_whole(area), caller);
		} else {
			mapping_replace(area, first,
			                lower(end, area_usable_end(area)), NULL,
			                &spares);
		}
		if (start >= end)
			break;
	}
	region_spares_put(&spares);
	return err;
}

int mapping_for_each(vaddr_t start, vaddr_t end, region_function *function,
                     void *context)
{
	struct vm_area *area = mapping_next(start, end);
	int err = 0;

	for (; area && !err; area = mapping_next(area_end(area), end)) {
		struct region *region = region_above(area, start);

		for (; region && !err && region->start < end;
		     region = region->next) {
			err = function(area, region,
			               higher(start, region->start),
			               lower(end, region->end), context);
		}
		if (area_end(area) >= end)
			break;
	}
	return err;
}

static int check_gap(struct vm_area *area, struct region *region, vaddr_t start,
                     vaddr_t end, void *context)
{
	vaddr_t *covered = context;

	(void)area, (void)region;
	if (start != *covered)
		return -ENOMEM;
	*covered = end;
	return 0;
}

bool mapping_covers(vaddr_t start, vaddr_t end)
{
	vaddr_t covered = start;

	return mapping_for_each(start, end, check_gap, &covered) == 0 &&
	       covered == end;
}

int mapping_populate(struct vm_area *area, const struct region *region,
                     vaddr_t start, vaddr_t end)
{
	area->vm.flags &= ~VM_SIMPLE;
	return sparse_fill(area, start, end, prot_of(region));
}

struct visit {
	mapping_visit *function;
	void *context;
};

static int visit_region(struct vm_area *area, struct region *region,
                        vaddr_t start, vaddr_t end, void *context)
{
	const struct visit *visit = context;
	struct mapping_note note = {
		.start = start,
		.end = end,
		.prot = (int)region->prot,
		.flags = region->flags & REGION_SHARED ? MAP_SHARED
		                                       : MAP_PRIVATE,
		.heap = region->flags & REGION_HEAP,
		.file = region->file,
		.offset = region->offset,
	};

	(void)area;
	if (region->flags & REGION_NORESERVE)
		note.flags |= MAP_NORESERVE;
	note.present = sparse_count(start, end);
	return visit->function(&note, visit->context) ? 0 : 1;
}

void mappings_visit(mapping_visit *visit, void *context)
{
	struct visit pair = { visit, context };

	mutex_lock(&mappings_mutex);
	(void)mapping_for_each(VMALLOC_START, VMALLOC_END, visit_region, &pair);
	mutex_unlock(&mappings_mutex);
}
