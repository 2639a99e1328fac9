/* SPDX-License-Identifier: MIT */
/*
 * Entries of an area by themselves. A range is gone through one leaf table at a
 * time; where there is none, there is a 2 MiB leaf or nothing.
 *
 * sparse_back() and sparse_repair() change entries while others go through them,
 * so those take an entry away by an exchange, and nobody overwrites a 0 but by
 * compare-and-exchange.
 */
#include "mm/sparse.h"

#include <errno.h>

#include "core/assert.h"
#include "mm/mm_internal.h"
#include "mm/page_alloc.h"
#include "mm/pgtable_internal.h"
#include "mm/vm_index.h"

#define TABLE_PAGES ((unsigned long)PTES_PER_TABLE)

/* The end of the 2 MiB that @va is in, or @end. */
static vaddr_t step_end(vaddr_t va, vaddr_t end)
{
	vaddr_t next = ALIGN_DOWN(va, LEAF_TABLE_SIZE) + LEAF_TABLE_SIZE;

	return next - va < end - va ? next : end;
}

static bool is_whole_table(vaddr_t va, vaddr_t end)
{
	return IS_ALIGNED(va, LEAF_TABLE_SIZE) && end - va == LEAF_TABLE_SIZE;
}

static unsigned long pages_between(vaddr_t start, vaddr_t end)
{
	return (end - start) >> PAGE_SHIFT;
}

static pte_t entry_of(struct page *page, pgprot_t prot)
{
	return pgprot_is_hidden(prot)
	               ? page_to_pte(page, PAGE_KERNEL_RO) & ~PTE_V
	               : page_to_pte(page, prot);
}

static pte_t with_prot(pte_t pte, pgprot_t prot)
{
	return pgprot_is_hidden(prot) ? pte & ~PTE_V : pte_modify(pte, prot);
}

static struct page *page_of(pte_t pte)
{
	return phys_to_page(pte_phys(pte));
}

