/* SPDX-License-Identifier: MIT */
/*
 * Who owns what, as races (B13, B20, B22, B29, B30, B57): areas that two
 * harts free, addresses and tables that a drain has in hand, areas half built.
 *
 * What each test is worth was seen by breaking what protects: how, is said above
 * it behind "Breaks:".
 */
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <stdio.h>
#include <string.h>

#include "core/hart.h"
#include "core/report.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "pages.h"
#include "race.h"
#include "test.h"

static char *victim;

/* --- drains -------------------------------------------------------------- */

static struct page *table_page;
static unsigned int tables_met;
static bool address_met;

/* What a drain has taken, nobody gets before the flush (I-9, I-20). */
static void look_for_the_taken(void *argument)
{
	struct page *taken[16];
	unsigned int i;
	void *p;

	(void)argument;
	if (this_hart->index != 0 || !race_is_first())
		return;
	for (i = 0; i < ARRAY_SIZE(taken); i++) {
		taken[i] = alloc_page(GFP_NOWAIT);
		tables_met += taken[i] == table_page;
	}
	while (i-- > 0)
		if (taken[i])
			__free_page(taken[i]);
	p = __vmalloc_node_range(PAGE_SIZE, PAGE_SIZE, (unsigned long)victim,
	                         (unsigned long)victim + 2 * PAGE_SIZE,
	                         GFP_NOWAIT | __GFP_NOWARN, PAGE_KERNEL, -1,
	                         CALLER());
	address_met = p;
	vfree(p);
}

#define FAR_AWAY (VMALLOC_START + (40ul << 30))

static char *vmalloc_at(unsigned long start)
{
	return __vmalloc_node_range(
		PAGE_SIZE, PAGE_SIZE, start, start + 2 * PAGE_SIZE,
		GFP_KERNEL | __GFP_NOWARN, PAGE_KERNEL, -1, CALLER());
}

/*
 * B20, B22, I-20. Breaks: vmap_drain() that calls pgtable_free_detached() or
 * area_release() before its flush.
 */
TEST(drain_gives_tables_and_addresses_back_after_its_flush)
{
	race_begin(1);
	victim = vmalloc_at(FAR_AWAY);
	CHECK(victim);
	table_page = virt_to_page(pgtable_find_leaf_table((vaddr_t)victim));
	tables_met = 0;
	vfree(victim);
	race_window_open(RACE_DRAIN_TAKEN, look_for_the_taken, NULL);
	vm_unmap_aliases();
	race_window_close(RACE_DRAIN_TAKEN);
	CHECK_EQ(race.arrived, 1);
	CHECK_EQ(tables_met, 0);
	CHECK(!address_met);
}

static void drain(void)
{
	vmap_drain();
}

/*
 * B20: whoever finds no hole waits for the drain that has the addresses in hand.
 * Breaks: vmap_drain() without `draining`.
 */
TEST(addresses_in_the_hands_of_a_drain_are_waited_for)
{
	char *again;

	race_begin(2);
	victim = vmalloc_at(FAR_AWAY);
	CHECK(victim);
	vfree(victim);
	race.limit_ns = 5 * RACE_SOON_NS;
	race_hold_at(RACE_DRAIN_TAKEN, drain);
	again = vmalloc_at(FAR_AWAY);
	race_let_go(RACE_DRAIN_TAKEN);
	CHECK(again == victim);
	vfree(again);
}

/* --- two harts free one thing (B57) -------------------------------------- */

static void free_victim(void)
{
	vfree(victim);
}

static void vunmap_victim(void)
{
	vunmap(victim);
}

static void unmap_victim(void)
{
	vm_unmap_ram(victim, 1);
}

static void remove_victim(void)
{
	kfree(remove_vm_area(victim));
}

/* Both harts find the victim; one wins. */
static void free_twice(enum race_point point, void (*act)(void),
                       unsigned int reports)
{
	unsigned long before = report_count();

	race_meet_at(point, act);
	CHECK_EQ(report_count() - before, reports);
	test_expect_reports(reports);
}

/*
 * B57. Breaks: area_win() that asks for the state above its window and sets it
 * below.
 */
TEST(of_two_harts_that_vfree_one_area_one_wins)
{
	race_begin(2);
	vfree(vmalloc(PAGE_SIZE));
	tlb_flush_all();
	victim = vmalloc(PAGE_SIZE);
	free_twice(RACE_AREA_FOUND, free_victim, 1);
}

TEST(of_two_harts_that_vfree_a_large_area_one_wins)
{
	race_begin(2);
	victim = vmalloc(100 * PAGE_SIZE);
	free_twice(RACE_AREA_FOUND, free_victim, 1);
}

