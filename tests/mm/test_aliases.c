/* SPDX-License-Identifier: MIT */
/*
 * Stale translations (B5, B8, B17, I-9, I-10). QEMU does keep a cleared entry
 * until a flush, so a missing one is seen here as the old bytes.
 */
#include <linux/io.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "core/hart.h"
#include "core/machine.h"
#include "core/timer.h"
#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "pages.h"
#include "test.h"

struct look {
	char *at;
	unsigned int count; /* pages */
	unsigned int readable;
	unsigned char byte;
};

static void look_at(void *argument)
{
	struct look *look = argument;

	look->readable = 0;
	for (unsigned int i = 0; i < look->count; i++) {
		unsigned char byte;

		if (probe_read(look->at + i * PAGE_SIZE, &byte, 1) == 0) {
			look->readable++;
			look->byte = byte;
		}
	}
}

/* Pages of [at, at + count) that this hart and then every other can read. */
static unsigned int readable_anywhere(char *at, unsigned int count)
{
	struct look look = { .at = at, .count = count };
	unsigned int most;

	look_at(&look);
	most = look.readable;
	for (unsigned int hart = 0; hart < nr_harts; hart++) {
		if (hart == this_hart->index)
			continue;
		hart_call_start(hart, look_at, &look);
		hart_call_wait(hart);
		if (look.readable > most)
			most = look.readable;
	}
	return most;
}

static void touch_everywhere(char *at, unsigned int count)
{
	CHECK_EQ(readable_anywhere(at, count), count);
}

TEST(no_hart_sees_an_unmapped_area_after_unmap_aliases)
{
	struct page **pages = pages_alloc(20);
	char *a = vmalloc(20 * PAGE_SIZE);
	char *b = vmap(pages, 20, VM_MAP, PAGE_KERNEL);
	char *c = vm_map_ram(pages, 20, -1, PAGE_KERNEL);
	char *d = vmalloc_huge(LEAF_TABLE_SIZE, GFP_KERNEL);

	CHECK(a && b && c && d);
	touch_everywhere(a, 20);
	touch_everywhere(b, 20);
	touch_everywhere(c, 20);
	touch_everywhere(d, 512);
	vfree(a);
	vunmap(b);
	vm_unmap_ram(c, 20);
	vfree(d);
	vm_unmap_aliases();
	CHECK_EQ(readable_anywhere(a, 20), 0);
	CHECK_EQ(readable_anywhere(b, 20), 0);
	CHECK_EQ(readable_anywhere(c, 20), 0);
	CHECK_EQ(readable_anywhere(d, 512), 0);
	pages_free(pages, 20);
}

TEST(unmap_kernel_range_is_seen_by_every_hart_at_once)
{
	struct page **pages = pages_alloc(3);
	struct vm_struct *vm = get_vm_area(3 * PAGE_SIZE, VM_MAP);
	struct page **next = pages;

	CHECK(vm);
	CHECK_EQ(map_vm_area(vm, PAGE_KERNEL, &next), 0);
	touch_everywhere(vm->addr, 3);
	unmap_kernel_range((unsigned long)vm->addr, 3 * PAGE_SIZE);
	CHECK_EQ(readable_anywhere(vm->addr, 3), 0);
	free_vm_area(vm);
	pages_free(pages, 3);
}

/*
 * A hart that is at work, so that nothing but the flush makes it forget: it
 * reads when it is told to, and keeps spinning between.
 */
struct busy_reader {
	char *at;      /* [A] read it now; 1: go home */
	bool readable; /* [A] what came out of the last read */
};

static void read_when_told(void *argument)
{
	struct busy_reader *reader = argument;

	for (;;) {
		char *at = __atomic_load_n(&reader->at, __ATOMIC_ACQUIRE);

		if (at == (char *)1)
			return;
		if (!at)
			continue;
		__atomic_store_n(&reader->readable, can_read(at),
		                 __ATOMIC_RELAXED);
		__atomic_store_n(&reader->at, NULL, __ATOMIC_RELEASE);
	}
}

static bool busy_hart_can_read(struct busy_reader *reader, void *at)
{
	__atomic_store_n(&reader->at, at, __ATOMIC_RELEASE);
	while (__atomic_load_n(&reader->at, __ATOMIC_ACQUIRE))
		;
	return __atomic_load_n(&reader->readable, __ATOMIC_RELAXED);
}

