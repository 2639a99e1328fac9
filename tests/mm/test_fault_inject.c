/* SPDX-License-Identifier: MIT */
/*
 * Every error path (B15, B60, I-18): fail the first, second, third ... request
 * of each kind inside each call until the call gets by without being hit. After
 * each failure everything is as before, and the next call works.
 */
#include <linux/io.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <stdio.h>

#include "core/hart.h"
#include "mm/fault_inject.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "pages.h"
#include "state.h"
#include "test.h"

/* 2 MiB boundary inside, tables missing, page array of its own. */
#define FAR_START (VMALLOC_START + (44ul << 30))

static struct page **scattered;

/* An operation does its call and undoes it; false: the call failed cleanly. */
typedef bool operation(void);

static bool do_vmalloc_one(void)
{
	char *p = vmalloc(PAGE_SIZE);

	if (p)
		p[0] = 1;
	vfree(p);
	return p;
}

static bool do_vmalloc_many(void)
{
	char *p = vmalloc(700 * PAGE_SIZE);

	if (p)
		p[699 * PAGE_SIZE] = 1;
	vfree(p);
	return p;
}

static bool do_vmalloc_far(void)
{
	char *p = __vmalloc_node_range(40 * PAGE_SIZE, 1,
	                               FAR_START - 20 * PAGE_SIZE, VMALLOC_END,
	                               GFP_KERNEL, PAGE_KERNEL, -1, CALLER());

	if (p)
		p[39 * PAGE_SIZE] = 1;
	vfree(p);
	return p;
}

/* No second try: what the first had made must go by itself. */
static bool do_vmalloc_far_atomic(void)
{
	char *p = __vmalloc_node_range(40 * PAGE_SIZE, 1,
	                               FAR_START - 20 * PAGE_SIZE, VMALLOC_END,
	                               GFP_ATOMIC, PAGE_KERNEL, -1, CALLER());

	if (p)
		p[39 * PAGE_SIZE] = 1;
	vfree(p);
	return p;
}

/* B15: a huge page fails after the first; what comes out still is right. */
static bool do_vmalloc_huge(void)
{
	const size_t size = 2 * LEAF_TABLE_SIZE + 5 * PAGE_SIZE;
	char *p = vmalloc_huge(size, GFP_KERNEL);
	bool right;

	if (!p)
		return false;
	pattern_fill(p, size, 5);
	right = pattern_holds(p, size, 5);
	vfree(p);
	CHECK(right);
	return true;
}

static bool do_vzalloc(void)
{
	char *p = vzalloc(9 * PAGE_SIZE);
	bool zero = p && is_all(p, 9 * PAGE_SIZE, 0);

	vfree(p);
	CHECK(!p || zero);
	return p;
}

static bool do_vmap(void)
{
	char *p = vmap(scattered, 600, VM_MAP, PAGE_KERNEL);

	if (p)
		p[599 * PAGE_SIZE] = 1;
	vunmap(p);
	return p;
}

static bool do_map_ram_slot(void)
{
	char *p = vm_map_ram(scattered, 20, -1, PAGE_KERNEL);

	if (p)
		vm_unmap_ram(p, 20);
	return p;
}

static bool do_map_ram_area(void)
{
	char *p = vm_map_ram(scattered, 600, -1, PAGE_KERNEL);

	if (p)
		vm_unmap_ram(p, 600);
	return p;
}

static bool do_ioremap_small(void)
{
	void __iomem *p = ioremap(0x40001000, 5 * PAGE_SIZE);

	iounmap(p);
	return p;
}

static bool do_ioremap_large(void)
{
	void __iomem *p = ioremap(0x40001000, 4 * LEAF_TABLE_SIZE);

	iounmap(p);
	return p;
}

static bool do_alloc_vm_area(void)
{
	struct vm_struct *vm = alloc_vm_area(3 * LEAF_TABLE_SIZE, NULL);

	if (vm)
		free_vm_area(vm);
	return vm;
}

static bool do_get_vm_area(void)
{
	struct vm_struct *vm =
		__get_vm_area(PAGE_SIZE, VM_MAP, FAR_START, VMALLOC_END);

	if (vm)
		free_vm_area(vm);
	return vm;
}

