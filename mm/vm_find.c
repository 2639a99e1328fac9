/* SPDX-License-Identifier: MIT */
/*
 * Which area is it? For the callers of the API, for calls that are given a range
 * of addresses, and for reports about addresses that should not have been freed.
 */
#include <linux/vmalloc.h>

#include "core/backtrace.h"
#include "core/report.h"
#include "lib/printf.h"
#include "mm/vm_area.h"
#include "mm/vm_index.h"
#include "mm/vm_walk.h"

static struct vm_area *find_busy(vaddr_t va, bool exact)
{
	unsigned long irq_flags = vmap_lock_own();
	struct vm_area *area =
		exact ? vm_index_exact(va) : vm_index_containing(va);

	if (area && (!area_is_busy(area) || area->vm.flags & VM_MAP_RAM))
		area = NULL;
	vmap_unlock_own(irq_flags);
	return area;
}

/* Callers may note things in it, of which vunmap_fast() knows nothing. */
static struct vm_struct *hand_out(struct vm_area *area)
{
	__atomic_fetch_and(&area->vm.flags, ~VM_PLAIN, __ATOMIC_RELAXED);
	return &area->vm;
}

struct vm_struct *find_vm_area(const void *addr)
{
	struct vm_area *area = find_busy((vaddr_t)addr, true);

	if (!area)
		return NULL;
	if (area->vm.flags & VM_ALLOC && area->vm.nr_pages > 0 &&
	    !in_interrupt())
		vm_area_fill_pages(area, GFP_KERNEL);
	return hand_out(area);
}

struct vm_struct *find_vm_area_containing(const void *addr)
{
	struct vm_area *area = find_busy((vaddr_t)addr, false);

	return area ? hand_out(area) : NULL;
}

struct vm_area *vm_area_next(vaddr_t from, vaddr_t end, unsigned long flags)
{
	unsigned long irq_flags = vmap_lock_own();
	struct vm_area *area = vm_index_containing(from);

	if (!area)
		area = vm_index_next(from);
	while (area && area_start(area) < end &&
	       (!area_is_busy(area) || (area->vm.flags & flags) != flags))
		area = vm_index_next(area_end(area));
	vmap_unlock_own(irq_flags);
	return area && area_start(area) < end ? area : NULL;
}

struct vm_area *vm_area_holding(vaddr_t start, size_t size)
{
	struct vm_area *area = find_busy(start, false);
	vaddr_t usable_end;

	if (!area)
		return NULL;
	usable_end = area_start(area) + (area_usable_pages(area) << PAGE_SHIFT);
	return start < usable_end && size <= usable_end - start ? area : NULL;
}

/* What @addr is, for whoever tried to free it; all locks held. */
static void explain(const void *addr, char *buf, size_t size)
{
	struct vm_area *area = vm_index_containing((vaddr_t)addr);
	char caller[64];
	char freer[64];
	const char *kind;

	if (!is_vmalloc_addr(addr)) {
		ksnprintf(buf, size, "outside the vmalloc window");
		return;
	}
	if (!area) {
		ksnprintf(buf, size, "no area there");
		return;
	}
	kind = area_kind_name(area_kind_of(area->vm.flags));
	symbol_format((uintptr_t)area->vm.caller, caller, sizeof(caller));
	symbol_format((uintptr_t)area->freed_by, freer, sizeof(freer));
	if (area_start(area) != (vaddr_t)addr) {
		ksnprintf(buf, size, "%lu bytes inside a %s area of %s at %p",
		          (vaddr_t)addr - area_start(area), kind, caller,
		          area->vm.addr);
	} else if (area->state == AREA_LAZY) {
		ksnprintf(buf, size,
		          "double free: allocated by %s, first freed by %s",
		          caller, freer);
	} else if (area->state == AREA_DYING) {
		ksnprintf(buf, size,
		          "double free: allocated by %s, the first free is not "
		          "done yet",
		          caller);
	} else {
		ksnprintf(buf, size, "wrong kind: a %s area of %s", kind,
		          caller);
	}
}

void vm_area_report_bad_free(const char *function, const void *addr)
{
	unsigned long irq_flags = vmap_freeze();
	char why[224];

	explain(addr, why, sizeof(why));
	vmap_thaw(irq_flags);
	report("%s(%p): %s; nothing freed", function, addr, why);
}
