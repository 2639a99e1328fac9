/* SPDX-License-Identifier: MIT */
/*
 * A call returned an address: what lies there must be what was asked for, and
 * becomes the model's. Also how arguments are drawn.
 */
#include <linux/mm.h>

#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "model.h"

/* --- descriptors and entries ---------------------------------------------- */

void check_descriptor(const struct thing *thing)
{
	const struct vm_struct *vm =
		find_vm_area_containing((void *)thing->start);

	MUST(vm == thing->vm, "%#lx: the area is at %p, was at %p",
	     thing->start, (void *)vm, (void *)thing->vm);
	if (!vm)
		return;
	MUST((vaddr_t)vm->addr == thing->start &&
	             vm->size == thing_end(thing) - thing->start,
	     "area %#lx: [%p, +%#lx), not +%#lx", thing->start, vm->addr,
	     vm->size, thing_end(thing) - thing->start);
	MUST((vm->flags & SHOWN_FLAGS) == thing->flags,
	     "area %#lx: flags %#lx, not %#lx", thing->start,
	     vm->flags & SHOWN_FLAGS, thing->flags);
	MUST(vm->requested_size == thing->requested,
	     "area %#lx: %lu bytes requested, not %lu", thing->start,
	     vm->requested_size, thing->requested);
	MUST(!thing->caller || vm->caller == thing->caller,
	     "area %#lx: caller %p, not %p", thing->start, vm->caller,
	     thing->caller);
	if (thing->kind == THING_VMALLOC) {
		MUST(vm->nr_pages == thing->pages,
		     "area %#lx: %u pages, not %lu", thing->start, vm->nr_pages,
		     thing->pages);
	}
}

struct thing *adopt(enum thing_kind kind, const void *addr, unsigned long pages,
                    unsigned long requested, unsigned long flags)
{
	bool guarded = kind != THING_RAM && kind != THING_PCPU;
	struct thing *thing = thing_add(kind, (vaddr_t)addr, pages, guarded);

	thing->vm = find_vm_area_containing(addr);
	thing->requested = requested;
	thing->flags = flags;
	MUST((kind == THING_RAM) == !thing->vm,
	     "%p: find_vm_area_containing() says %p", addr, (void *)thing->vm);
	check_descriptor(thing);
	return thing;
}

void adopt_entry(struct thing *thing, unsigned long index, paddr_t pa,
                 unsigned long prot)
{
	vaddr_t va = thing_va(thing, index);
	pgprot_t got_prot;
	paddr_t got_pa;

	MUST(pgtable_translate(va, &got_pa, &got_prot),
	     "I-3: %#lx is not mapped", va);
	MUST(got_pa == pa && pgprot_val(got_prot) == prot,
	     "I-3: %#lx leads to %#lx with %#lx, not to %#lx with %#lx", va,
	     got_pa, pgprot_val(got_prot), pa, prot);
	cell_set(cell_at(va), pte_make(pa, __pgprot(prot)));
}

void adopt_frames(struct thing *thing, unsigned long from, unsigned long prot)
{
	for (unsigned long i = from; i < thing->pages; i++) {
		paddr_t pa = 0;

		MUST(pgtable_translate(thing_va(thing, i), &pa, NULL),
		     "I-3: %#lx is not mapped", thing_va(thing, i));
		frame_take(PFN_DOWN(pa), FRAME_AREA);
		thing_cell(thing, i)->pfn = PFN_DOWN(pa);
		adopt_entry(thing, i, pa, prot);
	}
}

/* The array of a large area's pages is an area itself. */
void adopt_array(struct thing *thing)
{
	struct page **pages = thing->vm ? thing->vm->pages : NULL;
	unsigned long bytes = thing->pages * sizeof(*pages);
	struct thing *array;

	if (thing->kind != THING_VMALLOC || thing->mm_array ||
	    !is_vmalloc_addr(pages))
		return;
	array = adopt(THING_ARRAY, pages, PFN_UP(bytes), bytes, VM_ALLOC);
	adopt_frames(array, 0, pgprot_val(PAGE_KERNEL));
	machine_check_fresh(array->start, array->pages);
	thing->mm_array = array;
}