TEST(busy_hart_forgets_what_was_unmapped)
{
	struct page **pages, **next;
	struct busy_reader reader = { 0 };
	struct vm_struct *vm;
	bool before[2], after[2];
	char *p;

	if (nr_harts < 2)
		test_skip("needs two harts");
	pages = next = pages_alloc(1);
	p = vmalloc(PAGE_SIZE);
	vm = get_vm_area(PAGE_SIZE, VM_MAP);
	CHECK(p && vm);
	CHECK_EQ(map_vm_area(vm, PAGE_KERNEL, &next), 0);
	hart_call_start(1, read_when_told, &reader);
	before[0] = busy_hart_can_read(&reader, p);
	before[1] = busy_hart_can_read(&reader, vm->addr);
	vfree(p);
	vm_unmap_aliases();
	after[0] = busy_hart_can_read(&reader, p);
	before[1] &= busy_hart_can_read(&reader, vm->addr);
	unmap_kernel_range((unsigned long)vm->addr, PAGE_SIZE);
	after[1] = busy_hart_can_read(&reader, vm->addr);
	__atomic_store_n(&reader.at, (char *)1, __ATOMIC_RELEASE);
	hart_call_wait(1);
	free_vm_area(vm);
	pages_free(pages, 1);
	CHECK(before[0] && before[1]);
	CHECK(!after[0] && !after[1]);
}

/*
 * B8: an address that is used again shows the new page on every hart. The loop
 * makes the same addresses come round through lazy reuse.
 */
TEST(reused_addresses_show_the_new_pages_everywhere)
{
	unsigned int reused = 0;
	char *seen = NULL;

	for (unsigned int i = 0; i < 300; i++) {
		unsigned char *p = vmalloc(PAGE_SIZE);
		struct look look = { .at = (char *)p, .count = 1 };

		CHECK(p);
		if ((char *)p == seen)
			reused++;
		else if (!seen || i % 50 == 0)
			seen = (char *)p;
		*p = (unsigned char)i;
		for (unsigned int hart = 0; hart < nr_harts; hart++) {
			if (hart == this_hart->index)
				continue;
			hart_call_start(hart, look_at, &look);
			hart_call_wait(hart);
			CHECK_EQ(look.readable, 1);
			CHECK_EQ(look.byte, (unsigned char)i);
		}
		vfree(p);
		if (i % 16 == 15)
			vm_unmap_aliases();
	}
	CHECK(reused > 0);
}

/*
 * vmalloc() often gets the page back that was just freed; vmap() is told which
 * page to show, so a stale translation cannot pass for a new one.
 */
TEST(pooled_addresses_show_the_new_pages_at_once)
{
	struct page **pages = pages_alloc(5);

	for (unsigned int i = 0; i < 5; i++)
		memset(page_address(pages[i]), (int)i, PAGE_SIZE);
	for (unsigned int i = 0; i < 600; i++) {
		struct look look = { .count = 1 };

		look.at = vmap(&pages[i % 5], 1, VM_MAP, PAGE_KERNEL);
		CHECK(look.at);
		CHECK_EQ(*look.at, i % 5);
		if (nr_harts > 1 && i % 8 == 0) {
			hart_call_start(1, look_at, &look);
			hart_call_wait(1);
			CHECK_EQ(look.byte, i % 5);
		}
		vunmap(look.at);
	}
	pages_free(pages, 5);
}

/* The same for slots of vm_map_ram, which are reused most eagerly. */
TEST(reused_slots_show_the_new_pages_everywhere)
{
	struct page **pages = pages_alloc(64);

	for (unsigned int i = 0; i < 64; i++)
		memset(page_address(pages[i]), (int)i, PAGE_SIZE);
	for (unsigned int i = 0; i < 400; i++) {
		struct look look = { .count = 1 };

		look.at = vm_map_ram(&pages[i % 64], 1, -1, PAGE_KERNEL);
		CHECK(look.at);
		CHECK_EQ(*look.at, (char)(i % 64));
		if (nr_harts > 1) {
			hart_call_start(1, look_at, &look);
			hart_call_wait(1);
			CHECK_EQ(look.byte, i % 64);
		}
		vm_unmap_ram(look.at, 1);
	}
	pages_free(pages, 64);
}

