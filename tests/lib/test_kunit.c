/* SPDX-License-Identifier: MIT */
/*
 * Linux's KUnit cases for vmalloc under a sanitizer (contract 3.B), under their
 * names. There is none here: what KASAN's tags tell is told by the page table,
 * to the page, and what KMSAN's shadow tells by the bytes themselves.
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "mm/page_alloc.h"
#include "pages.h"
#include "test.h"

/* --- KASAN ---------------------------------------------------------------- */

TEST(vmalloc_helpers_tags)
{
	char *p = vmalloc(PAGE_SIZE);
	unsigned long at = (unsigned long)p;
	struct page *page;

	CHECK(p && is_vmalloc_addr(p));
	page = vmalloc_to_page(p);
	CHECK(page && page_is_valid(page));
	CHECK_EQ(vmalloc_to_pfn(p), page_to_pfn(page));
	p[0] = 42;
	CHECK_EQ(*(char *)page_address(page), 42);
	CHECK_EQ(set_memory_ro(at, 1), 0);
	CHECK(can_read(p) && !can_write(p));
	CHECK_EQ(set_memory_rw(at, 1), 0);
	CHECK(can_write(p));
	vfree(p);
}

/*
 * The bytes between the end and the next page are the area's own, as on any
 * machine without a sanitizer; the first one behind them is not.
 */
TEST(vmalloc_oob)
{
	const size_t size = 2048 - 16 - 5;
	char *p = vmalloc(size), *direct;

	CHECK(p);
	p[0] = 1;
	p[size - 1] = 2;
	CHECK(!can_read(p + PAGE_SIZE) && !can_write(p + PAGE_SIZE + 5));
	CHECK_EQ(vread((char[64]){ 0 }, p + PAGE_SIZE, 64), 0);
	direct = page_address(vmalloc_to_page(p));
	CHECK(direct[0] == 1 && direct[size - 1] == 2);
	direct[size / 2] = 3;
	CHECK_EQ(p[size / 2], 3);
	vfree(p);
}

/* Both views are of one page, and the address leads back to it. */
static void check_view(char *view, struct page *page)
{
	char *direct = page_address(page);

	CHECK(view && is_vmalloc_addr(view));
	*direct = 1;
	CHECK_EQ(*view, 1);
	*view = 2;
	CHECK_EQ(*direct, 2);
	CHECK_EQ(vmalloc_to_page(view), page);
}

TEST(vmap_tags)
{
	struct page **pages = pages_alloc(1);
	char *view = vmap(pages, 1, VM_MAP, PAGE_KERNEL);

	check_view(view, pages[0]);
	vunmap(view);
	pages_free(pages, 1);
}

TEST(vm_map_ram_tags)
{
	struct page **pages = pages_alloc(1);
	char *view = vm_map_ram(pages, 1, -1, PAGE_KERNEL);

	check_view(view, pages[0]);
	vm_unmap_ram(view, 1);
	pages_free(pages, 1);
}

/* No tag that fits everything: no area's address may be used for another's. */
TEST(match_all_not_assigned)
{
	enum { AREAS = 256 };
	static char *area[AREAS];

	for (unsigned int i = 0; i < AREAS; i++) {
		size_t size = test_random() % 1024 + 1;

		area[i] = vmalloc(size);
		CHECK(area[i] && is_vmalloc_addr(area[i]));
		CHECK(!can_read(area[i] + PAGE_SIZE));
		memset(area[i], (int)i, size);
	}
	for (unsigned int i = 0; i < AREAS; i++) {
		CHECK_EQ((unsigned char)*area[i], i);
		vfree(area[i]);
		CHECK(!find_vm_area(area[i]));
	}
}

/* --- KMSAN ---------------------------------------------------------------- */

TEST(test_init_kmsan_vmap_vunmap)
{
	struct page **pages = pages_alloc(2);
	char *view;

	for (unsigned int i = 0; i < 2; i++)
		memset(page_address(pages[i]), 0xa5, PAGE_SIZE);
	view = vmap(pages, 2, VM_MAP, PAGE_KERNEL);
	CHECK(view && is_all(view, 2 * PAGE_SIZE, 0xa5));
	memset(view, 0xfe, 2 * PAGE_SIZE);
	for (unsigned int i = 0; i < 2; i++)
		CHECK(is_all(page_address(pages[i]), PAGE_SIZE, 0xfe));
	vunmap(view);
	for (unsigned int i = 0; i < 2; i++)
		CHECK(is_all(page_address(pages[i]), PAGE_SIZE, 0xfe));
	pages_free(pages, 2);
}

TEST(test_init_vmalloc)
{
	char *p = vmalloc(8 * PAGE_SIZE);

	CHECK(p);
	memset(p, 0xfe, 8 * PAGE_SIZE);
	CHECK(is_all(p, 8 * PAGE_SIZE, 0xfe));
	for (unsigned int i = 0; i < 8; i++)
		CHECK(is_all(page_address(vmalloc_to_page(p + i * PAGE_SIZE)),
		             PAGE_SIZE, 0xfe));
	vfree(p);
}

/*
 * memset() up to the last byte from every offset, and from the first byte up to
 * every offset: a store that is too wide would fault in a guard page.
 */
TEST(test_memset_on_guarded_buffer)
{
	unsigned char *p = vmalloc(PAGE_SIZE);

	CHECK(p && !can_read(p + PAGE_SIZE));
	for (size_t at = 0; at <= PAGE_SIZE; at++) {
		p[0] = 1;
		memset(p, 2, at);
		CHECK(at == 0 || (p[0] == 2 && p[at - 1] == 2));
		if (at > 0)
			p[at - 1] = 3;
		memset(p + at, 4, PAGE_SIZE - at);
		CHECK(at == 0 || p[at - 1] == 3);
		CHECK(at == PAGE_SIZE || (p[at] == 4 && p[PAGE_SIZE - 1] == 4));
	}
	vfree(p);
}
