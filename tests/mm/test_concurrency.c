/* SPDX-License-Identifier: MIT */
/*
 * All harts at once (I-23): unique addresses, contents that stay, counters that
 * add up; B9, B12, B20, B22, B31, B57.
 */
#include <linux/io.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "core/hart.h"
#include "core/report.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "mm/vm_map_ram.h"
#include "pages.h"
#include "test.h"

struct worker {
	unsigned int index;
	unsigned int rounds;
	unsigned long random;
	struct page **pages;
	unsigned long failures; /* things seen that must not be */
};

static struct worker workers[CONFIG_NR_HARTS];

static unsigned long next_random(struct worker *worker)
{
	worker->random ^= worker->random << 13;
	worker->random ^= worker->random >> 7;
	worker->random ^= worker->random << 17;
	return worker->random;
}

/* Run @function on every hart, this one too; sums up the failures. */
static void on_all_harts(hart_function *function, unsigned int rounds,
                         struct page **pages)
{
	unsigned long failures = 0;

	if (nr_harts < 2)
		test_skip("needs two harts");
	for (unsigned int i = 0; i < nr_harts; i++)
		workers[i] = (struct worker){ i, rounds, 0x9e3779b9u + i * 77,
			                      pages, 0 };
	for (unsigned int i = 0; i < nr_harts; i++)
		if (i != this_hart->index)
			hart_call_start(i, function, &workers[i]);
	function(&workers[this_hart->index]);
	for (unsigned int i = 0; i < nr_harts; i++)
		if (i != this_hart->index)
			hart_call_wait(i);
	for (unsigned int i = 0; i < nr_harts; i++)
		failures += workers[i].failures;
	CHECK_EQ(failures, 0);
}

static void alloc_and_free(void *argument)
{
	enum { LIVE = 16 };
	struct worker *worker = argument;
	unsigned long *live[LIVE] = { NULL };
	size_t bytes[LIVE] = { 0 };

	for (unsigned int round = 0; round < worker->rounds; round++) {
		unsigned int i = next_random(worker) % LIVE;
		unsigned long seed = worker->index * 1000 + i;

		if (live[i]) {
			worker->failures +=
				!pattern_holds(live[i], bytes[i], seed);
			vfree(live[i]);
			live[i] = NULL;
			continue;
		}
		bytes[i] = (next_random(worker) % 9 + 1) * PAGE_SIZE;
		live[i] = vmalloc(bytes[i]);
		worker->failures += !live[i];
		if (live[i])
			pattern_fill(live[i], bytes[i], seed);
	}
	for (unsigned int i = 0; i < LIVE; i++)
		vfree(live[i]);
}

TEST(harts_allocate_and_free_side_by_side)
{
	on_all_harts(alloc_and_free, 600, NULL);
}

static char *exchange[32]; /* [A] */

static void free_each_others(void *argument)
{
	struct worker *worker = argument;

	for (unsigned int round = 0; round < worker->rounds; round++) {
		unsigned int pages = next_random(worker) % 6 + 1;
		char *p = vmalloc(pages * PAGE_SIZE);

		if (!p) {
			worker->failures++;
			continue;
		}
		p[0] = (char)pages;
		p[(pages - 1) * PAGE_SIZE + 1] = (char)pages;
		p = __atomic_exchange_n(
			&exchange[next_random(worker) % ARRAY_SIZE(exchange)],
			p, __ATOMIC_ACQ_REL);
		if (!p)
			continue;
		pages = (unsigned int)p[0];
		worker->failures +=
			p[(pages - 1) * PAGE_SIZE + 1] != (char)pages;
		vfree(p);
	}
}

TEST(harts_free_each_others_areas)
{
	memset(exchange, 0, sizeof(exchange));
	on_all_harts(free_each_others, 800, NULL);
	for (unsigned int i = 0; i < ARRAY_SIZE(exchange); i++)
		vfree(exchange[i]);
}

/* B57: exactly one of two frees wins. */
static char *contested[200];

static unsigned int at_the_start; /* [A] harts that wait for the next one */

/* Both at once: each waits until the other is there. */
static void free_contested(void *argument)
{
	(void)argument;
	for (unsigned int i = 0; i < ARRAY_SIZE(contested); i++) {
		__atomic_fetch_add(&at_the_start, 1, __ATOMIC_ACQ_REL);
		while (__atomic_load_n(&at_the_start, __ATOMIC_ACQUIRE) <
		       2 * (i + 1))
			;
		vfree(contested[i]);
	}
}

