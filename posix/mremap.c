/* SPDX-License-Identifier: MIT */
/*
 * mremap(): a mapping changes its size where it is when it can, and else moves by
 * its page-table entries. No byte is copied and no page of it is touched.
 *
 * A move is prepared where nobody sees it: the new addresses, the memory of what
 * is added. Then the old region is taken out, so that no page fault brings a page
 * meanwhile, the entries go over, and the new region is shown.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "posix/mapping_internal.h"
#include "posix/syscalls.h"

#define FLAGS_KNOWN (MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)

struct resize {
	vaddr_t start;
	vaddr_t end;  /* old */
	size_t bytes; /* new */
	unsigned int flags;
	vaddr_t wanted; /* MREMAP_FIXED */
	const void *caller;
	struct vm_area *area; /* what has [start, end) */
	struct region *region;
};

/* One region has all of the range (and some page): 0; else -EFAULT. */
static int find(struct resize *resize)
{
	struct vm_area *area = mapping_next(resize->start, resize->start + 1);
	struct region *region = area ? region_above(area, resize->start) : NULL;

	if (!region || region->start > resize->start ||
	    region->end < resize->end)
		return -EFAULT;
	resize->area = area;
	resize->region = region;
	return 0;
}

/* The memory of what a region grows by: [start, end) of @like. */
static int back_growth(struct vm_area *area, const struct region *like,
                       vaddr_t start, vaddr_t end)
{
	struct region part = *like;

	if (start >= end)
		return 0;
	part.start = start;
	part.end = end;
	part.offset += start - like->start;
	return mapping_back(area, &part);
}

static bool has_room(const struct resize *resize, vaddr_t end)
{
	struct vm_area *area = resize->area;
	const struct region *next = resize->region->next;
	const vaddr_t usable_end = area_usable_end(area);

	if (resize->region->end != resize->end || (next && next->start < end))
		return false;
	return end <= usable_end ||
	       (area->guarded && area != mapping_heap &&
	        vm_area_extend(area, (end - usable_end) >> PAGE_SHIFT) == 0);
}

/* -EAGAIN: there are no addresses behind it. */
static long grow_in_place(const struct resize *resize)
{
	const vaddr_t end = resize->start + resize->bytes;
	unsigned long flags;
	int err;

	if (!has_room(resize, end))
		return -EAGAIN;
	resize->area->vm.flags &= ~VM_SIMPLE;
	err = back_growth(resize->area, resize->region, resize->end, end);
	if (err)
		return err;
	flags = spin_lock_irqsave(&regions_lock);
	resize->region->end = end;
	spin_unlock_irqrestore(&regions_lock, flags);
	region_merge(resize->area);
	return (long)resize->start;
}

/* Where to: an area that nobody sees, or a free part of a published one. */
struct target {
	struct vm_area *area;
	bool published;
	struct region *region;
	struct region_spares spares;
};

static bool find_addresses(const struct resize *resize, struct target *target)
{
	const vaddr_t wanted = resize->wanted;
	const vaddr_t end = wanted + resize->bytes;

	if (!(resize->flags & MREMAP_FIXED)) {
		target->area =
			mapping_reserve(resize->bytes, 0, resize->caller);
		return target->area;
	}
	target->area = mapping_next(wanted, end);
	target->published = target->area;
	if (target->published)
		return area_start(target->area) <= wanted &&
		       end <= area_usable_end(target->area);
	target->area = mapping_reserve(resize->bytes, wanted, resize->caller);
	if (!target->area) {
		target->area =
			vm_area_reserve_at(wanted, resize->bytes >> PAGE_SHIFT,
		                           VM_MMAP, resize->caller);
	}
	return target->area;
}

static void give_back(struct target *target, const struct resize *resize)
{
	if (target->area && !target->published)
		vm_area_retire(target->area, resize->caller);
	region_free(target->region);
	region_spares_put(&target->spares);
}

/* Addresses and the memory of what is added. */
static int prepare(const struct resize *resize, struct target *target)
{
	const size_t old_bytes = resize->end - resize->start;
	struct region *region;

	*target = (struct target){ 0 };
	if (!region_spares_get(&target->spares))
		return -ENOMEM;
	region = region_new(resize->region);
	target->region = region;
	if (!region || !find_addresses(resize, target))
		return -ENOMEM;
	region->offset += resize->start - resize->region->start;
	region->start = resize->flags & MREMAP_FIXED ? resize->wanted
	                                             : area_start(target->area);
	region->end = region->start + resize->bytes;
	target->area->vm.flags &= ~VM_SIMPLE;
	return back_growth(target->area, region, region->start + old_bytes,
	                   region->end);
}

