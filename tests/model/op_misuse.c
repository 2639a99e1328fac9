/* SPDX-License-Identifier: MIT */
/*
 * Wrong calls. Each row makes one, says how many reports that is, and whether
 * nothing at all may have changed (I-12). A row that finds nothing to be wrong
 * with does nothing.
 */
#include <errno.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "core/machine.h"
#include "mm/pgtable.h"
#include "mm/vm_area.h"
#include "mm/vm_map_ram.h"
#include "model.h"

#define AREAS (ANY_THING & ~KIND(THING_RAM))

static void free_by_any_name(const void *addr)
{
	switch (choose(4)) {
	case 0:
		vfree(addr);
		break;
	case 1:
		vunmap(addr);
		break;
	case 2:
		vfree_atomic(addr);
		break;
	default:
		kvfree(addr);
		break;
	}
}

/* --- freeing what is no start of an area -------------------------------------- */

static void free_inside(void)
{
	struct thing *thing = thing_pick(ANY_THING);
	vaddr_t va;

	if (!thing)
		return;
	va = thing_va(thing, choose(thing->pages + thing->guarded)) +
	     choose(PAGE_SIZE);
	if (va == thing->start)
		va++;
	TRAIL("misuse: free %#lx, inside %#lx", va, thing->start);
	expect_reports(1);
	free_by_any_name((void *)va);
}

static void free_twice(void)
{
	const struct stale *range = stale_pick();

	if (!range || cell_at(range->start))
		return;
	TRAIL("misuse: free %#lx again", range->start);
	expect_reports(1);
	if (range->kind == THING_RAM)
		vm_unmap_ram((void *)range->start, (unsigned int)range->pages);
	else
		free_by_any_name((void *)range->start);
}

static void free_foreign(void)
{
	static char local;
	void *const wrong[] = {
		(void *)8,
		&local,
		page_address(pool[choose(POOL_PAGES)]),
		(void *)(VMALLOC_START + (63ul << 30) + (choose(1000) << 21)),
		(void *)~0ul,
		(void *)VMALLOC_START,
		(void *)VMALLOC_END,
	};
	void *addr = CHOOSE_FROM(wrong);

	TRAIL("misuse: free %#lx, nobody's", (unsigned long)addr);
	if (thing_at((vaddr_t)addr) ||
	    is_strange((vaddr_t)addr, (vaddr_t)addr + 1))
		return;
	expect_reports(1);
	free_by_any_name(addr);
	iounmap(NULL);
	vfree(NULL);
	vunmap(NULL);
}

static void free_as_another_kind(void)
{
	struct thing *thing = thing_pick(ANY_THING);
	void *addr = thing ? (void *)thing->start : NULL;

	if (!thing || CONFIG_VM_COMPAT_FREE)
		return;
	TRAIL("misuse: free %#lx of kind %lu as another", thing->start,
	      thing->kind);
	expect_reports(1);
	switch (thing->kind) {
	case THING_VMALLOC:
		if (one_in(2))
			vunmap(addr);
		else
			iounmap((void __iomem *)addr);
		break;
	case THING_VMAP:
	case THING_DEVICE:
		if (one_in(2))
			vfree(addr);
		else
			vm_unmap_ram(addr, (unsigned int)thing->pages);
		break;
	case THING_RAM:
	case THING_PCPU:
		if (one_in(2))
			vunmap(addr);
		else
			vfree(addr);
		break;
	case THING_PUT:
		iounmap((void __iomem *)addr);
		break;
	default:
		vm_unmap_ram(addr, 1 + (unsigned int)choose(64));
		break;
	}
}

static void unmap_ram_wrongly(void)
{
	struct thing *thing = thing_pick(KIND(THING_RAM));
	unsigned long count;
	vaddr_t va;

	if (!thing)
		return;
	count = thing->pages;
	va = thing->start;
	switch (choose(5)) {
	case 0:
		count += one_in(2) ? 1 : 256;
		break;
	case 1:
		count--;
		break;
	case 2:
		count = one_in(2) ? 0 : ~0u;
		break;
	case 3:
		va += 1 + choose(PAGE_SIZE - 1);
		break;
	default:
		va = one_in(2) ? 0 : VMALLOC_END;
		break;
	}
	TRAIL("misuse: vm_unmap_ram %#lx, %lu", va, count);
	expect_reports(1);
	vm_unmap_ram((void *)va, (unsigned int)count);
}

