/* SPDX-License-Identifier: MIT */
/*
 * remap_vmalloc_range (contract 1.12, 1.23; B3, B4): a second view of an area,
 * its bounds to the page, references, and full rollback.
 */
#include <errno.h>
#include <limits.h>
#include <linux/vmalloc.h>

#include "core/report.h"
#include "mm/page_alloc.h"
#include "mm/tlb.h"
#include "pages.h"
#include "state.h"
#include "test.h"

#define AREA_PAGES 6ul

static struct vm_struct *window_make(struct vm_area_struct *vma,
                                     unsigned long pages)
{
	struct vm_struct *window = get_vm_area(pages * PAGE_SIZE, VM_MAP);

	CHECK(window);
	*vma = (struct vm_area_struct){
		.vm_start = (unsigned long)window->addr,
		.vm_end = (unsigned long)window->addr + pages * PAGE_SIZE,
		.vm_page_prot = PAGE_KERNEL,
	};
	return window;
}

TEST(alias_shows_the_same_bytes_with_its_own_protection)
{
	char *area = vmalloc_user(AREA_PAGES * PAGE_SIZE), *alias;
	struct vm_area_struct vma;
	struct vm_struct *window = window_make(&vma, AREA_PAGES);

	CHECK(area);
	vma.vm_page_prot = PAGE_KERNEL_RO;
	CHECK_EQ(remap_vmalloc_range(&vma, area, 0), 0);
	CHECK_EQ(vma.vm_flags & (VM_DONTEXPAND | VM_DONTDUMP),
	         VM_DONTEXPAND | VM_DONTDUMP);
	alias = (char *)vma.vm_start;
	pattern_fill(area, AREA_PAGES * PAGE_SIZE, 3);
	CHECK(pattern_holds(alias, AREA_PAGES * PAGE_SIZE, 3));
	CHECK(!can_write(alias) && can_write(area));
	CHECK_EQ(page_count(vmalloc_to_page(area)), 2);
	unmap_vmalloc_range(&vma);
	CHECK_EQ(page_count(vmalloc_to_page(area)), 1);
	CHECK(!can_read(alias));
	free_vm_area(window);
	vfree(area);
}

/* Every (pgoff, length) around the end: exactly what fits is mapped. */
TEST(range_must_lie_inside_the_usable_area)
{
	char *area = vmalloc_user(AREA_PAGES * PAGE_SIZE);
	unsigned long before;

	CHECK(area);
	for (unsigned long pages = 1; pages <= AREA_PAGES + 2; pages++) {
		struct vm_area_struct vma;
		struct vm_struct *window = window_make(&vma, pages);

		for (unsigned long off = 0; off <= AREA_PAGES + 2; off++) {
			bool fits = off + pages <= AREA_PAGES;

			before = vma.vm_flags;
			CHECK_EQ(remap_vmalloc_range(&vma, area, off),
			         fits ? 0 : -EINVAL);
			if (!fits) {
				CHECK_EQ(vma.vm_flags, before);
				CHECK(!can_read((char *)vma.vm_start));
				continue;
			}
			CHECK_EQ(vmalloc_to_page((char *)vma.vm_start),
			         vmalloc_to_page(area + off * PAGE_SIZE));
			unmap_vmalloc_range(&vma);
			vma.vm_flags = 0;
		}
		free_vm_area(window);
	}
	vfree(area);
}

TEST(offsets_that_overflow_are_refused)
{
	static const unsigned long offsets[] = {
		1ul << 52, (1ul << 52) - 1,          ULONG_MAX >> 12,
		ULONG_MAX, (1ul << 52) - AREA_PAGES, 1ul << 51,
	};
	char *area = vmalloc_user(AREA_PAGES * PAGE_SIZE);
	struct vm_area_struct vma;
	struct vm_struct *window = window_make(&vma, 1);

	CHECK(area);
	for (unsigned int i = 0; i < ARRAY_SIZE(offsets); i++)
		CHECK_EQ(remap_vmalloc_range(&vma, area, offsets[i]), -EINVAL);
	CHECK(!can_read((char *)vma.vm_start));
	free_vm_area(window);
	vfree(area);
}

