/* SPDX-License-Identifier: MIT */
/*
 * Areas without memory (contract 1.9 to 1.11): get, find, remove, free,
 * alloc_vm_area, and mapping ranges by hand.
 */
#include <errno.h>
#include <limits.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "core/report.h"
#include "mm/kmem.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "mm/vspace.h"
#include "pages.h"
#include "state.h"
#include "test.h"

TEST(get_vm_area_reserves_and_maps_nothing)
{
	struct vm_struct *vm = get_vm_area(3 * PAGE_SIZE + 1, VM_MAP);

	CHECK(vm && IS_ALIGNED((unsigned long)vm->addr, PAGE_SIZE));
	CHECK_EQ(vm->size, 5 * PAGE_SIZE);
	CHECK_EQ(get_vm_area_size(vm), 4 * PAGE_SIZE);
	CHECK(vm->flags & VM_MAP && !vm->pages);
	CHECK_EQ(vm->requested_size, 3 * PAGE_SIZE + 1);
	CHECK(!can_read(vm->addr));
	CHECK_EQ(find_vm_area(vm->addr), vm);
	free_vm_area(vm);
}

TEST(get_vm_area_of_nothing_or_too_much_is_null)
{
	CHECK(!get_vm_area(0, VM_MAP));
	CHECK(!get_vm_area(ULONG_MAX, VM_MAP));
	CHECK(!get_vm_area(ULONG_MAX - 4094, VM_MAP));
	CHECK(!get_vm_area(VMALLOC_SIZE, VM_MAP));
	CHECK(!get_vm_area(1ul << 62, VM_IOREMAP));
}

