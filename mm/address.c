/* SPDX-License-Identifier: MIT */
/*
 * What an address is, for the last words of a panic. Regions first, then the
 * window's index. Another hart may hold every lock and be changing what is read
 * here, so descriptors are copied by probing loads and believed only as far as
 * they can be printed.
 */
#include <linux/vmalloc.h>
#include <stdbool.h>
#include <string.h>

#include "arch/sections.h"
#include "core/backtrace.h"
#include "core/log.h"
#include "core/trap.h"
#include "lib/printf.h"
#include "mm/fault.h"
#include "mm/memblock.h"
#include "mm/page.h"
#include "mm/pgtable.h"
#include "mm/vm_area.h"
#include "mm/vm_index.h"
#include "mm/vm_map_ram.h"
#include "mm/vm_walk.h"

#define NAME_BYTES 64u

struct answer {
	unsigned long address;
	char *buf;
	size_t size;
};

#define SAY(answer, ...) ksnprintf((answer)->buf, (answer)->size, __VA_ARGS__)

/* --- outside the window -------------------------------------------------- */

struct section {
	const char *start;
	const char *end;
	const char *what;
};

static const struct section sections[] = {
	{ __text_start, __text_end, "code (read and execute)" },
	{ __rodata_start, __rodata_end, "constants (read-only)" },
	{ __data_start, __data_end, "data" },
	{ __bss_start, __bss_end, "data that starts as zero" },
};

static void describe_image(const struct answer *answer)
{
	char symbol[NAME_BYTES];
	unsigned int i;

	symbol_format(answer->address, symbol, sizeof(symbol));
	for (i = 0; i < ARRAY_SIZE(sections); i++) {
		vaddr_t start = (vaddr_t)sections[i].start;

		if (answer->address - start >=
		    (vaddr_t)(sections[i].end - sections[i].start))
			continue;
		if (i == 0)
			SAY(answer, "the image's code: %s", symbol);
		else
			SAY(answer, "%#lx bytes into the image's %s",
			    answer->address - start, sections[i].what);
		return;
	}
	SAY(answer, "in no section of the image");
}

static void describe_direct(const struct answer *answer)
{
	paddr_t phys = answer->address - DIRECT_BASE;
	paddr_t unused;

	if (!memblock_is_ram(phys, phys + 1)) {
		SAY(answer, "direct map of physical %#lx: there is no RAM",
		    phys);
	} else if (pgtable_translate(answer->address, &unused, NULL)) {
		SAY(answer, "direct map of physical %#lx", phys);
	} else {
		SAY(answer, "direct map of physical %#lx: reserved, not mapped",
		    phys);
	}
}

static void describe_page_struct(const struct answer *answer)
{
	unsigned long pfn =
		(answer->address - VMEMMAP_BASE) >> PAGE_STRUCT_SHIFT;

	SAY(answer, "struct page of the frame at %#lx%s", PFN_PHYS(pfn),
	    pfn_is_valid(pfn) ? "" : ": no such page");
}

static void describe_low(const struct answer *answer)
{
	if (answer->address < PAGE_SIZE) {
		SAY(answer, "null page: a NULL pointer plus %#lx",
		    answer->address);
	} else if (answer->address < -VMALLOC_REGION_BASE) {
		SAY(answer, "low half: nothing is ever mapped there");
	} else {
		SAY(answer, "not an address of Sv39: bits 63 to 39 must repeat "
		            "bit 38");
	}
}

/* --- in the window ------------------------------------------------------- */

/* *area_copy of what the index has; false: nothing readable. */
static bool copy_area(const struct vm_area *area, struct vm_area *area_copy)
{
	return area && probe_read(area, area_copy, sizeof(*area_copy)) == 0;
}

/* "a vmalloc area 0x..-0x.. of 3 pages, allocated by f+0x8" */
static void area_phrase(const struct vm_area *area, char *buf, size_t size)
{
	char caller[NAME_BYTES];
	unsigned long pages = area_usable_pages(area);
	const char *kind = area_kind_name(area_kind_of(area->vm.flags));

	symbol_format((uintptr_t)area->vm.caller, caller, sizeof(caller));
	ksnprintf(buf, size,
	          "%s %s area %#lx-%#lx of %lu page%s, allocated by %s",
	          strchr("aeio", *kind) ? "an" : "a", kind, area_start(area),
	          area_start(area) + (pages << PAGE_SHIFT), pages,
	          pages == 1 ? "" : "s", caller);
}

static void describe_freed(const struct answer *answer,
                           const struct vm_area *area, const char *phrase)
{
	char freer[NAME_BYTES];

	symbol_format((uintptr_t)area->freed_by, freer, sizeof(freer));
	SAY(answer, "use after vfree: %#lx bytes into %s, freed by %s",
	    answer->address - area_start(area), phrase, freer);
}

