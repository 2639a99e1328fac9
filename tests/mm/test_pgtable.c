/* SPDX-License-Identifier: MIT */
/*
 * Page tables by themselves, on reserved addresses: leaf sizes, refusals with
 * rollback, splitting, detaching, Svnapot runs.
 */
#include <errno.h>
#include <linux/vmalloc.h>

#include "core/machine.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "pages.h"
#include "test.h"

#define PHYS 0x400000000ul /* a gigabyte-aligned address without RAM */

/* Address space of our own: 1 GiB aligned, @gib of it, whose tables we own. */
static vaddr_t room(struct vm_struct **vm, unsigned long gib)
{
	*vm = get_vm_area((gib + 1) << 30, VM_IOREMAP);
	CHECK(*vm);
	return ALIGN_UP((vaddr_t)(*vm)->addr, 1ul << 30);
}

static void check_translates(vaddr_t va, paddr_t expected)
{
	paddr_t pa = 0;
	pgprot_t prot;

	CHECK(pgtable_translate(va, &pa, &prot));
	CHECK_EQ(pa, expected);
	CHECK_EQ(pgprot_val(prot) & PTE_RWX, PTE_R | PTE_W);
}

static void clear(vaddr_t va, size_t size)
{
	CHECK_EQ(pgtable_unmap(va, size), 0);
	tlb_flush_all();
	CHECK_EQ(leaf_level((void *)va), -1);
	CHECK_EQ(leaf_level((void *)(va + size - 1)), -1);
}

TEST(leaves_are_the_largest_that_alignment_permits)
{
	static const struct {
		vaddr_t va_off;
		paddr_t pa_off;
		size_t size;
		unsigned int max;
		int first, last;
	} row[] = {
		{ 0, 0, PAGE_SIZE, 2, 0, 0 },
		{ 0, 0, 1ul << 21, 2, 1, 1 },
		{ 0, 0, 1ul << 30, 2, 2, 2 },
		{ 0, 0, 1ul << 30, 1, 1, 1 },
		{ 0, 0, 1ul << 22, 0, 0, 0 },
		{ 0, PAGE_SIZE, 1ul << 21, 2, 0, 0 },
		{ PAGE_SIZE, 0, 1ul << 21, 2, 0, 0 },
		{ PAGE_SIZE, PAGE_SIZE, 1ul << 22, 2, 0, 0 },
		{ 0, 0, (1ul << 21) + PAGE_SIZE, 2, 1, 0 },
		{ 0, 1ul << 21, 1ul << 30, 2, 1, 1 },
	};
	struct vm_struct *vm;
	vaddr_t base = room(&vm, ARRAY_SIZE(row));

	for (unsigned int i = 0; i < ARRAY_SIZE(row); i++) {
		/* Tables of an earlier row would be in the way of leaves. */
		vaddr_t va = base + (i * 1ul << 30) + row[i].va_off;
		paddr_t pa = PHYS + row[i].pa_off;

		CHECK_EQ(pgtable_map(va, pa, row[i].size, PAGE_KERNEL,
		                     row[i].max),
		         0);
		CHECK_EQ(leaf_level((void *)va), row[i].first);
		CHECK_EQ(leaf_level((void *)(va + row[i].size - 1)),
		         row[i].last);
		for (size_t at = 0; at < row[i].size; at += row[i].size / 7 + 1)
			check_translates(va + at, pa + at);
		clear(va, row[i].size);
	}
	free_vm_area(vm);
}

TEST(mapping_over_something_is_busy_and_undone)
{
	struct vm_struct *vm;
	vaddr_t va = room(&vm, 1);

	CHECK_EQ(pgtable_map(va + (5ul << 21), PHYS, PAGE_SIZE, PAGE_KERNEL, 2),
	         0);
	CHECK_EQ(pgtable_map(va, PHYS, 8ul << 21, PAGE_KERNEL, 2), -EBUSY);
	CHECK_EQ(leaf_level((void *)va), -1);
	CHECK_EQ(leaf_level((void *)(va + (4ul << 21))), -1);
	check_translates(va + (5ul << 21), PHYS);
	CHECK_EQ(pgtable_map_huge(va + (5ul << 21), PHYS, PAGE_KERNEL), -EBUSY);
	CHECK_EQ(pgtable_map_huge(va, PHYS, PAGE_KERNEL), 0);
	CHECK_EQ(leaf_level((void *)va), 1);
	CHECK(!pgtable_leaf_table(va)); /* a huge leaf is in the way */
	CHECK_EQ(pgtable_map_huge(va, PHYS, PAGE_KERNEL), -EBUSY);
	clear(va, 6ul << 21);
	free_vm_area(vm);
}

