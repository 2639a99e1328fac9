/* SPDX-License-Identifier: MIT */
/*
 * The pages behind a vmalloc area. They come as the largest blocks of a power of
 * two that add up to the size, and a whole 2 MiB block becomes one leaf. The
 * page table is the only record of which frames an area owns, and the struct
 * page of a block's first frame the record of how large the block is: freeing
 * goes from block to block.
 *
 * Where one entry is one block, a single page or a leaf, a batch of them goes in
 * one section with interrupts off between the hart's stack and the page table.
 * What such a section does not do, it leaves to the general step of one block.
 */
#include "mm/backing.h"

#include "core/assert.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/pgtable_internal.h"
#include "mm/vm_index.h"

/* Interrupts stay off for so many blocks at most. */
#define BATCH ((unsigned long)ENTRIES_MAX)

static vaddr_t page_of_area(const struct vm_area *area, unsigned long index)
{
	return area_start(area) + (index << PAGE_SHIFT);
}

/* Leaves from @va on that one batch and one level-1 table hold. */
static unsigned long leaves_at_once(vaddr_t va, unsigned long pages)
{
	unsigned long leaves = pages / PTES_PER_TABLE;
	unsigned long in_table = PTES_PER_TABLE - pte_index(va, 1);

	if (leaves > BATCH)
		leaves = BATCH;
	return leaves < in_table ? leaves : in_table;
}

static unsigned long fill_leaves(pte_t *entry, unsigned long leaves,
                                 pgprot_t prot)
{
	struct page_stack *stack = &page_cache_own()->stacks[MAX_ORDER];
	unsigned long done = 0;

	for (; done < leaves && !pte_is_valid(entry[done]); done++) {
		struct page *page = page_stack_pop(stack);

		if (!page)
			break;
		entry[done] = page_to_pte(page, prot);
	}
	return done;
}

/* Blocks of 2 MiB from the hart's stack into leaves; pages mapped. */
static unsigned long take_leaves(struct vm_area *area, unsigned long index,
                                 unsigned long pages, pgprot_t prot)
{
	vaddr_t va = page_of_area(area, index);
	unsigned long done = 0;
	unsigned long flags;
	pte_t *entry;

	if (!vmap_huge_enabled() || !IS_ALIGNED(va, LEAF_TABLE_SIZE))
		return 0;
	flags = spin_lock_irqsave(&pgtable_lock);
	entry = pgtable_level1_entry_locked(va);
	if (likely(entry))
		done = fill_leaves(entry, leaves_at_once(va, pages), prot);
	spin_unlock_irqrestore(&pgtable_lock, flags);
	area->huge_leaves += (unsigned int)done;
	return done * PTES_PER_TABLE;
}

static unsigned long take_singles(struct vm_area *area, unsigned long index,
                                  unsigned long pages, pgprot_t prot)
{
	unsigned long here = pages < BATCH ? pages : BATCH;
	pte_t *pte = vm_area_entries(area, index, &here);
	unsigned long flags;
	unsigned long done;

	if (unlikely(!pte))
		return 0;
	flags = irq_save();
	done = entries_take_singles(page_cache_own(), pte, here, prot);
	irq_restore(flags);
	return done;
}

/* What the hart's stack has, where one entry is one block. */
static unsigned long take_batch(struct vm_area *area, unsigned long index,
                                unsigned long pages, unsigned int order,
                                pgprot_t prot)
{
	if (order == 0)
		return take_singles(area, index, pages, prot);
	if (order == MAX_ORDER)
		return take_leaves(area, index, pages, prot);
	return 0;
}

static int map_block(struct vm_area *area, unsigned long index,
                     struct page *page, unsigned int order, pgprot_t prot)
{
	paddr_t phys = page_to_phys(page);

	if (order == MAX_ORDER && vm_area_map_huge(area, index, phys, prot))
		return 0;
	return vm_area_map_block(area, index, phys, 1ul << order, prot);
}

/* A block of *@order, or of what there is: then *@order is that. Its pages. */
static unsigned long take_block(struct vm_area *area, unsigned long index,
                                unsigned int *order, gfp_t gfp, pgprot_t prot)
{
	struct page *page = alloc_pages_up_to(gfp, *order, order);

	if (unlikely(!page))
		return 0;
	if (unlikely(map_block(area, index, page, *order, prot) != 0)) {
		__free_pages(page, *order);
		return 0;
	}
	return 1ul << *order;
}

