/* SPDX-License-Identifier: MIT */
/* Flush numbers (mm/tlb.h): stamps become clean by any later flush, not before. */
#include <linux/vmalloc.h>

#include "arch/barrier.h"
#include "arch/csr.h"
#include "core/cmdline.h"
#include "core/hart.h"
#include "core/timer.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "pages.h"
#include "test.h"

TEST(stamp_is_dirty_until_a_later_flush)
{
	uint64_t stamp;

	tlb_flush_all();
	stamp = tlb_stamp();
	CHECK(!tlb_is_clean(stamp));
	tlb_flush_all();
	CHECK(tlb_is_clean(stamp));
	CHECK(!tlb_is_clean(tlb_stamp()));
}

TEST(flush_reaches_every_hart)
{
	struct tlb_counters before, after;

	tlb_read_counters(&before);
	tlb_flush_all();
	tlb_read_counters(&after);
	CHECK_EQ(after.flushes - before.flushes, 1);
	CHECK(after.local_fences > before.local_fences);
}

TEST(range_flush_removes_one_stale_page)
{
	struct page **pages = pages_alloc(1);
	struct vm_struct *vm = get_vm_area(PAGE_SIZE, VM_MAP);
	unsigned long at;

	CHECK(vm);
	at = (unsigned long)vm->addr;
	CHECK_EQ(map_kernel_range_noflush(at, PAGE_SIZE, PAGE_KERNEL, pages),
	         1);
	CHECK(can_read((char *)at));
	unmap_kernel_range_noflush(at, PAGE_SIZE);
	tlb_flush_range(at, at + PAGE_SIZE);
	CHECK(!can_read((char *)at));
	free_vm_area(vm);
	pages_free(pages, 1);
}

/* A hart that idles is not interrupted; it flushes before it goes on. */
static void read_byte(void *argument)
{
	void **at = argument;

	*at = can_read(*at) ? *at : NULL;
}

TEST(idle_hart_flushes_when_it_wakes)
{
	void *at;

	if (nr_harts < 2)
		test_skip("needs two harts");
	for (unsigned int i = 0; i < 30; i++) {
		char *p = vmalloc(PAGE_SIZE);
		uint64_t start = timer_now_ns();

		CHECK(p);
		p[0] = 1;
		at = p;
		hart_call_start(1, read_byte, &at);
		hart_call_wait(1);
		CHECK_EQ(at, p);
		while (timer_now_ns() - start < 300000)
			; /* long enough for hart 1 to be idle */
		vfree(p);
		vm_unmap_aliases();
		at = p;
		hart_call_start(1, read_byte, &at);
		hart_call_wait(1);
		CHECK(!at);
	}
}

static unsigned int deaf;  /* [A] hart 1 has interrupts off */
static unsigned int awake; /* [A] hart 0 tells it to go on */

static void be_deaf(void *unused)
{
	unsigned long irq_flags = irq_save();

	(void)unused;
	__atomic_store_n(&deaf, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&awake, __ATOMIC_ACQUIRE))
		cpu_relax();
	irq_restore(irq_flags);
}

static void deafen_hart_1(void)
{
	__atomic_store_n(&deaf, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&awake, 0, __ATOMIC_RELAXED);
	hart_call_start(1, be_deaf, NULL);
	while (!__atomic_load_n(&deaf, __ATOMIC_ACQUIRE))
		cpu_relax();
}

static void wake_hart_1(void)
{
	__atomic_store_n(&awake, 1, __ATOMIC_RELEASE);
	hart_call_wait(1);
}

TEST(begun_flush_ends_when_the_last_hart_answers)
{
	bool was_clean;
	uint64_t stamp;

	if (nr_harts < 2 || cmdline_get("vmap.flush"))
		test_skip("needs two harts and a policy that does not wait");
	tlb_flush_all();
	deafen_hart_1();
	stamp = tlb_stamp();
	tlb_flush_start();
	was_clean = tlb_is_clean(stamp);
	wake_hart_1();
	CHECK(!was_clean);
	while (!tlb_is_clean(stamp))
		cpu_relax();
	tlb_flush_start(); /* the next can begin */
	stamp = tlb_stamp();
	tlb_flush_all();
	CHECK(tlb_is_clean(stamp));
}

/* One purge waits in vain; the hart goes on with other addresses. */
TEST(frees_go_on_while_a_hart_does_not_answer)
{
	unsigned long pages = vmap_lazy_max_pages() / 2;
	struct vmap_counters before, after;
	unsigned int i;

	if (nr_harts < 2 || cmdline_get("vmap.flush"))
		test_skip("needs two harts and a policy that does not wait");
	vmap_drain();
	vmap_read_counters(&before);
	deafen_hart_1();
	for (i = 0; i < 5; i++)
		free_vm_area(get_vm_area(pages << PAGE_SHIFT, VM_MAP));
	vmap_read_counters(&after);
	wake_hart_1();
	CHECK(after.purges > before.purges);
	CHECK(after.lazy_pages > vmap_lazy_max_pages());
}

/* The same for vm_map_ram(): no flush ends, other blocks serve meanwhile. */
TEST(mappings_go_on_while_a_hart_does_not_answer)
{
	struct page **pages = pages_alloc(1);
	unsigned int mapped = 0;
	uint64_t started, done, done_then;

	if (nr_harts < 2 || cmdline_get("vmap.flush") ||
	    cmdline_get("vmap.lazy_max")) {
		pages_free(pages, 1);
		test_skip("needs two harts and a policy that does not wait");
	}
	vmap_drain();
	deafen_hart_1();
	started = tlb_started;
	done = tlb_done;
	for (; mapped < 1024; mapped++) {
		void *mem = vm_map_ram(pages, 1, -1, PAGE_KERNEL);

		if (!mem)
			break;
		vm_unmap_ram(mem, 1);
	}
	done_then = tlb_done;
	wake_hart_1();
	CHECK_EQ(mapped, 1024);
	CHECK(tlb_started > started);
	CHECK_EQ(done_then, done);
	pages_free(pages, 1);
}

TEST(repaired_faults_are_counted_not_fatal)
{
	struct tlb_counters counters;

	tlb_read_counters(&counters);
	/* QEMU caches no invalid entry, so none is expected there; the
	 * number exists and the mapping tests prove that none is fatal. */
	CHECK(counters.repaired_faults < 1000000);
}
