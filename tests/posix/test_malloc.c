/* SPDX-License-Identifier: MIT */
/*
 * malloc over areas of the vmalloc core: contents, giving back, failure. The C
 * library keeps a few areas for small blocks, whatever is freed.
 */
#include <errno.h>
#include <linux/vmalloc.h>
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mm/page_alloc.h"
#include "pages.h"
#include "test.h"

TEST(blocks_of_every_size_hold_what_is_stored)
{
	enum { BLOCKS = 120 };
	static unsigned char *block[BLOCKS];

	test_may_keep_areas(12);
	for (size_t i = 0; i < BLOCKS; i++) {
		block[i] = malloc(i * i * 3 + 1);
		CHECK(block[i] && IS_ALIGNED((uintptr_t)block[i], 16));
		memset(block[i], (int)i, i * i * 3 + 1);
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		CHECK(is_all(block[i], i * i * 3 + 1, (unsigned char)i));
		free(block[i]);
	}
}

TEST(large_block_is_an_area_and_goes_back)
{
	unsigned long before = nr_free_pages();
	char *p = malloc(8 << 20);

	CHECK(p && is_vmalloc_addr(p));
	CHECK(find_vm_area_containing(p));
	memset(p, 1, 8 << 20);
	CHECK(nr_free_pages() <= before - 2048);
	free(p);
	CHECK(nr_free_pages() + 64 >= before);
}

TEST(calloc_zeroes_reused_memory)
{
	for (unsigned int i = 0; i < 20; i++) {
		unsigned char *p = malloc(100000);

		CHECK(p);
		memset(p, 0xff, 100000);
		free(p);
		p = calloc(100, 1000);
		CHECK(p && is_all(p, 100000, 0));
		free(p);
	}
}

TEST(realloc_keeps_contents_across_sizes)
{
	static const size_t sizes[] = { 10, 1000, 200000, 3000000, 500000, 50 };
	char *p = NULL;
	size_t old = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t kept = old < sizes[i] ? old : sizes[i];

		p = realloc(p, sizes[i]);
		CHECK(p && pattern_holds(p, ALIGN_DOWN(kept, 8), 2));
		pattern_fill(p, sizes[i], 2);
		old = sizes[i];
	}
	free(p);
}

TEST(aligned_blocks_are_aligned)
{
	for (size_t align = 16; align <= 1 << 16; align *= 2) {
		char *p = aligned_alloc(align, align * 2);

		CHECK(p && IS_ALIGNED((uintptr_t)p, align));
		memset(p, 7, align * 2);
		free(p);
	}
}

TEST(impossible_sizes_are_enomem)
{
	volatile size_t huge = SIZE_MAX / 2, more = (size_t)1 << 42;

	errno = 0;
	CHECK(!malloc(huge));
	CHECK_EQ(errno, ENOMEM);
	CHECK(!malloc(more));
	CHECK(!calloc(huge, 4));
}

TEST(memory_can_be_filled_and_emptied)
{
	void **chain = NULL, **block;
	unsigned int count = 0;

	while ((block = malloc(1 << 20)) != NULL) {
		*block = chain;
		chain = block;
		count++;
	}
	CHECK(count >= 4);
	while (chain) {
		block = chain;
		chain = *block;
		free(block);
	}
	block = malloc(2 << 20);
	CHECK(block);
	free(block);
}
