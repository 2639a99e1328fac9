/* SPDX-License-Identifier: MIT */
/*
 * Freeing a thing by one of the calls that may: at once, or queued from an
 * interrupt. Whichever, nobody finds the area any more when the call returns.
 */
#include <linux/io.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "mm/vm_area.h"
#include "model.h"

enum way { AT_ONCE, IN_INTERRUPT, QUEUED };

static void call_free(struct thing *thing, enum way way)
{
	void *addr = (void *)thing->start;

	if (way == QUEUED) {
		vfree_atomic(addr);
		return;
	}
	if (way == IN_INTERRUPT)
		interrupt_begin();
	if (thing->kind == THING_DEVICE && one_in(2))
		iounmap((void __iomem *)((char *)addr + choose(PAGE_SIZE)));
	else if (thing->kind == THING_VMALLOC || thing->kind == THING_PUT)
		kvfree(addr);
	else
		vunmap(addr);
	if (way == IN_INTERRUPT)
		interrupt_end();
}

/* The pages of a VM_MAP_PUT_PAGES area are the model's again. */
static void free_put_pages(struct page **pages, unsigned long count)
{
	for (unsigned long i = 0; i < count; i++)
		__free_page(pages[i]);
	kfree(pages);
}

/* remove_vm_area(): pages and descriptor are the caller's. False: no memory. */
static bool remove_thing(struct thing *thing)
{
	bool owns = thing->kind == THING_VMALLOC;
	bool is_short = memory_is_short(thing->pages);
	struct vm_struct *removed = remove_vm_area((void *)thing->start);

	if (!removed) {
		MUST(is_short, "remove_vm_area(%#lx) fails", thing->start);
		adopt_array(thing);
		return false;
	}
	MUST((vaddr_t)removed->addr == thing->start &&
	             removed->size == thing_end(thing) - thing->start,
	     "remove_vm_area(%#lx) returns %p", thing->start, removed->addr);
	for (unsigned long i = 0; owns && i < thing->pages; i++) {
		struct page *page = removed->pages[i];

		MUST(page_to_pfn(page) == thing_cell(thing, i)->pfn,
		     "remove_vm_area(%#lx): page %lu is frame %#lx",
		     thing->start, i, page_to_pfn(page));
		__free_page(page);
	}
	if (owns)
		kvfree(removed->pages);
	kfree(removed);
	return true;
}

static bool frees_nothing(const struct thing *thing)
{
	return thing->kind == THING_VMAP || thing->kind == THING_DEVICE ||
	       thing->kind == THING_RESERVED;
}

/* Gone for the model. What was queued is still mapped for a while. */
static void forget_freed(struct thing *thing, bool queued)
{
	if (!queued)
		check_unmapped(thing->start, thing->pages);
	release_frames(thing);
	MUST(!find_vm_area_containing((void *)thing->start),
	     "%#lx is freed, and is found", thing->start);
	if (thing->mm_array) {
		/* Until the queued free is done its array is an area. */
		vm_area_run_deferred();
		release_frames(thing->mm_array);
		thing_forget(thing->mm_array);
	}
	thing_forget(thing);
}

static void free_reserved(struct thing *thing)
{
	if (thing->view.vm_end) {
		allow_flushes(2 + thing->pages / 64);
		unview(thing);
	}
	if (!(thing->flags & (VM_MAP | VM_IOREMAP | VM_SPARSE)) || one_in(2))
		free_vm_area(thing->vm);
	else
		vunmap((void *)thing->start);
	forget_freed(thing, false);
}

static void free_set(struct thing *thing)
{
	struct vm_struct **set = thing->set;
	unsigned int left = thing->set_size;

	pcpu_free_vm_areas(set, (int)left);
	for (struct thing *other = things; left > 0; other++) {
		if (!other->live || other->set != set)
			continue;
		forget_freed(other, false);
		left--;
	}
}

static void free_put(struct thing *thing)
{
	struct page **array = thing->array;
	unsigned long pages = thing->pages;

	vunmap((void *)thing->start);
	forget_freed(thing, false);
	free_put_pages(array, pages);
}

void free_thing(struct thing *thing)
{
	enum way way = AT_ONCE;

	TRAIL("free kind %lu at %#lx, %lu pages", thing->kind, thing->start,
	      thing->pages);
	contents_check(thing, thing->pages <= 8 && one_in(4));
	if (thing->kind == THING_RAM) {
		vm_unmap_ram((void *)thing->start, (unsigned int)thing->pages);
		forget_freed(thing, false);
	} else if (thing->kind == THING_PCPU) {
		free_set(thing);
	} else if (thing->kind == THING_RESERVED) {
		free_reserved(thing);
	} else if (thing->kind == THING_PUT && one_in(3)) {
		free_put(thing);
	} else if (one_in(16) &&
	           (thing->kind == THING_VMALLOC || frees_nothing(thing))) {
		if (remove_thing(thing))
			forget_freed(thing, false);
	} else {
		if (one_in(12))
			way = IN_INTERRUPT;
		else if (!frees_nothing(thing) && one_in(12))
			way = QUEUED;
		call_free(thing, way);
		TRAIL("  way %lu", way);
		forget_freed(thing, way != AT_ONCE);
	}
}

void op_free(void)
{
	struct thing *thing = thing_pick(
		one_in(4) ? ANY_THING : ANY_THING & ~KIND(THING_RAM));

	if (thing)
		free_thing(thing);
}