static void free_wrong_descriptor(void)
{
	struct thing *thing =
		thing_pick(KIND(THING_VMALLOC) | KIND(THING_RESERVED));
	struct vm_struct copy;

	if (!thing)
		return;
	copy = *thing->vm;
	TRAIL("misuse: free_vm_area of a wrong one, %#lx", thing->start);
	expect_reports(1);
	if (thing->kind == THING_VMALLOC)
		free_vm_area(thing->vm);
	else
		free_vm_area(one_in(2) ? &copy : NULL);
}

static void remove_wrongly(void)
{
	struct thing *thing = thing_pick(AREAS);

	if (!thing || !thing->guarded)
		return;
	TRAIL("misuse: remove_vm_area inside %#lx", thing->start);
	if (one_in(2)) {
		expect_reports(1);
		MUST(!remove_vm_area((char *)thing->start + 1), "removed");
	} else {
		MUST(!remove_vm_area((char *)thing_end(thing) - PAGE_SIZE),
		     "removed");
	}
}

/* --- asking for nonsense ------------------------------------------------------- */

static void allocate_nonsense(void)
{
	static const unsigned long prots[] = {
		0,
		PTE_V | PTE_W | PTE_A | PTE_D,
		PTE_KERNEL_BASE | PTE_U,
		PTE_KERNEL_BASE & ~PTE_A,
		PTE_KERNEL_BASE | 1ul << 9,
	};
	void *addr = NULL;

	TRAIL("misuse: allocate nonsense", 0);
	expect_reports(1);
	switch (choose(6)) {
	case 0:
		addr = vmalloc(0);
		break;
	case 1:
		addr = vzalloc(0);
		break;
	case 2:
		addr = vmalloc_node(PAGE_SIZE, (int)choose(8) + 1);
		break;
	case 3:
		addr = __vmalloc(PAGE_SIZE, GFP_KERNEL,
		                 __pgprot(CHOOSE_FROM(prots)));
		break;
	case 4:
		addr = get_vm_area(PAGE_SIZE, VM_NO_GUARD);
		break;
	default:
		addr = vzalloc_node(PAGE_SIZE, -2);
		break;
	}
	MUST(!addr, "nonsense is allocated at %p", addr);
}

static void overflow_sizes(void)
{
	TRAIL("misuse: sizes that overflow", 0);
	MUST(!vmalloc_array(~0ul, 2) && !vcalloc(1ul << 33, 1ul << 33),
	     "an array of 2^65 bytes");
	MUST(!get_vm_area(0, VM_MAP) && !get_vm_area(~0ul, VM_MAP) &&
	             !get_vm_area(VMALLOC_SIZE, VM_MAP),
	     "an area of all addresses");
	MUST(!alloc_vm_area(0, NULL) && !alloc_vm_area(~0ul - 4095, NULL),
	     "an area of all addresses");
	MUST(!vmap(pool, 0, VM_MAP, PAGE_KERNEL) &&
	             !vmap(pool, ~0u, VM_MAP, PAGE_KERNEL) &&
	             !vmap(pool, 1u << 20, VM_MAP, PAGE_KERNEL),
	     "vmap of more than there is");
	MUST(!vm_map_ram(pool, ~0u, -1, PAGE_KERNEL) &&
	             !vm_map_ram(pool, (1u << 20) + 1, -1, PAGE_KERNEL),
	     "vm_map_ram of more than there is");
}

static void map_nonsense(void)
{
	void *addr = NULL;

	TRAIL("misuse: map nonsense", 0);
	expect_reports(1);
	switch (choose(7)) {
	case 0:
		addr = vmap(NULL, 1, VM_MAP, PAGE_KERNEL);
		break;
	case 1:
		addr = vmap(pool, 1, VM_NO_GUARD, PAGE_KERNEL);
		break;
	case 2:
		addr = vmap(pool, 1, VM_MAP, __pgprot(PTE_V | PTE_W));
		break;
	case 3:
		addr = vm_map_ram(pool, 0, -1, PAGE_KERNEL);
		break;
	case 4:
		addr = vm_map_ram(NULL, 1, -1, PAGE_KERNEL);
		break;
	case 5:
		addr = vm_map_ram(pool, 1, 3, PAGE_KERNEL);
		break;
	default:
		addr = vm_map_ram(pool, 1, -1, PAGE_KERNEL_EXEC);
		break;
	}
	MUST(!addr, "nonsense is mapped at %p", addr);
}

