/* SPDX-License-Identifier: MIT */
/*
 * What vmalloc stands on: small objects and single pages.
 */
#include <linux/slab.h>

#include "mm/page_alloc.h"
#include "rows.h"

/* The size is known to the compiler, as it is to most callers. */
static __always_inline bool kmalloc_loop(unsigned long loops, size_t size)
{
	for (unsigned long i = 0; i < loops; i++) {
		void *object = kmalloc(size, GFP_KERNEL);

		if (!object)
			return false;
		bench_touch(object);
		kfree(object);
	}
	return true;
}

static bool body_kmalloc_64(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	return kmalloc_loop(loops, 64);
}

static bool body_kmalloc_4096(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	return kmalloc_loop(loops, 4096);
}

static bool body_page(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		struct page *page = alloc_page(GFP_KERNEL);

		if (!page)
			return false;
		bench_barrier();
		__free_page(page);
	}
	return true;
}

static const struct bench_row rows[] = {
	{ .name = "kmalloc_kfree/64",
	  .what = "kmalloc of 64 bytes, write, kfree",
	  .loops = 100000,
	  .body = body_kmalloc_64 },
	{ .name = "kmalloc_kfree/4096",
	  .what = "kmalloc of 4,096 bytes, write, kfree",
	  .loops = 100000,
	  .body = body_kmalloc_4096 },
	{ .name = "alloc_page_free",
	  .what = "alloc_page, __free_page",
	  .loops = 100000,
	  .body = body_page },
};

const struct bench_table rows_pages = BENCH_TABLE_OF(rows);
