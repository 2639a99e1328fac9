/* SPDX-License-Identifier: MIT */
/*
 * Mapping what exists: pages of the model's pool by vmap() and vm_map_ram(),
 * frames that are no RAM by ioremap() and vmap_pfn().
 */
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "mm/pgtable.h"
#include "mm/vm_map_ram.h"
#include "model.h"

static void adopt_pages(struct thing *thing, struct page **pages,
                        unsigned long prot)
{
	for (unsigned long i = 0; i < thing->pages; i++)
		adopt_entry(thing, i, page_to_phys(pages[i]), prot);
}

/* --- vmap ------------------------------------------------------------------- */

/* Fresh pages in an array of their own, or NULL. */
static struct page **pages_to_hand_over(unsigned long count)
{
	struct page **pages = kmalloc(count * sizeof(*pages), GFP_KERNEL);

	for (unsigned long i = 0; pages && i < count; i++) {
		pages[i] = alloc_page(GFP_KERNEL);
		if (pages[i])
			continue;
		while (i-- > 0)
			__free_page(pages[i]);
		kfree(pages);
		return NULL;
	}
	return pages;
}

static void take_back(struct page **pages, unsigned long count)
{
	for (unsigned long i = 0; i < count; i++)
		__free_page(pages[i]);
	kfree(pages);
}

static void own_pages(struct thing *thing, struct page **pages)
{
	thing->array = pages;
	for (unsigned long i = 0; i < thing->pages; i++) {
		frame_take(page_to_pfn(pages[i]), FRAME_AREA);
		thing_cell(thing, i)->pfn = page_to_pfn(pages[i]);
	}
}

void op_vmap(void)
{
	static const unsigned long kinds[] = { 0, VM_MAP, VM_MAP,
		                               VM_MAP | VM_USERMAP,
		                               VM_MAP | VM_DMA_COHERENT };
	unsigned long count = choose_count();
	unsigned long prot = choose_prot();
	unsigned long flags = CHOOSE_FROM(kinds);
	struct place place = anywhere(count + 1);
	bool put = count <= 200 && one_in(6);
	struct page **pages;
	struct thing *thing;
	void *addr;

	if (!things_have_room(count))
		return;
	pages = put ? pages_to_hand_over(count) : choose_pages(count);
	if (!pages)
		return;
	if (put)
		flags |= VM_MAP_PUT_PAGES;
	TRAIL("vmap %lu pages, flags %#lx, prot %#lx", count, flags, prot);
	addr = vmap(pages, (unsigned int)count, flags, __pgprot(prot));
	TRAIL("  %#lx", (unsigned long)addr);
	if (!addr) {
		MUST(may_fail(0, &place), "vmap of %lu pages fails", count);
		if (put)
			take_back(pages, count);
		return;
	}
	thing = adopt(put ? THING_PUT : THING_VMAP, addr, count,
	              count << PAGE_SHIFT, flags | VM_MAP);
	if (put)
		own_pages(thing, pages);
	adopt_pages(thing, pages, prot & ~PTE_X);
	adopt_done(thing);
}

/* --- vm_map_ram --------------------------------------------------------------- */

void op_map_ram(void)
{
	unsigned long count = choose_count();
	unsigned long prot = PTE_KERNEL_BASE | (one_in(8) ? 0 : PTE_W);
	struct place place =
		anywhere(count > VMAP_MAX_ALLOC ? count : PTES_PER_TABLE);
	bool interrupt = one_in(12);
	struct page **pages;
	struct thing *thing;
	void *mem;

	if (!things_have_room(count))
		return;
	pages = choose_pages(count);
	if (count <= VMAP_MAX_ALLOC)
		place.align = LEAF_TABLE_SIZE;
	TRAIL("vm_map_ram %lu pages, prot %#lx interrupt=%lu", count, prot,
	      interrupt);
	allow_flushes(1);
	if (interrupt)
		interrupt_begin();
	mem = vm_map_ram(pages, (unsigned int)count, (int)choose(2) - 1,
	                 __pgprot(prot));
	if (interrupt)
		interrupt_end();
	TRAIL("  %#lx", (unsigned long)mem);
	if (!mem) {
		MUST(interrupt || may_fail(0, &place),
		     "vm_map_ram of %lu pages fails", count);
		return;
	}
	thing = adopt(THING_RAM, mem, count, 0, 0);
	adopt_pages(thing, pages, prot);
	adopt_done(thing);
}

