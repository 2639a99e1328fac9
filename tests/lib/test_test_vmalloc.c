/* SPDX-License-Identifier: MIT */
/*
 * The twelve scenarios of Linux's lib/test_vmalloc.c under their names and with
 * their sizes (contract 3.A), in short, and with what those lack. An area is
 * asked for and given up by own() and disown(), which look at
 *
 *   contents   every word of every page, until the area is given up
 *   overlap    words tell their area, and several areas are live at any time
 *   zeroing    where asked for, over memory that had other areas' words before
 *   guards     the page behind cannot be read
 *   leaks      as after any test: no page, area, table or object is left
 */
#include <linux/percpu.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "arch/csr.h"
#include "core/hart.h"
#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "pages.h"
#include "test.h"

#define LOOPS 300
#define LIVE  8u /* areas that live at the same time, where Linux has one */

struct owned {
	char *mem;
	size_t bytes;
	unsigned long who;
};

static void own(struct owned *area, void *mem, size_t bytes, bool zeroed)
{
	static unsigned long serial;

	CHECK(mem);
	CHECK(!zeroed || is_all(mem, bytes, 0));
	*area = (struct owned){ mem, bytes, ++serial };
	pattern_fill(mem, bytes, area->who);
}

static bool is_intact(const struct owned *area)
{
	return pattern_holds(area->mem, area->bytes, area->who);
}

static bool is_guarded(const struct owned *area)
{
	return !can_read(area->mem + ALIGN_UP(area->bytes, PAGE_SIZE));
}

static void disown(struct owned *area)
{
	void *mem = area->mem;

	CHECK(is_intact(area) && is_guarded(area));
	area->mem = NULL;
	vfree(mem);
}

static void disown_all(struct owned *areas, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (areas[i].mem)
			disown(&areas[i]);
	}
}

/*
 * The slot of step @i, empty. Linux's loops are long enough for freed addresses
 * to come back; these are not, unless a flush makes them clean.
 */
static struct owned *free_slot(struct owned *live, unsigned int i)
{
	struct owned *slot = &live[i % LIVE];

	if (slot->mem)
		disown(slot);
	if (i % LIVE == 0)
		tlb_flush_all();
	return slot;
}

static void own_new(struct owned *area, size_t bytes, bool zeroed)
{
	own(area, zeroed ? vzalloc(bytes) : vmalloc(bytes), bytes, zeroed);
}

static void own_aligned(struct owned *area, size_t bytes, unsigned long align)
{
	void *mem =
		__vmalloc_node_range(bytes, align, VMALLOC_START, VMALLOC_END,
	                             GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN,
	                             PAGE_KERNEL, NUMA_NO_NODE, CALLER());

	CHECK(IS_ALIGNED((unsigned long)mem, align));
	if (mem)
		own(area, mem, bytes, true);
}

TEST(fix_size_alloc_test)
{
	struct owned live[LIVE] = { 0 };

	for (unsigned int i = 0; i < LOOPS; i++)
		own_new(free_slot(live, i), PAGE_SIZE, i % 2);
	disown_all(live, LIVE);
	/* use_huge */
	for (unsigned int i = 0; i < 4; i++) {
		own(&live[0], vmalloc_huge(LEAF_TABLE_SIZE, GFP_KERNEL),
		    LEAF_TABLE_SIZE, false);
		disown(&live[0]);
	}
}

TEST(full_fit_alloc_test)
{
	enum { JUNK = 1500 };
	static struct owned keep[JUNK], holes[JUNK];
	struct owned live[LIVE] = { 0 };

	for (unsigned int i = 0; i < JUNK; i++) {
		own_new(&keep[i], PAGE_SIZE, false);
		own_new(&holes[i], PAGE_SIZE, false);
	}
	disown_all(holes, JUNK);
	for (unsigned int i = 0; i < LOOPS; i++)
		own_new(free_slot(live, i), PAGE_SIZE, i % 2);
	disown_all(live, LIVE);
	disown_all(keep, JUNK);
}

