/* SPDX-License-Identifier: MIT */
/*
 * RAM = memory nodes - firmware - image, found piece by piece: a search for the
 * next address that nothing excludes needs no list of ranges. Each piece is
 * mapped and then given to memblock; the two go together because a piece may
 * serve as page-table pages only once it is mapped.
 */
#include <stdbool.h>

#include "arch/sfence.h"
#include "core/log.h"
#include "core/machine.h"
#include "core/power.h"
#include "mm/memblock_internal.h"
#include "mm/page.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"

/* Less than this and nothing useful could run. */
#define PAGES_AT_LEAST 64ul

/* What a search for RAM leaves out. */
enum search { SEARCH_MAPPED, SEARCH_FREE };

/* In whole pages. */
static bool lies_in(const struct phys_range *range,
                    const struct phys_range *outer)
{
	return range->start >= ALIGN_DOWN(outer->start, PAGE_SIZE) &&
	       range->end <= ALIGN_UP(outer->end, PAGE_SIZE);
}

/* Firmware's own memory faults; the others are data that somebody will read. */
static bool reserved_is_data(const struct phys_range *range)
{
	return lies_in(range, &machine.fdt) || lies_in(range, &machine.initrd);
}

/* The @index-th excluded range in whole pages; an empty one when it is not. */
static struct phys_range excluded(unsigned int index, enum search search)
{
	struct phys_range range = machine.image;

	if (index < machine.nr_reserved) {
		range = machine.reserved[index];
		if (search == SEARCH_MAPPED && reserved_is_data(&range))
			range.end = range.start;
	}
	if (range.start == range.end)
		return range;
	range.start = ALIGN_DOWN(range.start, PAGE_SIZE);
	range.end = ALIGN_UP(range.end, PAGE_SIZE);
	return range;
}

/* RAM of memory node @index in whole pages, inside the direct map. */
static struct phys_range known_memory(unsigned int index)
{
	struct phys_range range = machine.memory[index];

	range.start = ALIGN_UP(range.start, PAGE_SIZE);
	range.end = ALIGN_DOWN(range.end, PAGE_SIZE);
	if (range.start == 0)
		range.start = PAGE_SIZE; /* frame 0 means "none" */
	if (range.end > DIRECT_SIZE)
		range.end = DIRECT_SIZE;
	if (range.start > range.end)
		range.start = range.end;
	return range;
}

/* The lowest address >= @from in RAM, and where that memory node ends. */
static bool next_memory(paddr_t from, struct phys_range *out)
{
	bool found = false;

	for (unsigned int i = 0; i < machine.nr_memory; i++) {
		struct phys_range range = known_memory(i);

		if (range.start < from)
			range.start = from;
		if (range.start >= range.end ||
		    (found && range.start >= out->start))
			continue;
		*out = range;
		found = true;
	}
	return found;
}

/* The lowest piece of RAM at or above @from that nothing excludes. */
static bool next_piece(paddr_t from, enum search search, struct phys_range *out)
{
	unsigned int i = 0;

	if (!next_memory(from, out))
		return false;
	while (i <= machine.nr_reserved) {
		struct phys_range hole = excluded(i++, search);

		if (hole.start <= out->start && hole.end > out->start) {
			if (!next_memory(hole.end, out))
				return false;
			i = 0; /* the new start may lie in another one */
		} else if (hole.start > out->start && hole.start < out->end &&
		           hole.start != hole.end) {
			out->end = hole.start;
		}
	}
	return true;
}

/* Map @piece; what of it is free may then serve as page tables. */
static void take_piece(const struct phys_range *piece)
{
	struct phys_range range = { .end = piece->start };
	size_t size = piece->end - piece->start;

	if (pgtable_map((vaddr_t)phys_to_virt(piece->start), piece->start, size,
	                PAGE_KERNEL, SV39_ROOT_LEVEL) != 0) {
		refuse_boot("no memory for the page tables of RAM at "
		            "%#lx-%#lx",
		            piece->start, piece->end);
	}
	sfence_vma_all();

	while (next_piece(range.end, SEARCH_FREE, &range) &&
	       range.start < piece->end) {
		if (range.end > piece->end)
			range.end = piece->end;
		memblock_add(range);
	}
}

static struct phys_range largest_piece(void)
{
	struct phys_range largest = { 0 };
	struct phys_range piece = { 0 };

	while (next_piece(piece.end, SEARCH_MAPPED, &piece)) {
		if (piece.end - piece.start > largest.end - largest.start)
			largest = piece;
	}
	return largest;
}

static void warn_of_unreachable_memory(void)
{
	for (unsigned int i = 0; i < machine.nr_memory; i++) {
		if (machine.memory[i].end > DIRECT_SIZE) {
			log_warn("memory: RAM above %lu GiB is not used",
			         DIRECT_SIZE >> 30);
			return;
		}
	}
}

/*
 * The largest piece goes first: two leaf tables at its ragged ends and two
 * level-1 tables are the most it can need, which is what mm/pgtable.c has
 * before memblock can give any.
 */
void memory_init(void)
{
	struct phys_range largest = largest_piece();
	struct phys_range piece = { 0 };

	warn_of_unreachable_memory();
	if (largest.start != largest.end)
		take_piece(&largest);
	while (next_piece(piece.end, SEARCH_MAPPED, &piece)) {
		if (piece.start != largest.start)
			take_piece(&piece);
	}
	if (memblock_free_pages() < PAGES_AT_LEAST) {
		refuse_boot("only %lu KiB of RAM are free beside the image: "
		            "give the machine more (QEMU: -m)",
		            memblock_free_pages() * (PAGE_SIZE / 1024));
	}
}

/* True: a reservation just like @range is not there any more. */
static bool forget_reserved(const struct phys_range *range)
{
	for (unsigned int i = 0; i < machine.nr_reserved; i++) {
		struct phys_range *reserved = &machine.reserved[i];

		if (reserved->start == range->start &&
		    reserved->end == range->end) {
			reserved->end = reserved->start;
			return true;
		}
	}
	return false;
}

void memory_release_initrd(void)
{
	const struct phys_range initrd = {
		ALIGN_DOWN(machine.initrd.start, PAGE_SIZE),
		ALIGN_UP(machine.initrd.end, PAGE_SIZE),
	};
	struct phys_range range = { .end = initrd.start };

	machine.initrd.end = machine.initrd.start;
	if (initrd.start == initrd.end || !forget_reserved(&initrd))
		return;
	while (next_piece(range.end, SEARCH_FREE, &range) &&
	       range.start < initrd.end) {
		if (range.end > initrd.end)
			range.end = initrd.end;
		page_alloc_add(range);
	}
}
