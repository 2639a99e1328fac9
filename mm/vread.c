/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing the window without trusting it: a range is a row of
 * stretches that somebody owns, with holes between. Bytes go through the direct
 * map of each page, so protection does not matter and nothing can fault.
 *
 *   range    |-----------------------------------------------|
 *   window   ..[ area   |guard][ ioremap ]....[map_ram][ area ]..
 *   vread      copy      0 0 0  0 0 0 0 0  0 0  copy    copy
 *   vwrite     write     skip   skip       skip write   write
 *
 * Everything is frozen for the whole call: the picture is of one moment.
 */
#include <linux/vmalloc.h>
#include <stdint.h>
#include <string.h>

#include "core/hart.h"
#include "core/report.h"
#include "mm/page.h"
#include "mm/pgtable.h"
#include "mm/vm_area.h"
#include "mm/vm_index.h"
#include "mm/vm_map_ram.h"
#include "mm/vspace.h"

/* Bytes that somebody owns and that may be touched. */
struct stretch {
	vaddr_t start;
	vaddr_t end;
};

static bool area_is_readable(const struct vm_area *area)
{
	return area_is_busy(area) && !(area->vm.flags & VM_IOREMAP);
}

/* The first live mapping of @block at or above @from; false: none. */
static bool block_stretch(const struct map_ram_block *block, vaddr_t from,
                          vaddr_t block_end, struct stretch *out)
{
	unsigned int pages;

	for (; from < block_end; from += PAGE_SIZE) {
		if (!map_ram_mapping_at(block, from, &out->start, &pages))
			continue;
		out->end = out->start + ((vaddr_t)pages << PAGE_SHIFT);
		return true;
	}
	return false;
}

/* What of @area lies at or above @from, as a stretch. */
static bool area_stretch(const struct vm_area *area, vaddr_t from,
                         struct stretch *out)
{
	const struct vm_slot *slot = vm_index_slot(area_start(area));

	if (slot->block)
		return block_stretch(slot->block, from, area_end(area), out);
	out->start = area_start(area);
	out->end = out->start + (area_usable_pages(area) << PAGE_SHIFT);
	return area_is_readable(area) && from < out->end;
}

static void clip(struct stretch *stretch, vaddr_t from, vaddr_t end)
{
	if (stretch->start < from)
		stretch->start = from;
	if (stretch->end > end)
		stretch->end = end;
}

/* The first stretch that reaches above @from and begins below @end, clipped. */
static bool next_stretch(vaddr_t from, vaddr_t end, struct stretch *out)
{
	struct vm_area *area = vm_index_containing(from);

	if (!area)
		area = vm_index_next(from);
	while (area && area_start(area) < end) {
		vaddr_t at = area_start(area) > from
		                     ? area_start(area)
		                     : ALIGN_DOWN(from, PAGE_SIZE);

		if (area_stretch(area, at, out)) {
			clip(out, from, end);
			return out->start < out->end;
		}
		area = vm_index_next(area_end(area));
	}
	return false;
}

/* The byte @va in the direct map, or NULL where no page of RAM is mapped. */
static char *direct_byte(vaddr_t va)
{
	paddr_t phys;

	if (!pgtable_translate(va, &phys, NULL) ||
	    !pfn_is_valid(PFN_DOWN(phys)))
		return NULL;
	return phys_to_virt(phys);
}

typedef void page_mover(char *buf, char *direct, size_t bytes);

static void read_page(char *buf, char *direct, size_t bytes)
{
	if (direct)
		memcpy(buf, direct, bytes);
	else
		memset(buf, 0, bytes);
}

static void write_page(char *buf, char *direct, size_t bytes)
{
	if (direct)
		memcpy(direct, buf, bytes);
}

static void move_stretch(const struct stretch *stretch, char *buf,
                         page_mover *move)
{
	vaddr_t va = stretch->start;

	while (va < stretch->end) {
		vaddr_t page_end = ALIGN_DOWN(va, PAGE_SIZE) + PAGE_SIZE;
		size_t bytes;

		if (page_end > stretch->end)
			page_end = stretch->end;
		bytes = page_end - va;
		move(buf, direct_byte(va), bytes);
		buf += bytes;
		va = page_end;
	}
}

/* Is it allowed here? Where the range ends; clipped when the address would wrap. */
static bool may_move(const char *name, vaddr_t addr, unsigned long *count,
                     vaddr_t *end_out)
{
	if (in_interrupt()) {
		report("%s: called in an interrupt", name);
		return false;
	}
	if (vspace_free_bytes() == 0) {
		report("%s: called before vmalloc_init()", name);
		return false;
	}
	*end_out = addr + *count;
	if (*end_out < addr) {
		*end_out = ~0ul; /* whose last byte nobody has */
		*count = -addr;
	}
	return true;
}

long vread(char *buf, char *addr, unsigned long count)
{
	vaddr_t base = (vaddr_t)addr;
	vaddr_t done = base; /* buf is filled for [base, done) */
	struct stretch stretch;
	unsigned long irq_flags;
	vaddr_t from = base;
	vaddr_t end;
	bool found = false;

	if (!may_move("vread", base, &count, &end))
		return 0;
	irq_flags = vmap_freeze();
	while (from < end && next_stretch(from, end, &stretch)) {
		memset(buf + (done - base), 0, stretch.start - done);
		move_stretch(&stretch, buf + (stretch.start - base), read_page);
		done = stretch.end;
		from = done;
		found = true;
	}
	vmap_thaw(irq_flags);
	if (!found)
		return 0;
	memset(buf + (done - base), 0, count - (done - base));
	return (long)count;
}

long vwrite(char *buf, char *addr, unsigned long count)
{
	vaddr_t base = (vaddr_t)addr;
	struct stretch stretch;
	unsigned long irq_flags;
	vaddr_t from = base;
	vaddr_t end;
	bool found = false;

	if (!may_move("vwrite", base, &count, &end))
		return 0;
	irq_flags = vmap_freeze();
	while (from < end && next_stretch(from, end, &stretch)) {
		move_stretch(&stretch, buf + (stretch.start - base),
		             write_page);
		from = stretch.end;
		found = true;
	}
	vmap_thaw(irq_flags);
	return found ? (long)count : 0;
}
