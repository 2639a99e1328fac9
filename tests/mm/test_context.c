/* SPDX-License-Identifier: MIT */
/*
 * Calls in interrupts (contract 1.22, B19, B39): frees are deferred and happen,
 * GFP_ATOMIC may succeed and never purges, all else reports and refuses.
 */
#include <errno.h>
#include <linux/io.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "core/hart.h"
#include "core/machine.h"
#include "core/report.h"
#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "pages.h"
#include "state.h"
#include "test.h"

static void free_area(void *area)
{
	vfree(area);
}

static void unmap_area(void *area)
{
	vunmap(area);
}

static void unmap_io(void *area)
{
	iounmap(area);
}

static void unmap_ram_3(void *area)
{
	vm_unmap_ram(area, 3);
}

static void unmap_ram_100(void *area)
{
	vm_unmap_ram(area, 100);
}

TEST(vfree_in_an_interrupt_is_deferred_and_done)
{
	struct vmap_counters before, after;
	char *p = vmalloc(30 * PAGE_SIZE);
	unsigned long held = nr_free_pages();

	CHECK(p);
	vmap_read_counters(&before);
	in_timer_interrupt(free_area, p);
	CHECK(!find_vm_area(p));
	vm_area_run_deferred();
	vmap_read_counters(&after);
	CHECK_EQ(after.deferred - before.deferred, 1);
	CHECK(nr_free_pages() >= held + 30);
}

TEST(deferred_frees_need_no_help)
{
	char *p = vmalloc(30 * PAGE_SIZE);
	unsigned long held = nr_free_pages();

	CHECK(p);
	in_timer_interrupt(free_area, p);
	vfree(vmalloc(PAGE_SIZE));
	vfree(vmalloc(PAGE_SIZE));
	CHECK(nr_free_pages() >= held + 30);
}

TEST(unmaps_in_an_interrupt_are_done)
{
	struct page **pages = pages_alloc(100);
	char *map = vmap(pages, 3, VM_MAP, PAGE_KERNEL);
	char *io = ioremap(machine.virtio[0].base, 4096);
	char *ram = vm_map_ram(pages, 3, -1, PAGE_KERNEL);
	char *big = vm_map_ram(pages, 100, -1, PAGE_KERNEL);

	CHECK(map && io && ram && big);
	in_timer_interrupt(unmap_area, map);
	in_timer_interrupt(unmap_io, io);
	in_timer_interrupt(unmap_ram_3, ram);
	in_timer_interrupt(unmap_ram_100, big);
	vm_area_run_deferred();
	vm_unmap_aliases();
	CHECK(!find_vm_area(map) && !find_vm_area(io));
	CHECK(!can_read(map) && !can_read(io));
	CHECK(!can_read(ram) && !can_read(big + 99 * PAGE_SIZE));
	pages_free(pages, 100);
}

TEST(double_vfree_in_an_interrupt_is_reported)
{
	char *p = vmalloc(PAGE_SIZE);

	CHECK(p);
	in_timer_interrupt(free_area, p);
	CHECK_REPORTS(1, in_timer_interrupt(free_area, p));
	CHECK_REPORTS(1, vfree(p));
}

struct atomic_try {
	char *area;
	unsigned long size;
	gfp_t gfp;
};

static void allocate(void *argument)
{
	struct atomic_try *try = argument;

	try->area = __vmalloc(try->size, try->gfp, PAGE_KERNEL);
}

TEST(atomic_allocation_works_in_an_interrupt)
{
	struct atomic_try try = { .size = PAGE_SIZE, .gfp = GFP_ATOMIC };

	/* A pool with a clean range of this size is what it may use. */
	vfree(vmalloc(PAGE_SIZE));
	tlb_flush_all();
	in_timer_interrupt(allocate, &try);
	CHECK(try.area);
	try.area[PAGE_SIZE - 1] = 1;
	CHECK(find_vm_area(try.area));
	vfree(try.area);
}

/* B19: neither in an interrupt nor in a thread does it purge. */
TEST(atomic_allocation_never_purges_or_drains)
{
	struct atomic_try try = { .gfp = GFP_ATOMIC };
	struct vmap_counters before, after;

	for (unsigned int i = 0; i < 30; i++)
		vfree(vmalloc((i + 1) * PAGE_SIZE));
	vmap_read_counters(&before);
	for (unsigned int i = 0; i < 30; i++) {
		try.size = (i + 1) * PAGE_SIZE;
		if (i & 1)
			in_timer_interrupt(allocate, &try);
		else
			allocate(&try);
		vmap_read_counters(&after);
		CHECK_EQ(after.drains, before.drains);
		if (!try.area)
			continue;
		try.area[0] = 1;
		/* A free in thread context may purge: that is its own. */
		vfree(try.area);
		vmap_read_counters(&before);
	}
}

TEST(sleeping_allocation_in_an_interrupt_is_reported)
{
	struct atomic_try try = { .size = PAGE_SIZE, .gfp = GFP_KERNEL };

	CHECK_REPORTS(1, in_timer_interrupt(allocate, &try));
	CHECK(!try.area);
}

struct refusals {
	struct page **pages;
	char *user;
	unsigned int calls, wrong; /* the last call that went wrong */
	unsigned long reports;
};