static void map_no_page(void)
{
	unsigned long count = choose_count();
	struct page **pages = choose_pages(count);
	unsigned long at = one_in(2) ? choose(count) : count - 1;
	bool ram = one_in(2);
	void *addr;

	pages[at] = one_in(2) ? NULL : (struct page *)16;
	TRAIL("misuse: page %lu of %lu is none, vm_map_ram=%lu", at, count,
	      ram);
	allow_flushes(1);
	if (ram)
		addr = vm_map_ram(pages, (unsigned int)count, -1, PAGE_KERNEL);
	else
		addr = vmap(pages, (unsigned int)count, VM_MAP, PAGE_KERNEL);
	MUST(!addr, "no page is mapped at %p", addr);
}

static void map_devices_wrongly(void)
{
	unsigned long ram = PFN_DOWN(machine.memory[0].start) + 10;
	paddr_t ram_phys = PFN_PHYS(ram);

	TRAIL("misuse: devices", 0);
	MUST(!ioremap(0x40000000, 0) && !ioremap(~0ul - 10, 100) &&
	             !ioremap(1ul << 56, 1) && !ioremap((1ul << 56) - 1, 2) &&
	             !ioremap(ram_phys, 8),
	     "ioremap of what is no device");
	MUST(!ioremap_prot(0x40000000, 1, PTE_KERNEL_BASE | PTE_X) &&
	             !ioremap_prot(0x40000000, 1, PTE_KERNEL_BASE | PTE_U) &&
	             !ioremap_uc(0x40000000, 1) && !ioremap_np(0x40000000, 1),
	     "ioremap of a wrong kind");
	expect_reports(1);
	MUST(!vmap_pfn(&ram, 1, PAGE_KERNEL), "vmap_pfn of RAM");
}

/* --- ranges that are not inside an area ------------------------------------------ */

static void range_outside(void)
{
	struct thing *thing = thing_pick(AREAS);
	unsigned long bytes;
	vaddr_t va;

	if (!thing)
		return;
	va = thing_va(thing, choose(thing->pages));
	bytes = thing_end(thing) - va;
	if (!thing->guarded)
		bytes += PAGE_SIZE;
	switch (choose(4)) {
	case 0:
		bytes = 0;
		break;
	case 1:
		va += 8;
		break;
	case 2:
		bytes = ~0ul - va;
		break;
	default:
		break;
	}
	TRAIL("misuse: range %#lx, %lu bytes, of %#lx", va, bytes,
	      thing->start);
	expect_reports(1);
	if (one_in(3))
		unmap_kernel_range(va, bytes);
	else if (one_in(2))
		unmap_kernel_range_noflush(va, bytes);
	else {
		MUST(map_kernel_range_noflush(va, bytes, PAGE_KERNEL, pool) ==
		             -EINVAL,
		     "a range outside is mapped");
	}
}

static void protect_outside(void)
{
	struct thing *thing = thing_pick(ANY_THING);
	int count = -(int)choose(3);
	vaddr_t va;

	if (!thing)
		return;
	va = thing->start;
	if (one_in(2))
		count = (int)(thing->pages + 1 + choose(4));
	else if (one_in(2))
		va += 1 + choose(PAGE_SIZE - 1);
	TRAIL("misuse: protect %#lx, %ld pages", va, (unsigned long)count);
	expect_reports(1);
	MUST(set_memory_ro(va, count) == -EINVAL, "protected outside");
}

static void end_no_view(void)
{
	struct thing *thing = thing_pick(AREAS);
	struct vm_area_struct vma = { .vm_page_prot = PAGE_KERNEL };

	if (!thing || (thing->vm->flags & VM_WINDOW))
		return;
	vma.vm_start = thing->start;
	vma.vm_end = thing_va(thing, 1 + choose(thing->pages));
	TRAIL("misuse: end of no view, %#lx", thing->start);
	expect_reports(1);
	unmap_vmalloc_range(one_in(8) ? NULL : &vma);
}