TEST(flags_of_the_core_are_refused)
{
	static const unsigned long bad[] = {
		VM_MAP_RAM, VM_EARLY, VM_PCPU,     VM_MMAP,
		VM_SIMPLE,  VM_PLAIN, VM_NO_GUARD,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_REPORTS(1,
		              CHECK(!get_vm_area(PAGE_SIZE, VM_MAP | bad[i])));
}

static bool is_here(const void *caller, const void *function)
{
	return (uintptr_t)caller - (uintptr_t)function < 4096;
}

TEST(caller_is_remembered)
{
	const void *somebody = (const void *)0x1234;
	struct vm_struct *vm = get_vm_area_caller(PAGE_SIZE, VM_MAP, somebody);

	CHECK(vm);
	CHECK_EQ(vm->caller, somebody);
	free_vm_area(vm);
	vm = get_vm_area(PAGE_SIZE, VM_MAP);
	CHECK(vm && is_here(vm->caller, caller_is_remembered));
	free_vm_area(vm);
	vm = __get_vm_area(PAGE_SIZE, VM_MAP, VMALLOC_START, VMALLOC_END);
	CHECK(vm && is_here(vm->caller, caller_is_remembered));
	free_vm_area(vm);
	vm = alloc_vm_area(PAGE_SIZE, NULL);
	CHECK(vm && is_here(vm->caller, caller_is_remembered));
	free_vm_area(vm);
}

TEST(window_bounds_hold_with_the_guard)
{
	unsigned long start = VMALLOC_START + (9ul << 30);
	struct vm_struct *vm;

	CHECK(!__get_vm_area(PAGE_SIZE, VM_MAP, start, start + PAGE_SIZE));
	CHECK(!__get_vm_area(PAGE_SIZE, VM_MAP, start, start));
	CHECK(!__get_vm_area(PAGE_SIZE, VM_MAP, start, start - PAGE_SIZE));
	vm = __get_vm_area_caller(PAGE_SIZE, VM_MAP, start,
	                          start + 2 * PAGE_SIZE, CALLER());
	CHECK(vm);
	CHECK_EQ(vm->addr, start);
	CHECK(!__get_vm_area(PAGE_SIZE, VM_MAP, start, start + 2 * PAGE_SIZE));
	free_vm_area(vm);
}

TEST(first_page_of_the_window_is_never_handed_out)
{
	CHECK(!__get_vm_area(PAGE_SIZE, VM_MAP, VMALLOC_START,
	                     VMALLOC_START + 2 * PAGE_SIZE));
	CHECK(!can_read((char *)VMALLOC_START));
}

TEST(find_needs_the_start_containing_does_not)
{
	struct vm_struct *vm = get_vm_area(4 * PAGE_SIZE, VM_MAP);
	char *p;

	CHECK(vm);
	p = vm->addr;
	CHECK_EQ(find_vm_area(p), vm);
	CHECK(!find_vm_area(p + PAGE_SIZE) && !find_vm_area(p + 1));
	CHECK(!find_vm_area(NULL) && !find_vm_area(&vm));
	CHECK_EQ(find_vm_area_containing(p + 3 * PAGE_SIZE + 7), vm);
	CHECK_EQ(find_vm_area_containing(p + 5 * PAGE_SIZE - 1), vm);
	CHECK(find_vm_area_containing(p + 5 * PAGE_SIZE) != vm);
	CHECK(!find_vm_area_containing((char *)VMALLOC_START + (50ul << 30)));
	free_vm_area(vm);
	CHECK(!find_vm_area(p) && !find_vm_area_containing(p));
}

TEST(find_containing_reaches_over_two_mib_boundaries)
{
	struct vm_struct *vm = get_vm_area(5 * LEAF_TABLE_SIZE, VM_MAP);

	CHECK(vm);
	for (size_t at = 0; at < 5 * LEAF_TABLE_SIZE; at += 333 * PAGE_SIZE)
		CHECK_EQ(find_vm_area_containing((char *)vm->addr + at), vm);
	free_vm_area(vm);
}

TEST(remove_vm_area_returns_the_descriptor_with_its_size)
{
	struct page **pages = pages_alloc(2);
	struct vm_struct *vm = get_vm_area(2 * PAGE_SIZE, VM_MAP), *removed;
	struct page **next = pages;
	char *p;

	CHECK(vm);
	p = vm->addr;
	CHECK_EQ(map_vm_area(vm, PAGE_KERNEL, &next), 0);
	CHECK_EQ(next, pages + 2);
	*p = 5;
	removed = remove_vm_area(p);
	CHECK(removed);
	CHECK_EQ(removed->addr, p);
	CHECK_EQ(removed->size, 3 * PAGE_SIZE);
	CHECK_EQ(removed->flags & VM_MAP, VM_MAP);
	CHECK(!find_vm_area(p));
	vm_unmap_aliases();
	CHECK(!can_read(p));
	CHECK(!remove_vm_area(p));
	kfree(removed);
	pages_free(pages, 2);
}

TEST(remove_vm_area_refuses_what_is_no_area_of_the_callers)
{
	struct page **pages = pages_alloc(70);
	char *p = vmalloc(2 * PAGE_SIZE);
	char *ram = vm_map_ram(pages, 70, -1, PAGE_KERNEL);

	CHECK(p && ram);
	CHECK_REPORTS(1, CHECK(!remove_vm_area(p + 1)));
	CHECK(!remove_vm_area(p + PAGE_SIZE));
	CHECK(!remove_vm_area(ram));
	CHECK(!remove_vm_area(NULL));
	CHECK(can_write(p) && can_write(ram));
	vfree(p);
	CHECK(!remove_vm_area(p));
	vm_unmap_ram(ram, 70);
	pages_free(pages, 70);
}

TEST(free_vm_area_unmaps)
{
	struct page **pages = pages_alloc(2), **next = pages;
	struct vm_struct *vm = get_vm_area(2 * PAGE_SIZE, VM_MAP);
	char *p;

	CHECK(vm);
	p = vm->addr;
	CHECK_EQ(map_vm_area(vm, PAGE_KERNEL, &next), 0);
	free_vm_area(vm);
	CHECK_EQ(leaf_level(p), -1);
	CHECK_EQ(leaf_level(p + PAGE_SIZE), -1);
	pages_free(pages, 2);
}

TEST(free_vm_area_of_a_stranger_is_reported)
{
	struct vm_struct *vm = get_vm_area(PAGE_SIZE, VM_MAP);
	struct vm_struct stranger = *vm;

	CHECK_REPORTS(1, free_vm_area(&stranger));
	CHECK_EQ(find_vm_area(vm->addr), vm);
	free_vm_area(vm);
}

TEST(unlisted_area_is_not_in_vmlist)
{
	struct vm_struct *vm = get_vm_area(PAGE_SIZE, VM_MAP | VM_UNLIST);
	bool listed = false;

	CHECK(vm);
	read_lock(&vmlist_lock);
	for (struct vm_struct *at = vmlist; at; at = at->next)
		listed |= at->addr == vm->addr;
	read_unlock(&vmlist_lock);
	free_vm_area(vm);
	CHECK(!listed);
}

TEST(map_vm_area_with_a_null_page_fails)
{
	struct page **pages = pages_alloc(3), *kept = pages[2];
	struct vm_struct *vm = get_vm_area(3 * PAGE_SIZE, VM_MAP);
	struct page **next = pages;

	CHECK(vm);
	pages[2] = NULL;
	CHECK_REPORTS(1,
	              CHECK_EQ(map_vm_area(vm, PAGE_KERNEL, &next), -ENOMEM));
	CHECK_EQ(next, pages);
	CHECK_EQ(leaf_level(vm->addr), -1);
	pages[2] = kept;
	free_vm_area(vm);
	pages_free(pages, 3);
}

TEST(pointer_that_is_no_page_is_einval_and_undone)
{
	struct page **pages = pages_alloc(600), *kept = pages[580];
	struct vm_struct *vm = get_vm_area(600 * PAGE_SIZE, VM_MAP);
	unsigned long at;

	CHECK(vm);
	at = (unsigned long)vm->addr;
	pages[580] = (struct page *)VMALLOC_START;
	CHECK_REPORTS(1, CHECK_EQ(map_kernel_range_noflush(at, 600 * PAGE_SIZE,
	                                                   PAGE_KERNEL, pages),
	                          -EINVAL));
	/* Also what lies in the leaf table before. */
	CHECK_EQ(leaf_level((char *)at), -1);
	CHECK_EQ(leaf_level((char *)at + 579 * PAGE_SIZE), -1);
	pages[580] = kept;
	CHECK_EQ(map_kernel_range_noflush(at, 600 * PAGE_SIZE, PAGE_KERNEL,
	                                  pages),
	         600);
	free_vm_area(vm);
	pages_free(pages, 600);
}

TEST(map_kernel_range_maps_part_of_an_area)
{
	struct page **pages = pages_alloc(2);
	struct vm_struct *vm = get_vm_area(6 * PAGE_SIZE, VM_MAP);
	unsigned long at;

	CHECK(vm);
	at = (unsigned long)vm->addr + 2 * PAGE_SIZE;
	CHECK_EQ(
		map_kernel_range_noflush(at, 2 * PAGE_SIZE, PAGE_KERNEL, pages),
		2);
	CHECK(can_write((char *)at) && can_write((char *)at + PAGE_SIZE));
	CHECK(!can_read((char *)at - 1) && !can_read((char *)at + 8192));
	unmap_kernel_range(at, 2 * PAGE_SIZE);
	CHECK(!can_read((char *)at));
	free_vm_area(vm);
	pages_free(pages, 2);
}

TEST(mapping_over_a_present_page_is_busy_and_rolled_back)
{
	struct page **pages = pages_alloc(5);
	struct vm_struct *vm = get_vm_area(4 * PAGE_SIZE, VM_MAP);
	unsigned long at;
	int err;

	CHECK(vm);
	at = (unsigned long)vm->addr;
	CHECK_EQ(map_kernel_range_noflush(at + 3 * PAGE_SIZE, PAGE_SIZE,
	                                  PAGE_KERNEL, pages + 4),
	         1);
	CHECK_REPORTS(1, err = map_kernel_range_noflush(at, 4 * PAGE_SIZE,
	                                                PAGE_KERNEL, pages));
	CHECK_EQ(err, -EBUSY);
	CHECK_EQ(leaf_level((char *)at), -1);
	CHECK_EQ(leaf_level((char *)at + 2 * PAGE_SIZE), -1);
	CHECK_EQ(vmalloc_to_page((char *)at + 3 * PAGE_SIZE), pages[4]);
	free_vm_area(vm);
	pages_free(pages, 5);
}

/* B7: the flushed range covers the last page. */
TEST(unmap_kernel_range_flushes_to_the_last_page)
{
	struct page **pages = pages_alloc(70);
	struct vm_struct *vm = get_vm_area(70 * PAGE_SIZE, VM_MAP);
	struct page **next = pages;
	char *p;

	CHECK(vm);
	p = vm->addr;
	CHECK_EQ(map_vm_area(vm, PAGE_KERNEL, &next), 0);
	for (unsigned int i = 0; i < 70; i++)
		p[i * PAGE_SIZE] = 1;
	unmap_kernel_range((unsigned long)p + PAGE_SIZE, 9 * PAGE_SIZE);
	for (unsigned int i = 0; i < 70; i++)
		CHECK_EQ(can_read(p + i * PAGE_SIZE), i == 0 || i > 9);
	unmap_kernel_range((unsigned long)p + PAGE_SIZE, 69 * PAGE_SIZE);
	CHECK(can_read(p));
	for (unsigned int i = 1; i < 70; i++)
		CHECK(!can_read(p + i * PAGE_SIZE));
	vunmap_range((unsigned long)p, (unsigned long)p + PAGE_SIZE);
	CHECK(!can_read(p));
	free_vm_area(vm);
	pages_free(pages, 70);
}

TEST(noflush_unmap_clears_entries_and_holes_are_fine)
{
	struct page **pages = pages_alloc(1);
	struct vm_struct *vm = get_vm_area(5 * PAGE_SIZE, VM_MAP);
	unsigned long at;

	CHECK(vm);
	at = (unsigned long)vm->addr;
	CHECK_EQ(map_kernel_range_noflush(at + 2 * PAGE_SIZE, PAGE_SIZE,
	                                  PAGE_KERNEL, pages),
	         1);
	unmap_kernel_range_noflush(at, 5 * PAGE_SIZE);
	CHECK_EQ(leaf_level((char *)at + 2 * PAGE_SIZE), -1);
	vm_unmap_aliases();
	free_vm_area(vm);
	pages_free(pages, 1);
}

/* The flush is owed: whoever asks for one gets it. */
TEST(noflush_unmap_is_flushed_by_unmap_aliases)
{
	struct page **pages = pages_alloc(1);
	struct vm_struct *vm = get_vm_area(PAGE_SIZE, VM_MAP);

	CHECK(vm);
	vm_unmap_aliases();
	CHECK_EQ(map_kernel_range_noflush((unsigned long)vm->addr, PAGE_SIZE,
	                                  PAGE_KERNEL, pages),
	         1);
	CHECK(can_read(vm->addr));
	unmap_kernel_range_noflush((unsigned long)vm->addr, PAGE_SIZE);
	vm_unmap_aliases();
	CHECK(!can_read(vm->addr));
	free_vm_area(vm);
	pages_free(pages, 1);
}

/* Its entries are the record of its pages, so a copy is made before. */
TEST(vmalloc_area_that_was_unmapped_by_hand_is_freed_in_full)
{
	for (unsigned long at = 0; at < 6; at++) {
		char *p = vmalloc(6 * PAGE_SIZE);
		unsigned long held = nr_free_pages() + kmem_slab_pages();

		CHECK(p);
		unmap_kernel_range((unsigned long)p + at * PAGE_SIZE,
		                   PAGE_SIZE);
		for (unsigned long i = 0; i < 6; i++)
			CHECK_EQ(can_read(p + i * PAGE_SIZE), i != at);
		vfree(p);
		CHECK(nr_free_pages() + kmem_slab_pages() >= held + 6);
	}
}

/* Contract 1.11: entries that are there to be written without allocation. */
TEST(alloc_vm_area_hands_out_entries_that_work_and_stay)
{
	const unsigned int count = 530; /* two leaf tables */
	struct page **pages = pages_alloc(1);
	pte_t **ptes = kmalloc(count * sizeof(*ptes), GFP_KERNEL);
	struct vm_struct *vm = alloc_vm_area(count * PAGE_SIZE, ptes);
	unsigned int level, last = count - 1;
	char *p;

	CHECK(ptes && vm && vm->flags & VM_IOREMAP);
	p = vm->addr;
	vm_unmap_aliases();
	vmap_drain();
	for (unsigned int i = 0; i < count; i += 23) {
		CHECK_EQ(*ptes[i], 0);
		*ptes[i] = page_to_pte(pages[0], PAGE_KERNEL);
		CHECK_EQ(pgtable_lookup((vaddr_t)p + i * PAGE_SIZE, &level),
		         ptes[i]);
		p[i * PAGE_SIZE] = 7;
		*ptes[i] = 0;
	}
	*ptes[last] = page_to_pte(pages[0], PAGE_KERNEL);
	CHECK_EQ(p[last * PAGE_SIZE], 7);
	free_vm_area(vm);
	vm_unmap_aliases();
	CHECK(!can_read(p + last * PAGE_SIZE));
	kfree(ptes);
	pages_free(pages, 1);
}

TEST(alloc_vm_area_of_nothing_is_null_and_ptes_are_optional)
{
	struct vm_struct *vm;

	CHECK(!alloc_vm_area(0, NULL));
	vm = alloc_vm_area(PAGE_SIZE, NULL);
	CHECK(vm);
	free_vm_area(vm);
}

TEST(sparse_area_is_populated_piece_by_piece)
{
	struct page **pages = pages_alloc(4);
	struct vm_struct *vm = get_vm_area(1ul << 30, VM_SPARSE);
	unsigned long at;

	CHECK(vm);
	at = (unsigned long)vm->addr + (700ul << 20);
	CHECK_EQ(vm_area_map_pages(vm, at, at + 4 * PAGE_SIZE, pages), 0);
	memset((char *)at, 0x42, 4 * PAGE_SIZE);
	CHECK(is_all(page_address(pages[3]), PAGE_SIZE, 0x42));
	CHECK_REPORTS(1,
	              CHECK_EQ(vm_area_map_pages(vm, at, at + PAGE_SIZE, pages),
	                       -EBUSY));
	vm_area_unmap_pages(vm, at, at + 4 * PAGE_SIZE);
	CHECK(!can_read((char *)at));
	free_vm_area(vm);
	pages_free(pages, 4);
}

TEST(sparse_calls_check_area_and_range)
{
	struct page **pages = pages_alloc(1);
	struct vm_struct *plain = get_vm_area(PAGE_SIZE, VM_MAP);
	struct vm_struct *vm = get_vm_area(2 * PAGE_SIZE, VM_SPARSE);
	unsigned long a, b;

	CHECK(plain && vm);
	a = (unsigned long)plain->addr;
	b = (unsigned long)vm->addr;
	CHECK_REPORTS(
		1, CHECK_EQ(vm_area_map_pages(plain, a, a + PAGE_SIZE, pages),
	                    -EINVAL));
	CHECK_EQ(vm_area_map_pages(vm, b + 2 * PAGE_SIZE, b + 3 * PAGE_SIZE,
	                           pages),
	         -ERANGE);
	CHECK_EQ(vm_area_map_pages(vm, b - PAGE_SIZE, b, pages), -ERANGE);
	CHECK_EQ(vm_area_map_pages(vm, b, b, pages), -ERANGE);
	CHECK_EQ(vm_area_map_pages(vm, b + PAGE_SIZE, b, pages), -ERANGE);
	CHECK_REPORTS(1, vm_area_unmap_pages(plain, a, a + PAGE_SIZE));
	CHECK_REPORTS(1, vm_area_unmap_pages(vm, b, b));
	free_vm_area(plain);
	free_vm_area(vm);
	pages_free(pages, 1);
}

/* I-1, I-6 with a crowd: disjoint, in the window, found by any address. */
TEST(many_areas_of_mixed_kinds_stay_disjoint)
{
	enum { AREAS = 300 };
	static struct vm_struct *area[AREAS];

	for (unsigned int i = 0; i < AREAS; i++) {
		unsigned long flags = i % 3 ? VM_MAP : VM_IOREMAP;

		area[i] = get_vm_area((test_random() % 40 + 1) * PAGE_SIZE,
		                      flags);
		CHECK(area[i] && is_vmalloc_addr(area[i]->addr));
	}
	for (unsigned int i = 0; i < AREAS; i++) {
		char *last = (char *)area[i]->addr + area[i]->size - 1;

		CHECK_EQ(find_vm_area_containing(area[i]->addr), area[i]);
		CHECK_EQ(find_vm_area_containing(last), area[i]);
	}
	for (unsigned int i = 0; i < AREAS; i++)
		free_vm_area(area[i]);
}

static struct vm_struct *notifier_holds;
static unsigned int notifier_calls;

static int notifier_gives_up(struct vmap_purge_notifier *self)
{
	(void)self;
	notifier_calls++;
	if (!notifier_holds)
		return 0;
	free_vm_area(notifier_holds);
	notifier_holds = NULL;
	return 1;
}

/* Small, so that no limit purges: what it freed must be made free at once. */
TEST(purge_notifier_may_free_address_space)
{
	struct vmap_purge_notifier notifier = { .notify = notifier_gives_up };
	struct vm_struct *most, *vm;

	vm_unmap_aliases();
	notifier_calls = 0;
	most = get_vm_area(vspace_largest() - (8ul << 20), VM_MAP);
	notifier_holds = get_vm_area(7ul << 20, VM_MAP);
	CHECK(most && notifier_holds && vspace_largest() < 5ul << 20);
	CHECK_EQ(register_vmap_purge_notifier(&notifier), 0);
	vm = get_vm_area(5ul << 20, VM_MAP);
	CHECK_EQ(unregister_vmap_purge_notifier(&notifier), 0);
	CHECK(vm && !notifier_holds);
	CHECK_EQ(notifier_calls, 1);
	free_vm_area(vm);
	free_vm_area(most);
	notifier_calls = 0;
	CHECK(!get_vm_area(VMALLOC_SIZE, VM_MAP));
	CHECK_EQ(notifier_calls, 0);
}

/* What the notifier itself asks for is not asked of the notifiers again. */
static int notifier_allocates(struct vmap_purge_notifier *self)
{
	struct vmap_purge_notifier other = { .notify = notifier_gives_up };

	notifier_calls++;
	CHECK(!get_vm_area(VMALLOC_SIZE - 4 * PAGE_SIZE, VM_MAP));
	CHECK_EQ(register_vmap_purge_notifier(&other), -EBUSY);
	CHECK_EQ(unregister_vmap_purge_notifier(self), -EBUSY);
	vfree(vmalloc(PAGE_SIZE));
	return 0;
}

TEST(purge_notifier_may_allocate_but_not_register)
{
	struct vmap_purge_notifier notifier = { .notify = notifier_allocates };
	unsigned long before = report_count();

	notifier_calls = 0;
	CHECK_EQ(register_vmap_purge_notifier(&notifier), 0);
	CHECK(!get_vm_area(VMALLOC_SIZE - 4 * PAGE_SIZE, VM_MAP));
	CHECK_EQ(unregister_vmap_purge_notifier(&notifier), 0);
	CHECK_EQ(unregister_vmap_purge_notifier(&notifier), -ENOENT);
	CHECK_EQ(notifier_calls, 1);
	CHECK_EQ(report_count() - before, 2);
	test_expect_reports(2);
}

/* Descriptors too: more often than the runner forgives one. */
TEST(reservations_that_fail_keep_nothing)
{
	struct mm_state before, after;

	mm_state_settled(&before);
	for (unsigned int i = 0; i < 50; i++)
		CHECK(!get_vm_area(VMALLOC_SIZE - 4 * PAGE_SIZE, VM_MAP));
	mm_state_settled(&after);
	mm_state_check_equal(&after, &before);
}
