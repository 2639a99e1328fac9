/* SPDX-License-Identifier: MIT */
/*
 * Address space without pages, and pages put into it by the caller's hand:
 * get_vm_area() and its kin, per-CPU ranges, views, protection.
 */
#include <errno.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "mm/pgtable.h"
#include "model.h"

/* --- reserving --------------------------------------------------------------- */

static void adopt_reserved(struct vm_struct *vm, unsigned long size,
                           unsigned long flags, const struct place *place)
{
	struct thing *thing;

	TRAIL("  %#lx", vm ? (unsigned long)vm->addr : 0);
	if (!vm) {
		MUST(may_fail(0, place), "get_vm_area of %lu bytes fails",
		     size);
		return;
	}
	thing = adopt(THING_RESERVED, vm->addr, PFN_UP(size), size, flags);
	MUST(thing->vm == vm, "get_vm_area returns %p, the area is %p",
	     (void *)vm, (void *)thing->vm);
	MUST(thing->start >= place->start && thing_end(thing) <= place->end,
	     "I-6: %#lx lies outside", thing->start);
	check_unmapped(thing->start, thing->pages + 1);
}

static void reserve_with_tables(unsigned long size, const struct place *place)
{
	static pte_t *ptes[1100];
	struct vm_struct *vm;
	bool wants = PFN_UP(size) <= ARRAY_SIZE(ptes) && one_in(2);

	TRAIL("alloc_vm_area %lu bytes", size);
	vm = alloc_vm_area(size, wants ? ptes : NULL);
	adopt_reserved(vm, size, VM_IOREMAP, place);
	for (unsigned long i = 0; vm && i < PFN_UP(size); i++) {
		vaddr_t va = (vaddr_t)vm->addr + (i << PAGE_SHIFT);
		const pte_t *table = pgtable_find_leaf_table(va);

		MUST(table, "alloc_vm_area: no table for %#lx", va);
		MUST(!wants || ptes[i] == table + pte_index(va, 0),
		     "alloc_vm_area: the entry of page %lu is elsewhere", i);
	}
}

void op_reserve(void)
{
	static const unsigned long kinds[] = { VM_MAP,   VM_MAP,    VM_IOREMAP,
		                               VM_ALLOC, VM_SPARSE, 0 };
	unsigned long size = choose_size();
	unsigned long flags = CHOOSE_FROM(kinds);
	struct place place = anywhere(PFN_UP(size) + 1);
	bool with_tables = one_in(5);

	if (!things_have_room(PFN_UP(size)))
		return;
	if (flags & VM_IOREMAP || with_tables)
		while (place.align < (place.pages - 1) << PAGE_SHIFT)
			place.align <<= 1;
	if (with_tables) {
		reserve_with_tables(size, &place);
		return;
	}
	if (one_in(3)) {
		place.start += (1 + choose(3)) << 30;
		place.end = place.start + (8ul << 20);
	}
	TRAIL("get_vm_area %lu bytes, flags %#lx, [%#lx, %#lx)", size, flags,
	      place.start, place.end);
	adopt_reserved(__get_vm_area(size, flags, place.start, place.end), size,
	               flags, &place);
}

/* --- pages by hand -------------------------------------------------------------- */

static bool any_mapped(const struct thing *thing, unsigned long from,
                       unsigned long count)
{
	for (unsigned long i = 0; i < count; i++)
		if (thing_cell(thing, from + i)->pte)
			return true;
	return false;
}

static void map_device_whole(struct thing *thing)
{
	paddr_t phys = 0x40000000ul + (choose(64) << LEVEL_SHIFT(1));
	bool busy = any_mapped(thing, 0, thing->pages);
	int err;

	TRAIL("ioremap_page_range %#lx to %#lx", thing->start, phys);
	err = ioremap_page_range(thing->start, thing_va(thing, thing->pages),
	                         phys, PAGE_KERNEL);
	if (busy || err) {
		MUST(err == (busy ? -EBUSY : -ENOMEM) &&
		             (busy || memory_is_short(0)),
		     "ioremap_page_range: %d", err);
		return;
	}
	for (unsigned long i = 0; i < thing->pages; i++)
		adopt_entry(thing, i, phys + (i << PAGE_SHIFT),
		            pgprot_val(PAGE_KERNEL));
	machine_check_fresh(thing->start, thing->pages);
}

/* Who was unmapped here without a flush must not be remembered. */
static int map_pages(struct thing *thing, unsigned long from,
                     unsigned long count, struct page **pages,
                     unsigned long *prot)
{
	unsigned long start = thing_va(thing, from);
	unsigned long bytes = count << PAGE_SHIFT;
	struct page **next = pages;
	int err;

	if (thing->flags & VM_SPARSE) {
		*prot = pgprot_val(PAGE_KERNEL);
		return vm_area_map_pages(thing->vm, start, start + bytes,
		                         pages);
	}
	if (from == 0 && count == thing->pages) {
		err = map_vm_area(thing->vm, __pgprot(*prot), &next);
		MUST(next == pages + (err ? 0 : count),
		     "map_vm_area advances by %ld", (long)(next - pages));
		return err;
	}
	err = map_kernel_range_noflush(start, bytes, __pgprot(*prot), pages);
	MUST(err < 0 || err == (int)count, "map_kernel_range: %d of %lu", err,
	     count);
	return err < 0 ? err : 0;
}

