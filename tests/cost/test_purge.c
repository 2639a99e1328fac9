/* SPDX-License-Identifier: MIT */
/*
 * Costs that must not grow (B32, I-19), in instructions: run this image with
 * -icount, where an instruction count is the same on every host.
 */
#include <linux/vmalloc.h>
#include <stdio.h>

#include "arch/csr.h"
#include "core/hart.h"
#include "pages.h"
#include "test.h"

enum { MANY = 4000 };

static void *live[MANY];
static unsigned int nr_live;

static void have_live(unsigned int count)
{
	while (nr_live < count) {
		live[nr_live] = vmalloc(PAGE_SIZE);
		CHECK(live[nr_live++]);
	}
	while (nr_live > count)
		vfree(live[--nr_live]);
	vm_unmap_aliases();
}

static unsigned long purge_one(void)
{
	unsigned long start, best = ~0ul;

	for (unsigned int i = 0; i < 5; i++) {
		vfree(vmalloc(PAGE_SIZE));
		start = read_instret();
		vm_unmap_aliases();
		start = read_instret() - start;
		best = start < best ? start : best;
	}
	return best;
}

static unsigned long find_one(void)
{
	void *p = live[nr_live / 2];
	unsigned long start = read_instret();

	(void)find_vm_area(p);
	return read_instret() - start;
}

static unsigned long alloc_one(void)
{
	unsigned long start, best = ~0ul;

	for (unsigned int i = 0; i < 20; i++) {
		start = read_instret();
		vfree(vmalloc(PAGE_SIZE));
		start = read_instret() - start;
		best = start < best ? start : best;
	}
	return best;
}

static void check_flat(const char *what, unsigned long few, unsigned long many)
{
	printf("# %s: %lu instructions with 10 areas, %lu with %d\n", what, few,
	       many, MANY);
	if (many > few + few / 4 + 200) {
		test_fail(__FILE__, __LINE__,
		          "%s: %lu instructions with 10 areas, %lu with %d",
		          what, few, many, MANY);
	}
}

TEST(costs_do_not_grow_with_live_areas)
{
	unsigned long purge, find, alloc;

	if (CONFIG_CHECK)
		test_skip("CONFIG_CHECK walks everything on purpose");
	have_live(10);
	purge = purge_one();
	find = find_one();
	alloc = alloc_one();
	have_live(MANY);
	check_flat("vm_unmap_aliases", purge, purge_one());
	check_flat("find_vm_area", find, find_one());
	check_flat("vmalloc + vfree", alloc, alloc_one());
	have_live(0);
}

TEST(cost_of_a_mapping_is_linear_in_its_pages)
{
	struct page **pages = pages_alloc(64);
	unsigned long one, many, start;

	if (CONFIG_CHECK)
		test_skip("CONFIG_CHECK walks everything on purpose");
	for (unsigned int i = 0; i < 3; i++)
		vm_unmap_ram(vm_map_ram(pages, 64, -1, PAGE_KERNEL), 64);
	start = read_instret();
	vm_unmap_ram(vm_map_ram(pages, 8, -1, PAGE_KERNEL), 8);
	one = read_instret() - start;
	start = read_instret();
	vm_unmap_ram(vm_map_ram(pages, 64, -1, PAGE_KERNEL), 64);
	many = read_instret() - start;
	printf("# vm_map_ram + vm_unmap_ram: %lu instructions for 8 pages, "
	       "%lu for 64\n",
	       one, many);
	if (many > 10 * one)
		test_fail(__FILE__, __LINE__, "8 pages: %lu, 64 pages: %lu",
		          one, many);
	pages_free(pages, 64);
}
