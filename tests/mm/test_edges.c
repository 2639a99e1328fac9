/* SPDX-License-Identifier: MIT */
/*
 * Where two features of the core meet: resizing what a short path made, zeroing
 * what is read-only, areas whose frames the caller brought, windows that are
 * freed under a view. Each of these was wrong once.
 */
#include <limits.h>
#include <linux/io.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "core/machine.h"
#include "core/report.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "pages.h"
#include "test.h"

/* An area of @bytes that came from the pool: the second of its size. */
static void *pooled(unsigned long bytes)
{
	vfree(vmalloc(bytes));
	tlb_flush_all();
	return vmalloc(bytes);
}

TEST(resized_area_is_not_taken_for_a_small_one)
{
	char *p = pooled(PAGE_SIZE);
	char *q = vrealloc(p, 4ul << 20, GFP_KERNEL);

	CHECK(q);
	q[0] = q[(4ul << 20) - 1] = 1;
	vfree(q);
}

TEST(zeroed_memory_may_be_read_only)
{
	char *p;

	vfree(pooled(PAGE_SIZE));
	tlb_flush_all();
	p = __vmalloc_node_range(PAGE_SIZE, 1, VMALLOC_START, VMALLOC_END,
	                         GFP_KERNEL | __GFP_ZERO, PAGE_KERNEL_RO, -1,
	                         NULL);
	CHECK(p && is_all(p, PAGE_SIZE, 0));
	vfree(p);
	p = __vmalloc(100, GFP_KERNEL | __GFP_ZERO, PAGE_KERNEL_RO);
	CHECK(p);
	CHECK_EQ(vrealloc(p, 200, GFP_KERNEL | __GFP_ZERO), p);
	CHECK(is_all(p, 200, 0));
	vfree(p);
}

TEST(resizing_keeps_the_protection_of_each_page)
{
	char *p = vmalloc(3 * PAGE_SIZE);
	char *q;

	CHECK(p);
	CHECK_EQ(set_memory_ro((unsigned long)p + PAGE_SIZE, 1), 0);
	q = vrealloc(p, 5 * PAGE_SIZE, GFP_KERNEL);
	CHECK(q);
	CHECK(can_write(q) && !can_write(q + PAGE_SIZE));
	CHECK(can_write(q + 2 * PAGE_SIZE));
	vfree(q);
}

TEST(huge_area_shrinks_inside_a_leaf)
{
	char *p = vmalloc(4ul << 20);
	char *q;

	CHECK(p);
	pattern_fill(p, 3ul << 20, 5);
	q = vrealloc(p, 3ul << 20, GFP_KERNEL);
	CHECK(q && pattern_holds(q, 3ul << 20, 5));
	vfree(q);
}

TEST(area_whose_frames_the_caller_brought_is_unmapped_by_vfree)
{
	struct page **pages = pages_alloc(2);
	struct page **at = pages;
	struct vm_struct *vm = get_vm_area(2 * PAGE_SIZE, VM_ALLOC);
	char *p;

	CHECK(vm);
	p = vm->addr;
	CHECK_EQ(map_vm_area(vm, PAGE_KERNEL, &at), 0);
	CHECK(can_read(p));
	vfree(p);
	vm_unmap_aliases();
	CHECK(!can_read(p));
	pages_free(pages, 2);
}

TEST(window_at_the_end_of_all_addresses_is_none)
{
	CHECK(!__vmalloc_node_range(PAGE_SIZE, 1, ULONG_MAX - 100, ULONG_MAX,
	                            GFP_KERNEL | __GFP_NOWARN, PAGE_KERNEL, -1,
	                            NULL));
	CHECK(!__get_vm_area(PAGE_SIZE, VM_MAP, ULONG_MAX - 100, ULONG_MAX));
}

TEST(area_without_flags_can_be_freed)
{
	struct vm_struct *vm = get_vm_area(PAGE_SIZE, 0);

	CHECK(vm);
	free_vm_area(vm);
	CHECK(!find_vm_area(vm->addr));
}