void op_map_by_hand(void)
{
	struct thing *thing = thing_pick(KIND(THING_RESERVED));
	unsigned long prot = choose_prot();
	unsigned long from;
	unsigned long count;
	struct page **pages;
	bool busy;
	int err;

	if (!thing || thing->pages > 1000)
		return;
	if (thing->flags & VM_IOREMAP) {
		if (!thing->by_hand)
			map_device_whole(thing);
		return;
	}
	from = choose(thing->pages);
	count = choose_between(1, thing->pages - from);
	busy = any_mapped(thing, from, count);
	pages = choose_pages(count);
	/* What was unmapped without a flush is the caller's to flush. */
	if (thing->by_hand && !busy) {
		unmap_kernel_range(thing_va(thing, from), count << PAGE_SHIFT);
		allow_flushes(1);
	}
	TRAIL("map %lu pages by hand at %#lx + %lu, prot %#lx", count,
	      thing->start, from, prot);
	if (busy)
		expect_reports(1);
	err = map_pages(thing, from, count, pages, &prot);
	TRAIL("  %ld", (unsigned long)err);
	if (busy || err) {
		MUST(busy ? err == -EBUSY
		          : err == -ENOMEM && memory_is_short(0),
		     "mapping by hand: %d", err);
		check_descriptor(thing);
		thing->by_hand |= err == -ENOMEM;
		return;
	}
	for (unsigned long i = 0; i < count; i++)
		adopt_entry(thing, from + i, page_to_phys(pages[i]), prot);
	machine_check_fresh(thing_va(thing, from), count);
	for (unsigned long i = 0; i < count; i += 1 + count / 8)
		contents_write(thing, from + i);
}

/* Sometimes the largest of many: its leaves must be split. */
static struct thing *pick_to_unmap(void)
{
	const unsigned int kinds = KIND(THING_RESERVED) | KIND(THING_VMALLOC) |
	                           KIND(THING_VMAP) | KIND(THING_DEVICE);
	struct thing *largest = NULL;

	if (!one_in(4))
		return thing_pick(KIND(THING_RESERVED));
	for (unsigned int i = 0; i < 24; i++) {
		struct thing *thing = thing_pick(kinds);

		if (thing && (!largest || thing->pages > largest->pages))
			largest = thing;
	}
	return largest;
}

/* So that every hart has a large leaf to remember when it is split. */
static void touch_everywhere(const struct thing *thing)
{
	for (unsigned int hart = 0; hart < machine_harts(); hart++) {
		machine_switch(hart);
		contents_check(thing, false);
	}
}

void op_unmap_by_hand(void)
{
	struct thing *thing = pick_to_unmap();
	bool flushed = !one_in(3);
	unsigned long from;
	unsigned long count;
	vaddr_t start;

	/* Splitting a large leaf and noting pages takes memory. */
	if (!thing || thing->view.vm_end || memory_is_short(thing->pages))
		return;
	from = choose(thing->pages);
	count = one_in(3) ? 1 : choose_between(1, thing->pages - from);
	start = thing_va(thing, from);
	if (thing->pages >= PTES_PER_TABLE)
		touch_everywhere(thing);
	TRAIL("unmap %lu pages by hand at %#lx + %lu", count, thing->start,
	      from);
	allow_flushes(1);
	if (thing->flags & VM_SPARSE) {
		vm_area_unmap_pages(thing->vm, start,
		                    start + (count << PAGE_SHIFT));
	} else if (!flushed) {
		unmap_kernel_range_noflush(start, count << PAGE_SHIFT);
	} else {
		vunmap_range(start, start + (count << PAGE_SHIFT));
	}
	thing->by_hand = true;
	for (unsigned long i = 0; i < count; i++)
		cell_set(thing_cell(thing, from + i), 0);
	check_unmapped(start, count);
	if (flushed || thing->flags & VM_SPARSE)
		machine_check_fresh(start, count);
	adopt_array(thing);
	contents_check(thing, false);
}

/* --- per-CPU ranges ---------------------------------------------------------------- */

void op_pcpu(void)
{
	unsigned long align = PAGE_SIZE << choose(4);
	int count = (int)(1 + choose(3));
	unsigned long offsets[3];
	size_t sizes[3];
	unsigned long offset = 0;
	struct vm_struct **vms;
	vaddr_t base = 0;

	for (int i = 0; i < count; i++) {
		offset += align * choose(4);
		offsets[i] = offset;
		sizes[i] = align * (1 + choose(3));
		offset += sizes[i];
	}
	if (!things_have_room(offset >> PAGE_SHIFT) || one_in(2))
		return;
	TRAIL("pcpu_get_vm_areas %lu aligned to %#lx", (unsigned long)count,
	      align);
	vms = pcpu_get_vm_areas(offsets, sizes, count, align);
	TRAIL("  %#lx", (unsigned long)vms);
	if (!vms) {
		struct place place = anywhere(offset >> PAGE_SHIFT);

		place.align = align;
		MUST(may_fail(0, &place), "pcpu_get_vm_areas fails");
		return;
	}
	for (int i = 0; i < count; i++) {
		struct thing *thing;

		thing = adopt(THING_PCPU, vms[i]->addr, sizes[i] >> PAGE_SHIFT,
		              sizes[i] - PAGE_SIZE, VM_ALLOC);
		if (i == 0)
			base = thing->start - offsets[0];
		MUST(thing->start == base + offsets[i] &&
		             IS_ALIGNED(base, align),
		     "pcpu range %d is at %#lx, base %#lx", i, thing->start,
		     base);
		thing->set = vms;
		thing->set_size = (unsigned int)count;
		check_unmapped(thing->start, thing->pages);
	}
}
