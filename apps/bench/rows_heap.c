/* SPDX-License-Identifier: MIT */
/*
 * Memory as an application gets it: mmap() and malloc(), by the same calls that
 * the Linux figures were taken with.
 */
#define _GNU_SOURCE /* mremap() */
#include <stdlib.h>
#include <sys/mman.h>

#include "measure.h"
#include "rows.h"

#define LIVE_BLOCKS 1000u
#define BLOCK_MIN   16u
#define BLOCK_MAX   1024u
#define LARGE_BYTES (100ul << 20)

static bool body_mmap(const struct bench_row *row, unsigned long loops)
{
	const size_t size = row->argument << PAGE_SHIFT;

	for (unsigned long i = 0; i < loops; i++) {
		char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			return false;
		for (size_t at = 0; at < size; at += PAGE_SIZE)
			bench_touch(p + at);
		munmap(p, size);
	}
	return true;
}

static bool body_malloc(const struct bench_row *row, unsigned long loops)
{
	for (unsigned long i = 0; i < loops; i++) {
		void *p = malloc(row->argument);

		if (!p)
			return false;
		bench_touch(p);
		free(p);
	}
	return true;
}

static void *blocks[LIVE_BLOCKS];
static uint64_t random_state;

static void free_blocks(const struct bench_row *row)
{
	(void)row;
	for (unsigned int i = 0; i < LIVE_BLOCKS; i++) {
		free(blocks[i]);
		blocks[i] = NULL;
	}
}

static size_t random_size(void)
{
	return BLOCK_MIN +
	       random_below(&random_state, BLOCK_MAX - BLOCK_MIN + 1);
}

static const char *take_blocks(const struct bench_row *row)
{
	random_state = RANDOM_SEED;
	for (unsigned int i = 0; i < LIVE_BLOCKS; i++) {
		blocks[i] = malloc(random_size());
		if (blocks[i])
			continue;
		free_blocks(row);
		return "no memory for 1,000 blocks";
	}
	return NULL;
}

static bool body_random(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		const uint32_t n = random_below(&random_state, LIVE_BLOCKS);

		free(blocks[n]);
		blocks[n] = malloc(random_size());
		if (!blocks[n])
			return false;
		bench_touch(blocks[n]);
	}
	return true;
}

/*
 * One call: a written block of 100 MiB that cannot grow where it is, since a page
 * is mapped behind it.
 */
static const char *read_realloc(bool instructions, uint64_t *value_out)
{
	char *p = malloc(LARGE_BYTES);
	const uintptr_t end = (uintptr_t)p + LARGE_BYTES + 2 * PAGE_SIZE;
	uint64_t begin;
	void *behind;
	char *moved;

	if (!p)
		return "no memory for 100 MiB: MEM=512M has it";
	for (size_t at = 0; at < LARGE_BYTES; at += PAGE_SIZE)
		p[at] = 1;
	behind = mmap((void *)(end & PAGE_MASK), PAGE_SIZE, PROT_READ,
	              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	begin = measure_now(instructions);
	moved = realloc(p, 2 * LARGE_BYTES);
	*value_out = measure_now(instructions) - begin;
	munmap(behind, PAGE_SIZE);
	free(moved ? moved : p);
	if (!moved)
		return "no memory for 200 MiB: MEM=512M has it";
	return moved == p ? "the block did not move" : NULL;
}

#define MMAP(pages, turns)                                               \
	{                                                                \
		.name = "heap/mmap_" #pages,                             \
		.what = "mmap of " #pages                                \
			" pages, a byte written in each, munmap",        \
		.loops = (turns), .argument = (pages), .body = body_mmap \
	}
#define MALLOC(bytes, turns)                                               \
	{                                                                  \
		.name = "heap/malloc_" #bytes,                             \
		.what = "malloc of " #bytes " bytes, write, free",         \
		.loops = (turns), .argument = (bytes), .body = body_malloc \
	}

static const struct bench_row rows[] = {
	MMAP(1, 20000),
	MMAP(16, 2000),
	MMAP(512, 50),
	MMAP(4096, 8),
	MALLOC(16, 50000),
	MALLOC(64, 50000),
	MALLOC(512, 50000),
	MALLOC(4096, 50000),
	MALLOC(100000, 5000),
	MALLOC(1048576, 500),
	{ .name = "heap/malloc_random",
	  .what = "of 1,000 blocks of 16 to 1,024 bytes one freed and made anew",
	  .loops = 50000,
	  .harts = 1, /* they share the blocks */
	  .setup = take_blocks,
	  .body = body_random,
	  .teardown = free_blocks },
	{ .name = "heap/realloc_100MB",
	  .what = "realloc of a written block of 100 MiB to 200 that must move",
	  .loops = 1,
	  .read = read_realloc },
};

const struct bench_table rows_heap = BENCH_TABLE_OF(rows);
