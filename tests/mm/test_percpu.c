/* SPDX-License-Identifier: MIT */
/* Congruent ranges for per-CPU data (contract 1.15), and objects over them. */
#include <linux/percpu.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "core/hart.h"
#include "core/report.h"
#include "mm/vspace.h"
#include "pages.h"
#include "state.h"
#include "test.h"

TEST(pcpu_areas_keep_their_distances_and_lie_high)
{
	static const unsigned long offsets[] = { 0, 16 * PAGE_SIZE,
		                                 64 * PAGE_SIZE };
	static const size_t sizes[] = { 4 * PAGE_SIZE, 8 * PAGE_SIZE,
		                        PAGE_SIZE };
	struct vm_struct **vms =
		pcpu_get_vm_areas(offsets, sizes, 3, PAGE_SIZE);
	unsigned long base;

	CHECK(vms);
	base = (unsigned long)vms[0]->addr;
	for (unsigned int i = 0; i < 3; i++) {
		CHECK_EQ(vms[i]->addr, base + offsets[i]);
		CHECK_EQ(vms[i]->size, sizes[i]);
		CHECK(vms[i]->flags & VM_ALLOC && !vms[i]->pages);
		CHECK(!can_read(vms[i]->addr));
	}
	CHECK(base > VMALLOC_START + VMALLOC_SIZE / 2);
	pcpu_free_vm_areas(vms, 3);
}

TEST(pcpu_areas_fit_between_each_other)
{
	static const unsigned long offsets[] = { 0, 4 * PAGE_SIZE };
	static const size_t sizes[] = { 2 * PAGE_SIZE, 2 * PAGE_SIZE };
	struct vm_struct **a = pcpu_get_vm_areas(offsets, sizes, 2, PAGE_SIZE);
	struct vm_struct **b = pcpu_get_vm_areas(offsets, sizes, 2, PAGE_SIZE);

	CHECK(a && b);
	for (unsigned int i = 0; i < 4; i++) {
		char *x = a[i / 2]->addr, *y = b[i % 2]->addr;

		CHECK(x + 2 * PAGE_SIZE <= y || y + 2 * PAGE_SIZE <= x);
	}
	pcpu_free_vm_areas(a, 2);
	pcpu_free_vm_areas(b, 2);
}

TEST(pcpu_alignment_is_met)
{
	static const unsigned long offsets[] = { 0, 1ul << 22 };
	static const size_t sizes[] = { 1ul << 21, 1ul << 21 };
	struct vm_struct **vms =
		pcpu_get_vm_areas(offsets, sizes, 2, 1ul << 21);

	CHECK(vms);
	CHECK(IS_ALIGNED((unsigned long)vms[0]->addr, 1ul << 21));
	pcpu_free_vm_areas(vms, 2);
}

TEST(pcpu_span_larger_than_the_window_is_reported)
{
	static const unsigned long offsets[] = { 0, VMALLOC_SIZE };
	static const size_t sizes[] = { PAGE_SIZE, PAGE_SIZE };

	CHECK_REPORTS(1,
	              CHECK(!pcpu_get_vm_areas(offsets, sizes, 2, PAGE_SIZE)));
}

TEST(per_cpu_objects_are_zero_and_apart)
{
	unsigned int *counter = __alloc_percpu(sizeof(*counter), 4);

	CHECK(counter);
	for (unsigned int hart = 0; hart < nr_harts; hart++) {
		CHECK_EQ(*(unsigned int *)per_cpu_ptr(counter, hart), 0);
		*(unsigned int *)per_cpu_ptr(counter, hart) = hart + 1;
	}
	for (unsigned int hart = 0; hart < nr_harts; hart++)
		CHECK_EQ(*(unsigned int *)per_cpu_ptr(counter, hart), hart + 1);
	free_percpu(counter);
	free_percpu(NULL);
}

TEST(per_cpu_objects_meet_size_and_align)
{
	for (unsigned int shift = 0; shift <= 12; shift++) {
		size_t align = 1ul << shift;
		char *p = __alloc_percpu(align * 3 / 2 + 1, align);

		CHECK(p);
		for (unsigned int hart = 0; hart < nr_harts; hart++) {
			char *mine = per_cpu_ptr(p, hart);

			CHECK(IS_ALIGNED((unsigned long)mine, align));
			CHECK(is_all(mine, align * 3 / 2 + 1, 0));
			memset(mine, 0xff, align * 3 / 2 + 1);
		}
		free_percpu(p);
	}
}

TEST(many_per_cpu_objects_live_side_by_side)
{
	enum { OBJECTS = 700 };
	static unsigned char *object[OBJECTS];
	static size_t size[OBJECTS];

	for (unsigned int i = 0; i < OBJECTS; i++) {
		size[i] = test_random() % 1024 + 1;
		object[i] = __alloc_percpu(size[i], 2ul << test_random() % 11);
		CHECK(object[i]);
		for (unsigned int hart = 0; hart < nr_harts; hart++)
			memset(per_cpu_ptr(object[i], hart), (int)(i + hart),
			       size[i]);
	}
	for (unsigned int i = 0; i < OBJECTS; i++) {
		for (unsigned int hart = 0; hart < nr_harts; hart++)
			CHECK(is_all(per_cpu_ptr(object[i], hart), size[i],
			             (unsigned char)(i + hart)));
		free_percpu(object[i]);
	}
}