static void view_into_nothing(void)
{
	struct thing *source = thing_pick(KIND(THING_VMALLOC));
	struct thing *window = thing_pick(AREAS);
	struct vm_area_struct vma = { .vm_page_prot = PAGE_KERNEL };
	int err;

	if (!source || !window || !(source->flags & VM_USERMAP) ||
	    window->kind == THING_RESERVED)
		return;
	vma.vm_start = window->start;
	vma.vm_end = thing_va(window, 1);
	if (one_in(2))
		vma.vm_end += choose(3) * 8;
	TRAIL("misuse: view of %#lx into %#lx", source->start, window->start);
	err = remap_vmalloc_range(&vma, (void *)source->start, 0);
	MUST(err < 0, "a view of %#lx lies in %#lx", source->start,
	     window->start);
}

static void resize_nothing(void)
{
	struct thing *thing = thing_pick(AREAS & ~KIND(THING_VMALLOC) &
	                                 ~KIND(THING_RESERVED));

	if (!thing)
		return;
	TRAIL("misuse: vrealloc of %#lx", thing->start);
	expect_reports(1);
	MUST(!vrealloc((void *)thing_va(thing, choose(thing->pages)), PAGE_SIZE,
	               GFP_KERNEL),
	     "vrealloc of no vmalloc area");
}

static void per_cpu_nonsense(void)
{
	unsigned long offsets[2] = { 0, PAGE_SIZE };
	size_t sizes[2] = { 2 * PAGE_SIZE, PAGE_SIZE };
	size_t align = PAGE_SIZE;
	int count = 2;

	switch (choose(4)) {
	case 0:
		align = 3;
		break;
	case 1:
		count = -(int)choose(2);
		break;
	case 2:
		offsets[0] = VMALLOC_SIZE;
		break;
	default:
		break;
	}
	TRAIL("misuse: per-CPU ranges, aligned to %#lx", align);
	expect_reports(1);
	MUST(!pcpu_get_vm_areas(offsets, sizes, count, align),
	     "per-CPU ranges that overlap");
}

/* --- in interrupts ---------------------------------------------------------------- */

static void call_in_interrupt(void)
{
	struct thing *thing = thing_pick(AREAS);
	vaddr_t start = thing ? thing->start : VMALLOC_START;
	char byte;

	TRAIL("misuse: a call in an interrupt, %#lx", start);
	expect_reports(1);
	interrupt_begin();
	switch (choose(9)) {
	case 0:
		MUST(!vmalloc(100), "vmalloc");
		break;
	case 1:
		MUST(!vmap(pool, 1, VM_MAP, PAGE_KERNEL), "vmap");
		break;
	case 2:
		MUST(!get_vm_area(1, VM_MAP), "get_vm_area");
		break;
	case 3:
		MUST(!vread(&byte, (char *)start, 1), "vread");
		break;
	case 4:
		MUST(!remove_vm_area((void *)start), "remove_vm_area");
		break;
	case 5:
		MUST(set_memory_ro(start, 1) == -EINVAL, "set_memory_ro");
		break;
	case 6:
		MUST(!vrealloc((void *)start, 1, GFP_KERNEL), "vrealloc");
		break;
	case 7:
		MUST(!ioremap(0x40000000, 1), "ioremap");
		break;
	default:
		vm_unmap_aliases();
		break;
	}
	interrupt_end();
}

/* ------------------------------------------------------------------------------------ */

static const struct {
	void (*run)(void);
	bool inert;
} mistakes[] = {
	{ free_inside, true },       { free_twice, true },
	{ free_foreign, true },      { free_as_another_kind, true },
	{ unmap_ram_wrongly, true }, { free_wrong_descriptor, true },
	{ remove_wrongly, false },   { allocate_nonsense, true },
	{ overflow_sizes, false },   { map_nonsense, true },
	{ map_no_page, false },      { map_devices_wrongly, true },
	{ range_outside, true },     { protect_outside, true },
	{ end_no_view, true },       { view_into_nothing, true },
	{ resize_nothing, true },    { per_cpu_nonsense, true },
	{ call_in_interrupt, true },
};

void op_misuse(void)
{
	unsigned long at = choose(ARRAY_SIZE(mistakes));
	struct digest before;
	bool compare = mistakes[at].inert && one_in(4);

	/* Each must be refused for what it is, not for want of memory. */
	if (memory_is_short(0))
		return;
	if (compare) {
		vm_area_run_deferred();
		digest_take(&before);
	}
	mistakes[at].run();
	if (compare)
		digest_check_same(&before);
}