static bool is_usable(const struct vm_area *area, vaddr_t va)
{
	return va - area_start(area) < area_usable_pages(area) << PAGE_SHIFT;
}

static void describe_busy(const struct answer *answer,
                          const struct vm_area *area, const char *phrase)
{
	unsigned long offset = answer->address - area_start(area);
	unsigned long usable = area_usable_pages(area) << PAGE_SHIFT;
	pgprot_t prot;
	paddr_t phys;

	if (offset >= usable) {
		SAY(answer, "guard page: %lu bytes past the end of %s",
		    offset - usable, phrase);
	} else if (!pgtable_translate(answer->address, &phys, &prot)) {
		SAY(answer, "%#lx bytes into %s; that page is not mapped",
		    offset, phrase);
	} else {
		SAY(answer, "%#lx bytes into %s; mapped %s%s%s", offset, phrase,
		    pgprot_val(prot) & PTE_R ? "R" : "-",
		    pgprot_val(prot) & PTE_W ? "W" : "-",
		    pgprot_val(prot) & PTE_X ? "X" : "-");
	}
}

static void describe_block(const struct answer *answer,
                           const struct map_ram_block *block)
{
	unsigned int pages;
	vaddr_t start;

	if (map_ram_mapping_at(block, answer->address, &start, &pages)) {
		SAY(answer,
		    "%#lx bytes into a vm_map_ram() mapping %#lx-%#lx of %u "
		    "pages",
		    answer->address - start, start,
		    start + ((vaddr_t)pages << PAGE_SHIFT), pages);
	} else {
		SAY(answer, "in a vm_map_ram() block, but in no mapping: never "
		            "mapped, or unmapped already");
	}
}

/* Is a page or less missing to the start of the next area? Then say so too. */
static void append_next_area(const struct answer *answer)
{
	size_t length = strlen(answer->buf);
	struct vm_area area;
	char phrase[224];

	if (!copy_area(vm_index_next(answer->address), &area) ||
	    area.state != AREA_BUSY ||
	    area_start(&area) - answer->address > PAGE_SIZE)
		return;
	area_phrase(&area, phrase, sizeof(phrase));
	ksnprintf(answer->buf + length, answer->size - length,
	          "; %lu bytes before %s", area_start(&area) - answer->address,
	          phrase);
}

static void describe_area(const struct answer *answer,
                          const struct vm_area *area)
{
	char phrase[224];

	area_phrase(area, phrase, sizeof(phrase));
	if (area->state == AREA_LAZY)
		describe_freed(answer, area, phrase);
	else if (area->state == AREA_DYING) {
		SAY(answer, "%#lx bytes into %s, which is being freed",
		    answer->address - area_start(area), phrase);
	} else {
		describe_busy(answer, area, phrase);
	}
}

static void describe_window(const struct answer *answer)
{
	struct vm_slot *slot = vm_index_slot(answer->address);
	struct vm_area area;

	if (slot && slot->block) {
		describe_block(answer, slot->block);
		return;
	}
	if (copy_area(vm_index_containing(answer->address), &area)) {
		describe_area(answer, &area);
		if (is_usable(&area, answer->address))
			return;
	} else if (answer->address - VMALLOC_START < PAGE_SIZE) {
		SAY(answer, "guard page before the vmalloc window");
	} else {
		SAY(answer, "vmalloc window: no area there");
	}
	append_next_area(answer);
}

/* ------------------------------------------------------------------------ */

void address_describe(unsigned long address, char *buf, size_t size)
{
	const struct answer answer = { address, buf, size };

	if (size == 0)
		return;
	if (address < -(1ul << 38))
		describe_low(&answer);
	else if (VMALLOC_START && is_vmalloc_addr((void *)address))
		describe_window(&answer);
	else if (address - DIRECT_BASE < DIRECT_SIZE)
		describe_direct(&answer);
	else if (address - VMEMMAP_BASE < VMEMMAP_SIZE)
		describe_page_struct(&answer);
	else if (address - FIXMAP_BASE < 2 * LEAF_TABLE_SIZE)
		SAY(&answer, "fixmap: the device tree (read-only)");
	else if (address >= IMAGE_BASE)
		describe_image(&answer);
	else
		SAY(&answer, "a hole of the address space: nothing is ever "
		             "mapped there");
}

bool vmalloc_dump_obj(const void *object)
{
	char text[256];

	if (!find_vm_area_containing(object))
		return false;
	address_describe((unsigned long)object, text, sizeof(text));
	log_notice("%p: %s", object, text);
	return true;
}
