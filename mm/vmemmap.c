/* SPDX-License-Identifier: MIT */
/*
 * The struct page array is one gigabyte of address space; a chunk's part of it
 * (two pages) is backed when the chunk is first needed. Its tables are private
 * to this file and made of memblock pages, because the page allocator, whose
 * lock is held, cannot be asked.
 *
 * What is backed is remembered as extents. Chunks are taken in ascending order,
 * so there are few: one for each range of memblock, growing upward, merged when
 * they meet. An entry's start never changes and its bytes never shrink but to
 * 0, so readers need no lock. Nothing is ever unbacked.
 */
#include <stdbool.h>

#include "arch/early_map.h"
#include "core/assert.h"
#include "lib/page_ops.h"
#include "mm/memblock_internal.h"
#include "mm/page_internal.h"
#include "mm/pgtable_internal.h"

#define CHUNK_SHIFT LEVEL_SHIFT(1)
/* RAM whose struct pages one leaf table maps. */
#define LEAF_TABLE_SHIFT (LEVEL_SHIFT(1) + PAGE_SHIFT - PAGE_STRUCT_SHIFT)
#define METADATA_BYTES   (CHUNK_PAGES * sizeof(struct page))
/* A range begins one extent; its ragged end, taken early, one more. */
#define VMEMMAP_EXTENTS (2 * MEMBLOCK_RANGES)

static struct vmemmap_extent extents[VMEMMAP_EXTENTS];
static unsigned int nr_extents; /* [A] */
static pte_t *level1_table;
static unsigned long pages_owed; /* memblock's, that are yet to be taken */

/* Two pages for each chunk, a leaf table for each 512 MiB, the table above. */
void vmemmap_init(void)
{
	pages_owed = METADATA_BYTES / PAGE_SIZE *
	                     memblock_blocks_spanned(CHUNK_SHIFT) +
	             memblock_blocks_spanned(LEAF_TABLE_SHIFT) + 1;
}

unsigned long vmemmap_pages_owed(unsigned long free_pages)
{
	unsigned long owed = READ_ONCE(pages_owed);

	return owed < free_pages ? owed : free_pages;
}

void vmemmap_add_memory(struct phys_range range)
{
	const unsigned long before = memblock_blocks_spanned(CHUNK_SHIFT);
	unsigned long chunks = 0;
	unsigned long backed = 0;
	paddr_t pa = ALIGN_DOWN(range.start, CHUNK_SIZE);

	memblock_add(range);
	for (; pa < range.end; pa += CHUNK_SIZE)
		backed += vmemmap_extent_of(phys_to_page(pa)) != NULL;
	chunks = memblock_blocks_spanned(CHUNK_SHIFT) - before;
	if (chunks > backed)
		WRITE_ONCE(pages_owed, pages_owed + METADATA_BYTES / PAGE_SIZE *
		                                            (chunks - backed));
}

const struct vmemmap_extent *vmemmap_extents(unsigned int *count_out)
{
	*count_out = __atomic_load_n(&nr_extents, __ATOMIC_ACQUIRE);
	return extents;
}

const struct vmemmap_extent *vmemmap_extent_of(const struct page *page)
{
	/* Partner: the release in remember(). */
	unsigned int count = __atomic_load_n(&nr_extents, __ATOMIC_ACQUIRE);

	for (unsigned int i = 0; i < count; i++) {
		if ((uintptr_t)page - extents[i].start <
		    __atomic_load_n(&extents[i].bytes, __ATOMIC_ACQUIRE))
			return &extents[i];
	}
	return NULL;
}

static paddr_t zeroed_page(struct phys_range *spare)
{
	paddr_t page = memblock_alloc_page();

	if (!page && spare->start != spare->end) {
		page = spare->start;
		spare->start += PAGE_SIZE;
	}
	if (!page)
		return 0;
	clear_page(phys_to_virt(page));
	WRITE_ONCE(pages_owed, pages_owed - (pages_owed > 0));
	return page;
}

static pte_t *make_table(pte_t *entry, struct phys_range *spare)
{
	paddr_t table;

	if (pte_is_valid(*entry))
		return phys_to_virt(pte_phys(*entry));
	table = zeroed_page(spare);
	if (!table)
		return NULL;
	__atomic_store_n(entry, pte_make_table(table), __ATOMIC_RELEASE);
	return phys_to_virt(table);
}

/* If the direct map left one of the image's, that. */
static pte_t *make_level1_table(struct phys_range *spare)
{
	pte_t *entry = &kernel_root[pte_index(VMEMMAP_BASE, 2)];
	pte_t *table = pgtable_take_boot_table();

	if (!table)
		return make_table(entry, spare);
	__atomic_store_n(entry, pte_make_table(pgtable_table_phys(table)),
	                 __ATOMIC_RELEASE);
	WRITE_ONCE(pages_owed, pages_owed - (pages_owed > 0));
	return table;
}

/* The two leaf entries of a chunk's metadata lie in one leaf table. */
static pte_t *leaf_entries(vaddr_t va, struct phys_range *spare)
{
	pte_t *table;

	if (!level1_table)
		level1_table = make_level1_table(spare);
	if (!level1_table)
		return NULL;
	table = make_table(&level1_table[pte_index(va, 1)], spare);
	return table ? &table[pte_index(va, 0)] : NULL;
}

/* Join [start, start + METADATA_BYTES) to what lies below and above it. */
static void remember(uintptr_t start)
{
	struct vmemmap_extent *below = NULL;
	struct vmemmap_extent *above = NULL;
	uintptr_t bytes = METADATA_BYTES;

	for (unsigned int i = 0; i < nr_extents; i++) {
		if (extents[i].bytes == 0)
			continue;
		if (extents[i].start + extents[i].bytes == start)
			below = &extents[i];
		if (extents[i].start == start + METADATA_BYTES)
			above = &extents[i];
	}
	if (above)
		bytes += above->bytes;
	if (below) {
		__atomic_store_n(&below->bytes, below->bytes + bytes,
		                 __ATOMIC_RELEASE);
	} else {
		ASSERT(nr_extents < VMEMMAP_EXTENTS);
		extents[nr_extents].start = start;
		extents[nr_extents].bytes = bytes;
		/* Partner: the acquire in vmemmap_extent_of(). */
		__atomic_store_n(&nr_extents, nr_extents + 1, __ATOMIC_RELEASE);
	}
	if (above)
		__atomic_store_n(&above->bytes, 0, __ATOMIC_RELEASE);
}

bool vmemmap_back_chunk(paddr_t pa, struct phys_range *spare)
{
	struct page *first = phys_to_page(ALIGN_DOWN(pa, CHUNK_SIZE));
	pte_t *entries;

	if (vmemmap_extent_of(first))
		return true;
	entries = leaf_entries((vaddr_t)first, spare);
	if (!entries)
		return false;
	for (unsigned int i = 0; i < METADATA_BYTES / PAGE_SIZE; i++) {
		paddr_t page = zeroed_page(spare);

		if (!page)
			return false;
		/* No fence: mm/fault.c repairs what a hart remembers. */
		__atomic_store_n(&entries[i], pte_make(page, PAGE_KERNEL),
		                 __ATOMIC_RELEASE);
	}
	remember((uintptr_t)first);
	return true;
}
