/* SPDX-License-Identifier: MIT */
/*
 * What a hart remembers: copies of page-table entries by level and address, as
 * it once read them. Valid leaves, pointers to tables and invalid entries alike
 * stay until a fence takes them, and any of them may be used instead of memory.
 * That is all that the ISA forbids a hart to forget, and more than any has:
 *
 *   sfence.vma           everything goes
 *   sfence.vma address   the leaf of that address goes, as it is now, and a
 *                        level-0 entry; a large leaf that was split meanwhile
 *                        stays, and so do invalid entries above level 0 (priv.
 *                        spec 4.2.1: "only leaf page table entries")
 */
#include <string.h>

#include "arch/early_map.h"
#include "mm/page.h"
#include "sim_internal.h"
#include "tests/model/model.h"

#define SLOTS     16384u
#define USED_MOST (SLOTS / 2)

struct memory {
	uint64_t tag; /* level and address; 0: forgotten */
	pte_t pte;
	unsigned int round;
};

static struct tlb {
	struct memory slots[SLOTS];
	uint16_t used[USED_MOST];
	uint16_t tables[USED_MOST]; /* those that point to tables */
	unsigned int nr_used;
	unsigned int nr_tables;
	unsigned int round; /* slots of an earlier one are empty */
} tlbs[CONFIG_NR_HARTS];

static uint64_t tag_of(vaddr_t va, unsigned int level)
{
	return (va >> LEVEL_SHIFT(level)) << 2 | (level + 1);
}

static unsigned int level_of(uint64_t tag)
{
	return (unsigned int)(tag & 3) - 1;
}

static vaddr_t address_of(uint64_t tag)
{
	return tag >> 2 << LEVEL_SHIFT(level_of(tag));
}

/* The slot with @tag, or the empty one where it goes. */
static struct memory *slot_of(struct tlb *tlb, uint64_t tag)
{
	unsigned int at = (unsigned int)(mix(tag, 0) % SLOTS);

	while (tlb->slots[at].round == tlb->round && tlb->slots[at].tag != tag)
		at = (at + 1) % SLOTS;
	return &tlb->slots[at];
}

static struct memory *recall(struct tlb *tlb, vaddr_t va, unsigned int level)
{
	struct memory *slot = slot_of(tlb, tag_of(va, level));

	return slot->round == tlb->round ? slot : NULL;
}

static void remember(struct tlb *tlb, vaddr_t va, unsigned int level, pte_t pte)
{
	struct memory *slot;

	if (tlb->nr_used == USED_MOST)
		tlb_forget_all((unsigned int)(tlb - tlbs));
	slot = slot_of(tlb, tag_of(va, level));
	if (slot->round != tlb->round)
		tlb->used[tlb->nr_used++] = (uint16_t)(slot - tlb->slots);
	if (level > 0 && pte_is_table(pte))
		tlb->tables[tlb->nr_tables++] = (uint16_t)(slot - tlb->slots);
	*slot = (struct memory){ .tag = tag_of(va, level),
		                 .pte = pte,
		                 .round = tlb->round };
}

void tlb_forget_all(unsigned int hart)
{
	tlbs[hart].round++;
	tlbs[hart].nr_used = 0;
	tlbs[hart].nr_tables = 0;
}

/* --- walks ------------------------------------------------------------------- */

static const pte_t *table_below(pte_t pte)
{
	const pte_t *table = sim_ram(pte_phys(pte));

	MUST(table, "I-20: a walk reads %#lx, which is no RAM", pte_phys(pte));
	return table;
}

static pte_t read_entry(vaddr_t va, unsigned int level, pte_t above)
{
	const pte_t *table =
		level == SV39_ROOT_LEVEL ? kernel_root : table_below(above);

	return READ_ONCE(table[pte_index(va, level)]);
}

pte_t tlb_walk_memory(vaddr_t va, unsigned int *level_out)
{
	unsigned int level = SV39_ROOT_LEVEL;
	pte_t pte = read_entry(va, level, 0);

	while (level > 0 && pte_is_table(pte))
		pte = read_entry(va, --level, pte);
	*level_out = level;
	return pte_is_valid(pte) && pte_is_leaf(pte) ? pte : 0;
}