TEST(address_must_be_the_start_of_a_user_area)
{
	char *user = vmalloc_user(4 * PAGE_SIZE);
	char *plain = vmalloc(4 * PAGE_SIZE);
	struct vm_area_struct vma;
	struct vm_struct *window = window_make(&vma, 1);

	CHECK(user && plain);
	CHECK_EQ(remap_vmalloc_range(&vma, plain, 0), -EINVAL);
	CHECK_EQ(remap_vmalloc_range(&vma, user + 1, 0), -EINVAL);
	CHECK_EQ(remap_vmalloc_range(&vma, user + PAGE_SIZE, 0), -EINVAL);
	CHECK_EQ(remap_vmalloc_range(&vma, &vma, 0), -EINVAL);
	CHECK_EQ(remap_vmalloc_range(&vma, NULL, 0), -EINVAL);
	CHECK(!can_read((char *)vma.vm_start));
	free_vm_area(window);
	vfree(user);
	vfree(plain);
	CHECK(!find_vm_area(user));
}

TEST(window_must_be_whole_pages)
{
	char *user = vmalloc_user(4 * PAGE_SIZE);
	struct vm_area_struct vma;
	struct vm_struct *window = window_make(&vma, 2);
	unsigned long start = vma.vm_start, end = vma.vm_end;

	CHECK(user);
	vma.vm_start = start + 8;
	CHECK_EQ(remap_vmalloc_range(&vma, user, 0), -EINVAL);
	vma.vm_start = start;
	vma.vm_end = end - 8;
	CHECK_EQ(remap_vmalloc_range(&vma, user, 0), -EINVAL);
	vma.vm_end = start;
	CHECK_EQ(remap_vmalloc_range(&vma, user, 0), -EINVAL);
	vma.vm_start = end;
	CHECK_EQ(remap_vmalloc_range(&vma, user, 0), -EINVAL);
	CHECK(!can_read((char *)start));
	free_vm_area(window);
	vfree(user);
}

TEST(occupied_window_is_busy_and_rolled_back)
{
	char *user = vmalloc_user(5 * PAGE_SIZE);
	struct vm_area_struct first, all;
	struct vm_struct *window = window_make(&all, 5);

	CHECK(user);
	first = all;
	first.vm_start += 3 * PAGE_SIZE;
	first.vm_end = first.vm_start + PAGE_SIZE;
	CHECK_EQ(remap_vmalloc_range(&first, user, 4), 0);
	CHECK_EQ(remap_vmalloc_range(&all, user, 0), -EBUSY);
	CHECK_EQ(page_count(vmalloc_to_page(user)), 1);
	CHECK_EQ(page_count(vmalloc_to_page(user + 4 * PAGE_SIZE)), 2);
	vm_unmap_aliases();
	CHECK(!can_read((char *)all.vm_start));
	CHECK(can_read((char *)first.vm_start));
	unmap_vmalloc_range(&first);
	free_vm_area(window);
	vfree(user);
}

/* As Linux's reference counts: the pages live until the last view goes. */
TEST(alias_outlives_vfree)
{
	char *user = vmalloc_user(3 * PAGE_SIZE), *alias;
	struct vm_area_struct vma;
	struct vm_struct *window = window_make(&vma, 3);
	unsigned long held;

	CHECK(user);
	pattern_fill(user, 3 * PAGE_SIZE, 9);
	CHECK_EQ(remap_vmalloc_range(&vma, user, 0), 0);
	alias = (char *)vma.vm_start;
	vfree(user);
	pages_poison_free(0xd7);
	CHECK(pattern_holds(alias, 3 * PAGE_SIZE, 9));
	held = nr_free_pages();
	unmap_vmalloc_range(&vma);
	CHECK(nr_free_pages() >= held + 3);
	free_vm_area(window);
}

