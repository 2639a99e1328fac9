/* SPDX-License-Identifier: MIT */
/* vmap, vunmap, vmap_pfn (contract 1.6): aliases of pages the caller owns. */
#include <limits.h>
#include <linux/io.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "core/machine.h"
#include "core/report.h"
#include "mm/page_alloc.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "mm/vm_area.h"
#include "pages.h"
#include "state.h"
#include "test.h"

TEST(vmap_maps_the_pages_in_their_order_and_guards_them)
{
	struct page **pages = pages_alloc(9);
	unsigned char *p = vmap(pages, 9, VM_MAP, PAGE_KERNEL);

	CHECK(p && find_vm_area(p)->flags & VM_MAP);
	CHECK_EQ(find_vm_area(p)->size, 10 * PAGE_SIZE);
	for (unsigned int i = 0; i < 9; i++) {
		memset(p + i * PAGE_SIZE, (int)i + 1, PAGE_SIZE);
		CHECK(is_all(page_address(pages[i]), PAGE_SIZE,
		             (unsigned char)(i + 1)));
		CHECK_EQ(vmalloc_to_page(p + i * PAGE_SIZE), pages[i]);
	}
	CHECK(!can_read(p + 9 * PAGE_SIZE));
	vunmap(p);
	vm_unmap_aliases();
	CHECK(!can_read(p));
	CHECK(is_all(page_address(pages[8]), PAGE_SIZE, 9));
	pages_free(pages, 9);
}

TEST(vmap_array_may_go_right_after_the_call)
{
	struct page **pages = pages_alloc(3);
	struct page *kept[3] = { pages[0], pages[1], pages[2] };
	char *p = vmap(pages, 3, VM_MAP, PAGE_KERNEL);

	CHECK(p);
	memset(pages, 0, 3 * sizeof(*pages));
	CHECK_EQ(vmalloc_to_page(p + 2 * PAGE_SIZE), kept[2]);
	vunmap(p);
	memcpy(pages, kept, sizeof(kept));
	pages_free(pages, 3);
}

TEST(vmap_of_one_page_twice_gives_two_views)
{
	struct page **pages = pages_alloc(1);
	struct page *twice[4] = { pages[0], pages[0], pages[0], pages[0] };
	char *p = vmap(twice, 4, VM_MAP, PAGE_KERNEL);

	CHECK(p);
	p[10] = 99;
	CHECK_EQ(p[3 * PAGE_SIZE + 10], 99);
	vunmap(p);
	pages_free(pages, 1);
}

TEST(vmap_carries_prot_but_never_execute)
{
	struct page **pages = pages_alloc(1);
	char *ro = vmap(pages, 1, VM_MAP, PAGE_KERNEL_RO);
	char *x = vmap(pages, 1, VM_MAP, PAGE_KERNEL_EXEC);
	unsigned int level;

	CHECK(ro && can_read(ro) && !can_write(ro));
	CHECK(!x || !(*pgtable_lookup((vaddr_t)x, &level) & PTE_X));
	vunmap(ro);
	vunmap(x);
	pages_free(pages, 1);
}

TEST(vmap_refuses_reserved_and_user_protections)
{
	const unsigned long base = PTE_V | PTE_A | PTE_D | PTE_G;
	const unsigned long bad[] = { base, base | PTE_W,
		                      base | PTE_R | PTE_U };
	struct page **pages = pages_alloc(1);

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_REPORTS(1,
		              CHECK(!vmap(pages, 1, VM_MAP, __pgprot(bad[i]))));
	pages_free(pages, 1);
}

TEST(vmap_keeps_the_flags_of_the_caller)
{
	struct page **pages = pages_alloc(1);
	char *p = vmap(pages, 1, VM_USERMAP | VM_DMA_COHERENT, PAGE_KERNEL);

	CHECK(p);
	CHECK_EQ(find_vm_area(p)->flags &
	                 (VM_MAP | VM_USERMAP | VM_DMA_COHERENT),
	         VM_MAP | VM_USERMAP | VM_DMA_COHERENT);
	vunmap(p);
	pages_free(pages, 1);
}

/* Contiguous, aligned pages become one 2 MiB leaf (contract 2.5). */
TEST(vmap_of_a_contiguous_run_uses_large_leaves)
{
	const unsigned int count = 512;
	struct page *block = alloc_pages(GFP_KERNEL, MAX_ORDER);
	struct page **pages = kmalloc(count * sizeof(*pages), GFP_KERNEL);
	char *p;

	CHECK(block && pages);
	for (unsigned int i = 0; i < count; i++)
		pages[i] = block + i;
	p = vmap(pages, count, VM_MAP, PAGE_KERNEL);
	CHECK(p);
	pattern_fill(p, count * PAGE_SIZE, 8);
	CHECK(pattern_holds(page_address(block), count * PAGE_SIZE, 8));
	CHECK_EQ(vmalloc_to_page(p + 300 * PAGE_SIZE), block + 300);
	vunmap(p);
	vm_unmap_aliases();
	CHECK(!can_read(p) && !can_read(p + 511 * PAGE_SIZE));
	kfree(pages);
	__free_pages(block, MAX_ORDER);
}

