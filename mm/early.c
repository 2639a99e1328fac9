/* SPDX-License-Identifier: MIT */
/*
 * Ranges that must be somebody's before the vmalloc core works: a list by
 * address, in the callers' own descriptors. vmalloc_init() turns each into an
 * area that is never freed. A mistake here is a mistake of the image: panic.
 */
#include "mm/early.h"

#include <linux/vmalloc.h>

#include "core/panic.h"
#include "core/power.h"
#include "mm/vm_area.h"
#include "mm/vspace.h"

static struct vm_struct *early_areas; /* by address; one hart, at boot */

static vaddr_t early_start(const struct vm_struct *vm)
{
	return (vaddr_t)vm->addr;
}

static vaddr_t early_end(const struct vm_struct *vm)
{
	return early_start(vm) + vm->size;
}

static void require_early(const char *function)
{
	if (vspace_free_bytes() > 0)
		panic("%s: called after vmalloc_init()", function);
	if (VMALLOC_START == 0)
		panic("%s: called before the window has its place", function);
}

/* Is it whole pages inside the window, above the permanent guard? */
static void require_range(const char *function, const struct vm_struct *vm)
{
	vaddr_t start = early_start(vm);

	if (vm->size == 0 || !IS_ALIGNED(start | vm->size, PAGE_SIZE) ||
	    start < VMALLOC_START + PAGE_SIZE || start >= VMALLOC_END ||
	    vm->size > VMALLOC_END - start) {
		panic("%s: [%#lx, +%#lx) is not whole pages of the window "
		      "behind its first",
		      function, start, vm->size);
	}
}

/* The link behind which @start belongs. */
static struct vm_struct **early_link(vaddr_t start)
{
	struct vm_struct **link = &early_areas;

	while (*link && early_start(*link) < start)
		link = &(*link)->next;
	return link;
}

void vm_area_add_early(struct vm_struct *vm)
{
	const struct vm_struct *below;
	struct vm_struct **link;

	require_early("vm_area_add_early");
	require_range("vm_area_add_early", vm);
	for (below = early_areas; below; below = below->next) {
		if (early_start(below) < early_end(vm) &&
		    early_start(vm) < early_end(below)) {
			panic("vm_area_add_early: [%#lx, %#lx) overlaps "
			      "[%#lx, %#lx)",
			      early_start(vm), early_end(vm),
			      early_start(below), early_end(below));
		}
	}
	link = early_link(early_start(vm));
	vm->next = *link;
	*link = vm;
}

/* First fit among what is registered already (B35). */
void vm_area_register_early(struct vm_struct *vm, size_t align)
{
	const struct vm_struct *other;
	vaddr_t at;

	require_early("vm_area_register_early");
	if (!IS_POWER_OF_2(align)) {
		panic("vm_area_register_early: alignment %#lx is no power of "
		      "two",
		      align);
	}
	vm->size = ALIGN_UP(vm->size, PAGE_SIZE);
	at = ALIGN_UP(VMALLOC_START + PAGE_SIZE, align);
	for (other = early_areas; other; other = other->next) {
		if (early_start(other) >= at &&
		    early_start(other) - at >= vm->size)
			break;
		if (early_end(other) > at)
			at = ALIGN_UP(early_end(other), align);
	}
	vm->addr = (void *)at;
	vm_area_add_early(vm);
}

void early_areas_import(void)
{
	const struct vm_struct *vm;

	for (vm = early_areas; vm; vm = vm->next) {
		struct vm_area *area = vm_area_reserve_at(
			early_start(vm), vm->size >> PAGE_SHIFT,
			vm->flags | VM_EARLY, vm->caller);

		if (!area) {
			refuse_boot("no memory for the early area "
			            "[%#lx, %#lx)",
			            early_start(vm), early_end(vm));
		}
		area->vm.phys_addr = vm->phys_addr;
		vm_area_publish(area);
	}
}
