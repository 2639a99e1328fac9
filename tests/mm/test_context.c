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
#include <string.h>

#include "core/hart.h"
#include "core/machine.h"
#include "core/report.h"
#include "core/timer.h"
#include "later.h"
#include "mm/fault.h"
#include "mm/fault_inject.h"
#include "mm/kmem.h"
#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "mm/vm_map_ram.h"
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
	struct vmap_counters before, after;
	char *map, *io, *ram, *big;

	/* Areas that were used before are mapped in short. */
	vunmap(vmap(pages, 3, VM_MAP, PAGE_KERNEL));
	iounmap(ioremap(machine.virtio[0].base, 4096));
	tlb_flush_all();
	map = vmap(pages, 3, VM_MAP, PAGE_KERNEL);
	io = ioremap(machine.virtio[0].base, 4096);
	ram = vm_map_ram(pages, 3, -1, PAGE_KERNEL);
	big = vm_map_ram(pages, 100, -1, PAGE_KERNEL);
	CHECK(map && io && ram && big);
	vmap_read_counters(&before);
	in_timer_interrupt(unmap_area, map);
	in_timer_interrupt(unmap_io, io);
	vmap_read_counters(&after);
	CHECK_EQ(after.deferred - before.deferred, 2);
	CHECK(leaf_level(map) == 0 && leaf_level(io) == 0);
	CHECK(!find_vm_area(map) && !find_vm_area(io));
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
	CHECK(strstr(report_last(), "not done yet"));
	CHECK_REPORTS(1, vfree(p));
}

/* Claimed, and queued in an interrupt. */
static bool is_dying(const char *p)
{
	char text[256];

	address_describe((unsigned long)p, text, sizeof(text));
	return strstr(text, "is being freed");
}

TEST(deferred_frees_wait_for_somebody_who_may_wait)
{
	char *p[2] = { vmalloc(3 * PAGE_SIZE), vmalloc(5 * PAGE_SIZE) }, *q;
	unsigned long at = VMALLOC_START + (11ul << 30);

	CHECK(p[0] && p[1]);
	in_timer_interrupt(free_area, p[0]);
	in_timer_interrupt(free_area, p[1]);
	CHECK(is_dying(p[0]) && is_dying(p[1]));
	q = __vmalloc(PAGE_SIZE, GFP_ATOMIC, PAGE_KERNEL);
	vfree_atomic(q);
	q = __vmalloc_node_range(PAGE_SIZE, 1, at, at + 2 * PAGE_SIZE,
	                         GFP_NOWAIT, PAGE_KERNEL, -1, CALLER());
	CHECK(q && is_dying(p[0]) && is_dying(p[1]));
	vfree(q);
	CHECK(!is_dying(p[0]) && !is_dying(p[1]));
}

TEST(deferred_frees_are_run_by_an_allocation)
{
	char *p = vmalloc(3 * PAGE_SIZE), *q;

	CHECK(p);
	vfree(vmalloc(PAGE_SIZE));
	tlb_flush_all();
	in_timer_interrupt(free_area, p);
	q = vmalloc(PAGE_SIZE); /* by the short path, if it did not look */
	CHECK(!is_dying(p));
	vfree(q);
}

