/* SPDX-License-Identifier: MIT */
/*
 * A little of everything, scaled to the machine: what the boots with odd sizes
 * of memory run, from 6 MiB to more than 4 GiB.
 */
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <stdio.h>

#include "core/hart.h"
#include "core/machine.h"
#include "mm/memblock.h"
#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "pages.h"
#include "test.h"

/* As much as is sensible to touch: 64 MiB at most. */
static unsigned long pages_to_use(void)
{
	unsigned long pages = nr_free_pages() / 2;

	return pages < 16384 ? pages : 16384;
}

TEST(memory_is_all_there)
{
	unsigned long ram = machine.memory_bytes >> PAGE_SHIFT;
	unsigned long image =
		(machine.image.end - machine.image.start) >> PAGE_SHIFT;
	unsigned long used;

	CHECK_EQ(nr_total_pages(), memblock_total_pages());
	CHECK(nr_total_pages() <= ram - image);
	/* Firmware (512 KiB), tree (1 MiB) and image are not ours. */
	CHECK(nr_total_pages() >= ram - image - 128 - 512 - ram / 256);
	CHECK(nr_free_pages() <= nr_total_pages());
	/* Start-up costs little; struct page is 16 bytes for 4096. */
	used = nr_total_pages() - nr_free_pages();
	printf("# %lu pages in use\n", used);
	CHECK(used < 400 + nr_total_pages() / 128);
}

TEST(areas_hold_their_contents)
{
	unsigned long pages = pages_to_use();
	size_t bytes = pages / 4 * PAGE_SIZE;
	char *p[4];

	for (unsigned int i = 0; i < 4; i++) {
		p[i] = vmalloc(bytes);
		CHECK(p[i]);
		pattern_fill(p[i], bytes, i);
	}
	for (unsigned int i = 0; i < 4; i++) {
		CHECK(pattern_holds(p[i], bytes, i));
		CHECK(!can_read(p[i] + bytes));
		vfree(p[i]);
	}
}

TEST(more_than_all_is_refused_and_almost_all_is_given)
{
	unsigned long pages = nr_free_pages();
	char *p;

	CHECK(!vmalloc((pages + 1) << PAGE_SHIFT));
	CHECK_EQ(nr_free_pages(), pages);
	if (pages > 65536)
		test_skip("too much to touch here");
	p = vmalloc(pages / 8 * 7 << PAGE_SHIFT);
	CHECK(p);
	p[(pages / 8 * 7 << PAGE_SHIFT) - 1] = 1;
	vfree(p);
}

TEST(low_pages_are_found_whatever_the_size)
{
	static const unsigned int counts[] = { 100, 1, 40 };
	char *taken[2 * ARRAY_SIZE(counts)];

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(counts); i++) {
		unsigned int count = counts[i / 2];
		char *p;

		/* What is at hand, area and pages, must not tempt it. */
		vfree(vmalloc(count * PAGE_SIZE));
		tlb_flush_all();
		p = i & 1 ? vmalloc_32_user(count * PAGE_SIZE)
		          : vmalloc_32(count * PAGE_SIZE);
		CHECK(p);
		for (unsigned int n = 0; n < count; n++) {
			CHECK(page_to_phys(vmalloc_to_page(p + n * PAGE_SIZE)) +
			              PAGE_SIZE <=
			      1ul << 32);
		}
		taken[i] = p; /* or low pages would be at hand */
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(taken); i++)
		vfree(taken[i]);
	CHECK_EQ(nr_free_pages_below_4g() == nr_free_pages(),
	         machine.memory[machine.nr_memory - 1].end <= 1ul << 32);
}

TEST(other_allocators_work)
{
	struct page **pages = pages_alloc(80);
	char *slot = vm_map_ram(pages, 40, -1, PAGE_KERNEL);
	char *area = vm_map_ram(pages, 80, -1, PAGE_KERNEL);
	char *map = vmap(pages, 80, VM_MAP, PAGE_KERNEL);
	char *object = kzalloc(777, GFP_KERNEL);

	CHECK(slot && area && map && object);
	map[0] = 42;
	CHECK(slot[0] == 42 && area[0] == 42);
	CHECK(is_all(object, 777, 0));
	vm_unmap_ram(slot, 40);
	vm_unmap_ram(area, 80);
	vunmap(map);
	kfree(object);
	pages_free(pages, 80);
}

static void use_memory(void *argument)
{
	unsigned int *failures = argument;

	for (unsigned int i = 1; i <= 30; i++) {
		char *p = vmalloc(i * PAGE_SIZE);

		*failures += !p;
		if (!p)
			continue;
		pattern_fill(p, i * PAGE_SIZE, i);
		*failures += !pattern_holds(p, i * PAGE_SIZE, i);
		vfree(p);
	}
}

TEST(every_hart_uses_memory)
{
	static unsigned int failures[CONFIG_NR_HARTS];

	for (unsigned int i = 1; i < nr_harts; i++)
		hart_call_start(i, use_memory, &failures[i]);
	use_memory(&failures[0]);
	for (unsigned int i = 1; i < nr_harts; i++)
		hart_call_wait(i);
	for (unsigned int i = 0; i < nr_harts; i++)
		CHECK_EQ(failures[i], 0);
}