/* An array of one page more often than there are pages. */
static struct page **too_many(struct page *page)
{
	unsigned long count = nr_total_pages() + 1;
	struct page **many = vmalloc_array(count, sizeof(*many));

	CHECK(many);
	for (unsigned long i = 0; i < count; i++)
		many[i] = page;
	return many;
}

TEST(vmap_counts_that_make_no_sense_give_null)
{
	struct page **pages = pages_alloc(1);
	struct page **many = too_many(pages[0]);

	CHECK(!vmap(pages, 0, VM_MAP, PAGE_KERNEL));
	CHECK(!vmap(pages, (unsigned int)nr_total_pages() + 1, VM_MAP,
	            PAGE_KERNEL));
	CHECK(!vmap(many, (unsigned int)nr_total_pages() + 1, VM_MAP,
	            PAGE_KERNEL));
	vfree(many);
	/* B2: these counts wrapped in 32 bits. */
	CHECK(!vmap(pages, 0x100000, VM_MAP, PAGE_KERNEL));
	CHECK(!vmap(pages, 0x100001, VM_MAP, PAGE_KERNEL));
	CHECK(!vmap(pages, UINT_MAX, VM_MAP, PAGE_KERNEL));
	pages_free(pages, 1);
}

/* B42: an error in the middle leaves nothing switched on. */
TEST(null_page_anywhere_undoes_everything)
{
	struct page **pages = pages_alloc(7);
	struct mm_state before, after;

	mm_state_settled(&before);
	for (unsigned int i = 0; i < 7; i++) {
		struct page *kept = pages[i];
		char *p;

		/* With an area at hand: by the short path as well. */
		vunmap(vmap(pages, 7, VM_MAP, PAGE_KERNEL));
		tlb_flush_all();
		pages[i] = NULL;
		CHECK(!vmap(pages, 7, VM_MAP, PAGE_KERNEL));
		pages[i] = kept;
		vmap_check();
		mm_state_settled(&after);
		mm_state_check_equal(&after, &before);
		p = vmap(pages, 7, VM_MAP, PAGE_KERNEL);
		CHECK(p && can_write(p + 6 * PAGE_SIZE));
		vunmap(p);
	}
	pages_free(pages, 7);
}

/* B27: your top guard is somebody's bottom guard. */
TEST(foreign_flags_are_refused)
{
	static const unsigned long bad[] = { VM_NO_GUARD, VM_FLUSH_RESET_PERMS,
		                             VM_ALLOC,    VM_IOREMAP,
		                             VM_UNLIST,   VM_MAP_RAM };
	struct page **pages = pages_alloc(2);

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_REPORTS(1, CHECK(!vmap(pages, 1, VM_MAP | bad[i],
		                             PAGE_KERNEL)));
		CHECK_REPORTS(1, CHECK(!vmap(pages, 2, VM_MAP | bad[i],
		                             PAGE_KERNEL)));
	}
	pages_free(pages, 2);
}

/* B26 */
TEST(area_flags_are_distinct_single_bits)
{
	static const unsigned long flags[] = {
		VM_IOREMAP,      VM_ALLOC,      VM_MAP,
		VM_USERMAP,      VM_VPAGES,     VM_UNLIST,
		VM_NO_GUARD,     VM_SPARSE,     VM_FLUSH_RESET_PERMS,
		VM_MAP_RAM,      VM_EARLY,      VM_MAP_PUT_PAGES,
		VM_DONTDUMP,     VM_DONTEXPAND, VM_ALLOW_HUGE_VMAP,
		VM_DMA_COHERENT, VM_SIMPLE,     VM_WINDOW,
		VM_PLAIN,
	};
	unsigned long seen = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		CHECK(IS_POWER_OF_2(flags[i]) && !(seen & flags[i]));
		seen |= flags[i];
	}
}

/* B25, B37: the pages were never vmalloc's, so its counter stays. */
TEST(put_pages_vmap_lets_vfree_free_pages_and_array)
{
	unsigned long vmalloced = vmalloc_nr_pages();
	unsigned long before = nr_free_pages() + kmem_slab_pages();
	struct page **pages = pages_alloc(10);
	char *p = vmap(pages, 10, VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL);
	unsigned long held = nr_free_pages();

	CHECK(p);
	CHECK_EQ(vmalloc_nr_pages(), vmalloced);
	p[9 * PAGE_SIZE] = 1;
	vfree(p);
	CHECK_EQ(vmalloc_nr_pages(), vmalloced);
	CHECK(nr_free_pages() >= held + 10);
	CHECK(nr_free_pages() + kmem_slab_pages() + 16 > before);
}

TEST(put_pages_vmap_leaves_nothing_behind)
{
	struct mm_state before, after;

	mm_state_settled(&before);
	for (unsigned int i = 0; i < 40; i++) {
		struct page **pages = pages_alloc(10);

		vfree(vmap(pages, 10, VM_MAP_PUT_PAGES, PAGE_KERNEL));
	}
	mm_state_settled(&after);
	mm_state_check_equal(&after, &before);
}