void op_unmap_ram(void)
{
	struct thing *thing = thing_pick(KIND(THING_RAM));

	if (!thing)
		return;
	if (!one_in(8)) {
		free_thing(thing);
		return;
	}
	TRAIL("vm_unmap_ram %#lx, %lu pages, in an interrupt", thing->start,
	      thing->pages);
	interrupt_begin();
	vm_unmap_ram((void *)thing->start, (unsigned int)thing->pages);
	interrupt_end();
	check_unmapped(thing->start, thing->pages);
	thing_forget(thing);
}

/* --- devices -------------------------------------------------------------------- */

/* Where no machine of ours has RAM; never read or written. */
#define DEVICE_BASE 0x40000000ul
#define DEVICE_SIZE 0x40000000ul

static void adopt_device(const void *addr, paddr_t phys, unsigned long size,
                         unsigned long pages, unsigned long prot)
{
	struct thing *thing =
		adopt(THING_DEVICE, addr, pages, size, VM_IOREMAP);
	unsigned long align = PAGE_SIZE;

	while (align < pages << PAGE_SHIFT && align < 1ul << IOREMAP_MAX_ORDER)
		align <<= 1;
	MUST(IS_ALIGNED(thing->start, align), "I-6: ioremap of %lu pages at %p",
	     pages, addr);
	MUST(thing->vm->phys_addr == phys, "area %p: phys_addr %#lx, not %#lx",
	     addr, thing->vm->phys_addr, phys);
	for (unsigned long i = 0; i < pages; i++)
		adopt_entry(thing, i, phys + (i << PAGE_SHIFT), prot);
	check_unmapped(thing_va(thing, pages), 1);
	machine_check_fresh(thing->start, pages);
}

static void do_vmap_pfn(void)
{
	static unsigned long pfns[64];
	unsigned long count = 1 + choose(ARRAY_SIZE(pfns));
	struct place place = anywhere(count + 1);
	struct thing *thing;
	void *addr;

	for (unsigned long i = 0; i < count; i++)
		pfns[i] = PFN_DOWN(DEVICE_BASE) + choose(1000);
	TRAIL("vmap_pfn %lu", count);
	addr = vmap_pfn(pfns, (unsigned int)count, PAGE_KERNEL_RO);
	TRAIL("  %#lx", (unsigned long)addr);
	if (!addr) {
		MUST(may_fail(0, &place), "vmap_pfn fails");
		return;
	}
	thing = adopt(THING_DEVICE, addr, count, count << PAGE_SHIFT,
	              VM_IOREMAP);
	for (unsigned long i = 0; i < count; i++)
		adopt_entry(thing, i, PFN_PHYS(pfns[i]),
		            pgprot_val(PAGE_KERNEL_RO));
	machine_check_fresh(thing->start, count);
}

void op_device(void)
{
	unsigned long size = choose_size();
	paddr_t phys = DEVICE_BASE + choose(DEVICE_SIZE / 2);
	pgprot_t prot = one_in(3) ? PAGE_KERNEL : PAGE_KERNEL_NOCACHE;
	struct place place;
	unsigned long pages;
	char __iomem *addr;

	if (!things_have_room(PFN_UP(size) + 1))
		return;
	if (one_in(4)) {
		do_vmap_pfn();
		return;
	}
	if (size > LEAF_TABLE_SIZE / 2)
		phys = ALIGN_DOWN(phys, LEAF_TABLE_SIZE);
	else if (one_in(2))
		phys = ALIGN_DOWN(phys, PAGE_SIZE);
	pages = PFN_UP((phys & (PAGE_SIZE - 1)) + size);
	place = anywhere(pages + 1);
	while (place.align < pages << PAGE_SHIFT)
		place.align <<= 1;
	TRAIL("ioremap %#lx, %lu bytes", phys, size);
	if (one_in(16))
		set_iounmap_nonlazy();
	addr = ioremap_prot(phys, size, pgprot_val(prot));
	TRAIL("  %#lx", (unsigned long)addr);
	if (!addr) {
		MUST(may_fail(0, &place), "ioremap of %lu bytes fails", size);
		return;
	}
	MUST(((vaddr_t)addr & (PAGE_SIZE - 1)) == (phys & (PAGE_SIZE - 1)),
	     "ioremap(%#lx) returns %p", phys, (void *)addr);
	adopt_device((void *)((vaddr_t)addr & PAGE_MASK),
	             ALIGN_DOWN(phys, PAGE_SIZE), size, pages,
	             pgprot_val(prot));
}