/* A page is not reachable by its old address once the address is reused. */
TEST(remapped_address_never_reads_the_old_frame)
{
	struct page **pages = pages_alloc(2);
	unsigned long start = VMALLOC_START + (20ul << 30);

	memset(page_address(pages[0]), 1, PAGE_SIZE);
	memset(page_address(pages[1]), 2, PAGE_SIZE);
	for (unsigned int i = 0; i < 20; i++) {
		struct vm_struct *vm = __get_vm_area(PAGE_SIZE, VM_MAP, start,
		                                     start + 2 * PAGE_SIZE);
		struct page **next = &pages[i % 2];
		struct look look = { .at = (char *)start, .count = 1 };

		CHECK(vm);
		CHECK_EQ(map_vm_area(vm, PAGE_KERNEL, &next), 0);
		CHECK_EQ(*look.at, i % 2 + 1);
		if (nr_harts > 1) {
			hart_call_start(1, look_at, &look);
			hart_call_wait(1);
			CHECK_EQ(look.byte, i % 2 + 1);
		}
		free_vm_area(vm);
	}
	pages_free(pages, 2);
}

TEST(purge_flushes_what_this_hart_unmapped)
{
	char *p = vmalloc(PAGE_SIZE);
	uint64_t start = timer_now_ns(), stamp;

	CHECK(p);
	p[0] = 1;
	vfree(p);
	stamp = tlb_stamp();
	vmap_purge();
	/* Begun, not waited for: but it comes to its end. */
	while (!tlb_is_clean(stamp))
		CHECK(timer_now_ns() - start < 5000000000ul);
	CHECK(!can_read(p));
}

/* B6 */
TEST(unmap_aliases_with_nothing_lazy_flushes_nothing)
{
	struct tlb_counters before, after;

	vm_unmap_aliases();
	tlb_read_counters(&before);
	vm_unmap_aliases();
	vm_unmap_aliases();
	tlb_read_counters(&after);
	CHECK_EQ(after.flushes, before.flushes);
	CHECK_EQ(after.remote_fences, before.remote_fences);
}

/* B17 */
TEST(purge_of_many_areas_is_one_flush)
{
	struct tlb_counters before, after;
	char *area[40];

	for (unsigned int i = 0; i < 40; i++)
		area[i] = vmalloc(PAGE_SIZE * (i % 3 + 1));
	vm_unmap_aliases();
	for (unsigned int i = 0; i < 40; i++)
		vfree(area[i]);
	tlb_read_counters(&before);
	vm_unmap_aliases();
	tlb_read_counters(&after);
	CHECK_EQ(after.flushes - before.flushes, 1);
}

TEST(purged_pages_are_counted)
{
	struct vmap_counters before, after;
	char *p = vmalloc(11 * PAGE_SIZE);

	vm_unmap_aliases();
	vfree(p);
	vmap_read_counters(&before);
	vm_unmap_aliases();
	vmap_read_counters(&after);
	CHECK_EQ(after.purges - before.purges, 1);
	CHECK(after.purged_pages - before.purged_pages >= 12);
}

/* The lazy set is bounded whatever the program does (I-15). */
TEST(lazy_pages_stay_below_a_bound)
{
	struct vmap_counters counters;
	unsigned long most = 0;

	for (unsigned int i = 0; i < 3000; i++) {
		vfree(vmalloc((i % 64 + 1) * PAGE_SIZE));
		vmap_read_counters(&counters);
		if (counters.lazy_pages > most)
			most = counters.lazy_pages;
	}
	CHECK(most > 0 && most <= 16384);
}

/* B36: what any call mapped is there for another hart at once. */
static void store_and_load(void *argument)
{
	struct look *look = argument;

	*(volatile unsigned char *)look->at = 0x6b;
	look->byte = *(volatile unsigned char *)look->at;
}

static void check_visible(void *at)
{
	struct look look = { .at = at };

	CHECK(at);
	hart_call_start(1, store_and_load, &look);
	hart_call_wait(1);
	CHECK_EQ(look.byte, 0x6b);
	CHECK_EQ(*(unsigned char *)at, 0x6b);
}