TEST(ring_buffer_may_be_mapped_twice_in_a_row)
{
	char *user = vmalloc_user(2 * PAGE_SIZE), *ring;
	struct vm_area_struct low, high;
	struct vm_struct *window = window_make(&low, 4);

	CHECK(user);
	high = low;
	low.vm_end = low.vm_start + 2 * PAGE_SIZE;
	high.vm_start = low.vm_end;
	CHECK_EQ(remap_vmalloc_range(&low, user, 0), 0);
	CHECK_EQ(remap_vmalloc_range(&high, user, 0), 0);
	ring = (char *)low.vm_start;
	for (unsigned int i = 0; i < 2 * PAGE_SIZE; i += 61)
		ring[i] = (char)i;
	for (unsigned int i = 0; i < 2 * PAGE_SIZE; i += 61)
		CHECK_EQ(ring[2 * PAGE_SIZE + i], (char)i);
	unmap_vmalloc_range(&low);
	unmap_vmalloc_range(&high);
	free_vm_area(window);
	vfree(user);
}

/* A view is for a reserved area of the caller's and for nothing else. */
TEST(window_that_is_not_one_reserved_area_is_efault)
{
	char *user = vmalloc_user(4 * PAGE_SIZE), *other = vmalloc(PAGE_SIZE);
	struct vm_struct *io = get_vm_area(PAGE_SIZE, VM_IOREMAP);
	struct vm_area_struct vma;
	struct vm_struct *window = window_make(&vma, 2);
	const unsigned long starts[] = {
		(unsigned long)other, (unsigned long)io->addr,
		VMALLOC_START + (50ul << 30),
		(unsigned long)page_address(vmalloc_to_page(user))
	};

	CHECK(user && other);
	vma.vm_end += PAGE_SIZE; /* the guard */
	CHECK_EQ(remap_vmalloc_range(&vma, user, 0), -EFAULT);
	unmap_kernel_range((unsigned long)other, PAGE_SIZE);
	for (unsigned int i = 0; i < ARRAY_SIZE(starts); i++) {
		vma.vm_start = starts[i];
		vma.vm_end = starts[i] + PAGE_SIZE;
		CHECK_EQ(remap_vmalloc_range(&vma, user, 0), -EFAULT);
	}
	CHECK_EQ(page_count(vmalloc_to_page(user)), 1);
	free_vm_area(window);
	free_vm_area(io);
	vfree(other);
	vfree(user);
}

TEST(window_needs_a_sane_protection)
{
	static const unsigned long base = PTE_V | PTE_A | PTE_D | PTE_G;
	const unsigned long bad[] = { base | PTE_W, base,
		                      base | PTE_R | PTE_U };
	char *user = vmalloc_user(PAGE_SIZE);
	struct vm_area_struct vma;
	struct vm_struct *window = window_make(&vma, 1);

	CHECK(user);
	CHECK_EQ(remap_vmalloc_range(NULL, user, 0), -EINVAL);
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		vma.vm_page_prot = __pgprot(bad[i]);
		CHECK_EQ(remap_vmalloc_range(&vma, user, 0), -EINVAL);
	}
	CHECK_EQ(leaf_level(window->addr), -1);
	free_vm_area(window);
	vfree(user);
}

/* Behind the area's guard lies another one: it must not be shown. */
TEST(pages_of_the_next_area_are_never_shown)
{
	char *user, *next;
	struct vm_area_struct vma;
	struct vm_struct *window;
	struct mm_state settled;

	mm_state_settled(&settled);
	user = vmalloc_user(AREA_PAGES * PAGE_SIZE);
	next = __vmalloc_node_range(PAGE_SIZE, 1, (unsigned long)user,
	                            VMALLOC_END, GFP_KERNEL, PAGE_KERNEL,
	                            NUMA_NO_NODE, CALLER());
	window = window_make(&vma, 1);
	CHECK(user && next > user);
	for (char *at = user + AREA_PAGES * PAGE_SIZE; at <= next;
	     at += PAGE_SIZE) {
		CHECK_EQ(remap_vmalloc_range(&vma, user,
		                             (at - user) >> PAGE_SHIFT),
		         -EINVAL);
	}
	CHECK_EQ(page_count(vmalloc_to_page(next)), 1);
	free_vm_area(window);
	vfree(next);
	vfree(user);
}

