/* SPDX-License-Identifier: MIT */
/*
 * brk(): one mapping whose addresses are reserved at the first call, and whose
 * memory ends at the break. Other mappings never come into its way; beyond what
 * was reserved the break does not move, and callers then go to mmap().
 */
#include <errno.h>

#include "posix/mapping_internal.h"
#include "posix/syscalls.h"

/* With its guard page, 32 leaf tables that are nobody else's. */
#define HEAP_BYTES ((64ul << 20) - PAGE_SIZE)

static vaddr_t heap_break; /* [L] of mappings_mutex */

static bool make_heap(const void *caller)
{
	struct vm_area *area = mapping_reserve(HEAP_BYTES, 0, caller);

	if (!area)
		return false;
	area->owner = NULL;
	vm_area_publish(area);
	heap_break = area_start(area);
	mapping_heap = area;
	return true;
}

static bool grow(vaddr_t start, vaddr_t end)
{
	const struct region like = {
		.start = start,
		.end = end,
		.prot = PROT_READ | PROT_WRITE,
		.flags = REGION_HEAP,
	};
	const struct region *above = region_above(mapping_heap, start);
	struct region *region;
	struct region_spares none = { 0 };

	if (above && above->start < end)
		return false;
	region = region_new(&like);
	if (!region)
		return false;
	if (mapping_back(mapping_heap, region) != 0) {
		region_free(region);
		return false;
	}
	(void)region_splice(mapping_heap, start, end, region, &none);
	region_merge(mapping_heap);
	return true;
}

static void move_break(vaddr_t to, const void *caller)
{
	const vaddr_t old = PAGE_ALIGN(heap_break);
	const vaddr_t new = PAGE_ALIGN(to);

	if (to < area_start(mapping_heap) ||
	    new > area_usable_end(mapping_heap))
		return;
	if (new > old && !grow(old, new))
		return;
	if (new < old && mapping_unmap(new, old, caller) != 0)
		return;
	heap_break = to;
}

/* The break, moved or not: that is how Linux says that it could not be. */
SYSCALL(brk, (vaddr_t to), a)
{
	vaddr_t now;

	mutex_lock(&mappings_mutex);
	if (mapping_heap || make_heap(CALLER()))
		move_break(to, CALLER());
	now = heap_break;
	mutex_unlock(&mappings_mutex);
	return (long)now;
}