static bool do_remap(void)
{
	char *user = vmalloc_user(8 * PAGE_SIZE);
	struct vm_struct *vm = __get_vm_area(
		8 * PAGE_SIZE, VM_MAP, FAR_START - 4 * PAGE_SIZE, VMALLOC_END);
	struct vm_area_struct vma = { .vm_page_prot = PAGE_KERNEL };
	int err = -1;

	if (user && vm) {
		vma.vm_start = (unsigned long)vm->addr;
		vma.vm_end = vma.vm_start + 8 * PAGE_SIZE;
		err = remap_vmalloc_range(&vma, user, 0);
		if (err == 0)
			unmap_vmalloc_range(&vma);
		CHECK(err || vma.vm_flags & VM_DONTDUMP);
		CHECK_EQ(page_count(vmalloc_to_page(user)), 1);
	}
	if (vm)
		free_vm_area(vm);
	vfree(user);
	return err == 0;
}

/* A view of two batches, the second of which needs a new leaf table. */
static bool do_remap_large(void)
{
	char *user = vmalloc_user(100 * PAGE_SIZE);
	struct vm_struct *vm =
		__get_vm_area(100 * PAGE_SIZE, VM_MAP,
	                      FAR_START - 80 * PAGE_SIZE, VMALLOC_END);
	struct vm_area_struct vma = { .vm_page_prot = PAGE_KERNEL };
	int err = -1;

	if (user && vm) {
		vma.vm_start = (unsigned long)vm->addr;
		vma.vm_end = vma.vm_start + 100 * PAGE_SIZE;
		err = remap_vmalloc_range(&vma, user, 0);
		CHECK(err == 0 || leaf_level(vm->addr) < 0);
		if (err == 0)
			unmap_vmalloc_range(&vma);
		CHECK_EQ(page_count(vmalloc_to_page(user)), 1);
	}
	if (vm)
		free_vm_area(vm);
	vfree(user);
	return err == 0;
}

/* More frames than a leaf table has entries. */
static bool do_vmap_pfn(void)
{
	static unsigned long pfns[600];
	void *p;

	for (unsigned int i = 0; i < ARRAY_SIZE(pfns); i++)
		pfns[i] = 0x40000 + i * 3;
	p = vmap_pfn(pfns, ARRAY_SIZE(pfns), PAGE_KERNEL_NOCACHE);
	vunmap(p);
	return p;
}

/* Also when the array of its pages cannot be had: then it stays. */
static bool do_remove(void)
{
	char *p = vmalloc(4 * PAGE_SIZE);
	struct vm_struct *removed = p ? remove_vm_area(p) : NULL;

	if (!removed) {
		if (p)
			p[0] = 1;
		vfree(p);
		return false;
	}
	CHECK(removed->pages && removed->nr_pages == 4);
	for (unsigned int i = 0; i < 4; i++)
		__free_pages(removed->pages[i], 0);
	kvfree(removed->pages);
	kfree(removed);
	return true;
}

static bool do_vrealloc(void)
{
	char *p = vmalloc(3 * PAGE_SIZE), *q = NULL;

	if (p) {
		pattern_fill(p, 3 * PAGE_SIZE, 1);
		q = vrealloc(p, 90 * PAGE_SIZE, GFP_KERNEL);
		CHECK(pattern_holds(q ? q : p, 3 * PAGE_SIZE, 1));
	}
	vfree(q ? q : p);
	return q;
}

static bool do_percpu(void)
{
	void *p = __alloc_percpu(2000, 64);

	free_percpu(p);
	return p;
}

static bool do_pcpu_areas(void)
{
	static const unsigned long offsets[] = { 0, 1ul << 22 };
	static const size_t sizes[] = { PAGE_SIZE, 4 * PAGE_SIZE };
	struct vm_struct **vms =
		pcpu_get_vm_areas(offsets, sizes, 2, PAGE_SIZE);

	if (vms)
		pcpu_free_vm_areas(vms, 2);
	return vms;
}

static bool do_kmalloc(void)
{
	void *p = kmalloc(700, GFP_KERNEL);

	kfree(p);
	return p;
}

static bool do_sparse(void)
{
	struct vm_struct *vm = get_vm_area(1ul << 28, VM_SPARSE);
	unsigned long at;
	int err = -1;

	if (vm) {
		at = (unsigned long)vm->addr + (100ul << 20);
		err = vm_area_map_pages(vm, at, at + 4 * PAGE_SIZE, scattered);
		if (err == 0)
			vm_area_unmap_pages(vm, at, at + 4 * PAGE_SIZE);
		free_vm_area(vm);
	}
	return err == 0;
}