TEST(deferred_frees_are_run_by_a_drain)
{
	char *p = vmalloc(3 * PAGE_SIZE);

	CHECK(p);
	in_timer_interrupt(free_area, p);
	CHECK(is_dying(p));
	vmap_drain();
	CHECK(!is_dying(p));
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

/* What decides is whether the flags permit to wait. */
TEST(nowait_allocation_works_in_an_interrupt)
{
	struct atomic_try try = { .size = PAGE_SIZE, .gfp = GFP_NOWAIT };

	vfree(vmalloc(PAGE_SIZE));
	tlb_flush_all();
	in_timer_interrupt(allocate, &try);
	CHECK(try.area);
	vfree(try.area);
	try.gfp = GFP_ATOMIC | __GFP_RECLAIM;
	CHECK_REPORTS(1, in_timer_interrupt(allocate, &try));
	CHECK(!try.area);
}

TEST(atomic_allocation_makes_no_area_in_an_interrupt)
{
	struct atomic_try try = { .size = 77 * PAGE_SIZE, .gfp = GFP_ATOMIC };
	struct vmap_counters before, after;

	vmap_read_counters(&before);
	in_timer_interrupt(allocate, &try);
	vmap_read_counters(&after);
	CHECK(!try.area);
	CHECK_EQ(after.pool_misses, before.pool_misses);
}

TEST(sleeping_allocation_in_an_interrupt_is_reported)
{
	struct atomic_try try = { .size = PAGE_SIZE, .gfp = GFP_KERNEL };

	CHECK_REPORTS(1, in_timer_interrupt(allocate, &try));
	CHECK(!try.area);
}

/* Leaves this hart over its lazy limit, with the purge still owed. */
static void owe_a_purge(void)
{
	struct vm_area *area = vm_area_reserve(vmap_lazy_max_pages() + 1, 1,
	                                       VM_MAP, GFP_KERNEL, CALLER());

	CHECK(area);
	vm_area_retire_quickly(area, CALLER());
}

static unsigned long purges(void)
{
	struct vmap_counters counters;

	vmap_read_counters(&counters);
	return counters.purges;
}

TEST(atomic_allocation_that_fails_does_not_purge)
{
	struct atomic_try try = { .size = PAGE_SIZE, .gfp = GFP_ATOMIC };
	unsigned long before;

	vfree(vmalloc(PAGE_SIZE));
	tlb_flush_all(); /* that area is at hand: its page is what fails */
	owe_a_purge();
	before = purges();
	fault_inject_set(FAULT_PAGE, 1);
	allocate(&try);
	fault_inject_set(FAULT_PAGE, 0);
	CHECK(!try.area);
	CHECK_EQ(purges(), before);
	vfree(vmalloc(PAGE_SIZE));
	CHECK_EQ(purges(), before + 1);
}

TEST(interrupt_never_purges)
{
	struct page **pages = pages_alloc(100);
	char *slot = vm_map_ram(pages, 3, -1, PAGE_KERNEL);
	char *area = vm_map_ram(pages, 100, -1, PAGE_KERNEL);
	unsigned long before;

	CHECK(slot && area);
	owe_a_purge();
	before = purges();
	in_timer_interrupt(unmap_ram_3, slot);
	in_timer_interrupt(unmap_ram_100, area);
	CHECK_EQ(purges(), before);
	pages_free(pages, 100);
}

TEST(resizing_waits_only_if_the_caller_may)
{
	char *p = vmalloc(1100 * PAGE_SIZE), *q;
	struct vmap_counters before, after;

	CHECK(p);
	vmap_read_counters(&before);
	fault_inject_set(FAULT_VSPACE, 1);
	q = vrealloc(p, 1050 * PAGE_SIZE, GFP_ATOMIC);
	fault_inject_set(FAULT_VSPACE, 0);
	vmap_read_counters(&after);
	CHECK_EQ(after.drains, before.drains);
	vfree(q ? q : p);
}

/* Every page there is, chained through its first word. */
static struct page *take_all_pages(gfp_t gfp)
{
	struct page *chain = NULL, *page;

	if (nr_total_pages() > 65536)
		test_skip("too much memory to take it all");
	while ((page = alloc_pages(gfp, 0)) != NULL) {
		*(struct page **)page_address(page) = chain;
		chain = page;
	}
	return chain;
}

static void give_pages(struct page *chain)
{
	while (chain) {
		struct page *page = chain;

		chain = *(struct page **)page_address(page);
		__free_pages(page, 0);
	}
}

TEST(atomic_pages_end_without_a_drain)
{
	struct vmap_counters before, after;

	vmap_read_counters(&before);
	give_pages(take_all_pages(GFP_ATOMIC));
	vmap_read_counters(&after);
	CHECK_EQ(after.drains, before.drains);
}

/* Retired areas hold leaf tables, freed objects hold slabs: both are memory. */
TEST(last_pages_come_out_of_the_pools)
{
	char *p = __vmalloc_node_range(
		PAGE_SIZE, 1, VMALLOC_START + (30ul << 30), VMALLOC_END,
		GFP_KERNEL, PAGE_KERNEL, -1, CALLER());
	struct page *chain, *page;

	CHECK(p);
	vfree(p);
	chain = take_all_pages(GFP_NOWAIT);
	page = alloc_pages(GFP_KERNEL, 0);
	if (page)
		__free_pages(page, 0);
	give_pages(chain);
	CHECK(page);
}

TEST(last_pages_come_out_of_the_slabs)
{
	enum { OBJECTS = 64 };
	struct page *chain, *page;
	void *object[OBJECTS];
	unsigned long slabs;

	vmap_drain();
	kmem_shrink();
	slabs = kmem_slab_pages();
	for (unsigned int i = 0; i < OBJECTS; i++)
		CHECK((object[i] = kmalloc(2048, GFP_KERNEL)) != NULL);
	for (unsigned int i = 0; i < OBJECTS; i++)
		kfree(object[i]);
	CHECK(kmem_slab_pages() > slabs);
	chain = take_all_pages(GFP_NOWAIT);
	page = alloc_pages(GFP_KERNEL, 0);
	if (page)
		__free_pages(page, 0);
	give_pages(chain);
	CHECK(page);
}

struct refusals {
	struct page **pages;
	char *user;
	void *percpu;
	struct vm_struct *bare;         /* of get_vm_area() */
	struct vm_struct *window;       /* two pages, one of them a view */
	struct vm_area_struct vma;      /* the view */
	struct vm_area_struct free_vma; /* where another could be */
	struct vmap_purge_notifier notifier;
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
	static const unsigned long offset;
	static const size_t size = PAGE_SIZE;
	phys_addr_t device = machine.virtio[0].base;
	unsigned long pfn = PFN_DOWN(device);
	char byte;

	FORBIDDEN(!vmalloc(PAGE_SIZE));
	FORBIDDEN(!vzalloc(PAGE_SIZE));
	FORBIDDEN(!vmalloc_user(PAGE_SIZE));
	FORBIDDEN(!vmalloc_32(PAGE_SIZE));
	FORBIDDEN(!vmalloc_exec(PAGE_SIZE));
	FORBIDDEN(!__vmalloc_node_range(PAGE_SIZE, 1, VMALLOC_START,
	                                VMALLOC_END, GFP_KERNEL, PAGE_KERNEL,
	                                -1, CALLER()));
	FORBIDDEN(!vmap(refusals->pages, 1, VM_MAP, PAGE_KERNEL));
	FORBIDDEN(!vmap_pfn(&pfn, 1, PAGE_KERNEL_NOCACHE));
	FORBIDDEN(!get_vm_area(PAGE_SIZE, VM_MAP));
	FORBIDDEN(!alloc_vm_area(PAGE_SIZE, NULL));
	FORBIDDEN(!remove_vm_area(refusals->bare->addr));
	FORBIDDEN((free_vm_area(refusals->bare), true));
	FORBIDDEN(!ioremap(device, 4096));
	FORBIDDEN(!ioremap_cache(device, 4096));
	FORBIDDEN(!ioremap_prot(device, 4096, PAGE_KERNEL.pgprot));
	FORBIDDEN(ioremap_page_range((unsigned long)refusals->bare->addr,
	                             (unsigned long)refusals->bare->addr +
	                                     PAGE_SIZE,
	                             device, PAGE_KERNEL_NOCACHE) == -EINVAL);
	FORBIDDEN((unmap_vmalloc_range(&refusals->vma), true));
	FORBIDDEN(!pcpu_get_vm_areas(&offset, &size, 1, PAGE_SIZE));
	FORBIDDEN(set_memory_ro((unsigned long)refusals->user, 1) == -EINVAL);
	FORBIDDEN(register_vmap_purge_notifier(&refusals->notifier) == -EBUSY);
	FORBIDDEN(unregister_vmap_purge_notifier(&refusals->notifier) ==
	          -EBUSY);
	FORBIDDEN(!vrealloc(refusals->user, 2 * PAGE_SIZE, GFP_KERNEL));
	vma = refusals->free_vma;
	FORBIDDEN(remap_vmalloc_range(&vma, refusals->user, 0) == -EINVAL);
	FORBIDDEN((vm_unmap_aliases(), true));
	FORBIDDEN(vread(&byte, refusals->user, 1) <= 0);
	FORBIDDEN(vwrite(&byte, refusals->user, 1) <= 0);
	FORBIDDEN(!__alloc_percpu(8, 8));
	FORBIDDEN((free_percpu(refusals->percpu), true));
}

TEST(thread_only_calls_in_an_interrupt_are_reported)
{
	struct refusals refusals = { .pages = pages_alloc(1) };

	refusals.user = vmalloc_user(PAGE_SIZE);
	refusals.percpu = __alloc_percpu(8, 8);
	refusals.bare = get_vm_area(PAGE_SIZE, VM_IOREMAP);
	refusals.window = get_vm_area(2 * PAGE_SIZE, VM_MAP);
	CHECK(refusals.user && refusals.bare && refusals.window);
	CHECK(refusals.percpu);
	refusals.vma = (struct vm_area_struct){
		.vm_start = (unsigned long)refusals.window->addr,
		.vm_end = (unsigned long)refusals.window->addr + PAGE_SIZE,
		.vm_page_prot = PAGE_KERNEL,
	};
	refusals.free_vma = refusals.vma;
	refusals.free_vma.vm_start += PAGE_SIZE;
	refusals.free_vma.vm_end += PAGE_SIZE;
	CHECK_EQ(remap_vmalloc_range(&refusals.vma, refusals.user, 0), 0);
	/* With an area at hand, so that the short paths are asked, too. */
	vfree(vmalloc(PAGE_SIZE));
	tlb_flush_all();
	refusals.reports = report_count();
	in_timer_interrupt(call_forbidden, &refusals);
	test_expect_reports(report_count() - refusals.reports);
	CHECK_EQ(refusals.wrong, 0);
	CHECK_EQ(report_count() - refusals.reports, refusals.calls);
	CHECK(can_read((char *)refusals.vma.vm_start));
	unmap_vmalloc_range(&refusals.vma);
	free_vm_area(refusals.window);
	free_vm_area(refusals.bare);
	free_percpu(refusals.percpu);
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

/* More than a flush's worth: then it must do without, not flush. */
struct map_series {
	struct page **pages;
	unsigned int refused;
};

static void map_often(void *argument)
{
	struct map_series *series = argument;

	for (unsigned int i = 0; i < 1500; i++) {
		void *p = vm_map_ram(series->pages, 3, -1, PAGE_KERNEL);

		if (p)
			vm_unmap_ram(p, 3);
		series->refused += !p;
	}
}

TEST(map_ram_in_an_interrupt_neither_flushes_nor_grows)
{
	struct map_series series = { .pages = pages_alloc(3) };
	struct map_ram_stats stats;
	unsigned long before;

	map_often(&series);
	CHECK_EQ(series.refused, 0);
	before = purges();
	in_timer_interrupt(map_often, &series);
	CHECK_EQ(purges(), before);
	CHECK(series.refused > 0);
	map_ram_read_stats(&stats);
	CHECK_EQ(stats.live_mappings, 0);
	pages_free(series.pages, 3);
}

struct questions {
	char *area;
	unsigned int wrong;
};

static void ask_questions(void *argument)
{
	struct questions *questions = argument;
	char *p = questions->area;

	questions->wrong += !find_vm_area(p) || find_vm_area(p)->pages;
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

/*
 * The same at any moment: the timer fires while the thread is anywhere inside
 * the calls, also where it holds its hart's lock.
 */
struct timer_storm {
	struct page **pages;
	char *area[4];       /* [A] for the interrupt to free */
	unsigned long ticks; /* [A] */
	unsigned long wrong; /* [A] */
};

static void storm_tick(void *argument)
{
	struct timer_storm *storm = argument;
	char *p = __vmalloc(PAGE_SIZE, GFP_ATOMIC, PAGE_KERNEL);
	char *ram = vm_map_ram(storm->pages, 2, -1, PAGE_KERNEL);

	if (p)
		p[0] = 1;
	vfree(p);
	if (ram) {
		storm->wrong += ram[0] != 'r';
		vm_unmap_ram(ram, 2);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(storm->area); i++)
		vfree(__atomic_exchange_n(&storm->area[i], NULL,
		                          __ATOMIC_ACQ_REL));
	__atomic_fetch_add(&storm->ticks, 1, __ATOMIC_RELEASE);
}

static void storm_round(struct timer_storm *storm, unsigned int round)
{
	char *ram = vm_map_ram(storm->pages, 1, -1, PAGE_KERNEL);
	char *map = vmap(storm->pages, 2, VM_MAP, PAGE_KERNEL);
	char *p = vmalloc((round % 5 + 1) * PAGE_SIZE);

	storm->wrong += !ram || !map || !p;
	if (!p)
		return;
	p[0] = 2;
	vfree(__atomic_exchange_n(&storm->area[round % 4], p,
	                          __ATOMIC_ACQ_REL));
	vunmap(map);
	vm_unmap_ram(ram, 1);
	if (round % 64 == 0)
		vmap_drain();
}

TEST(timer_may_free_and_allocate_at_any_moment)
{
	struct timer_storm storm = { .pages = pages_alloc(2) };
	static struct later later;
	unsigned long armed = 0;

	memset(page_address(storm.pages[0]), 'r', PAGE_SIZE);
	for (unsigned int i = 0; i < 4000; i++) {
		if (__atomic_load_n(&storm.ticks, __ATOMIC_ACQUIRE) == armed) {
			armed++;
			later_at(&later, timer_now_ns() + test_random() % 60000,
			         storm_tick, &storm);
		}
		storm_round(&storm, i);
	}
	while (__atomic_load_n(&storm.ticks, __ATOMIC_ACQUIRE) != armed)
		;
	for (unsigned int i = 0; i < ARRAY_SIZE(storm.area); i++)
		vfree(storm.area[i]);
	CHECK_EQ(storm.wrong, 0);
	CHECK(armed > 20);
	pages_free(storm.pages, 2);
}
