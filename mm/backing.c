/* SPDX-License-Identifier: MIT */
/*
 * The pages behind a vmalloc area. They come as the largest blocks of a power of
 * two that add up to the size, and a whole 2 MiB block becomes one leaf. The
 * page table is the only record of which frames an area owns. As long as every
 * block came in the size that was asked for (whole_blocks), freeing repeats the
 * same division and reads one entry a block; else it walks the entries and gives
 * frames that follow one another back together.
 */
#include "core/assert.h"
#include "mm/mm_internal.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/vm_index.h"

static int map_block(struct vm_area *area, unsigned long index,
                     struct page *page, unsigned int order, pgprot_t prot)
{
	paddr_t phys = page_to_phys(page);

	if (order == MAX_ORDER && vm_area_map_huge(area, index, phys, prot))
		return 0;
	return vm_area_map_block(area, index, phys, 1ul << order, prot);
}

/* Memory is in pieces: a page and an entry at a time. */
static unsigned long populate_singly(struct vm_area *area, unsigned long index,
                                     unsigned long count, gfp_t gfp,
                                     pgprot_t prot)
{
	while (index < count) {
		unsigned long here = count - index;
		pte_t *pte = vm_area_entries(area, index, &here);

		for (; pte && here > 0; here--) {
			struct page *page = alloc_pages(gfp, 0);

			if (unlikely(!page))
				return index;
			*pte++ = page_to_pte(page, prot);
			index++;
		}
		if (!pte)
			break;
	}
	return index;
}

unsigned long area_populate(struct vm_area *area, unsigned long index,
                            unsigned long count, gfp_t gfp, pgprot_t prot)
{
	unsigned int order = 0;

	while (order < MAX_ORDER && 2ul << order <= count - index)
		order++;
	area->whole_blocks = true;
	while (index < count) {
		unsigned int got;
		struct page *page;

		while (order > 0 && 1ul << order > count - index)
			order--;
		page = alloc_pages_up_to(gfp, order, &got);
		if (unlikely(!page))
			break;
		if (map_block(area, index, page, got, prot) != 0) {
			__free_pages(page, got);
			break;
		}
		index += 1ul << got;
		if (likely(got == order))
			continue;
		area->whole_blocks = false;
		order = got;
		if (got == 0)
			return populate_singly(area, index, count, gfp, prot);
	}
	return index;
}

static struct page *first_page(const struct vm_area *area, unsigned long index)
{
	unsigned int level;

	if (area->ptes)
		return pte_first_page(area->ptes[index]);
	return pte_first_page(*pgtable_lookup(
		area_start(area) + (index << PAGE_SHIFT), &level));
}

/* Unmap a block that one leaf maps; NULL when single entries do. */
static struct page *take_huge(const struct vm_area *area, unsigned long index)
{
	paddr_t phys =
		pgtable_unmap_huge(area_start(area) + (index << PAGE_SHIFT));

	return phys ? phys_to_page(phys) : NULL;
}

/* The canonical division again: one entry read for each block. */
static void free_whole_blocks(struct vm_area *area, unsigned long count)
{
	unsigned long index = 0;
	unsigned int order = 0;

	while (order < MAX_ORDER && 2ul << order <= count)
		order++;
	while (index < count) {
		struct page *page = NULL;

		while (order > 0 && 1ul << order > count - index)
			order--;
		if (order == MAX_ORDER)
			page = take_huge(area, index);
		if (!page) {
			page = first_page(area, index);
			vm_area_clear(area, index, 1ul << order);
		}
		__free_pages(page, order);
		index += 1ul << order;
	}
}

unsigned long area_extent(const struct vm_area *area, unsigned long index,
                          paddr_t *phys_out)
{
	vaddr_t va = area_start(area) + (index << PAGE_SHIFT);
	unsigned int level;
	pte_t *pte = pgtable_lookup(va, &level);

	if (!pte)
		return 0;
	*phys_out = page_to_phys(pte_first_page(*pte));
	if (level == 0) {
		if (*pte & PTE_N)
			*phys_out |= va & (15ul << PAGE_SHIFT);
		return 1;
	}
	*phys_out += ALIGN_DOWN(va, PAGE_SIZE) & (LEVEL_SIZE(level) - 1);
	return (LEVEL_SIZE(level) - (va & (LEVEL_SIZE(level) - 1))) >>
	       PAGE_SHIFT;
}

/* Frames that follow one another go back together. */
static void free_entries(pte_t *pte, unsigned long count)
{
	while (count > 0) {
		struct page *page = phys_to_page(pte_phys_at(pte));
		unsigned int run = 1;

		DEBUG_ASSERT(pte_is_valid(*pte));
		while (run < count &&
		       phys_to_page(pte_phys_at(pte + run)) == page + run)
			run++;
		pte_clear_run(pte, run);
		page_free_run(page, run);
		pte += run;
		count -= run;
	}
}

void area_free_runs(struct vm_area *area, unsigned long index,
                    unsigned long count)
{
	while (index < count) {
		unsigned long run = count - index;
		pte_t *pte = NULL;
		paddr_t phys;

		if (area->ptes ||
		    vm_index_slot(area_start(area) + (index << PAGE_SHIFT))
		            ->ptes)
			pte = vm_area_entries(area, index, &run);
		if (pte) {
			free_entries(pte, run);
		} else {
			run = area_extent(area, index, &phys);
			ASSERT(run > 0);
			if (run > count - index)
				run = count - index;
			vm_area_clear(area, index, run);
			page_free_run(phys_to_page(phys), run);
		}
		index += run;
	}
}

/* The array is the record: entries may have been cleared by hand. */
void area_free_array(struct page **pages, unsigned long count)
{
	unsigned long index = 0;

	while (index < count) {
		unsigned long run = 1;

		while (index + run < count &&
		       pages[index + run] == pages[index] + run)
			run++;
		page_free_run(pages[index], run);
		index += run;
	}
}

void area_unpopulate(struct vm_area *area, unsigned long count)
{
	if (likely(area->whole_blocks && !area->vm.pages))
		free_whole_blocks(area, count);
	else if (!area->vm.pages)
		area_free_runs(area, 0, count);
	else {
		vm_area_unmap(area);
		area_free_array(area->vm.pages, count);
	}
}