static void show(const struct resize *resize, struct target *target)
{
	struct region *region = target->region;

	(void)resize;
	target->region = NULL;
	if (target->published) {
		(void)region_splice(target->area, region->start, region->end,
		                    region, &target->spares);
		region_merge(target->area);
		return;
	}
	target->area->owner = region_owner(region);
	vm_area_publish(target->area);
}

/* What is left at the old addresses when @old has moved. */
static void leave(const struct resize *resize, struct region *old,
                  struct region_spares *spares)
{
	struct vm_area *area = resize->area;

	if (resize->flags & MREMAP_DONTUNMAP) {
		(void)region_splice(area, old->start, old->end, old, spares);
		mapping_faults_enable();
		tlb_flush_all();
		return;
	}
	sparse_drop(area, old->start, old->end,
	            old->file && old->flags & REGION_SHARED);
	region_free(old);
	if (area_regions(area) || area == mapping_heap) {
		tlb_flush_all(); /* tables may have moved */
		return;
	}
	(void)vm_area_claim(area->vm.addr, VM_MMAP);
	vm_area_retire(area, resize->caller);
}

static long move(const struct resize *resize)
{
	const vaddr_t kept = lower(resize->start + resize->bytes, resize->end);
	struct target target;
	struct region *old;
	int err = prepare(resize, &target);
	long result = err;

	if (!err) {
		struct region *region = target.region;

		resize->area->vm.flags &= ~VM_SIMPLE;
		old = region_splice(resize->area, resize->start, resize->end,
		                    NULL, &target.spares);
		err = sparse_move(resize->area, resize->start, kept,
		                  target.area, region->start);
		if (err) {
			(void)region_splice(resize->area, old->start, old->end,
			                    old, &target.spares);
			region_merge(resize->area);
			sparse_drop(target.area, region->start, region->end,
			            false);
		}
		result = err ? err : (long)region->start;
	}
	if (!err) {
		show(resize, &target);
		leave(resize, old, &target.spares);
		target.area = NULL;
	}
	give_back(&target, resize);
	return result;
}

/* A page of a shared mapping a second time; each has its reference. */
static int share_page(struct vm_area *area, vaddr_t va, vaddr_t from,
                      pgprot_t prot)
{
	struct page *page = sparse_page(from);
	int err;

	page_cut(page);
	page_cut(page + 1);
	get_page(page);
	err = sparse_map(area, va, page, prot);
	if (err)
		put_page(page);
	return err;
}

/* Old size 0: what is shared once more, from the start of the range on. */
static int share(const struct resize *resize, struct vm_area *area,
                 const struct region *region)
{
	const vaddr_t end = resize->start + resize->bytes;
	pgprot_t prot;
	vaddr_t va;
	int err = mapping_prot(region->prot, &prot);

	if (region->file)
		return mapping_fill_from_file(area, region);
	if (end > resize->region->end)
		return -EINVAL;
	if (!err)
		err = mapping_populate(resize->area, resize->region,
		                       resize->start, end);
	if (!err)
		err = sparse_split(resize->start, end, true);
	for (va = resize->start; va < end && !err; va += PAGE_SIZE)
		err = share_page(area, region->start + (va - resize->start), va,
		                 prot);
	if (err)
		sparse_drop(area, region->start, region->end, false);
	return err;
}

static long duplicate(const struct resize *resize)
{
	struct target target;
	int err;

	if (!(resize->region->flags & REGION_SHARED) ||
	    resize->flags != MREMAP_MAYMOVE)
		return -EINVAL;
	target = (struct target){ .region = region_new(resize->region) };
	if (!target.region)
		return -ENOMEM;
	err = find_addresses(resize, &target) ? 0 : -ENOMEM;
	if (!err) {
		struct region *region = target.region;

		region->offset += resize->start - region->start;
		region->start = area_start(target.area);
		region->end = region->start + resize->bytes;
		err = share(resize, target.area, region);
		if (!err) {
			const long result = (long)region->start;

			show(resize, &target);
			return result;
		}
	}
	give_back(&target, resize);
	return err;
}