static bool do_set_memory(void)
{
	char *p = vmalloc_huge(LEAF_TABLE_SIZE, GFP_KERNEL);
	int err = -1;

	if (p) {
		err = set_memory_ro((unsigned long)p + PAGE_SIZE, 1);
		CHECK(err == 0 || can_write(p + PAGE_SIZE));
		vfree(p);
	}
	return err == 0;
}

static unsigned long fail_each(operation *call, enum fault_kind kind)
{
	struct mm_state before, after;
	unsigned long hits = 0;

	for (unsigned long nth = 1; nth < 2000; nth++) {
		bool worked, hit;

		mm_state_settled(&before);
		fault_inject_set(kind, nth);
		worked = call();
		hit = fault_inject_seen(kind) >= nth;
		fault_inject_set(kind, 0);
		mm_state_settled(&after);
		mm_state_check_equal(&after, &before);
		if (!hit) {
			CHECK(worked);
			return hits;
		}
		hits++;
		CHECK(call());
		/* Long calls: every request at first, then samples. */
		if (nth > 24)
			nth += nth / 4;
	}
	test_fail(__FILE__, __LINE__, "still hit after %lu failures", hits);
}

static void fail_every_kind(operation *call)
{
	unsigned long hits[FAULT_KINDS], sum = 0;

	for (enum fault_kind kind = 0; kind < FAULT_KINDS; kind++)
		sum += hits[kind] = fail_each(call, kind);
	printf("# survived failures: %lu page, %lu table, %lu slab, %lu "
	       "vspace\n",
	       hits[FAULT_PAGE], hits[FAULT_TABLE], hits[FAULT_SLAB],
	       hits[FAULT_VSPACE]);
	CHECK(sum > 0);
}

#define EVERY_KIND(claim, operation)        \
	TEST(claim)                         \
	{                                   \
		fail_every_kind(operation); \
	}

#define WITH_PAGES(claim, operation)          \
	TEST(claim)                           \
	{                                     \
		scattered = pages_alloc(600); \
		fail_every_kind(operation);   \
		pages_free(scattered, 600);   \
	}

EVERY_KIND(vmalloc_of_a_page_survives_every_failure, do_vmalloc_one)
EVERY_KIND(vmalloc_of_many_pages_survives_every_failure, do_vmalloc_many)
EVERY_KIND(vmalloc_over_new_tables_survives_every_failure, do_vmalloc_far)
EVERY_KIND(atomic_vmalloc_survives_every_failure, do_vmalloc_far_atomic)
EVERY_KIND(vmalloc_huge_survives_every_failure, do_vmalloc_huge)
EVERY_KIND(vzalloc_survives_every_failure, do_vzalloc)
WITH_PAGES(vmap_survives_every_failure, do_vmap)
WITH_PAGES(map_ram_slot_survives_every_failure, do_map_ram_slot)
WITH_PAGES(map_ram_area_survives_every_failure, do_map_ram_area)
EVERY_KIND(small_ioremap_survives_every_failure, do_ioremap_small)
EVERY_KIND(large_ioremap_survives_every_failure, do_ioremap_large)
EVERY_KIND(alloc_vm_area_survives_every_failure, do_alloc_vm_area)
EVERY_KIND(get_vm_area_survives_every_failure, do_get_vm_area)
EVERY_KIND(remap_survives_every_failure, do_remap)
EVERY_KIND(large_remap_survives_every_failure, do_remap_large)
EVERY_KIND(vmap_pfn_survives_every_failure, do_vmap_pfn)
EVERY_KIND(remove_vm_area_survives_every_failure, do_remove)
EVERY_KIND(vrealloc_survives_every_failure, do_vrealloc)
EVERY_KIND(percpu_object_survives_every_failure, do_percpu)
EVERY_KIND(pcpu_areas_survive_every_failure, do_pcpu_areas)
EVERY_KIND(kmalloc_survives_every_failure, do_kmalloc)
WITH_PAGES(sparse_area_survives_every_failure, do_sparse)
EVERY_KIND(splitting_a_leaf_survives_every_failure, do_set_memory)

TEST(injection_hits_the_request_it_names)
{
	void *a, *b, *c;

	fault_inject_set(FAULT_PAGE, 2);
	a = alloc_pages(GFP_KERNEL, 0);
	b = alloc_pages(GFP_KERNEL, 0);
	c = alloc_pages(GFP_KERNEL, 0);
	fault_inject_set(FAULT_PAGE, 0);
	CHECK(a && !b && c);
	__free_pages(a, 0);
	__free_pages(c, 0);
}

