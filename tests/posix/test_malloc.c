/* SPDX-License-Identifier: MIT */
/*
 * malloc over areas of the vmalloc core: contents, giving back, failure. Either
 * malloc() keeps a few areas for small blocks, whatever is freed; mimalloc keeps
 * large ones for a while.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/vmalloc.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
		CHECK(block[i] &&
		      IS_ALIGNED((uintptr_t)block[i], i < 3 ? 8 : 16));
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

	test_may_keep_areas(12);
	CHECK(p && is_vmalloc_addr(p));
	CHECK(find_vm_area_containing(p));
	memset(p, 1, 8 << 20);
	/* mimalloc gives back meanwhile what was freed a while ago. */
	CHECK(nr_free_pages() <= before - (CONFIG_MALLOC_MUSL ? 2048 : 1024));
	free(p);
	if (CONFIG_MALLOC_MUSL)
		CHECK(nr_free_pages() + 64 >= before);
}

TEST(calloc_zeroes_reused_memory)
{
	test_may_keep_areas(12);
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

	test_may_keep_areas(12);
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
	test_may_keep_areas(12);
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

	test_may_keep_areas(12);
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

	test_may_keep_areas(12);
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

/* What the heap holds back is there for mmap() and for files. */
TEST(memory_that_was_freed_is_there_for_others)
{
	const size_t most = nr_free_pages() / 4 * 3 * PAGE_SIZE;
	static char bytes[1 << 16];
	void **chain = NULL, **block;
	size_t done;
	char *p;
	int fd;

	test_may_keep_areas(12);
	for (int round = 0; round < 2; round++) {
		while ((block = malloc(1 << 20)) != NULL) {
			*block = chain;
			chain = block;
		}
		while (chain) {
			block = chain;
			chain = *block;
			free(block);
		}
		if (round == 0) {
			p = mmap(NULL, most, PROT_READ | PROT_WRITE,
			         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			CHECK(p != MAP_FAILED);
			CHECK_EQ(munmap(p, most), 0);
			continue;
		}
		fd = open("/tmp/large", O_CREAT | O_WRONLY, 0600);
		CHECK(fd >= 0);
		for (done = 0; done < most; done += sizeof(bytes))
			CHECK_EQ(write(fd, bytes, sizeof(bytes)),
			         sizeof(bytes));
		CHECK_EQ(close(fd), 0);
		CHECK_EQ(unlink("/tmp/large"), 0);
	}
}

/* Beyond 16 MiB: the mapping itself is resized. */
TEST(huge_blocks_keep_contents_when_they_grow_and_shrink)
{
	static const size_t sizes[] = { 17, 20, 26, 18, 30, 2, 19, 64, 17 };
	static void *between[ARRAY_SIZE(sizes)];
	size_t *p = NULL;
	size_t old = 0, resized = 0;

	test_may_keep_areas(12);
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		const size_t bytes = sizes[i] << 20;
		const size_t words = bytes / sizeof(size_t);
		size_t *next = realloc(p, bytes);

		if (!next) /* a small machine */
			continue;
		CHECK(malloc_usable_size(next) >= bytes);
		for (size_t at = 0; at < old && at < words; at += 4096)
			CHECK_EQ(next[at], at + 1);
		for (size_t at = 0; at < words; at += 4096)
			next[at] = at + 1;
		p = next;
		old = words;
		between[i] = mmap(NULL, 4096, PROT_READ,
		                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		resized++;
	}
	CHECK(resized > 2);
	free(p);
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++)
		if (between[i])
			munmap(between[i], 4096);
}

struct trade {
	pthread_t thread;
	void **block;
	unsigned char fill;
	bool good;
};

/* What one thread keeps or frees was another's. */
static void *trade_blocks(void *argument)
{
	static const size_t sizes[] = { 200000, 1 << 20, 3 << 20, 5 << 20, 40 };
	struct trade *trade = argument;

	for (unsigned int i = 0; i < 200; i++) {
		const size_t bytes = sizes[i % ARRAY_SIZE(sizes)];
		unsigned char *p = malloc(bytes);

		if (!p)
			continue;
		p[0] = p[bytes - 1] = trade->fill;
		sched_yield();
		trade->good = trade->good && p[0] == trade->fill &&
		              p[bytes - 1] == trade->fill;
		free(__atomic_exchange_n(trade->block, p, __ATOMIC_ACQ_REL));
	}
	return NULL;
}

TEST(large_blocks_are_freed_by_other_threads)
{
	static void *block;
	struct trade trades[3];

	test_may_keep_areas(24);
	for (unsigned int i = 0; i < ARRAY_SIZE(trades); i++) {
		trades[i] = (struct trade){ .block = &block,
			                    .fill = (unsigned char)(i + 1),
			                    .good = true };
		CHECK_EQ(pthread_create(&trades[i].thread, NULL, trade_blocks,
		                        &trades[i]),
		         0);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(trades); i++) {
		CHECK_EQ(pthread_join(trades[i].thread, NULL), 0);
		CHECK(trades[i].good);
	}
	free(block);
	block = NULL;
}