TEST(unmapping_a_part_splits_and_keeps_the_rest)
{
	struct vm_struct *vm;
	vaddr_t va = room(&vm, 1);

	CHECK_EQ(pgtable_map(va, PHYS, 1ul << 30, PAGE_KERNEL, 2), 0);
	CHECK_EQ(pgtable_unmap(va + 0x345000, 3 * PAGE_SIZE), 0);
	tlb_flush_all();
	CHECK_EQ(leaf_level((void *)(va + 0x345000)), -1);
	CHECK_EQ(leaf_level((void *)(va + 0x347fff)), -1);
	check_translates(va + 0x344fff, PHYS + 0x344fff);
	check_translates(va + 0x348000, PHYS + 0x348000);
	check_translates(va, PHYS);
	check_translates(va + (1ul << 30) - 1, PHYS + (1ul << 30) - 1);
	clear(va, 1ul << 30);
	free_vm_area(vm);
}

TEST(protecting_a_part_splits_and_keeps_the_rest)
{
	struct vm_struct *vm;
	vaddr_t va = room(&vm, 1);
	paddr_t pa;
	pgprot_t prot;

	CHECK_EQ(pgtable_map(va, PHYS, 1ul << 21, PAGE_KERNEL, 2), 0);
	CHECK_EQ(pgtable_protect(va + 0x7000, 0x2000, PAGE_KERNEL_RO), 0);
	CHECK(pgtable_translate(va + 0x8000, &pa, &prot));
	CHECK_EQ(pa, PHYS + 0x8000);
	CHECK_EQ(pgprot_val(prot) & PTE_RWX, PTE_R);
	check_translates(va + 0x6fff, PHYS + 0x6fff);
	check_translates(va + 0x9000, PHYS + 0x9000);
	clear(va, 1ul << 21);
	free_vm_area(vm);
}

TEST(runs_of_entries_are_filled_and_cleared)
{
	struct vm_struct *vm;
	vaddr_t va = room(&vm, 1);
	pte_t *table = pgtable_leaf_table(va);

	CHECK(table);
	CHECK_EQ(pgtable_find_leaf_table(va + 0x1ff000), table);
	for (unsigned int first = 0; first < 40; first += 7) {
		for (unsigned int count = 1; count < 60; count += 11) {
			pte_fill_run(table + first, va + first * PAGE_SIZE,
			             PHYS + 3 * PAGE_SIZE * first, count,
			             PAGE_KERNEL);
			for (unsigned int i = 0; i < count; i++) {
				check_translates(va + (first + i) * PAGE_SIZE,
				                 PHYS + (3 * first + i) *
				                                 PAGE_SIZE);
			}
			CHECK_EQ(leaf_level((void *)(va + (first + count) *
			                                          PAGE_SIZE)),
			         -1);
			pte_clear_run(table + first, count);
			for (unsigned int i = 0; i < 512; i++)
				CHECK_EQ(table[i], 0);
		}
	}
	tlb_flush_all();
	free_vm_area(vm);
}

/* Svnapot: folded only where the machine has it, and only aligned. */
TEST(napot_folds_aligned_runs_of_sixteen)
{
	struct vm_struct *vm;
	vaddr_t va = room(&vm, 1);
	pte_t *table = pgtable_leaf_table(va);

	CHECK(table);
	pte_fill_run(table, va, PHYS, 32, PAGE_KERNEL);
	CHECK_EQ(!!(table[0] & PTE_N), isa_has(ISA_SVNAPOT));
	CHECK_EQ(!!(table[31] & PTE_N), isa_has(ISA_SVNAPOT));
	pte_clear_run(table, 32);
	pte_fill_run(table, va, PHYS + PAGE_SIZE, 32, PAGE_KERNEL);
	for (unsigned int i = 0; i < 32; i++)
		CHECK(!(table[i] & PTE_N));
	pte_clear_run(table, 32);
	tlb_flush_all();
	free_vm_area(vm);
}

