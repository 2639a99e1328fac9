/* SPDX-License-Identifier: MIT */
/*
 * Ranges at fixed distances from one base, all free at once: what per-CPU data
 * of several groups needs. The base is the highest there is, away from where
 * vmalloc() fills the window from below. Nothing is mapped, no guards.
 */
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "core/hart.h"
#include "core/report.h"
#include "mm/vm_area.h"
#include "mm/vspace.h"

static bool groups_are_apart(const unsigned long *offsets, const size_t *sizes,
                             int count)
{
	int a;
	int b;

	for (a = 0; a < count; a++) {
		for (b = 0; b < a; b++) {
			if (offsets[a] < offsets[b] + sizes[b] &&
			    offsets[b] < offsets[a] + sizes[a])
				return false;
		}
	}
	return true;
}

static bool groups_are_sane(const unsigned long *offsets, const size_t *sizes,
                            int count, size_t align)
{
	int i;

	for (i = 0; i < count; i++) {
		if (sizes[i] == 0 || !IS_ALIGNED(offsets[i] | sizes[i], align))
			return false;
		if (offsets[i] >= VMALLOC_SIZE ||
		    sizes[i] >= VMALLOC_SIZE - offsets[i])
			return false;
	}
	return groups_are_apart(offsets, sizes, count);
}

static bool request_is_sane(const unsigned long *offsets, const size_t *sizes,
                            int count, size_t align)
{
	if (in_interrupt()) {
		report("pcpu_get_vm_areas: called in an interrupt");
		return false;
	}
	if (vspace_free_bytes() == 0) {
		report("pcpu_get_vm_areas: called before vmalloc_init()");
		return false;
	}
	if (!offsets || !sizes || count <= 0 || !IS_POWER_OF_2(align) ||
	    align < PAGE_SIZE ||
	    !groups_are_sane(offsets, sizes, count, align)) {
		report("pcpu_get_vm_areas: %d groups aligned to %#lx: need "
		       "disjoint multiples of the alignment within the window",
		       count, align);
		return false;
	}
	return true;
}

/* Between search and reservation other harts may be quicker, time and again. */
#define ATTEMPTS 16u

static void drop(struct vm_struct **vms, int count, const void *caller)
{
	while (count-- > 0)
		vm_area_retire(to_area(vms[count]), caller);
}

/* Reserve every range at @base; false: another hart was quicker. */
static bool reserve_all(struct vm_struct **vms, vaddr_t base,
                        const unsigned long *offsets, const size_t *sizes,
                        int count, const void *caller)
{
	int i;

	for (i = 0; i < count; i++) {
		struct vm_area *area = vm_area_reserve_at(
			base + offsets[i], sizes[i] >> PAGE_SHIFT,
			VM_ALLOC | VM_PCPU, caller);

		if (!area) {
			drop(vms, i, caller);
			return false;
		}
		vms[i] = &area->vm;
	}
	return true;
}

struct vm_struct **pcpu_get_vm_areas(const unsigned long *offsets,
                                     const size_t *sizes, int nr_vms,
                                     size_t align)
{
	unsigned int attempts = 0;
	struct vm_struct **vms;
	vaddr_t base;
	int i;

	if (!request_is_sane(offsets, sizes, nr_vms, align))
		return NULL;
	vms = kmalloc((size_t)nr_vms * sizeof(struct vm_struct *), GFP_KERNEL);
	if (!vms)
		return NULL;
	while (!vspace_find_congruent(offsets, sizes, nr_vms, align, &base) ||
	       !reserve_all(vms, base, offsets, sizes, nr_vms, CALLER())) {
		if (++attempts == ATTEMPTS) {
			kfree(vms);
			return NULL;
		}
		if (attempts == 1)
			vmap_drain();
	}
	for (i = 0; i < nr_vms; i++)
		vm_area_publish(to_area(vms[i]));
	return vms;
}

void pcpu_free_vm_areas(struct vm_struct **vms, int nr_vms)
{
	int i;

	if (!vms || nr_vms <= 0) {
		report("pcpu_free_vm_areas(%p, %d): nothing to free", vms,
		       nr_vms);
		return;
	}
	for (i = 0; i < nr_vms; i++)
		free_vm_area(vms[i]);
	kfree(vms);
}