static int check(const struct resize *resize, size_t old_size, size_t new_size)
{
	const unsigned int flags = resize->flags;
	const size_t old_bytes = resize->end - resize->start;
	const vaddr_t end = resize->wanted + resize->bytes;

	if (flags & ~(unsigned int)FLAGS_KNOWN ||
	    (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) &&
	     !(flags & MREMAP_MAYMOVE)) ||
	    (flags & MREMAP_DONTUNMAP && old_bytes != resize->bytes) ||
	    !IS_ALIGNED(resize->start, PAGE_SIZE) || new_size == 0)
		return -EINVAL;
	if (new_size > VMALLOC_SIZE)
		return -ENOMEM;
	if (old_size > VMALLOC_SIZE)
		return -EFAULT;
	if (!(flags & MREMAP_FIXED))
		return 0;
	if (!IS_ALIGNED(resize->wanted, PAGE_SIZE) ||
	    !is_vmalloc_addr((void *)resize->wanted) || end > VMALLOC_END ||
	    (resize->wanted < resize->end && resize->start < end))
		return -EINVAL;
	return 0;
}

/*
 * What is at the new place goes before, also when the rest then fails. Addresses
 * of one mapping are taken over with its area: given back first, they would have
 * to be flushed before they can be had again.
 */
static int clear_wanted(const struct resize *resize)
{
	const vaddr_t end = resize->wanted + resize->bytes;
	struct vm_area *area = mapping_next(resize->wanted, end);
	struct region_spares spares;
	int err;

	if (!area || resize->wanted < area_start(area) ||
	    area_usable_end(area) < end)
		return mapping_unmap(resize->wanted, end, resize->caller);
	if (!region_spares_get(&spares))
		return -ENOMEM;
	err = mapping_split_ends(resize->wanted, end);
	if (!err)
		mapping_replace(area, resize->wanted, end, NULL, &spares);
	region_spares_put(&spares);
	return err;
}

/* The area that clear_wanted() left, when nothing came into it. */
static void drop_cleared(const struct resize *resize)
{
	struct vm_area *area = mapping_next(resize->wanted, resize->wanted + 1);

	if (!area || area_regions(area) || area == mapping_heap)
		return;
	(void)vm_area_claim(area->vm.addr, VM_MMAP);
	vm_area_retire(area, resize->caller);
}

static long move_to_wanted(struct resize *resize)
{
	long result = clear_wanted(resize);

	/* Regions may have been cut and areas have gone meanwhile. */
	if (!result)
		result = find(resize);
	if (!result)
		result = move(resize);
	if (result != (long)resize->wanted)
		drop_cleared(resize);
	return result;
}

static long resize_locked(struct resize *resize)
{
	const size_t old_bytes = resize->end - resize->start;
	const bool stays = !(resize->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP));
	long result = find(resize);

	if (result)
		return result;
	if (old_bytes == 0)
		return duplicate(resize);
	if (resize->flags & MREMAP_DONTUNMAP && resize->region->file)
		return -EINVAL;
	if (stays && resize->bytes == old_bytes)
		return (long)resize->start;
	if (stays && resize->bytes < old_bytes) {
		result = mapping_unmap(resize->start + resize->bytes,
		                       resize->end, resize->caller);
		return result ? result : (long)resize->start;
	}
	if (stays) {
		result = grow_in_place(resize);
		if (result != -EAGAIN)
			return result;
		if (!(resize->flags & MREMAP_MAYMOVE))
			return -ENOMEM;
	}
	return resize->flags & MREMAP_FIXED ? move_to_wanted(resize)
	                                    : move(resize);
}

SYSCALL(mremap,
        (vaddr_t at, size_t old_size, size_t new_size, unsigned int flags,
         vaddr_t wanted),
        a, b, c, d, e)
{
	struct resize resize = { .start = at,
		                 .end = at + PAGE_ALIGN(old_size),
		                 .bytes = PAGE_ALIGN(new_size),
		                 .flags = flags,
		                 .wanted = wanted,
		                 .caller = CALLER() };
	long result = check(&resize, old_size, new_size);

	if (result)
		return result;
	mutex_lock(&mappings_mutex);
	result = resize_locked(&resize);
	mutex_unlock(&mappings_mutex);
	return result;
}
