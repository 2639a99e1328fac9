/* SPDX-License-Identifier: MIT */
/* Copies of areas for whoever shows them; see the header. */
#include "mm/vm_walk.h"

#include <linux/vmalloc.h>

#include "mm/vm_area.h"
#include "mm/vm_index.h"
#include "mm/vm_map_ram.h"

enum area_kind area_kind_of(unsigned long flags)
{
	static const struct {
		unsigned long flag;
		enum area_kind kind;
	} kinds[] = {
		{ VM_MAP_RAM, KIND_MAP_RAM }, { VM_PCPU, KIND_PCPU },
		{ VM_EARLY, KIND_EARLY },     { VM_MMAP, KIND_MMAP },
		{ VM_ALLOC, KIND_VMALLOC },   { VM_IOREMAP, KIND_IOREMAP },
		{ VM_MAP, KIND_VMAP },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (flags & kinds[i].flag)
			return kinds[i].kind;
	return KIND_RESERVED;
}

static enum area_kind kind_of(const struct vm_area *area,
                              const struct map_ram_block *block)
{
	if (block)
		return KIND_MAP_RAM;
	if (area->state == AREA_BUSY)
		return area_kind_of(area->vm.flags);
	return area->state == AREA_BUILDING ? KIND_RESERVED : KIND_LAZY;
}

static unsigned long block_live_pages(const struct map_ram_block *block,
                                      vaddr_t base)
{
	unsigned long live = 0;
	vaddr_t va = base;

	while (va < base + LEAF_TABLE_SIZE) {
		unsigned int pages = 0;
		vaddr_t start;

		if (map_ram_mapping_at(block, va, &start, &pages))
			live += pages;
		else
			pages = 1;
		va += (vaddr_t)pages << PAGE_SHIFT;
	}
	return live;
}

static void take_note(const struct vm_area *area, struct area_note *note)
{
	const struct map_ram_block *block =
		vm_index_slot(area_start(area))->block;

	*note = (struct area_note){
		.start = area_start(area),
		.end = area_end(area),
		.guarded = area->guarded,
		.busy = block || area->state == AREA_BUSY,
		.kind = kind_of(area, block),
		.flags = area->vm.flags,
		.pages = area->vm.nr_pages,
		.requested = area->vm.requested_size,
		.phys = area->vm.phys_addr,
		.caller = area->vm.caller,
	};
	if (block)
		note->pages = block_live_pages(block, area_start(area));
	else if (note->kind == KIND_MAP_RAM)
		note->pages = area->va_pages;
}

unsigned int vm_walk(vaddr_t from, struct area_note *notes, unsigned int max)
{
	unsigned long irq_flags = vmap_freeze();
	struct vm_area *area = vm_index_next(from);
	unsigned int count = 0;

	while (area && count < max) {
		take_note(area, &notes[count++]);
		area = vm_index_next(area_end(area));
	}
	vmap_thaw(irq_flags);
	return count;
}

const char *area_kind_name(enum area_kind kind)
{
	static const char *const names[KINDS] = {
		[KIND_VMALLOC] = "vmalloc", [KIND_VMAP] = "vmap",
		[KIND_IOREMAP] = "ioremap", [KIND_MAP_RAM] = "vm_map_ram",
		[KIND_PCPU] = "per-CPU",    [KIND_EARLY] = "early",
		[KIND_MMAP] = "mmap",       [KIND_RESERVED] = "reserved",
		[KIND_LAZY] = "lazy",
	};

	return names[kind];
}