/* What each call is to add while requests of @kind are counted. */
static void check_counts(enum fault_kind kind, operation *call,
                         unsigned long requests)
{
	CHECK(call());
	fault_inject_set(kind, 1000000);
	CHECK(call() && call());
	CHECK_EQ(fault_inject_seen(kind), 2 * requests);
	fault_inject_set(kind, 0);
	CHECK(call());
	CHECK_EQ(fault_inject_seen(kind), 0);
}

static bool do_page(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);

	if (page)
		__free_pages(page, 0);
	return page;
}

static bool do_block(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 4);

	__free_pages(page, 4);
	return page;
}

static bool do_block_up_to(void)
{
	unsigned int order;
	struct page *page = alloc_pages_up_to(GFP_KERNEL, 3, &order);

	__free_pages(page, order);
	return page;
}

static bool do_bulk(void)
{
	struct page *pages[7];
	unsigned long count = alloc_pages_bulk(GFP_KERNEL, 7, pages);

	for (unsigned long i = 0; i < count; i++)
		__free_pages(pages[i], 0);
	return count == 7;
}

/* 7 pages: blocks of 4, 2 and 1; each call from a pool and a stack at best */
static bool do_vmalloc_seven(void)
{
	void *p = vmalloc(7 * PAGE_SIZE);

	vfree(p);
	return p;
}

static bool do_kmalloc_known(void)
{
	void *p = kmalloc(64, GFP_KERNEL);

	kfree(p);
	return p;
}

static bool do_kmalloc_large(void)
{
	void *p = kmalloc(3 * PAGE_SIZE, GFP_KERNEL);

	kfree(p);
	return p;
}

TEST(short_paths_leave_no_request_uncounted)
{
	check_counts(FAULT_PAGE, do_page, 1);
	check_counts(FAULT_PAGE, do_block, 1);
	check_counts(FAULT_PAGE, do_block_up_to, 1);
	check_counts(FAULT_PAGE, do_bulk, 3);
	check_counts(FAULT_PAGE, do_vmalloc_seven, 3);
	check_counts(FAULT_PAGE, do_kmalloc_large, 1);
	check_counts(FAULT_SLAB, do_kmalloc_known, 1);
	check_counts(FAULT_SLAB, do_kmalloc, 1);
	check_counts(FAULT_SLAB, do_kmalloc_large, 0);
}

TEST(every_second_request_fails_while_it_is_asked_for)
{
	fault_inject_repeat(FAULT_PAGE, 3, 2);
	for (unsigned int i = 1; i <= 9; i++)
		CHECK_EQ(do_page(), i < 3 || i % 2 == 0);
	fault_inject_set(FAULT_PAGE, 0);
	CHECK(do_page());
}

/* While it is set anew nothing is armed, and a drain gives the stacks room. */
TEST(drain_of_another_hart_while_a_failure_is_set_anew_hides_no_request)
{
	struct fault_point *point = &fault_points[FAULT_PAGE];

	fault_inject_set(FAULT_PAGE, 100);
	point->nth = 0;
	page_alloc_drain();
	point->nth = 100;
	fault_inject_set(FAULT_PAGE, 100);
	CHECK(do_page() && do_page());
	CHECK_EQ(fault_inject_seen(FAULT_PAGE), 2);
	fault_inject_set(FAULT_PAGE, 0);
}

static bool other_worked[2];

static void ask_twice(void *call)
{
	other_worked[0] = ((operation *)call)();
	other_worked[1] = ((operation *)call)();
}

/* The second of three requests, two of which come from another hart. */
static void check_is_shared(enum fault_kind kind, operation *call)
{
	hart_call_start(1, ask_twice, call);
	hart_call_wait(1);
	CHECK(other_worked[0] && other_worked[1]);
	fault_inject_set(kind, 2);
	CHECK(call());
	hart_call_start(1, ask_twice, call);
	hart_call_wait(1);
	CHECK(!other_worked[0] && other_worked[1]);
	CHECK_EQ(fault_inject_seen(kind), 3);
	fault_inject_set(kind, 0);
}

TEST(requests_of_all_harts_are_counted_together)
{
	if (nr_harts < 2)
		test_skip("one hart");
	check_is_shared(FAULT_PAGE, do_page);
	check_is_shared(FAULT_SLAB, do_kmalloc_known);
}