static bool replace(pte_t *pte, pte_t old, pte_t new)
{
	return __atomic_compare_exchange_n(pte, &old, new, false,
	                                   __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

static void count_pages(struct vm_area *area, long pages)
{
	__atomic_fetch_add(&area->vm.nr_pages, (unsigned int)pages,
	                   __ATOMIC_RELAXED);
}

/* A group of Svnapot becomes plain entries before one of it is touched. */
static pte_t plain_entry(pte_t *pte)
{
	pte_t value = READ_ONCE(*pte);

	if (unlikely(value & PTE_N)) {
		pte_unfold(pte);
		value = READ_ONCE(*pte);
	}
	return value;
}

/* --- filling ------------------------------------------------------------- */

/* Is @va in a leaf above level 0, hidden or not? */
static bool is_leaf_at(vaddr_t va)
{
	unsigned int level;
	const pte_t *entry = pgtable_walk_to(va, &level);

	return entry && level > 0 && READ_ONCE(*entry) != 0;
}

/* The 2 MiB at @va have no table and no leaf: one leaf, if that can be had. */
static bool fill_leaf(struct vm_area *area, vaddr_t va, pgprot_t prot)
{
	struct page *page;

	if (!vmap_huge_enabled())
		return false;
	page = alloc_pages(__GFP_ZERO, MAX_ORDER);
	if (!page)
		return false;
	if (pgtable_map_huge(va, page_to_phys(page),
	                     pte_prot(entry_of(page, prot))) != 0) {
		__free_pages(page, MAX_ORDER);
		return false;
	}
	area->huge_leaves++;
	count_pages(area, TABLE_PAGES);
	return true;
}

/* Empty entries from @pte on, up to @count. */
static unsigned long empty_run(const pte_t *pte, unsigned long count)
{
	unsigned long run = 0;

	while (run < count && READ_ONCE(pte[run]) == 0)
		run++;
	return run;
}

/* One block into empty entries; those that somebody filled keep what they got. */
static unsigned long fill_block(struct vm_area *area, pte_t *pte,
                                unsigned long run, pgprot_t prot)
{
	unsigned int order = MAX_ORDER;
	struct page *page;
	unsigned long i;

	while (1ul << order > run)
		order--;
	page = alloc_pages_up_to(GFP_KERNEL | __GFP_ZERO, order, &order);
	if (!page)
		return 0;
	for (i = 0; i < 1ul << order; i++) {
		if (likely(replace(&pte[i], 0, entry_of(page + i, prot))))
			count_pages(area, 1);
		else
			page_free_run(page + i, 1);
	}
	return 1ul << order;
}

static int fill_table(struct vm_area *area, vaddr_t va, vaddr_t end,
                      pgprot_t prot)
{
	unsigned long count = pages_between(va, end);
	pte_t *pte = vm_index_leaf_table(va);
	unsigned long i = 0;

	if (!pte)
		return -ENOMEM;
	pte += pte_index(va, 0);
	while (i < count) {
		unsigned long run = empty_run(pte + i, count - i);

		if (run == 0)
			run = 1;
		else
			run = fill_block(area, pte + i, run, prot);
		if (run == 0)
			return -ENOMEM;
		i += run;
	}
	return 0;
}

int sparse_fill(struct vm_area *area, vaddr_t start, vaddr_t end, pgprot_t prot)
{
	vaddr_t next;
	vaddr_t va;

	for (va = start; va < end; va = next) {
		int err = 0;

		next = step_end(va, end);
		if (!pgtable_find_leaf_table(va) &&
		    (is_leaf_at(va) ||
		     (is_whole_table(va, next) && fill_leaf(area, va, prot))))
			continue;
		err = fill_table(area, va, next, prot);
		if (err)
			return err;
	}
	return 0;
}

int sparse_map(struct vm_area *area, vaddr_t va, struct page *page,
               pgprot_t prot)
{
	pte_t *table = vm_index_leaf_table(va);

	if (!table)
		return -ENOMEM;
	if (!replace(&table[pte_index(va, 0)], 0, entry_of(page, prot)))
		return -EEXIST;
	count_pages(area, 1);
	return 0;
}

/* --- taking away --------------------------------------------------------- */

int sparse_split(vaddr_t start, vaddr_t end, bool all)
{
	int err = pgtable_split(start);
	vaddr_t va;

	if (!err)
		err = pgtable_split(end);
	for (va = start; all && !err && va < end; va = step_end(va, end))
		if (is_leaf_at(va))
			err = pgtable_split(va + PAGE_SIZE);
	return err;
}

/* Neighbours that go together. */
struct run {
	struct page *first;
	unsigned long count;
	bool shared;
};

static void end_run(struct run *run)
{
	if (run->shared) {
		unsigned long i;

		for (i = 0; i < run->count; i++)
			put_page(run->first + i);
	} else if (run->count > 0) {
		page_free_run(run->first, run->count);
	}
	run->count = 0;
}

static void add_to_run(struct run *run, struct page *page, unsigned long count)
{
	if (run->count == 0 || run->first + run->count != page) {
		end_run(run);
		run->first = page;
	}
	run->count += count;
}

static unsigned long drop_entries(pte_t *pte, unsigned long count,
                                  struct run *run)
{
	unsigned long dropped = 0;
	unsigned long i;

	for (i = 0; i < count; i++) {
		pte_t old = plain_entry(&pte[i]);

		if (old == 0)
			continue;
		old = __atomic_exchange_n(&pte[i], 0, __ATOMIC_ACQ_REL);
		add_to_run(run, page_of(old), 1);
		dropped++;
	}
	return dropped;
}

static unsigned long drop_leaf(struct vm_area *area, vaddr_t va,
                               struct run *run)
{
	unsigned long flags = spin_lock_irqsave(&pgtable_lock);
	pte_t *entry = pgtable_find_level1_entry_locked(va);
	pte_t old = entry ? *entry : 0;

	if (old)
		pgtable_set_locked(entry, 0);
	spin_unlock_irqrestore(&pgtable_lock, flags);
	if (!old)
		return 0;
	ASSERT(pte_is_leaf(old));
	if (area->huge_leaves > 0)
		area->huge_leaves--;
	add_to_run(run, page_of(old), TABLE_PAGES);
	return TABLE_PAGES;
}

unsigned long sparse_drop(struct vm_area *area, vaddr_t start, vaddr_t end,
                          bool shared)
{
	struct run run = { .shared = shared };
	unsigned long dropped = 0;
	vaddr_t next;
	vaddr_t va;

	for (va = start; va < end; va = next) {
		unsigned int level;
		pte_t *entry = pgtable_walk_to(va, &level);

		next = step_end(va, end);
		if (level == 0) {
			dropped += drop_entries(entry, pages_between(va, next),
			                        &run);
		} else if (READ_ONCE(*entry)) {
			dropped += drop_leaf(area, va, &run);
		}
	}
	end_run(&run);
	count_pages(area, -(long)dropped);
	return dropped;
}

/* --- changing ------------------------------------------------------------ */

static void protect_entries(pte_t *pte, unsigned long count, pgprot_t prot)
{
	unsigned long i;

	for (i = 0; i < count; i++) {
		pte_t old = plain_entry(&pte[i]);

		if (old)
			WRITE_ONCE(pte[i], with_prot(old, prot));
	}
}

static bool protect_leaf(vaddr_t va, pgprot_t prot)
{
	unsigned long flags = spin_lock_irqsave(&pgtable_lock);
	pte_t *entry = pgtable_find_level1_entry_locked(va);
	bool is_leaf = entry && *entry && pte_is_leaf(*entry);

	if (is_leaf)
		pgtable_set_locked(entry, with_prot(*entry, prot));
	spin_unlock_irqrestore(&pgtable_lock, flags);
	return is_leaf;
}

void sparse_protect(vaddr_t start, vaddr_t end, pgprot_t prot)
{
	vaddr_t next;
	vaddr_t va;

	for (va = start; va < end; va = next) {
		pte_t *table = pgtable_find_leaf_table(va);

		next = step_end(va, end);
		if (table) {
			protect_entries(table + pte_index(va, 0),
			                pages_between(va, next), prot);
		} else {
			(void)protect_leaf(va, prot);
		}
	}
}

/* --- moving -------------------------------------------------------------- */

static bool are_alike(vaddr_t a, vaddr_t b)
{
	return IS_ALIGNED(a - b, LEAF_TABLE_SIZE);
}

/* A page that begins at @va begins a block: the other side may go by itself. */
static void cut_block_at(vaddr_t va)
{
	unsigned int level;
	pte_t *entry = pgtable_walk_to(va, &level);
	pte_t pte = entry ? *entry : 0;

	if (level == 0 && pte)
		page_cut(page_of(plain_entry(entry)));
	else if (pte)
		page_cut(phys_to_page(pte_translate(pte, level, va)));
}

/*
 * Whatever is above the pages of 2 MiB changes places with what is there; both
 * level-1 tables exist.
 */
static void swap_tables(vaddr_t from, vaddr_t to)
{
	unsigned long flags = spin_lock_irqsave(&pgtable_lock);
	pte_t *old = pgtable_find_level1_entry_locked(from);
	pte_t *new = pgtable_find_level1_entry_locked(to);
	struct vm_slot *from_slot = vm_index_slot(from);
	struct vm_slot *to_slot = vm_index_slot(to);
	pte_t *ptes = from_slot->ptes;
	pte_t value = *old;

	pgtable_set_locked(old, *new);
	pgtable_set_locked(new, value);
	from_slot->ptes = to_slot->ptes;
	to_slot->ptes = ptes;
	spin_unlock_irqrestore(&pgtable_lock, flags);
}

/* The level-1 table of @va: one for each GiB, so it is there most often. */
static bool make_level1(vaddr_t va)
{
	unsigned long flags;
	unsigned int level;
	bool made;

	if (pgtable_walk_to(va, &level) && level < SV39_ROOT_LEVEL)
		return true;
	flags = spin_lock_irqsave(&pgtable_lock);
	made = pgtable_level1_entry_locked(va);
	spin_unlock_irqrestore(&pgtable_lock, flags);
	return made;
}

/* Everything that moving will need, so that it cannot fail. */
static int prepare_move(vaddr_t start, vaddr_t end, vaddr_t at)
{
	vaddr_t next;
	vaddr_t va;

	for (va = start; va < end; va = next) {
		vaddr_t to = at + (va - start);
		vaddr_t to_next = step_end(to, at + (end - start));

		next = step_end(va, end);
		if (to_next - to < next - va)
			next = va + (to_next - to);
		if (are_alike(start, at) && is_whole_table(va, next)) {
			if (!make_level1(to))
				return -ENOMEM;
		} else if (sparse_has(va) || pgtable_find_leaf_table(va)) {
			if (!vm_index_leaf_table(to))
				return -ENOMEM;
		}
	}
	return 0;
}

static unsigned long move_entries(vaddr_t va, vaddr_t to, unsigned long count)
{
	pte_t *from = pgtable_find_leaf_table(va);
	pte_t *target = from ? vm_index_leaf_table(to) : NULL;
	unsigned long moved = 0;
	unsigned long i;

	if (!from)
		return 0;
	from += pte_index(va, 0);
	target += pte_index(to, 0);
	for (i = 0; i < count; i++) {
		pte_t old = plain_entry(&from[i]);

		if (old == 0)
			continue;
		/* No fault comes between: its region is gone already. */
		old = __atomic_exchange_n(&from[i], 0, __ATOMIC_ACQ_REL);
		WRITE_ONCE(target[i], old);
		moved++;
	}
	return moved;
}

/* 2 MiB that are alike. Returns the pages that moved: a table's are not counted. */
static unsigned long move_table(struct vm_area *from, struct vm_area *to,
                                vaddr_t va, vaddr_t at)
{
	bool is_leaf = is_leaf_at(va);

	if (!is_leaf && !pgtable_find_leaf_table(va))
		return 0;
	swap_tables(va, at);
	if (!is_leaf)
		return 0;
	from->huge_leaves -= from->huge_leaves > 0;
	to->huge_leaves++;
	return TABLE_PAGES;
}

int sparse_move(struct vm_area *from, vaddr_t start, vaddr_t end,
                struct vm_area *to, vaddr_t at)
{
	unsigned long moved = 0;
	vaddr_t next;
	vaddr_t va;
	int err = sparse_split(start, end, !are_alike(start, at));

	if (!err)
		err = prepare_move(start, end, at);
	if (err)
		return err;
	cut_block_at(start);
	cut_block_at(end);
	from->ptes = NULL;
	to->ptes = NULL;
	for (va = start; va < end; va = next) {
		vaddr_t target = at + (va - start);
		vaddr_t target_next = step_end(target, at + (end - start));

		next = step_end(va, end);
		if (target_next - target < next - va)
			next = va + (target_next - target);
		if (are_alike(start, at) && is_whole_table(va, next))
			moved += move_table(from, to, va, target);
		else
			moved += move_entries(va, target,
			                      pages_between(va, next));
	}
	if (pages_between(start, end) == area_usable_pages(from))
		moved = from->vm.nr_pages;
	count_pages(from, -(long)moved);
	count_pages(to, (long)moved);
	return 0;
}

/* --- looking ------------------------------------------------------------- */

unsigned long sparse_count(vaddr_t start, vaddr_t end)
{
	unsigned long count = 0;
	vaddr_t next;
	vaddr_t va;

	for (va = start; va < end; va = next) {
		const pte_t *table = pgtable_find_leaf_table(va);
		unsigned long i;

		next = step_end(va, end);
		if (!table && is_leaf_at(va))
			count += pages_between(va, next);
		for (i = 0; table && i < pages_between(va, next); i++)
			count += table[pte_index(va, 0) + i] != 0;
	}
	return count;
}

/* --- page faults --------------------------------------------------------- */

bool sparse_has(vaddr_t va)
{
	unsigned int level;
	const pte_t *entry = pgtable_walk_to(va, &level);

	return entry && READ_ONCE(*entry) != 0;
}

struct page *sparse_page(vaddr_t va)
{
	unsigned int level;
	pte_t *entry = pgtable_walk_to(va, &level);
	pte_t pte = level ? *entry : plain_entry(entry);

	return phys_to_page(pte_translate(pte, level, va));
}

bool sparse_back(struct vm_area *area, vaddr_t va, struct page *page,
                 pgprot_t prot)
{
	pte_t *table = vm_index_leaf_table(va);

	if (!table ||
	    !replace(&table[pte_index(va, 0)], 0, page_to_pte(page, prot)))
		return false;
	count_pages(area, 1);
	return true;
}

bool sparse_repair(vaddr_t va, pgprot_t prot)
{
	pte_t *table = pgtable_find_leaf_table(va);
	pte_t *pte;
	pte_t old;

	if (!table)
		return protect_leaf(va, prot);
	pte = table + pte_index(va, 0);
	old = READ_ONCE(*pte);
	return old && (old & PTE_N || replace(pte, old, pte_modify(old, prot)));
}