TEST(long_busy_list_alloc_test)
{
	enum { BUSY = 4000 };
	static struct owned busy[BUSY];
	struct owned large[LIVE] = { 0 }, small[LIVE] = { 0 };

	for (unsigned int i = 0; i < BUSY; i++)
		own_new(&busy[i], PAGE_SIZE, false);
	for (unsigned int i = 0; i < LOOPS / 3; i++) {
		own_new(free_slot(large, i), 100 * PAGE_SIZE, i % 2);
		own_new(free_slot(small, i), PAGE_SIZE, i % 2);
	}
	disown_all(large, LIVE);
	disown_all(small, LIVE);
	disown_all(busy, BUSY);
}

TEST(random_size_alloc_test)
{
	struct owned live[LIVE] = { 0 };

	for (unsigned int i = 0; i < LOOPS; i++)
		own_new(free_slot(live, i),
		        (test_random() % 100 + 1) * PAGE_SIZE, i % 2);
	disown_all(live, LIVE);
}

TEST(fix_align_alloc_test)
{
	struct owned live[LIVE] = { 0 };

	for (unsigned int i = 0; i < LOOPS; i++) {
		own_aligned(free_slot(live, i), 5 * PAGE_SIZE, 32ul << 10);
		CHECK(live[i % LIVE].mem);
	}
	disown_all(live, LIVE);
}

TEST(random_size_align_alloc_test)
{
	struct owned live[LIVE] = { 0 };

	for (unsigned int i = 0; i < LOOPS; i++) {
		unsigned long align = 1ul << test_random() % 23;

		own_aligned(free_slot(live, i),
		            (test_random() % 10 + 1) * PAGE_SIZE, align);
		CHECK(live[i % LIVE].mem);
	}
	disown_all(live, LIVE);
}

/* Huge alignments cannot be met: NULL, never a crash or a loop. */
TEST(align_shift_alloc_test)
{
	struct owned live[64] = { 0 };

	for (unsigned int round = 0; round < 2; round++) {
		unsigned int refused = 0;

		for (unsigned int shift = 0; shift < 64; shift++) {
			own_aligned(&live[shift], PAGE_SIZE, 1ul << shift);
			refused += !live[shift].mem;
		}
		CHECK(refused >= 24 && refused <= 40);
		disown_all(live, 64);
		tlb_flush_all();
	}
}

/* Each hart has a copy, and no copy touches another. */
static bool copies_are(void *object, size_t bytes, unsigned long who)
{
	for (unsigned int hart = 0; hart < nr_harts; hart++) {
		const void *copy = per_cpu_ptr(object, hart);

		if (who ? !pattern_holds(copy, bytes, who + hart)
		        : !is_all(copy, bytes, 0))
			return false;
	}
	return true;
}

TEST(pcpu_alloc_test)
{
	enum { OBJECTS = 3500 };
	static struct owned live[OBJECTS];

	for (unsigned int i = 0; i < OBJECTS; i++) {
		size_t bytes = test_random() % 1024 + 1;
		unsigned long align = 2ul << test_random() % 11;
		char *object = __alloc_percpu(bytes, align);

		CHECK(object && copies_are(object, bytes, 0));
		live[i] = (struct owned){ object, bytes, (i + 1ul) << 8 };
		for (unsigned int hart = 0; hart < nr_harts; hart++) {
			void *copy = per_cpu_ptr(object, hart);

			CHECK(IS_ALIGNED((unsigned long)copy, align));
			pattern_fill(copy, bytes, live[i].who + hart);
		}
	}
	for (unsigned int i = 0; i < OBJECTS; i++) {
		CHECK(copies_are(live[i].mem, live[i].bytes, live[i].who));
		free_percpu(live[i].mem);
	}
}

/*
 * Freed after a grace period: every other hart has been in an interrupt since
 * and, until then, still read what it should. No thread frees: a timer does.
 */
static struct {
	struct owned areas[LIVE];
	unsigned int count;
	bool intact; /* as the readers saw it */
} grace;

struct head {
	struct head *next;
};

static void read_all(void *unused)
{
	(void)unused;
	for (unsigned int i = 0; i < grace.count; i++)
		grace.intact &= is_intact(&grace.areas[i]);
}

static void grace_period(void (*free_all)(void *argument), void *argument)
{
	for (unsigned int i = 0; i < grace.count; i++)
		CHECK(is_guarded(&grace.areas[i]));
	grace.intact = true;
	for (unsigned int hart = 0; hart < nr_harts; hart++) {
		if (harts[hart] != this_hart)
			hart_interrupt(hart, read_all, NULL);
	}
	read_all(NULL);
	in_timer_interrupt(free_all, argument);
	vm_area_run_deferred();
	CHECK(grace.intact);
	for (unsigned int i = 0; i < grace.count; i++)
		CHECK(!find_vm_area(grace.areas[i].mem));
	grace.count = 0;
	tlb_flush_all();
}