TEST(bad_per_cpu_requests_are_reported)
{
	CHECK_REPORTS(1, CHECK(!__alloc_percpu(0, 8)));
	CHECK_REPORTS(1, CHECK(!__alloc_percpu(8, 3)));
	CHECK_REPORTS(1, CHECK(!__alloc_percpu(8, 2 * PAGE_SIZE)));
	CHECK_REPORTS(1, CHECK(!__alloc_percpu(33 << 10, 8)));
}

TEST(pcpu_alignment_is_met_below_an_odd_neighbour)
{
	static const unsigned long offsets[] = { 0 };
	static const size_t page = PAGE_SIZE, large = 1ul << 21;
	struct vm_struct **odd = pcpu_get_vm_areas(offsets, &page, 1, page);
	struct vm_struct **vms = pcpu_get_vm_areas(offsets, &large, 1, large);

	CHECK(odd && vms);
	CHECK(IS_ALIGNED((unsigned long)vms[0]->addr, large));
	pcpu_free_vm_areas(vms, 1);
	pcpu_free_vm_areas(odd, 1);
}

TEST(pcpu_requests_that_make_no_sense_are_reported)
{
	static const struct {
		unsigned long offsets[2];
		size_t sizes[2];
		int count;
		size_t align;
	} bad[] = {
		{ { 0, 9 }, { 1, 1 }, 0, 1 },
		{ { 0, 9 }, { 1, 1 }, -1, 1 },
		{ { 0, 8 }, { 4, 4 }, 2, 3 }, /* no power of two */
		{ { 0, 9 }, { 1, 1 }, 2, 0 }, /* neither */
		{ { 0, 9 }, { 2, 2 }, 2, 2 }, /* offset no multiple */
		{ { 0, 8 }, { 2, 1 }, 2, 2 }, /* size no multiple */
		{ { 0, 8 }, { 1, 0 }, 2, 1 }, /* nothing */
		{ { 0, 8 }, { 9, 1 }, 2, 1 }, /* the first over the second */
		{ { 8, 0 }, { 1, 9 }, 2, 1 }, /* and the other way round */
		{ { 0, 2 * (VMALLOC_SIZE >> PAGE_SHIFT) }, { 1, 1 }, 2, 1 },
		{ { 0, VMALLOC_SIZE >> PAGE_SHIFT }, { 1, 1 }, 2, 1 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		unsigned long offsets[2];
		size_t sizes[2];

		for (unsigned int n = 0; n < 2; n++) {
			offsets[n] = bad[i].offsets[n] << PAGE_SHIFT;
			sizes[n] = bad[i].sizes[n] << PAGE_SHIFT;
		}
		CHECK_REPORTS(1, CHECK(!pcpu_get_vm_areas(
					 offsets, sizes, bad[i].count,
					 bad[i].align << PAGE_SHIFT)));
	}
}

TEST(pcpu_calls_check_their_pointers)
{
	static const unsigned long offset;
	static const size_t size = PAGE_SIZE, odd = 8;
	struct vm_struct **vms = pcpu_get_vm_areas(&offset, &size, 1, size);

	CHECK(vms);
	CHECK_REPORTS(1, CHECK(!pcpu_get_vm_areas(&offset, &size, 1, odd)));
	CHECK_REPORTS(1, CHECK(!pcpu_get_vm_areas(NULL, &size, 1, size)));
	CHECK_REPORTS(1, CHECK(!pcpu_get_vm_areas(&offset, NULL, 1, size)));
	CHECK_REPORTS(1, pcpu_free_vm_areas(NULL, 1));
	CHECK_REPORTS(1, pcpu_free_vm_areas(vms, 0));
	CHECK_EQ(find_vm_area(vms[0]->addr), vms[0]);
	pcpu_free_vm_areas(vms, 1);
}

/* What is lazy is made free before the request is given up. */
TEST(pcpu_areas_may_lie_where_something_was_just_freed)
{
	static const unsigned long offset;
	static const size_t size = 4ul << 20;
	struct vm_struct *most, *gap, **vms;

	vm_unmap_aliases();
	most = get_vm_area(vspace_largest() - (8ul << 20), VM_MAP);
	gap = get_vm_area(7ul << 20, VM_MAP);
	CHECK(most && gap && vspace_largest() < size);
	CHECK(!pcpu_get_vm_areas(&offset, &size, 1, PAGE_SIZE));
	free_vm_area(gap);
	CHECK(vspace_largest() < size); /* lazy, not free */
	vms = pcpu_get_vm_areas(&offset, &size, 1, PAGE_SIZE);
	CHECK(vms);
	pcpu_free_vm_areas(vms, 1);
	free_vm_area(most);
}

/* Sane, but the window is not empty: NULL, nothing kept. */
TEST(pcpu_span_that_is_not_free_gives_null)
{
	static const unsigned long offset;
	static const size_t size = VMALLOC_SIZE - PAGE_SIZE;
	struct mm_state before, after;

	mm_state_settled(&before);
	for (unsigned int i = 0; i < 100; i++)
		CHECK(!pcpu_get_vm_areas(&offset, &size, 1, PAGE_SIZE));
	mm_state_settled(&after);
	mm_state_check_equal(&after, &before);
}
