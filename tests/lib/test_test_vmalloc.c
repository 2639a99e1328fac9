/* SPDX-License-Identifier: MIT */
/*
 * The scenarios of Linux's lib/test_vmalloc.c under their names and with their
 * sizes (contract 3.A), in short, and with what those lack: contents, overlap.
 */
#include <linux/percpu.h>
#include <linux/vmalloc.h>

#include "core/hart.h"
#include "mm/page_alloc.h"
#include "pages.h"
#include "test.h"

#define LOOPS 300

/* First and last word of an area tell whose it is. */
static void sign(void *area, size_t bytes, unsigned long who)
{
	((unsigned long *)area)[0] = who;
	((unsigned long *)area)[bytes / 8 - 1] = ~who;
}

static bool is_signed(const void *area, size_t bytes, unsigned long who)
{
	return ((const unsigned long *)area)[0] == who &&
	       ((const unsigned long *)area)[bytes / 8 - 1] == ~who;
}

TEST(fix_size_alloc_test)
{
	for (unsigned int i = 0; i < LOOPS; i++) {
		char *p = vmalloc(PAGE_SIZE);

		CHECK(p);
		sign(p, PAGE_SIZE, i);
		CHECK(is_signed(p, PAGE_SIZE, i));
		vfree(p);
	}
}

TEST(full_fit_alloc_test)
{
	enum { JUNK = 1500 };
	static void *keep[JUNK], *holes[JUNK];

	for (unsigned int i = 0; i < JUNK; i++) {
		keep[i] = vmalloc(PAGE_SIZE);
		holes[i] = vmalloc(PAGE_SIZE);
		CHECK(keep[i] && holes[i]);
		sign(keep[i], PAGE_SIZE, i);
	}
	for (unsigned int i = 0; i < JUNK; i++)
		vfree(holes[i]);
	for (unsigned int i = 0; i < LOOPS; i++) {
		char *p = vmalloc(PAGE_SIZE);

		CHECK(p);
		*p = 1;
		vfree(p);
	}
	for (unsigned int i = 0; i < JUNK; i++) {
		CHECK(is_signed(keep[i], PAGE_SIZE, i));
		vfree(keep[i]);
	}
}

TEST(long_busy_list_alloc_test)
{
	enum { BUSY = 4000 };
	static void *busy[BUSY];

	for (unsigned int i = 0; i < BUSY; i++) {
		CHECK((busy[i] = vmalloc(PAGE_SIZE)) != NULL);
		sign(busy[i], PAGE_SIZE, i);
	}
	for (unsigned int i = 0; i < LOOPS / 3; i++) {
		char *large = vmalloc(100 * PAGE_SIZE);
		char *small = vmalloc(PAGE_SIZE);

		CHECK(large && small);
		sign(large, 100 * PAGE_SIZE, i);
		*small = 1;
		CHECK(is_signed(large, 100 * PAGE_SIZE, i));
		vfree(small);
		vfree(large);
	}
	for (unsigned int i = 0; i < BUSY; i++) {
		CHECK(is_signed(busy[i], PAGE_SIZE, i));
		vfree(busy[i]);
	}
}

TEST(random_size_alloc_test)
{
	for (unsigned int i = 0; i < LOOPS; i++) {
		size_t bytes = (test_random() % 100 + 1) * PAGE_SIZE;
		char *p = vmalloc(bytes);

		CHECK(p);
		sign(p, bytes, i);
		CHECK(is_signed(p, bytes, i) && !can_read(p + bytes));
		vfree(p);
	}
}

static void *aligned(size_t bytes, unsigned long align)
{
	return __vmalloc_node_range(bytes, align, VMALLOC_START, VMALLOC_END,
	                            GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN,
	                            PAGE_KERNEL, NUMA_NO_NODE, CALLER());
}

TEST(fix_align_alloc_test)
{
	const unsigned long align = 32ul << 10;

	for (unsigned int i = 0; i < LOOPS; i++) {
		char *p = aligned(5 * PAGE_SIZE, align);

		CHECK(p && IS_ALIGNED((unsigned long)p, align));
		CHECK(is_all(p, 64, 0));
		sign(p, 5 * PAGE_SIZE, i);
		vfree(p);
	}
}

TEST(random_size_align_alloc_test)
{
	for (unsigned int i = 0; i < LOOPS; i++) {
		unsigned long align = 1ul << test_random() % 23;
		size_t bytes = (test_random() % 10 + 1) * PAGE_SIZE;
		char *p = aligned(bytes, align);

		CHECK(p && IS_ALIGNED((unsigned long)p, align));
		CHECK(is_all(p, bytes, 0));
		sign(p, bytes, i);
		vfree(p);
	}
}

/* Huge alignments cannot be met: NULL, never a crash or a loop. */
TEST(align_shift_alloc_test)
{
	unsigned int refused = 0;

	for (unsigned int shift = 0; shift < 64; shift++) {
		char *p = aligned(PAGE_SIZE, 1ul << shift);

		CHECK(!p || IS_ALIGNED((unsigned long)p, 1ul << shift));
		refused += !p;
		vfree(p);
	}
	CHECK(refused >= 24);
}

TEST(pcpu_alloc_test)
{
	enum { OBJECTS = 3500 };
	static void *object[OBJECTS];

	for (unsigned int i = 0; i < OBJECTS; i++) {
		object[i] = __alloc_percpu(test_random() % 1024 + 1,
		                           2ul << test_random() % 11);
		CHECK(object[i]);
		*(char *)per_cpu_ptr(object[i], 0) = 1;
	}
	for (unsigned int i = 0; i < OBJECTS; i++)
		free_percpu(object[i]);
}

TEST(vm_map_ram_test)
{
	for (unsigned int count = 1; count <= 64; count *= 4) {
		struct page **pages = pages_alloc(count);

		for (unsigned int i = 0; i < LOOPS; i++) {
			char *p = vm_map_ram(pages, count, -1, PAGE_KERNEL);

			CHECK(p);
			*p = (char)i;
			CHECK_EQ(*(char *)page_address(pages[0]), (char)i);
			vm_unmap_ram(p, count);
		}
		pages_free(pages, count);
	}
}

TEST(no_block_alloc_test)
{
	unsigned int worked = 0;

	for (unsigned int i = 0; i < LOOPS; i++) {
		gfp_t gfp = test_random() & 1 ? GFP_ATOMIC : GFP_NOWAIT;
		char *p = __vmalloc(PAGE_SIZE, gfp | __GFP_NOWARN, PAGE_KERNEL);

		if (!p)
			continue;
		*p = 1;
		worked++;
		vfree(p);
	}
	CHECK(worked > LOOPS / 2);
}

/* KUnit's vmalloc_oob and memset_on_guarded_buffer, without a sanitizer. */
TEST(writes_to_every_byte_stay_inside)
{
	char *p = vmalloc(2048);

	CHECK(p);
	for (unsigned int i = 0; i < PAGE_SIZE; i += 33)
		p[i] = 1;
	CHECK(!can_read(p + PAGE_SIZE));
	vfree(p);
}