static void free_pointers(void *unused)
{
	(void)unused;
	for (unsigned int i = 0; i < grace.count; i++)
		kvfree(grace.areas[i].mem);
}

TEST(kvfree_rcu_1_arg_vmalloc_test)
{
	grace.count = 0;
	for (unsigned int i = 0; i < LOOPS; i++) {
		own_new(&grace.areas[grace.count++], PAGE_SIZE, i % 2);
		if (grace.count == LIVE)
			grace_period(free_pointers, NULL);
	}
	grace_period(free_pointers, NULL);
}

static void free_chain(void *argument)
{
	struct head *head = argument;

	while (head) {
		void *object = head;

		head = head->next;
		kvfree(object);
	}
}

/* The chain runs through the objects, in front of their contents. */
TEST(kvfree_rcu_2_arg_vmalloc_test)
{
	struct head *chain = NULL;

	grace.count = 0;
	for (unsigned int i = 0; i < LOOPS; i++) {
		struct head *head =
			i % 2 ? vzalloc(PAGE_SIZE) : vmalloc(PAGE_SIZE);

		CHECK(head && (i % 2 == 0 || is_all(head, PAGE_SIZE, 0)));
		head->next = chain;
		chain = head;
		own(&grace.areas[grace.count++], head + 1,
		    PAGE_SIZE - sizeof(*head), false);
		if (grace.count == LIVE || i + 1 == LOOPS) {
			grace_period(free_chain, chain);
			chain = NULL;
		}
	}
}

/* Both mappings show their own pages, in order, and nothing of the other's. */
static void map_twice(struct page **pages, unsigned int count,
                      unsigned long who)
{
	size_t bytes = count * PAGE_SIZE;
	char *one = vm_map_ram(pages, count, -1, PAGE_KERNEL);
	char *two = vm_map_ram(pages + count, count, -1, PAGE_KERNEL);

	CHECK(one && two);
	pattern_fill(one, bytes, who);
	pattern_fill(two, bytes, ~who);
	for (unsigned int i = 0; i < count; i++) {
		CHECK_EQ(memcmp(page_address(pages[i]), one + i * PAGE_SIZE,
		                PAGE_SIZE),
		         0);
		CHECK_EQ(memcmp(page_address(pages[count + i]),
		                two + i * PAGE_SIZE, PAGE_SIZE),
		         0);
	}
	CHECK(pattern_holds(one, bytes, who));
	/* Guards there are between mappings where mistakes are looked for. */
	CHECK(!CONFIG_DEBUG_ASSERT ||
	      (!can_read(one + bytes) && !can_read(two + bytes)));
	vm_unmap_ram(one, count);
	CHECK(pattern_holds(two, bytes, ~who));
	vm_unmap_ram(two, count);
}

TEST(vm_map_ram_test)
{
	for (unsigned int count = 1; count <= 64; count *= 4) {
		struct page **pages = pages_alloc(2 * count);

		for (unsigned int i = 0; i < LOOPS / 3; i++)
			map_twice(pages, count, i);
		pages_free(pages, 2 * count);
	}
}

/* With interrupts off; may fail, but not as a rule. */
TEST(no_block_alloc_test)
{
	struct owned live[LIVE] = { 0 };
	unsigned int worked = 0;

	for (unsigned int i = 0; i < LOOPS; i++) {
		struct owned *slot = free_slot(live, i);
		gfp_t gfp = test_random() & 1 ? GFP_ATOMIC : GFP_NOWAIT;
		gfp_t zero = i % 2 ? __GFP_ZERO : 0;
		unsigned long flags = irq_save();
		void *mem = __vmalloc(PAGE_SIZE, gfp | zero | __GFP_NOWARN,
		                      PAGE_KERNEL);

		irq_restore(flags);
		if (!mem)
			continue;
		own(slot, mem, PAGE_SIZE, zero);
		worked++;
	}
	disown_all(live, LIVE);
	CHECK(worked > LOOPS / 2);
}