TEST(same_pointer_freed_by_two_harts_is_one_free_and_one_report)
{
	unsigned long before = report_count();

	if (nr_harts < 2)
		test_skip("needs two harts");
	for (unsigned int i = 0; i < ARRAY_SIZE(contested); i++)
		CHECK((contested[i] = vmalloc(2 * PAGE_SIZE)) != NULL);
	at_the_start = 0;
	hart_call_start(1, free_contested, NULL);
	free_contested(NULL);
	hart_call_wait(1);
	CHECK_EQ(report_count() - before, ARRAY_SIZE(contested));
	test_expect_reports(ARRAY_SIZE(contested));
}

/* B9, B12: mapping, unmapping and purging blocks from all sides. */
static void map_ram_and_purge(void *argument)
{
	struct worker *worker = argument;

	for (unsigned int round = 0; round < worker->rounds; round++) {
		unsigned int first = next_random(worker) % 32;
		unsigned int count = next_random(worker) % 32 + 1;
		unsigned int *p = vm_map_ram(worker->pages + first, count, -1,
		                             PAGE_KERNEL);

		if (!p) {
			worker->failures++;
			continue;
		}
		for (unsigned int i = 0; i < count; i++)
			worker->failures += p[i * 1024] != first + i;
		vm_unmap_ram(p, count);
		if (next_random(worker) % 64 == 0)
			vm_unmap_aliases();
		if (next_random(worker) % 256 == 0)
			vmap_drain();
	}
}

TEST(harts_map_and_unmap_ram_while_others_purge)
{
	struct page **pages = pages_alloc(64);

	for (unsigned int i = 0; i < 64; i++)
		*(unsigned int *)page_address(pages[i]) = i;
	on_all_harts(map_ram_and_purge, 700, pages);
	pages_free(pages, 64);
}

/* B20: drains, shrinks and allocations at once lose no address space. */
static void drain_and_allocate(void *argument)
{
	struct worker *worker = argument;

	for (unsigned int round = 0; round < worker->rounds; round++) {
		if (worker->index == 1 && round % 8 == 0) {
			vmap_drain();
			kmem_shrink();
			page_alloc_drain();
		}
		vfree(vmalloc((next_random(worker) % 20 + 1) * PAGE_SIZE));
	}
}

TEST(drain_beside_allocation_loses_nothing)
{
	on_all_harts(drain_and_allocate, 400, NULL);
}

/* B22: a walk beside huge mappings that come and go. */
static void emit_nothing(vaddr_t start, vaddr_t end, paddr_t pa, pgprot_t prot,
                         unsigned int level, void *context)
{
	struct worker *worker = context;

	(void)pa;
	(void)prot;
	worker->failures += start >= end || level > 2;
}

static void walk_or_promote(void *argument)
{
	struct worker *worker = argument;

	for (unsigned int round = 0; round < worker->rounds; round++) {
		if (worker->index == 1) {
			/* Others' tables stay while we hold a vmap lock. */
			unsigned long irq_flags = vmap_lock_own();

			pgtable_walk_range(VMALLOC_START, VMALLOC_END,
			                   emit_nothing, worker);
			vmap_unlock_own(irq_flags);
			continue;
		}
		vfree(vmalloc_huge(LEAF_TABLE_SIZE, GFP_KERNEL));
		iounmap(ioremap(0x40000000, 2 * LEAF_TABLE_SIZE));
		vmap_drain();
	}
}

TEST(walk_beside_huge_mappings_sees_only_live_tables)
{
	on_all_harts(walk_or_promote, 40, NULL);
}

/* B31: no counter is ever seen below zero. */
static void watch_or_work(void *argument)
{
	struct worker *worker = argument;
	struct vmap_counters counters;

	for (unsigned int round = 0; round < worker->rounds; round++) {
		vfree(vmalloc(PAGE_SIZE));
		if (worker->index != 1)
			continue;
		vmap_read_counters(&counters);
		worker->failures += counters.busy_areas < 0;
		worker->failures += counters.vmalloc_pages < 0;
		worker->failures += counters.lazy_pages > 1ul << 30;
	}
}

TEST(counters_never_go_below_zero)
{
	on_all_harts(watch_or_work, 500, NULL);
}

static void use_page_allocator(void *argument)
{
	struct worker *worker = argument;

	for (unsigned int round = 0; round < worker->rounds; round++) {
		unsigned int order = next_random(worker) % 5;
		struct page *page = alloc_pages(GFP_KERNEL, order);
		unsigned long *p;

		if (!page) {
			worker->failures++;
			continue;
		}
		p = page_address(page);
		pattern_fill(p, PAGE_SIZE << order, worker->index);
		worker->failures +=
			!pattern_holds(p, PAGE_SIZE << order, worker->index);
		__free_pages(page, order);
	}
}

TEST(harts_share_the_page_allocator)
{
	on_all_harts(use_page_allocator, 500, NULL);
}

static void *kmem_exchange[64]; /* [A] */