/* One call that may not be made here: exactly one report, and refused. */
#define FORBIDDEN(expression)                                       \
	do {                                                        \
		unsigned long before_ = report_count();             \
		refusals->calls++;                                  \
		if (!(expression) || report_count() != before_ + 1) \
			refusals->wrong = refusals->calls;          \
	} while (0)

static void call_forbidden(void *argument)
{
	struct refusals *refusals = argument;
	struct vm_area_struct vma = { 0 };
	char byte;

	FORBIDDEN(!vmap(refusals->pages, 1, VM_MAP, PAGE_KERNEL));
	FORBIDDEN(!get_vm_area(PAGE_SIZE, VM_MAP));
	FORBIDDEN(!alloc_vm_area(PAGE_SIZE, NULL));
	FORBIDDEN(!ioremap(machine.virtio[0].base, 4096));
	FORBIDDEN(!vrealloc(refusals->user, 2 * PAGE_SIZE, GFP_KERNEL));
	FORBIDDEN(remap_vmalloc_range(&vma, refusals->user, 0) == -EINVAL);
	FORBIDDEN((vm_unmap_aliases(), true));
	FORBIDDEN(vread(&byte, refusals->user, 1) <= 0);
	FORBIDDEN(vwrite(&byte, refusals->user, 1) <= 0);
	FORBIDDEN(!__alloc_percpu(8, 8));
}

TEST(thread_only_calls_in_an_interrupt_are_reported)
{
	struct refusals refusals = { .pages = pages_alloc(1) };

	refusals.user = vmalloc_user(PAGE_SIZE);
	CHECK(refusals.user);
	refusals.reports = report_count();
	in_timer_interrupt(call_forbidden, &refusals);
	test_expect_reports(report_count() - refusals.reports);
	CHECK_EQ(refusals.wrong, 0);
	CHECK_EQ(report_count() - refusals.reports, refusals.calls);
	vfree(refusals.user);
	pages_free(refusals.pages, 1);
}

/* docs/vmalloc.md, Contexts: pages at hand in this hart's blocks, else NULL. */
struct map_try {
	struct page **pages;
	char *small;
	char *large;
};

static void map_in_interrupt(void *argument)
{
	struct map_try *try = argument;

	try->small = vm_map_ram(try->pages, 3, -1, PAGE_KERNEL);
	try->large = vm_map_ram(try->pages, 100, -1, PAGE_KERNEL);
}

TEST(map_ram_in_an_interrupt_takes_what_is_at_hand)
{
	struct map_try try = { .pages = pages_alloc(100) };

	in_timer_interrupt(map_in_interrupt, &try);
	CHECK(!try.small && !try.large); /* there is no block yet */
	vm_unmap_ram(vm_map_ram(try.pages, 3, -1, PAGE_KERNEL), 3);
	in_timer_interrupt(map_in_interrupt, &try);
	CHECK(try.small && !try.large);
	*try.small = 9;
	CHECK_EQ(*(char *)page_address(try.pages[0]), 9);
	vm_unmap_ram(try.small, 3);
	pages_free(try.pages, 100);
}

struct questions {
	char *area;
	unsigned int wrong;
};

static void ask_questions(void *argument)
{
	struct questions *questions = argument;
	char *p = questions->area;

	questions->wrong += !find_vm_area(p);
	questions->wrong += !find_vm_area_containing(p + 10);
	questions->wrong += !is_vmalloc_addr(p);
	questions->wrong += !vmalloc_to_page(p);
	questions->wrong += vmalloc_to_page(p + PAGE_SIZE) != NULL;
}

TEST(questions_may_be_asked_in_interrupts)
{
	struct questions questions = { .area = vmalloc(PAGE_SIZE) };

	CHECK(questions.area);
	in_timer_interrupt(ask_questions, &questions);
	CHECK_EQ(questions.wrong, 0);
	vfree(questions.area);
}

TEST(interrupt_of_another_hart_may_free_too)
{
	char *p = vmalloc(5 * PAGE_SIZE);

	if (nr_harts < 2) {
		vfree(p);
		test_skip("needs two harts");
	}
	CHECK(p);
	hart_interrupt(1, free_area, p);
	CHECK(!find_vm_area(p));
	/* Queued on hart 1: its next thread-context call drains it. */
	hart_call_start(1, free_area, NULL);
	hart_call_wait(1);
	for (unsigned int i = 0; i < 2; i++) {
		hart_call_start(1, (hart_function *)free_area,
		                vmalloc(PAGE_SIZE));
		hart_call_wait(1);
	}
}

/* Frees in interrupts while the thread allocates: the locks hold. */
struct storm {
	char *area[8]; /* [A] */
};

static void free_some(void *argument)
{
	struct storm *storm = argument;

	for (unsigned int i = 0; i < 8; i++)
		vfree(__atomic_exchange_n(&storm->area[i], NULL,
		                          __ATOMIC_ACQ_REL));
}

TEST(interrupts_may_free_while_the_thread_allocates)
{
	struct storm storm = { 0 };

	for (unsigned int i = 0; i < 100; i++) {
		for (unsigned int n = 0; n < 8; n++) {
			char *p = vmalloc((n + 1) * PAGE_SIZE);

			CHECK(p);
			p[0] = (char)n;
			p = __atomic_exchange_n(&storm.area[n], p,
			                        __ATOMIC_ACQ_REL);
			vfree(p);
		}
		in_timer_interrupt(free_some, &storm);
	}
	free_some(&storm);
}
