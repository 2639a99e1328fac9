/* SPDX-License-Identifier: MIT */
/* Flush numbers (mm/tlb.h): stamps become clean by any later flush, not before. */
#include <linux/vmalloc.h>

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

TEST(repaired_faults_are_counted_not_fatal)
{
	struct tlb_counters counters;

	tlb_read_counters(&counters);
	/* QEMU caches no invalid entry, so none is expected there; the
	 * number exists and the mapping tests prove that none is fatal. */
	CHECK(counters.repaired_faults < 1000000);
}