TEST(vunmap_gives_pages_and_array_back_to_the_caller)
{
	struct page **pages = pages_alloc(3);
	char *p = vmap(pages, 3, VM_MAP | VM_MAP_PUT_PAGES, PAGE_KERNEL);

	CHECK(p);
	vunmap(p);
	CHECK_EQ(page_count(pages[2]), 1);
	pages_free(pages, 3);
}

/* Whoever gets the addresses of the area of 3 pages at @p has its own pages. */
static void check_no_array_at(char *p)
{
	tlb_flush_all();
	CHECK_EQ(vmalloc(3 * PAGE_SIZE), p);
	CHECK_EQ(find_vm_area(p)->pages[2], vmalloc_to_page(p + 2 * PAGE_SIZE));
	vfree(p);
}

/* As dma_common_pages_remap() of Linux does with the area it looks up. */
TEST(array_that_a_caller_noted_ends_with_the_mapping)
{
	struct page **pages = pages_alloc(3);
	char *p = vmap(pages, 3, VM_MAP, PAGE_KERNEL);

	CHECK(p);
	vunmap(p);
	tlb_flush_all();
	CHECK_EQ(vmap(pages, 3, VM_MAP, PAGE_KERNEL), p); /* from the pool */
	find_vm_area(p)->pages = pages;
	vunmap(p);
	check_no_array_at(p);

	tlb_flush_all();
	CHECK_EQ(vmap(pages, 3, VM_MAP, PAGE_KERNEL), p);
	find_vm_area_containing(p + PAGE_SIZE)->pages = pages;
	vunmap(p);
	check_no_array_at(p);
	pages_free(pages, 3);
}

TEST(array_that_a_caller_noted_ends_with_its_area)
{
	struct page **pages = pages_alloc(3);
	struct vm_struct *vm = get_vm_area(3 * PAGE_SIZE, VM_MAP);
	struct page **next = pages;
	char *p;

	CHECK(vm && map_vm_area(vm, PAGE_KERNEL, &next) == 0);
	p = vm->addr;
	vm->pages = pages;
	free_vm_area(vm);
	check_no_array_at(p);

	vmap_drain(); /* so that the next in the queue is this one */
	vm = get_vm_area(3 * PAGE_SIZE, VM_IOREMAP);
	CHECK(vm);
	p = vm->addr;
	vm->pages = pages;
	iounmap((void __iomem *)p);
	check_no_array_at(p);

	/* Nor does what it said of an array of the core's own. */
	tlb_flush_all();
	CHECK_EQ(vmap(pages, 3, VM_MAP_PUT_PAGES, PAGE_KERNEL), p);
	vunmap(p);
	pages_free(pages, 3);
}

TEST(vmap_pfn_maps_each_frame_and_never_executes)
{
	unsigned long pfns[2] = { PFN_DOWN(0x40005000), PFN_DOWN(0x40001000) };
	char *p = vmap_pfn(pfns, 2, PAGE_KERNEL_EXEC);
	unsigned int level;

	CHECK(p);
	for (unsigned int i = 0; i < 2; i++) {
		pte_t pte = *pgtable_lookup((vaddr_t)p + i * PAGE_SIZE, &level);

		CHECK_EQ(PFN_DOWN(pte_phys(pte)), pfns[i]);
		CHECK(!(pte & PTE_X));
		CHECK(!vmalloc_to_page(p + i * PAGE_SIZE));
	}
	vunmap(p);
}

TEST(vmap_pfn_maps_devices_and_refuses_ram)
{
	struct page **pages = pages_alloc(1);
	unsigned long pfn = PFN_DOWN(machine.virtio[0].base);
	unsigned long ram = page_to_pfn(pages[0]);
	volatile unsigned int *p = vmap_pfn(&pfn, 1, PAGE_KERNEL_NOCACHE);

	CHECK(p);
	CHECK_EQ(*p, 0x74726976); /* "virt" */
	vunmap((void *)p);
	CHECK_REPORTS(1, CHECK(!vmap_pfn(&ram, 1, PAGE_KERNEL)));
	pages_free(pages, 1);
}

TEST(vunmap_of_null_is_nothing)
{
	vunmap(NULL);
}

/* The first areas of a size are made by the general path, later ones in short. */
TEST(vunmap_of_a_reused_area_takes_its_start_alone_and_clears_it)
{
	struct page **pages = pages_alloc(3);

	for (unsigned int i = 0; i < 4; i++) {
		char *map = vmap(pages, 3, VM_MAP, PAGE_KERNEL);

		CHECK(map);
		CHECK_REPORTS(1, vunmap(map + 8));
		CHECK_REPORTS(1, vunmap(map + PAGE_SIZE));
		for (unsigned int page = 0; page < 3; page++)
			CHECK(can_read(map + page * PAGE_SIZE));
		vunmap(map);
		CHECK_REPORTS(1, vunmap(map));
		tlb_flush_all();
		for (unsigned int page = 0; page < 3; page++)
			CHECK(!can_read(map + page * PAGE_SIZE));
	}
	pages_free(pages, 3);
}