TEST(napot_run_is_split_before_a_part_changes)
{
	struct vm_struct *vm;
	vaddr_t va = room(&vm, 1);

	CHECK_EQ(pgtable_map(va, PHYS, 1ul << 16, PAGE_KERNEL, 0), 0);
	CHECK_EQ(pgtable_unmap(va + 5 * PAGE_SIZE, PAGE_SIZE), 0);
	tlb_flush_all();
	for (unsigned int i = 0; i < 16; i++) {
		if (i == 5)
			CHECK_EQ(leaf_level((void *)(va + 5 * PAGE_SIZE)), -1);
		else
			check_translates(va + i * PAGE_SIZE,
			                 PHYS + i * PAGE_SIZE);
	}
	clear(va, 1ul << 16);
	free_vm_area(vm);
}

TEST(empty_leaf_table_detaches_and_is_freed)
{
	struct vm_struct *vm;
	vaddr_t va = room(&vm, 1);
	void *detached = NULL;
	unsigned long before;

	CHECK(!pgtable_find_leaf_table(va));
	CHECK(pgtable_leaf_table(va));
	before = pgtable_pages();
	pgtable_detach(va, &detached);
	CHECK(detached);
	CHECK(!pgtable_find_leaf_table(va));
	tlb_flush_all();
	pgtable_free_detached(detached);
	CHECK_EQ(pgtable_pages(), before - 1);
	detached = NULL;
	pgtable_detach(va, &detached);
	CHECK(!detached);
	free_vm_area(vm);
}

/* An area of a page, with or without tables, in the GiB and 2 MiB slot at @va. */
static struct vm_struct *area_in_slot(vaddr_t va)
{
	return __get_vm_area(PAGE_SIZE, VM_IOREMAP, va, va + LEVEL_SIZE(1));
}

TEST(level1_table_stays_while_its_gib_has_an_owner)
{
	vaddr_t gib = ALIGN_DOWN(VMALLOC_END, LEVEL_SIZE(2)) - LEVEL_SIZE(2);
	struct vm_struct *with_table = area_in_slot(gib);
	struct vm_struct *without = area_in_slot(gib + LEVEL_SIZE(1));
	unsigned long before = pgtable_pages();

	CHECK(with_table && without);
	CHECK(pgtable_leaf_table((vaddr_t)with_table->addr));
	CHECK_EQ(pgtable_pages(), before + 2);
	free_vm_area(with_table);
	vmap_drain();
	CHECK_EQ(pgtable_pages(), before + 1);
	free_vm_area(without);
	vmap_drain();
	CHECK_EQ(pgtable_pages(), before);
}

struct runs {
	unsigned int count;
	bool wrong;
};

static void count_run(vaddr_t start, vaddr_t end, paddr_t pa, pgprot_t prot,
                      unsigned int level, void *context)
{
	struct runs *runs = context;

	(void)pa;
	(void)level;
	runs->count++;
	runs->wrong |= start >= end || !(pgprot_val(prot) & PTE_R);
}

TEST(walk_emits_maximal_runs)
{
	struct vm_struct *vm;
	vaddr_t va = room(&vm, 1);
	struct runs runs = { 0 };

	CHECK_EQ(pgtable_map(va, PHYS, 5 * PAGE_SIZE, PAGE_KERNEL, 0), 0);
	CHECK_EQ(pgtable_map(va + 5 * PAGE_SIZE, PHYS + (1ul << 30), PAGE_SIZE,
	                     PAGE_KERNEL, 0),
	         0);
	pgtable_walk_range(va, va + (1ul << 21), count_run, &runs);
	CHECK_EQ(runs.count, 2);
	CHECK(!runs.wrong);
	clear(va, 6 * PAGE_SIZE);
	free_vm_area(vm);
}