void tlb_forget_page(unsigned int hart, vaddr_t va)
{
	unsigned int leaf_level;
	pte_t leaf = tlb_walk_memory(va, &leaf_level);

	for (unsigned int level = 0; level <= SV39_ROOT_LEVEL; level++) {
		struct memory *slot = recall(&tlbs[hart], va, level);

		if (slot && (level == 0 || (leaf && level == leaf_level)))
			slot->tag = 0;
	}
}

/* A leaf that is remembered needs no walk; the largest serves first. */
static pte_t remembered_leaf(struct tlb *tlb, vaddr_t va, unsigned int *level)
{
	for (unsigned int l = SV39_ROOT_LEVEL + 1; l-- > 0;) {
		const struct memory *slot = recall(tlb, va, l);

		*level = l;
		if (slot && pte_is_valid(slot->pte) && pte_is_leaf(slot->pte))
			return slot->pte;
	}
	return 0;
}

pte_t tlb_translate(unsigned int hart, vaddr_t va, unsigned int *level_out)
{
	struct tlb *tlb = &tlbs[hart];
	unsigned int level = SV39_ROOT_LEVEL;
	pte_t pte = remembered_leaf(tlb, va, level_out);

	if (pte)
		return pte;
	for (pte = 0;; level--) {
		const struct memory *slot = recall(tlb, va, level);

		if (slot) {
			pte = slot->pte;
		} else {
			pte = read_entry(va, level, pte);
			remember(tlb, va, level, pte);
		}
		*level_out = level;
		if (level == 0 || !pte_is_table(pte))
			return pte_is_valid(pte) && pte_is_leaf(pte) ? pte : 0;
	}
}

/* --- checks -------------------------------------------------------------------- */

static bool same_translation(vaddr_t va, pte_t a, unsigned int level_a, pte_t b,
                             unsigned int level_b)
{
	return a && b && pte_prot(a).pgprot == pte_prot(b).pgprot &&
	       pte_translate(a, level_a, va) == pte_translate(b, level_b, va);
}

void tlb_check_page(unsigned int hart, vaddr_t va)
{
	unsigned int level, real_level;
	pte_t pte = remembered_leaf(&tlbs[hart], va, &level);
	pte_t real = tlb_walk_memory(va, &real_level);

	MUST(!pte || same_translation(va, pte, level, real, real_level),
	     "I-9: hart %u still takes %#lx to %#lx with %#lx; it is %#lx now",
	     hart, va, pte_phys(pte), pgprot_val(pte_prot(pte)), real);
}

/* A leaf above level 0 that was split is looked at page by page. */
void tlb_check_leaves(unsigned int hart)
{
	struct tlb *tlb = &tlbs[hart];

	for (unsigned int i = 0; i < tlb->nr_used; i++) {
		const struct memory *slot = &tlb->slots[tlb->used[i]];
		vaddr_t va = address_of(slot->tag);
		vaddr_t end;

		if (!slot->tag || !pte_is_valid(slot->pte) ||
		    !pte_is_leaf(slot->pte))
			continue;
		end = va + LEVEL_SIZE(level_of(slot->tag));
		for (; va < end;
		     va += PAGE_SIZE * (end - va > PAGE_SIZE ? 17 : 1))
			tlb_check_page(hart, va);
	}
}

static void check_table(unsigned int hart, const struct memory *slot,
                        bool between_calls)
{
	vaddr_t va = address_of(slot->tag);
	const struct page *page = phys_to_page(pte_phys(slot->pte));
	unsigned int level = SV39_ROOT_LEVEL;
	pte_t pte = read_entry(va, level, 0);

	MUST(page->state == PAGE_USED,
	     "I-20: hart %u may walk a table that is free, %#lx, for %#lx",
	     hart, pte_phys(slot->pte), va);
	while (level > level_of(slot->tag) && pte_is_table(pte))
		pte = read_entry(va, --level, pte);
	MUST(!between_calls || pte == slot->pte,
	     "I-20: hart %u remembers table %#lx for %#lx; the entry is %#lx",
	     hart, pte_phys(slot->pte), va, pte);
}

void tlb_check_tables(unsigned int hart, bool between_calls)
{
	struct tlb *tlb = &tlbs[hart];

	for (unsigned int i = 0; i < tlb->nr_tables; i++)
		check_table(hart, &tlb->slots[tlb->tables[i]], between_calls);
}