TEST(pages_of_a_removed_area_are_freed_one_by_one)
{
	char *p = vmalloc(4 * PAGE_SIZE);
	struct vm_struct *removed = remove_vm_area(p);

	CHECK(removed && removed->pages && removed->nr_pages == 4);
	for (unsigned int i = 0; i < 4; i++)
		__free_page(removed->pages[i]);
	kvfree(removed->pages);
	kfree(removed);
	/* Who gets the addresses next has pages of its own. */
	tlb_flush_all();
	CHECK_EQ(vmalloc(4 * PAGE_SIZE), p);
	CHECK_EQ(find_vm_area(p)->pages[3], vmalloc_to_page(p + 3 * PAGE_SIZE));
	vfree(p);
}

TEST(sparse_unmapping_stays_inside_its_area)
{
	char *other = vmalloc(PAGE_SIZE);
	struct vm_struct *vm = get_vm_area(PAGE_SIZE, VM_SPARSE);

	CHECK(other && vm);
	CHECK_REPORTS(1, vm_area_unmap_pages(vm, (unsigned long)other,
	                                     (unsigned long)other + PAGE_SIZE));
	CHECK(can_read(other));
	free_vm_area(vm);
	vfree(other);
}

TEST(only_a_window_with_a_view_can_be_given_up)
{
	struct page **pages = pages_alloc(1);
	char *p = vmap(pages, 1, VM_MAP, PAGE_KERNEL);
	struct vm_area_struct vma = { .vm_start = (unsigned long)p,
		                      .vm_end = (unsigned long)p + PAGE_SIZE,
		                      .vm_page_prot = PAGE_KERNEL };

	CHECK(p);
	CHECK_REPORTS(1, unmap_vmalloc_range(&vma));
	CHECK(can_read(p));
	vunmap(p);
	pages_free(pages, 1);
}

TEST(freeing_a_window_gives_its_views_up)
{
	char *p = vmalloc_user(4 * PAGE_SIZE);
	struct vm_struct *window = get_vm_area(4 * PAGE_SIZE, VM_MAP);
	struct vm_area_struct vma = { .vm_page_prot = PAGE_KERNEL };

	CHECK(p && window);
	vma.vm_start = (unsigned long)window->addr;
	vma.vm_end = vma.vm_start + 4 * PAGE_SIZE;
	CHECK_EQ(remap_vmalloc_range(&vma, p, 0), 0);
	free_vm_area(window);
	vfree(p);
}

TEST(frames_beyond_physical_memory_are_refused)
{
	unsigned long pfn = 1ul << 44;

	CHECK_REPORTS(1, CHECK(!vmap_pfn(&pfn, 1, PAGE_KERNEL)));
	pfn = (1ul << 52) + 0x10000;
	CHECK_REPORTS(1, CHECK(!vmap_pfn(&pfn, 1, PAGE_KERNEL)));
}

TEST(ranges_of_vm_map_ram_are_not_for_others)
{
	struct page **pages = pages_alloc(1);
	char *p = vm_map_ram(pages, 1, -1, PAGE_KERNEL);

	CHECK(p);
	CHECK_REPORTS(1, unmap_kernel_range((unsigned long)p, PAGE_SIZE));
	CHECK(can_read(p));
	vm_unmap_ram(p, 1);
	pages_free(pages, 1);
}

TEST(device_address_does_not_outlive_its_area)
{
	static const size_t sizes[] = { PAGE_SIZE, 100 * PAGE_SIZE };

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		void __iomem *io = ioremap(0x40000000, sizes[i]);
		struct vm_struct *vm;
		void *p;

		CHECK(io);
		iounmap(io);
		tlb_flush_all();
		p = vmalloc(sizes[i]);
		CHECK_EQ(p, io);
		vm = find_vm_area(p);
		CHECK(vm && vm->phys_addr == 0);
		vfree(p);
	}
}

TEST(areas_may_be_looked_up_while_the_list_is_locked)
{
	void *p = vmalloc(PAGE_SIZE);
	struct vm_struct *found;

	CHECK(p);
	read_lock(&vmlist_lock);
	found = find_vm_area_containing((char *)p + 5);
	read_unlock(&vmlist_lock);
	CHECK(found && found->addr == p);
	vfree(p);
}