TEST(every_kind_of_new_mapping_is_visible_on_another_hart)
{
	struct page **pages, **next;
	struct vm_area_struct vma = { .vm_page_prot = PAGE_KERNEL };
	struct vm_struct *vm;
	pte_t *ptes[1];
	char *p;

	if (nr_harts < 2)
		test_skip("needs two harts");
	pages = next = pages_alloc(1);
	p = vmalloc(PAGE_SIZE);
	check_visible(p);
	vfree(p);
	p = vmap(pages, 1, VM_MAP, PAGE_KERNEL);
	check_visible(p);
	vunmap(p);
	p = vm_map_ram(pages, 1, -1, PAGE_KERNEL);
	check_visible(p);
	vm_unmap_ram(p, 1);
	vm = get_vm_area(PAGE_SIZE, VM_MAP);
	CHECK(vm);
	CHECK_EQ(map_vm_area(vm, PAGE_KERNEL, &next), 0);
	check_visible(vm->addr);
	free_vm_area(vm);
	vm = alloc_vm_area(PAGE_SIZE, ptes);
	CHECK(vm);
	*ptes[0] = page_to_pte(pages[0], PAGE_KERNEL);
	check_visible(vm->addr);
	free_vm_area(vm);
	p = vmalloc_user(PAGE_SIZE);
	vm = get_vm_area(PAGE_SIZE, VM_MAP);
	CHECK(p && vm);
	vma.vm_start = (unsigned long)vm->addr;
	vma.vm_end = vma.vm_start + PAGE_SIZE;
	CHECK_EQ(remap_vmalloc_range(&vma, p, 0), 0);
	check_visible(vm->addr);
	unmap_vmalloc_range(&vma);
	free_vm_area(vm);
	vfree(p);
	pages_free(pages, 1);
}

TEST(device_mapping_is_visible_on_another_hart)
{
	struct look look = { .count = 1 };
	unsigned long pfn = PFN_DOWN(machine.virtio[0].base);

	if (nr_harts < 2)
		test_skip("needs two harts");
	look.at = ioremap(machine.virtio[0].base, 4096);
	CHECK(look.at);
	hart_call_start(1, look_at, &look);
	hart_call_wait(1);
	CHECK_EQ(look.byte, 'v');
	iounmap(look.at);
	look.at = vmap_pfn(&pfn, 1, PAGE_KERNEL_NOCACHE);
	CHECK(look.at);
	look.byte = 0;
	hart_call_start(1, look_at, &look);
	hart_call_wait(1);
	CHECK_EQ(look.byte, 'v');
	vunmap(look.at);
}

TEST(sync_all_makes_mappings_visible_and_is_counted)
{
	struct tlb_counters before, after;

	tlb_read_counters(&before);
	vmalloc_sync_all();
	tlb_read_counters(&after);
	CHECK(after.flushes > before.flushes ||
	      after.local_fences > before.local_fences);
}

/* B40: 1,000 map-and-touch pairs from the other hart; none is fatal. */
struct handover {
	char *at; /* [A] */
	unsigned long touched;
};

static void touch_what_is_handed_over(void *argument)
{
	struct handover *handover = argument;

	for (;;) {
		char *at = __atomic_exchange_n(&handover->at, NULL,
		                               __ATOMIC_ACQUIRE);

		if (at == (char *)1)
			return;
		if (!at)
			continue;
		*at = 1;
		handover->touched++;
		vfree(at);
	}
}

TEST(thousand_mappings_are_touched_by_the_other_hart_at_once)
{
	struct handover handover = { 0 };

	if (nr_harts < 2)
		test_skip("needs two harts");
	hart_call_start(1, touch_what_is_handed_over, &handover);
	for (unsigned int i = 0; i < 1000; i++) {
		char *p = vmalloc(PAGE_SIZE);

		while (__atomic_load_n(&handover.at, __ATOMIC_RELAXED))
			;
		__atomic_store_n(&handover.at, p, __ATOMIC_RELEASE);
	}
	while (__atomic_load_n(&handover.at, __ATOMIC_RELAXED))
		;
	__atomic_store_n(&handover.at, (char *)1, __ATOMIC_RELEASE);
	hart_call_wait(1);
	CHECK_EQ(handover.touched, 1000);
}