/* Once only small blocks are left there is no sense in asking for large ones. */
unsigned long area_populate(struct vm_area *area, unsigned long index,
                            unsigned long count, gfp_t gfp, pgprot_t prot)
{
	bool plain = !(gfp & (__GFP_ZERO | __GFP_DMA32));
	unsigned int order = MAX_ORDER;

	while (index < count) {
		unsigned long left = count - index;
		unsigned long done = 0;

		while (1ul << order > left)
			order--;
		if (plain) {
			order = page_order_at_hand(order);
			done = take_batch(area, index, left, order, prot);
		}
		if (!done)
			done = take_block(area, index, &order, gfp, prot);
		if (unlikely(!done))
			break;
		index += done;
	}
	return index;
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

/* Until one is no leaf, or its block does not go onto the stack. */
static unsigned long clear_leaves(pte_t *entry, unsigned long leaves)
{
	struct page_cache *cache = page_cache_own();
	unsigned long done = 0;

	for (; done < leaves && pte_is_leaf(entry[done]); done++) {
		if (!page_cache_push(cache, pte_first_page(entry[done]),
		                     MAX_ORDER))
			break;
		entry[done] = 0;
	}
	return done;
}

static unsigned long free_leaves(struct vm_area *area, unsigned long index,
                                 unsigned long pages)
{
	vaddr_t va = page_of_area(area, index);
	unsigned long flags = spin_lock_irqsave(&pgtable_lock);
	pte_t *entry = pgtable_find_level1_entry_locked(va);
	unsigned long done = 0;

	if (likely(entry && IS_ALIGNED(va, LEAF_TABLE_SIZE)))
		done = clear_leaves(entry, leaves_at_once(va, pages));
	spin_unlock_irqrestore(&pgtable_lock, flags);
	return done * PTES_PER_TABLE;
}

/*
 * In no window when a bit above the frame number is set: an entry of a group
 * does not name its page, and goes by unfolding.
 */
static struct page *single_page_of(pte_t pte)
{
	return pfn_to_page(pte >> PTE_PPN_SHIFT);
}

/* Until a page is not a plain single one, or the stack is full. */
static unsigned long free_singles(struct page_cache *cache, pte_t *pte,
                                  unsigned long count)
{
	const struct page_window window = cache->window;
	struct page_stack *stack = &cache->stacks[0];
	struct page **top = stack->top;
	unsigned long room = stack->end - top;
	pte_t *at = pte;
	pte_t *end = pte + (count < room ? count : room);

	for (; at != end; at++) {
		struct page *page = single_page_of(*at);

		if (unlikely(!page_in_window(&window, page)) ||
		    unlikely(page->meta != PAGE_KIND(PAGE_USED, 0)))
			break;
		page->state = PAGE_CACHED;
		*top++ = page;
		*at = 0;
	}
	stack->top = top;
	return at - pte;
}

/* The block that begins at @pte, as @page says; returns its pages or 0. */
static unsigned long free_plain_block(struct page_cache *cache, pte_t *pte,
                                      unsigned long count, struct page *page,
                                      unsigned long order)
{
	if (unlikely(order > MAX_ORDER) || unlikely(1ul << order > count) ||
	    unlikely(chunk_first_page(page)->chunk_refs != 0) ||
	    unlikely(!page_stack_push(&cache->stacks[order], page)))
		return 0;
	entries_clear(pte, 1u << order);
	return 1ul << order;
}

unsigned long entries_free_blocks(struct page_cache *cache, pte_t *pte,
                                  unsigned long count)
{
	pte_t *at = pte;
	pte_t *end = pte + count;
	unsigned long done = 1;

	for (; at != end && done; at += done) {
		struct page *page = pte_first_page(*at);
		unsigned long order = page_plain_order(cache, page);

		if (order == 0)
			done = free_singles(cache, at, end - at);
		else
			done = free_plain_block(cache, at, end - at, page,
			                        order);
	}
	return at - pte;
}

static unsigned long free_entries(pte_t *pte, unsigned long pages)
{
	unsigned long batch = pages < BATCH ? pages : BATCH;
	unsigned long flags = irq_save();
	unsigned long done = entries_free_blocks(page_cache_own(), pte, batch);

	irq_restore(flags);
	return done;
}

/* A block larger than a batch goes alone, and may lie in two leaf tables. */
unsigned long area_free_batch(struct vm_area *area, unsigned long index,
                              unsigned long pages)
{
	unsigned long here = pages;
	unsigned long done;
	pte_t *pte;

	if (!area->ptes && !vm_index_slot(page_of_area(area, index))->ptes)
		return free_leaves(area, index, pages);
	pte = vm_area_entries(area, index, &here);
	done = free_entries(pte, here);
	if (!done && pages > BATCH) {
		done = page_free_block(pte_first_page(*pte), pages);
		vm_area_clear(area, index, done);
	}
	return done;
}

/* The block or the leaf at page @index, or a part of it: its pages. */
static unsigned long free_block(struct vm_area *area, unsigned long index,
                                unsigned long pages)
{
	paddr_t phys = 0;
	unsigned long run = area_extent(area, index, &phys);
	unsigned long block = page_block_pages(phys_to_page(phys));

	ASSERT(run > 0);
	if (run < block)
		run = block;
	if (run > pages)
		run = pages;
	vm_area_clear(area, index, run);
	page_free_run(phys_to_page(phys), run);
	return run;
}

void area_free_runs(struct vm_area *area, unsigned long index,
                    unsigned long count)
{
	while (index < count) {
		unsigned long done =
			area_free_batch(area, index, count - index);

		if (!done)
			done = free_block(area, index, count - index);
		index += done;
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
	if (likely(!area->vm.pages)) {
		area_free_runs(area, 0, count);
		return;
	}
	vm_area_unmap(area);
	area_free_array(area->vm.pages, count);
}