TEST(of_two_harts_that_vunmap_one_area_one_wins)
{
	struct page **pages;

	race_begin(2);
	pages = pages_alloc(3);
	victim = vmap(pages, 3, VM_MAP, PAGE_KERNEL);
	free_twice(RACE_AREA_FOUND, vunmap_victim, 1);
	pages_free(pages, 3);
}

TEST(of_two_harts_that_remove_one_area_one_gets_it)
{
	struct vm_struct *vm;

	race_begin(2);
	vm = get_vm_area(PAGE_SIZE, VM_MAP);
	CHECK(vm);
	victim = vm->addr;
	free_twice(RACE_AREA_FOUND, remove_victim, 0);
}

/* Breaks: take_first_entry() that looks above the window and clears below. */
TEST(of_two_harts_that_unmap_one_slot_one_wins)
{
	struct page **pages;

	race_begin(2);
	pages = pages_alloc(1);
	victim = vm_map_ram(pages, 1, -1, PAGE_KERNEL);
	free_twice(RACE_MAPPING_FOUND, unmap_victim, 1);
	pages_free(pages, 1);
}

/* --- half-built areas (B13, B29, B30) ------------------------------------- */

static char built_at[24];
static unsigned int lines_met;
static bool found_early;

static void look_at_line(const char *line, void *context)
{
	(void)context;
	lines_met += strncmp(line, built_at, strlen(built_at)) == 0;
}

static void look_while_built(void *argument)
{
	char byte = 1;

	(void)argument;
	if (this_hart->index != 0 || !race_is_first())
		return;
	snprintf(built_at, sizeof(built_at), "0x%016lx-", FAR_AWAY);
	vmallocinfo_show(look_at_line, NULL);
	found_early = find_vm_area((void *)FAR_AWAY) ||
	              vread(&byte, (char *)FAR_AWAY, 1) != 0;
}

/* Breaks: area_begin() with AREA_BUSY. */
TEST(area_is_not_found_before_it_is_published)
{
	race_begin(1);
	lines_met = 0;
	race_window_open(RACE_AREA_BUILT, look_while_built, NULL);
	victim = vmalloc_at(FAR_AWAY);
	race_window_close(RACE_AREA_BUILT);
	CHECK(victim == (char *)FAR_AWAY);
	CHECK_EQ(race.arrived, 1);
	CHECK_EQ(lines_met, 0);
	CHECK(!found_early);
	vmallocinfo_show(look_at_line, NULL);
	CHECK_EQ(lines_met, 1);
	vfree(victim);
}

/* --- walks beside table reclaim (B22, I-20) -------------------------------- */

#define OWNED (FAR_AWAY + LEAF_TABLE_SIZE)

static bool walk_found;

static void walk_to_owned(void)
{
	unsigned int level;

	walk_found = pgtable_lookup(OWNED, &level) != NULL;
}

static void translate_victim(void)
{
	walk_found = vmalloc_to_page(victim) != NULL;
}

/* Take @count pages and write what leads a walk astray into each. */
static void take_and_spoil(struct page **taken, unsigned int count)
{
	while (count-- > 0) {
		pte_t *table;

		taken[count] = alloc_page(GFP_KERNEL);
		CHECK(taken[count]);
		table = page_address(taken[count]);
		for (unsigned int i = 0; i < PTES_PER_TABLE; i++)
			table[i] = pte_make(0x80000000, PAGE_KERNEL);
	}
}

/*
 * Hart 1 walks and is held between the root and the next table, while the only
 * leaf table of that GiB goes and what was freed becomes somebody's page.
 */
static void walk_beside_drain(race_act *walk)
{
	struct page *taken[16];

	victim = vmalloc_at(FAR_AWAY);
	CHECK(victim);
	race.limit_ns = 10 * RACE_SOON_NS;
	race_hold_at(RACE_TABLE_WALKED, walk);
	vfree(victim);
	vm_unmap_aliases();
	take_and_spoil(taken, ARRAY_SIZE(taken));
	race_let_go(RACE_TABLE_WALKED);
	for (unsigned int i = 0; i < ARRAY_SIZE(taken); i++)
		__free_page(taken[i]);
	CHECK(!walk_found);
}

/*
 * An owner of addresses walks without a lock, also where it has no leaf table
 * yet. Breaks: slot_drop() that calls pgtable_detach_level1() each time the
 * level-1 table has become empty.
 */
TEST(level_1_table_stays_while_an_owner_may_walk_it)
{
	struct vm_struct *vm;

	race_begin(2);
	vm = __get_vm_area(PAGE_SIZE, VM_MAP, OWNED, OWNED + 2 * PAGE_SIZE);
	CHECK(vm);
	walk_beside_drain(walk_to_owned);
	free_vm_area(vm);
}

/* Others translate under a lock. Breaks: vmap_translate() without it. */
TEST(translation_of_a_freed_address_holds_a_drain_off)
{
	race_begin(2);
	walk_beside_drain(translate_victim);
}
