/* SPDX-License-Identifier: MIT */
/*
 * MAP_FIXED. Inside one mapping the new region takes the old ones' place in one
 * step: another thread that looks there meanwhile sees the old memory or the new.
 * A range that reaches beyond is first unmapped and then filled piece by piece,
 * since an area cannot grow over another one:
 *
 *   areas    [aaaaaaaaaaa g]        [bbbbbbbbb g]        g: guard page
 *   range          |--------------------|
 *   pieces         |aaaaa|g|  new   |bbb|
 */
#include <errno.h>

#include "posix/mapping_internal.h"

static bool is_inside(const struct vm_area *area, const struct region *region)
{
	return area && area_start(area) <= region->start &&
	       region->end <= area_usable_end(area);
}

/* In the place of what @area has there. The region is its then. */
static int place_inside(struct vm_area *area, struct region *region)
{
	struct region_spares spares;
	int err;

	if (!region_spares_get(&spares))
		return -ENOMEM;
	err = mapping_split_ends(region->start, region->end);
	if (!err) {
		region->flags |= REGION_FILLING;
		mapping_replace(area, region->start, region->end, region,
		                &spares);
		err = mapping_back(area, region);
		region->flags &= ~REGION_FILLING;
		if (err) {
			(void)region_splice(area, region->start, region->end,
			                    NULL, &spares);
		} else {
			region_merge(area);
		}
	}
	region_spares_put(&spares);
	return err;
}

/* Where the piece that begins at @va ends, and the mapping that it lies in. */
static vaddr_t piece_end(vaddr_t va, vaddr_t end, struct vm_area **area_out)
{
	struct vm_area *area = mapping_next(va, end);

	*area_out = NULL;
	if (!area)
		return end;
	if (area_start(area) > va)
		return area_start(area);
	*area_out = area;
	return lower(end, area_end(area));
}

static int place_piece(struct vm_area *area, struct region *piece,
                       const void *caller)
{
	if (area && piece->end > area_usable_end(area))
		area->guarded = false;
	if (area)
		return place_inside(area, piece);
	area = vm_area_reserve_at(piece->start,
	                          (piece->end - piece->start) >> PAGE_SHIFT,
	                          VM_MMAP, caller);
	return area ? mapping_publish(area, piece, caller) : -ENOMEM;
}

static int place_pieces(const struct region *region, const void *caller)
{
	vaddr_t va = region->start;
	int err = 0;

	while (va < region->end && !err) {
		struct region *piece = region_new(region);
		struct vm_area *area;

		if (!piece)
			return -ENOMEM;
		piece->start = va;
		piece->end = piece_end(va, region->end, &area);
		piece->offset += va - region->start;
		va = piece->end;
		err = place_piece(area, piece, caller);
		if (err)
			region_free(piece);
	}
	return err;
}

/* Something of the range is neither free nor a mapping's. */
static bool is_foreign(vaddr_t start, vaddr_t end)
{
	struct vm_area *area = vm_area_next(start, end, 0);

	for (; area; area = vm_area_next(area_end(area), end, 0)) {
		if (!(area->vm.flags & VM_MMAP))
			return true;
		if (area_end(area) >= end)
			break;
	}
	return false;
}

static int say_mapped(struct vm_area *area, struct region *region,
                      vaddr_t start, vaddr_t end, void *unused)
{
	(void)area, (void)region, (void)start, (void)end, (void)unused;
	return -EEXIST;
}

int mapping_place(struct region *region, bool replace, const void *caller)
{
	const vaddr_t start = region->start;
	const vaddr_t end = region->end;
	struct vm_area *area;
	int err;

	if (is_foreign(start, end))
		return replace ? -ENOMEM : -EEXIST;
	if (!replace) {
		err = mapping_for_each(start, end, say_mapped, NULL);
		if (err)
			return err;
	}
	area = mapping_next(start, end);
	if (is_inside(area, region))
		return place_inside(area, region);
	if (!area && mapping_create(region, start, caller) == 0)
		return 0;
	region->start = start;
	region->end = end;
	err = mapping_unmap(start, end, caller);
	if (err)
		return err;
	err = place_pieces(region, caller);
	if (err)
		(void)!mapping_unmap(start, end, caller);
	else
		region_free(region);
	return err;
}
