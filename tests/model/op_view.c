/* SPDX-License-Identifier: MIT */
/*
 * Second views by remap_vmalloc_range(), and protection of pages.
 */
#include <errno.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "mm/pgtable.h"
#include "model.h"

static unsigned long view_pages(const struct thing *window)
{
	return (window->view.vm_end - window->view.vm_start) >> PAGE_SHIFT;
}

static void add_view(struct thing *window, const struct thing *source,
                     unsigned long offset)
{
	unsigned long first =
		(window->view.vm_start - window->start) >> PAGE_SHIFT;
	unsigned long prot = pgprot_val(window->view.vm_page_prot);

	for (unsigned long i = 0; i < view_pages(window); i++) {
		pte_t pte = thing_cell(source, offset + i)->pte;

		frame_of_pte(pte)->views++;
		adopt_entry(window, first + i, pte_phys(pte), prot);
	}
	machine_check_fresh(window->view.vm_start, view_pages(window));
	contents_check(window, false);
}

/* A part of a reserved area, or the whole. */
static void choose_view(struct thing *window, struct vm_area_struct *view,
                        unsigned long most)
{
	unsigned long from = choose(window->pages);
	unsigned long count = choose_between(1, window->pages - from);

	if (count > most && !one_in(8))
		count = most;
	*view = (struct vm_area_struct){
		.vm_start = thing_va(window, from),
		.vm_end = thing_va(window, from + count),
		.vm_page_prot = __pgprot(choose_prot()),
	};
}

static bool is_taken(const struct vm_area_struct *view)
{
	unsigned long va;

	for (va = view->vm_start; va < view->vm_end; va += PAGE_SIZE)
		if (cell_at(va)->pte)
			return true;
	return false;
}

static bool part_is_mapped(const struct thing *thing, unsigned long from,
                           unsigned long count)
{
	for (unsigned long i = 0; i < count; i++)
		if (!thing_cell(thing, from + i)->pte)
			return false;
	return true;
}

/* Mostly one that has @flag. */
static struct thing *pick_with(unsigned int kinds, unsigned long flag)
{
	struct thing *thing = thing_pick(kinds);

	for (unsigned int i = 0; i < 12 && thing && !(thing->flags & flag); i++)
		thing = thing_pick(kinds);
	return thing;
}

/* Mostly one that fits. */
static unsigned long choose_offset(const struct thing *source,
                                   unsigned long count)
{
	unsigned long offset = choose(source->pages + 1);

	if (offset + count > source->pages && count <= source->pages &&
	    !one_in(8))
		offset = source->pages - count;
	return one_in(64) ? ~0ul >> choose(14) : offset;
}

/* In the order in which it is asked. */
static int foretell_view(const struct thing *source, unsigned long offset,
                         const struct vm_area_struct *view)
{
	unsigned long count = (view->vm_end - view->vm_start) >> PAGE_SHIFT;
	bool fits = count <= source->pages && offset <= source->pages - count;

	if (fits && source->flags & VM_USERMAP) {
		if (is_taken(view))
			return -EBUSY;
		if (part_is_mapped(source, offset, count))
			return 0;
	}
	return -EINVAL;
}

void op_view(void)
{
	struct thing *window = pick_with(KIND(THING_RESERVED), VM_MAP);
	struct thing *source = pick_with(
		KIND(THING_VMALLOC) | KIND(THING_VMAP) | KIND(THING_PUT),
		VM_USERMAP);
	struct vm_area_struct view;
	unsigned long offset;
	int want;
	int err;

	/* What was unmapped by hand may not be flushed yet. */
	if (!window || !source || window->by_hand || window->view.vm_end ||
	    !(window->flags & VM_MAP))
		return;
	choose_view(window, &view, source->pages);
	offset = choose_offset(source,
	                       (view.vm_end - view.vm_start) >> PAGE_SHIFT);
	want = foretell_view(source, offset, &view);
	TRAIL("view of %#lx + %lu at [%#lx, %#lx)", source->start, offset,
	      view.vm_start, view.vm_end);
	allow_flushes(1 + window->pages / 64);
	err = remap_vmalloc_range(&view, (void *)source->start, offset);
	TRAIL("  %ld", (unsigned long)err);
	if (want == 0 && err == -ENOMEM && memory_is_short(0))
		return;
	MUST(err == want, "remap_vmalloc_range: %d, not %d", err, want);
	if (err) {
		/* What was written and taken back is not flushed. */
		window->by_hand = true;
		return;
	}
	window->view = view;
	add_view(window, source, offset);
}

