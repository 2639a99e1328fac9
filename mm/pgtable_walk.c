/* SPDX-License-Identifier: MIT */
/* Looking at the whole page table: the dump, and the proof that it is sound. */
#include <stdbool.h>

#include "core/assert.h"
#include "mm/pgtable_internal.h"

/* A run of leaves that continue each other. */
struct run {
	vaddr_t start;
	vaddr_t end;
	paddr_t pa;
	pgprot_t prot;
	unsigned int level;
};

static bool continues(const struct run *run, const struct run *next)
{
	return run->end == next->start && run->level == next->level &&
	       pgprot_val(run->prot) == pgprot_val(next->prot) &&
	       run->pa + (run->end - run->start) == next->pa;
}

/* The part of [va, end) that one entry covers; false: it maps nothing. */
static bool next_leaf(vaddr_t va, vaddr_t end, struct run *out)
{
	unsigned int level;
	const pte_t *entry = pgtable_walk_to(va, &level);
	pte_t pte;
	size_t left;

	out->start = va;
	out->end = end;
	if (!entry)
		return false;
	pte = READ_ONCE(*entry);
	left = LEVEL_SIZE(level) - (va & (LEVEL_SIZE(level) - 1));
	if (left < end - va)
		out->end = va + left;
	if (!pte_is_valid(pte))
		return false;
	out->pa = pte_translate(pte, level, va);
	out->prot = pte_prot(pte);
	out->level = level;
	return true;
}

bool pgtable_is_clear(vaddr_t va, size_t size)
{
	vaddr_t end = va + size;
	struct run run;

	while (va < end) {
		if (next_leaf(va, end, &run))
			return false;
		va = run.end;
	}
	return true;
}

static void emit_run(const struct run *run, pgtable_emit *emit, void *context)
{
	if (run->start != run->end)
		emit(run->start, run->end, run->pa, run->prot, run->level,
		     context);
}

void pgtable_walk_range(vaddr_t start, vaddr_t end, pgtable_emit *emit,
                        void *context)
{
	struct run run = { 0 };

	start = ALIGN_DOWN(start, PAGE_SIZE);
	while (start < end) {
		struct run next;
		bool mapped = next_leaf(start, end, &next);

		start = next.end;
		if (mapped && continues(&run, &next)) {
			run.end = next.end;
			continue;
		}
		emit_run(&run, emit, context);
		run = next;
		if (!mapped)
			run.start = run.end;
	}
	emit_run(&run, emit, context);
}

static void check_leaf(pte_t pte, unsigned int level)
{
	pgprot_t prot = pte_prot(pte);
	unsigned long frames = LEVEL_SIZE(level) >> PAGE_SHIFT;

	ASSERT(pgprot_is_sane(prot));
	ASSERT(!(pte & ~(PTE_PROT_MASK | PTE_PPN_MASK | PTE_N | PTE_HELD)));
	ASSERT(IS_ALIGNED(PFN_DOWN(pte_phys(pte)), frames));
	if (pte & PTE_N) {
		ASSERT(level == 0);
		ASSERT((PFN_DOWN(pte_phys(pte)) & (NAPOT_PTES - 1)) ==
		       NAPOT_PTES / 2);
	}
}

static void check_table(const pte_t *table, unsigned int level)
{
	for (unsigned int i = 0; i < PTES_PER_TABLE; i++) {
		pte_t pte = READ_ONCE(table[i]);

		if (!pte_is_valid(pte))
			continue;
		if (pte_is_leaf(pte))
			check_leaf(pte, level);
		else
			ASSERT(level > 0 && !(pte & ~(PTE_PPN_MASK | PTE_V)));
	}
}

void pgtable_check(void)
{
	unsigned long flags = spin_lock_irqsave(&pgtable_lock);

	check_table(kernel_root, 2);
	for (unsigned int i = 0; i < PTES_PER_TABLE; i++) {
		const pte_t *level1;

		if (!pte_is_table(kernel_root[i]))
			continue;
		level1 = pgtable_of(kernel_root[i]);
		check_table(level1, 1);
		for (unsigned int j = 0; j < PTES_PER_TABLE; j++) {
			if (pte_is_table(level1[j]))
				check_table(pgtable_of(level1[j]), 0);
		}
	}
	spin_unlock_irqrestore(&pgtable_lock, flags);
}
