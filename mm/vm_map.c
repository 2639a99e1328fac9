/* SPDX-License-Identifier: MIT */
/*
 * Page-table entries of an area: written once by whoever builds it, cleared once
 * by whoever frees it. Most areas lie in one leaf table and keep a pointer to
 * their first entry; the rest are walked slot by slot.
 */
#include <errno.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "core/report.h"
#include "mm/entries.h"
#include "mm/page.h"
#include "mm/pgtable.h"
#include "mm/vm_area.h"
#include "mm/vm_index.h"

#define SLOT_PAGES PTES_PER_TABLE

static vaddr_t page_of_area(const struct vm_area *area, unsigned long index)
{
	return area_start(area) + (index << PAGE_SHIFT);
}

/* How many of @count pages from @va on lie in the same leaf table. */
static unsigned int pages_in_table(vaddr_t va, unsigned long count)
{
	unsigned int left = SLOT_PAGES - pte_index(va, 0);

	return count < left ? (unsigned int)count : left;
}

/* Entry of page @index; the leaf table is made when missing. NULL: no memory. */
static pte_t *area_pte(struct vm_area *area, unsigned long index)
{
	vaddr_t va = page_of_area(area, index);
	pte_t *table;

	if (likely(area->ptes))
		return area->ptes + index;
	table = vm_index_leaf_table(va);
	if (!table)
		return NULL;
	if (pte_index(area_start(area), 0) + area->va_pages <= SLOT_PAGES)
		area->ptes = table + pte_index(area_start(area), 0);
	return table + pte_index(va, 0);
}

pte_t *vm_area_entries(struct vm_area *area, unsigned long index,
                       unsigned long *count)
{
	*count = pages_in_table(page_of_area(area, index), *count);
	return area_pte(area, index);
}

static bool all_valid(struct page **pages, unsigned int count)
{
	while (count > 0 && page_is_valid(pages[count - 1]))
		count--;
	return count == 0;
}

/* False: some pointer was no page; the entries are written all the same. */
static bool write_entries(pte_t *pte, struct page **pages, unsigned int count,
                          pgprot_t prot)
{
	bool sane = true;
	unsigned int i;

	for (i = 0; i < count; i += ENTRIES_MAX) {
		unsigned int now = count - i;

		if (now > ENTRIES_MAX)
			now = ENTRIES_MAX;
		sane &= entries_write(pte + i, pages + i, now, prot);
	}
	return sane && (!CONFIG_CHECK || all_valid(pages, count));
}

int vm_area_map_page_array(struct vm_area *area, unsigned long index,
                           struct page **pages, unsigned long count,
                           pgprot_t prot)
{
	unsigned long done = 0;

	while (done < count) {
		vaddr_t va = page_of_area(area, index + done);
		unsigned int now = pages_in_table(va, count - done);
		pte_t *pte = area_pte(area, index + done);
		int err = pte ? 0 : -ENOMEM;

		if (pte && !write_entries(pte, pages + done, now, prot)) {
			memset(pte, 0, now * sizeof(*pte));
			err = -EINVAL;
		}
		if (unlikely(err)) {
			vm_area_clear(area, index, done);
			return err;
		}
		done += now;
	}
	return 0;
}

int vm_area_map_block(struct vm_area *area, unsigned long index, paddr_t phys,
                      unsigned long count, pgprot_t prot)
{
	unsigned long done = 0;

	while (done < count) {
		vaddr_t va = page_of_area(area, index + done);
		unsigned int now = pages_in_table(va, count - done);
		pte_t *pte = area_pte(area, index + done);

		if (unlikely(!pte)) {
			vm_area_clear(area, index, done);
			return -ENOMEM;
		}
		pte_fill_run(pte, va, phys + (done << PAGE_SHIFT), now, prot);
		done += now;
	}
	return 0;
}

bool vm_area_map_huge(struct vm_area *area, unsigned long index, paddr_t phys,
                      pgprot_t prot)
{
	vaddr_t va = page_of_area(area, index);

	if (!vmap_huge_enabled() || !IS_ALIGNED(va | phys, LEAF_TABLE_SIZE))
		return false;
	if (pgtable_map_huge(va, phys, prot) != 0)
		return false;
	area->huge_leaves++;
	return true;
}

/* The largest leaf that fits at (va, phys, left): its level. */
static unsigned int best_level(vaddr_t va, paddr_t phys, unsigned long bytes)
{
	unsigned int level = SV39_ROOT_LEVEL;

	while (level > 0 && (!IS_ALIGNED(va | phys, LEVEL_SIZE(level)) ||
	                     bytes < LEVEL_SIZE(level)))
		level--;
	return level;
}

int vm_area_map_phys(struct vm_area *area, paddr_t phys, unsigned long pages,
                     pgprot_t prot)
{
	unsigned long index = 0;
	int err = 0;

	area->huge_leaves = 0;
	while (index < pages && err == 0) {
		vaddr_t va = page_of_area(area, index);
		unsigned long left = (pages - index) << PAGE_SHIFT;
		unsigned int level = best_level(va, phys, left);
		unsigned long now = pages_in_table(va, pages - index);

		if (level == SV39_ROOT_LEVEL && vmap_huge_enabled() &&
		    pgtable_map(va, phys, LEVEL_SIZE(level), prot, level) ==
		            0) {
			now = LEVEL_SIZE(level) >> PAGE_SHIFT;
			area->huge_leaves += SLOT_PAGES;
		} else if (level == 0 ||
		           !vm_area_map_huge(area, index, phys, prot)) {
			err = vm_area_map_block(area, index, phys, now, prot);
		}
		index += now;
		phys += now << PAGE_SHIFT;
	}
	if (err)
		vm_area_clear(area, 0, index);
	return err;
}

/* Splitting a huge leaf that is cut in the middle is all that can fail. */
static void clear_without_table(vaddr_t va, unsigned long pages)
{
	if (pgtable_unmap(va, pages << PAGE_SHIFT) != 0)
		report("%#lx: no memory to split a huge page; it stays mapped",
		       va);
}

void vm_area_clear(struct vm_area *area, unsigned long index,
                   unsigned long count)
{
	unsigned long end = index + count;

	if (likely(area->ptes)) {
		pte_clear_run(area->ptes + index, (unsigned int)count);
		return;
	}
	while (index < end) {
		vaddr_t va = page_of_area(area, index);
		unsigned int now = pages_in_table(va, end - index);
		struct vm_slot *slot = vm_index_slot(va);
		unsigned long without_table = 0;

		if (slot->ptes) {
			pte_clear_run(slot->ptes + pte_index(va, 0), now);
			index += now;
			continue;
		}
		/* Huge leaves or nothing: as one range, so none is split. */
		while (index + without_table < end) {
			va = page_of_area(area, index + without_table);
			if (vm_index_slot(va)->ptes)
				break;
			without_table +=
				pages_in_table(va, end - index - without_table);
		}
		clear_without_table(page_of_area(area, index), without_table);
		index += without_table;
	}
}

void vm_area_unmap(struct vm_area *area)
{
	vm_area_clear(area, 0, area_usable_pages(area));
}
