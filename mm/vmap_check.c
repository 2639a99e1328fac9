/* SPDX-License-Identifier: MIT */
/*
 * The invariants of the vmap layer, walked with everything frozen: the window is
 * partitioned into areas and holes, no guard page is mapped, every lazy area is
 * in exactly one queue, counters say what is there. Only meaningful while no
 * other hart is between claim and retire or inside a drain.
 */
#include "core/assert.h"
#include "mm/mm_internal.h"
#include "mm/pgtable.h"
#include "mm/vm_index.h"
#include "mm/vm_map_ram.h"
#include "mm/vspace.h"

struct tally {
	unsigned long va_pages;
	unsigned long lazy_areas;
	unsigned long lazy_pages;
	unsigned long pooled_pages; /* as counted */
	unsigned long pinned_pages; /* as found */
	long busy_areas;
	long vmalloc_pages;
};

static void check_unmapped(const struct vm_area *area)
{
	unsigned int level;
	vaddr_t va;

	for (va = area_start(area); va < area_end(area); va += PAGE_SIZE)
		ASSERT(!pgtable_lookup(va, &level));
}

static void check_area(const struct vm_area *area, struct tally *tally)
{
	unsigned int level;

	ASSERT(area->vm.size == area->va_pages << PAGE_SHIFT);
	ASSERT(area->state != AREA_HOLE);
	if (area->guarded)
		ASSERT(!pgtable_lookup(area_end(area) - PAGE_SIZE, &level));
	tally->va_pages += area->va_pages;
	if (area->state == AREA_LAZY) {
		check_unmapped(area);
		tally->lazy_areas++;
		tally->lazy_pages += area->va_pages;
	}
	if (area->state == AREA_BUSY) {
		tally->busy_areas++;
		if (area->vm.flags & VM_ALLOC)
			tally->vmalloc_pages += area->vm.nr_pages;
	}
}

static void check_queues(const struct vmap_hart *hart, struct tally *queued)
{
	unsigned int i;

	queued->busy_areas +=
		(long)(hart->counters.maps - hart->counters.unmaps);
	queued->vmalloc_pages += hart->counters.vmalloc_pages;
	queued->pooled_pages += hart->pooled_pages;
	for (i = 0; i < POOL_QUEUES; i++) {
		const struct vm_area *area = hart->queues[i].head;

		for (; area; area = area->queue_next) {
			ASSERT(area->state == AREA_LAZY);
			ASSERT(area->queue_next ||
			       hart->queues[i].tail == area);
			queued->lazy_areas++;
			queued->lazy_pages += area->va_pages;
			queued->pinned_pages += area->pinned_pages;
		}
	}
}

void vmap_check(void)
{
	unsigned long irq_flags = vmap_freeze();
	struct vm_area *area = vm_index_next(VMALLOC_START);
	struct tally walked = { 0 };
	struct tally queued = { 0 };
	unsigned int i;

	for (; area; area = vm_index_next(area_end(area)))
		check_area(area, &walked);
	for (i = 0; i < CONFIG_NR_HARTS; i++)
		if (harts[i] && vmap_of(i))
			check_queues(vmap_of(i), &queued);
	ASSERT(walked.lazy_areas == queued.lazy_areas);
	ASSERT(walked.lazy_pages == queued.lazy_pages);
	ASSERT(walked.busy_areas == queued.busy_areas);
	ASSERT(queued.pooled_pages == queued.pinned_pages);
	ASSERT(walked.vmalloc_pages == queued.vmalloc_pages);
	vm_index_check();
	map_ram_check();
	vspace_check();
	ASSERT(walked.va_pages + vspace_free_bytes() / PAGE_SIZE + 1 ==
	       VMALLOC_SIZE / PAGE_SIZE);
	vmap_thaw(irq_flags);
}