void check_unmapped(vaddr_t start, unsigned long pages)
{
	for (unsigned long i = 0; i < pages; i++) {
		vaddr_t va = start + (i << PAGE_SHIFT);
		paddr_t pa;

		MUST(!pgtable_translate(va, &pa, NULL),
		     "I-3: %#lx leads to %#lx, and is nobody's", va, pa);
	}
}

/* I-2, I-9, I-11: seen from this hart and another, and not behind the end. */
void adopt_done(struct thing *thing)
{
	if (thing->guarded)
		check_unmapped(thing_va(thing, thing->pages), 1);
	machine_check_fresh(thing->start, thing->pages);
	contents_write(thing, 0);
	contents_write(thing, thing->pages - 1);
	for (unsigned long i = 0; i < 6 && i < thing->pages; i++)
		contents_write(thing, choose(thing->pages));
	machine_switch((unsigned int)choose(machine_harts()));
	contents_check(thing, false);
}

void release_frame(unsigned long pfn)
{
	struct frame *frame = frame_of(pfn);

	if (frame->views > 0)
		frame->owner = FRAME_VIEW;
	else
		frame_drop(pfn);
}

void release_frames(struct thing *thing)
{
	for (unsigned long i = 0; i < thing->pages; i++) {
		struct cell *cell = thing_cell(thing, i);

		if (cell->pfn)
			release_frame(cell->pfn);
		cell->pfn = 0;
	}
}

/* --- arguments ------------------------------------------------------------ */

unsigned long choose_size(void)
{
	static const unsigned long odd[] = { 1,    2,    4095, 4096,
		                             4097, 8191, 8192, 8193 };
	static const unsigned long large[] = { (2ul << 20) - 1, 2ul << 20,
		                               (2ul << 20) + 1,
		                               (4ul << 20) + 4097 };
	unsigned long size = 1 + choose(4 * PAGE_SIZE);

	switch (choose(32)) {
	case 8 ... 15:
		size = CHOOSE_FROM(odd);
		break;
	case 16 ... 25:
		size = 1 + choose(16 * PAGE_SIZE);
		break;
	case 26 ... 27:
		size = 1 + choose(70 * PAGE_SIZE);
		break;
	case 28:
		size = 1 + choose(300 * PAGE_SIZE);
		break;
	case 29:
		if (one_in(3))
			size = CHOOSE_FROM(large);
		break;
	default:
		break;
	}
	return things_have_room(PFN_UP(size)) ? size : 1;
}

unsigned long choose_count(void)
{
	static const unsigned long counts[] = { 1,  2,  3,  4,   5,  8,
		                                15, 16, 17, 31,  32, 33,
		                                63, 64, 65, 127, 2,  3 };
	static const unsigned long large[] = { 511, 512, 513, 600 };
	unsigned long count = 1 + choose(4);

	if (one_in(3))
		count = CHOOSE_FROM(counts);
	if (one_in(64))
		count = CHOOSE_FROM(large);
	return things_have_room(count) ? count : 1;
}

unsigned long choose_prot(void)
{
	static const unsigned long prots[] = {
		PTE_KERNEL_BASE | PTE_W,         PTE_KERNEL_BASE | PTE_W,
		PTE_KERNEL_BASE | PTE_W,         PTE_KERNEL_BASE,
		PTE_KERNEL_BASE | PTE_W | PTE_X, PTE_KERNEL_BASE | PTE_X,
	};

	return CHOOSE_FROM(prots);
}

struct page **choose_pages(unsigned long count)
{
	static struct page *pages[1024];
	unsigned long i = 0;

	while (i < count) {
		unsigned long run = 1 + choose(8);
		unsigned long from = choose(POOL_PAGES);

		if (one_in(8) || count - i >= POOL_RUN) {
			from = one_in(2) ? 0 : choose(POOL_RUN);
			run = POOL_RUN - from;
		}
		for (; run > 0 && i < count; run--)
			pages[i++] = pool[from++ % POOL_PAGES];
	}
	return pages;
}