TEST(page_that_was_unmapped_cannot_be_shown)
{
	char *user = vmalloc_user(3 * PAGE_SIZE);
	struct vm_area_struct vma;
	struct vm_struct *window = window_make(&vma, 3);
	struct page *first;

	CHECK(user);
	first = vmalloc_to_page(user);
	unmap_kernel_range((unsigned long)user + PAGE_SIZE, PAGE_SIZE);
	CHECK_EQ(remap_vmalloc_range(&vma, user, 0), -EINVAL);
	CHECK_EQ(page_count(first), 1);
	CHECK_EQ(leaf_level(window->addr), -1);
	free_vm_area(window);
	vfree(user);
}

/* Its pages have no reference that could be dropped: found by tests/model. */
TEST(window_may_hold_pages_mapped_by_hand_after_a_view)
{
	char *area = vmalloc_user(PAGE_SIZE);
	struct page **pages = pages_alloc(2), **next = pages;
	struct vm_area_struct vma;
	struct vm_struct *window = window_make(&vma, 2);

	CHECK(area);
	vma.vm_end -= PAGE_SIZE;
	CHECK_EQ(remap_vmalloc_range(&vma, area, 0), 0);
	unmap_vmalloc_range(&vma);
	CHECK_EQ(map_vm_area(window, PAGE_KERNEL, &next), 0);
	CHECK_EQ(page_count(pages[0]), 1);
	free_vm_area(window);
	CHECK_EQ(page_count(pages[0]), 1);
	pattern_fill(page_address(pages[0]), PAGE_SIZE, 1);
	vfree(area);
	pages_free(pages, 2);
}

TEST(end_of_a_window_drops_the_references_of_its_views_alone)
{
	char *area = vmalloc_user(PAGE_SIZE);
	struct page **pages = pages_alloc(1);
	struct vm_area_struct vma;
	struct vm_struct *window = window_make(&vma, 2);

	CHECK(area);
	CHECK_EQ(map_kernel_range_noflush(vma.vm_start + PAGE_SIZE, PAGE_SIZE,
	                                  PAGE_KERNEL, pages),
	         1);
	vma.vm_end -= PAGE_SIZE;
	CHECK_EQ(remap_vmalloc_range(&vma, area, 0), 0);
	CHECK_EQ(set_memory_ro(vma.vm_start, 2), 0);
	CHECK_EQ(page_count(vmalloc_to_page(area)), 2);
	free_vm_area(window);
	CHECK_EQ(page_count(vmalloc_to_page(area)), 1);
	CHECK_EQ(page_count(pages[0]), 1);
	vfree(area);
	pages_free(pages, 1);
}

/* The short vunmap() would not know of the view. */
TEST(end_of_a_vmap_area_that_became_a_window_drops_its_views)
{
	char *user = vmalloc_user(PAGE_SIZE);
	struct page **pages = pages_alloc(1);

	CHECK(user);
	/* The first areas of a size are made by the general path. */
	for (unsigned int i = 0; i < 3; i++) {
		struct vm_area_struct vma = { .vm_page_prot = PAGE_KERNEL };
		char *area = vmap(pages, 1, VM_MAP, PAGE_KERNEL);

		CHECK(area);
		vma.vm_start = (unsigned long)area;
		vma.vm_end = vma.vm_start + PAGE_SIZE;
		unmap_kernel_range(vma.vm_start, PAGE_SIZE);
		CHECK_EQ(remap_vmalloc_range(&vma, user, 0), 0);
		CHECK_EQ(page_count(vmalloc_to_page(user)), 2);
		vunmap(area);
		CHECK_EQ(page_count(vmalloc_to_page(user)), 1);
		tlb_flush_all();
	}
	vfree(user);
	pages_free(pages, 1);
}