static void use_kmalloc(void *argument)
{
	struct worker *worker = argument;

	for (unsigned int round = 0; round < worker->rounds; round++) {
		size_t size = next_random(worker) % 2000 + 8;
		size_t *p = kmalloc(size, GFP_KERNEL);

		if (!p) {
			worker->failures++;
			continue;
		}
		memset(p, (int)size, size);
		*p = size;
		p = __atomic_exchange_n(&kmem_exchange[round % 64], p,
		                        __ATOMIC_ACQ_REL);
		if (!p)
			continue;
		worker->failures += *p > 8 && ((unsigned char *)p)[*p - 1] !=
		                                      (unsigned char)*p;
		kfree(p);
	}
}

TEST(harts_free_each_others_objects)
{
	memset(kmem_exchange, 0, sizeof(kmem_exchange));
	on_all_harts(use_kmalloc, 1500, NULL);
	for (unsigned int i = 0; i < 64; i++)
		kfree(kmem_exchange[i]);
}

static void flush_all(void *argument)
{
	struct worker *worker = argument;

	for (unsigned int round = 0; round < worker->rounds; round++) {
		uint64_t stamp = tlb_stamp();

		tlb_flush_all();
		worker->failures += !tlb_is_clean(stamp);
	}
}

TEST(harts_flush_at_the_same_time)
{
	on_all_harts(flush_all, 100, NULL);
}

static void use_percpu(void *argument)
{
	struct worker *worker = argument;

	for (unsigned int round = 0; round < worker->rounds; round++) {
		unsigned int *p = __alloc_percpu(64, 64);

		worker->failures += !p;
		if (p)
			*(unsigned int *)per_cpu_ptr(p, worker->index) = round;
		free_percpu(p);
	}
}

TEST(harts_share_per_cpu_objects)
{
	on_all_harts(use_percpu, 150, NULL);
}

/* B16/B58: one hart fails to take everything, the other goes on. */
static void ask_too_much(void *argument)
{
	struct worker *worker = argument;

	for (unsigned int round = 0; round < worker->rounds; round++) {
		if (worker->index == 1) {
			void *p = vmalloc((nr_total_pages() - 8) << PAGE_SHIFT);

			worker->failures += p != NULL;
		} else {
			void *p = vmalloc(4 * PAGE_SIZE);

			worker->failures += !p;
			vfree(p);
		}
	}
}

TEST(failing_giant_does_not_starve_the_neighbour)
{
	on_all_harts(ask_too_much, 200, NULL);
}

/* A notifier is on one hart's stack; the other hart asks all that there are. */
struct asked {
	struct vmap_purge_notifier notifier;
	bool running;      /* [A] */
	bool unregistered; /* [A] */
	bool late;         /* [A] called when it had been taken back */
};

static int note_call(struct vmap_purge_notifier *self)
{
	struct asked *asked = container_of(self, struct asked, notifier);

	__atomic_store_n(&asked->running, true, __ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < 2000; i++)
		if (__atomic_load_n(&asked->unregistered, __ATOMIC_SEQ_CST))
			__atomic_store_n(&asked->late, true, __ATOMIC_SEQ_CST);
	__atomic_store_n(&asked->running, false, __ATOMIC_SEQ_CST);
	return 0;
}

static unsigned int askers_done; /* [A] */

/* Each round: registered, called, taken back; nobody calls it from then on. */
static void register_and_take_back(struct worker *worker)
{
	struct asked asked = { .notifier = { .notify = note_call } };

	worker->failures += register_vmap_purge_notifier(&asked.notifier) != 0;
	while (!__atomic_load_n(&asked.running, __ATOMIC_SEQ_CST))
		;
	worker->failures +=
		unregister_vmap_purge_notifier(&asked.notifier) != 0;
	__atomic_store_n(&asked.unregistered, true, __ATOMIC_SEQ_CST);
	worker->failures += __atomic_load_n(&asked.running, __ATOMIC_SEQ_CST);
	worker->failures += __atomic_load_n(&asked.late, __ATOMIC_SEQ_CST);
}

static void ask_or_register(void *argument)
{
	struct worker *worker = argument;
	const unsigned int others = nr_harts - 1;

	if (worker->index != 0) {
		for (unsigned int i = 0; i < worker->rounds; i++)
			register_and_take_back(worker);
		__atomic_fetch_add(&askers_done, 1, __ATOMIC_RELEASE);
		return;
	}
	while (__atomic_load_n(&askers_done, __ATOMIC_ACQUIRE) < others)
		worker->failures += get_vm_area(VMALLOC_SIZE - 4 * PAGE_SIZE,
		                                VM_MAP) != NULL;
}

TEST(notifier_does_not_run_once_it_was_taken_back)
{
	askers_done = 0;
	on_all_harts(ask_or_register, 40, NULL);
}
