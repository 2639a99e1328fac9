/* SPDX-License-Identifier: MIT */
/*
 * Linux 3.7's list of areas, for code that walks it. The order is the index's;
 * the links are made when somebody who holds the lock looks, so that nobody else
 * pays for them.
 */
#include <linux/vmalloc.h>

#include "core/hart.h"
#include "core/report.h"
#include "mm/vm_area.h"
#include "mm/vm_index.h"

vmlist_lock_t vmlist_lock;

/* Who froze the window through this file; written by the holder only. */
static const struct hart *holder; /* [A] */
static unsigned long holder_irq_flags;

void vmlist_read_lock(void)
{
	unsigned long irq_flags = vmap_freeze();

	holder_irq_flags = irq_flags;
	__atomic_store_n(&holder, this_hart, __ATOMIC_RELAXED);
}

void vmlist_read_unlock(void)
{
	unsigned long irq_flags;

	if (__atomic_load_n(&holder, __ATOMIC_RELAXED) != this_hart) {
		report("read_unlock(&vmlist_lock): this hart does not hold it");
		return;
	}
	irq_flags = holder_irq_flags;
	__atomic_store_n(&holder, NULL, __ATOMIC_RELAXED);
	vmap_thaw(irq_flags);
}

static bool is_listed(const struct vm_area *area)
{
	return area_is_busy(area) &&
	       !(area->vm.flags & (VM_MAP_RAM | VM_UNLIST));
}

struct vm_struct *vmlist_view(void)
{
	struct vm_struct *first = NULL;
	struct vm_struct **link = &first;
	struct vm_area *area;

	if (__atomic_load_n(&holder, __ATOMIC_RELAXED) != this_hart) {
		report("vmlist: read without vmlist_lock");
		return NULL;
	}
	for (area = vm_index_next(VMALLOC_START); area;
	     area = vm_index_next(area_end(area))) {
		if (!is_listed(area))
			continue;
		*link = &area->vm;
		link = &area->vm.next;
	}
	*link = NULL;
	return first;
}