void unview(struct thing *window)
{
	unsigned long first =
		(window->view.vm_start - window->start) >> PAGE_SHIFT;

	for (unsigned long i = 0; i < view_pages(window); i++) {
		struct cell *cell = thing_cell(window, first + i);
		struct frame *frame = frame_of_pte(cell->pte);

		frame->views--;
		if (frame->owner == FRAME_VIEW && frame->views == 0)
			frame_drop(PFN_DOWN(pte_phys(cell->pte)));
		cell_set(cell, 0);
	}
	window->view.vm_end = 0;
}

void op_unview(void)
{
	struct thing *window = NULL;

	for (unsigned int i = 0; i < MODEL_THINGS && !window; i++)
		if (things[i].live && things[i].view.vm_end)
			window = &things[i];
	if (!window)
		return;
	TRAIL("end of the view at %#lx", window->view.vm_start);
	allow_flushes(1 + view_pages(window) / 64);
	unmap_vmalloc_range(&window->view);
	check_unmapped(window->view.vm_start, view_pages(window));
	machine_check_fresh(window->view.vm_start, view_pages(window));
	unview(window);
}

/* --- protection ------------------------------------------------------------------- */

struct protection {
	int (*set)(unsigned long addr, int numpages);
	unsigned long set_bits;
	unsigned long clear_bits;
};

static const struct protection protections[] = {
	{ set_memory_ro, 0, PTE_W },
	{ set_memory_rw, PTE_R | PTE_W, 0 },
	{ set_memory_x, PTE_X, 0 },
	{ set_memory_nx, PTE_R, PTE_X },
};

static unsigned long changed(pte_t pte, const struct protection *how)
{
	return (pgprot_val(pte_prot(pte)) & ~how->clear_bits) | how->set_bits;
}

static bool is_writable_code(unsigned long prot)
{
	return (prot & (PTE_W | PTE_X)) == (PTE_W | PTE_X);
}

/* The first page that cannot be changed decides. */
static int foretell(const struct thing *thing, unsigned long from,
                    unsigned long count, const struct protection *how)
{
	for (unsigned long i = from; i < from + count; i++) {
		pte_t pte = thing_cell(thing, i)->pte;

		if (!pte)
			return -ENOMEM;
		if (is_writable_code(changed(pte, how)) &&
		    !is_writable_code(pgprot_val(pte_prot(pte))))
			return -EINVAL;
	}
	return 0;
}

void op_protect(void)
{
	struct thing *thing = thing_pick(ANY_THING & ~KIND(THING_RAM));
	const struct protection *how =
		&protections[choose(ARRAY_SIZE(protections))];
	unsigned long from;
	unsigned long count;
	int want;
	int err;

	if (!thing || memory_is_short(0))
		return;
	from = choose(thing->pages);
	count = choose_between(1, thing->pages - from);
	want = foretell(thing, from, count, how);
	TRAIL("protect %#lx + %lu, %lu pages, set %#lx, clear %#lx",
	      thing->start, from, count, how->set_bits, how->clear_bits);
	allow_flushes(1);
	if (want == -EINVAL)
		expect_reports(1);
	err = how->set(thing_va(thing, from), (int)count);
	MUST(err == want, "set_memory: %d, not %d", err, want);
	for (unsigned long i = from; !err && i < from + count; i++) {
		pte_t pte = thing_cell(thing, i)->pte;

		adopt_entry(thing, i, pte_phys(pte), changed(pte, how));
	}
	if (!err)
		machine_check_fresh(thing_va(thing, from), count);
}
