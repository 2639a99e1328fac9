/* SPDX-License-Identifier: MIT */
/*
 * malloc() seen from below: after each step, how many areas of the vmalloc
 * window the C library holds, and how many pages are behind them. Small blocks
 * share an area, a large one has its own, and realloc() of a large block moves
 * page-table entries instead of bytes.
 *
 * Nothing is printed while areas are counted: the C library could ask for memory
 * while the list of areas is locked.
 */
#include <linux/vmalloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vireo/clock.h>

#define SMALL_BLOCKS 10000
#define SMALL_BYTES  100
#define LARGE_BLOCKS 64
#define LARGE_BYTES  (256ul << 10)
#define BIG_BYTES    (16ul << 20)

struct heap {
	unsigned long areas;
	unsigned long pages;
};

static void *small_blocks[SMALL_BLOCKS];
static void *large_blocks[LARGE_BLOCKS];
static struct heap before;

static struct heap count_heap(void)
{
	struct heap heap = { 0 };
	const struct vm_struct *vm;

	read_lock(&vmlist_lock);
	for (vm = vmlist; vm; vm = vm->next) {
		if (!(vm->flags & VM_MMAP))
			continue;
		heap.areas++;
		heap.pages += vm->requested_size / PAGE_SIZE;
	}
	read_unlock(&vmlist_lock);

	return heap;
}

static void show(const char *step)
{
	const struct heap heap = count_heap();

	printf("%-44s %6lu %+6ld %8lu %+8ld %9lu KiB\n", step, heap.areas,
	       (long)(heap.areas - before.areas), heap.pages,
	       (long)(heap.pages - before.pages),
	       heap.pages * (PAGE_SIZE >> 10));
	before = heap;
}

static bool take(void **blocks, int count, size_t size)
{
	int i;

	for (i = 0; i < count; i++) {
		blocks[i] = malloc(size);
		if (!blocks[i])
			return false;
		memset(blocks[i], i, size);
	}
	return true;
}

static void give(void **blocks, int count)
{
	while (count-- > 0)
		free(blocks[count]);
}

/* One block that doubles; its first and last byte prove that it is the same. */
static bool grow_big_block(void)
{
	char *block = malloc(BIG_BYTES);
	uint64_t start_ns;
	char *grown;
	bool same;

	if (!block)
		return false;
	block[0] = 'a';
	block[BIG_BYTES - 1] = 'z';
	show("malloc(16 MiB)");

	start_ns = timer_now_ns();
	grown = realloc(block, 2 * BIG_BYTES);
	if (!grown) {
		free(block);
		return false;
	}
	start_ns = timer_now_ns() - start_ns;
	show("realloc() of it to 32 MiB");
	same = grown[0] == 'a' && grown[BIG_BYTES - 1] == 'z';
	printf("    in %.3f ms, contents %s\n", (double)start_ns / 1e6,
	       same ? "kept" : "LOST");

	free(grown);
	show("free() of it");
	return same;
}

int main(void)
{
	bool good;

	printf("%-44s %13s %17s %13s\n", "after", "areas (+/-)", "pages (+/-)",
	       "memory");
	before = count_heap();
	show("start");

	good = take(small_blocks, SMALL_BLOCKS, SMALL_BYTES);
	show("malloc(100 bytes), 10,000 times");
	good = good && take(large_blocks, LARGE_BLOCKS, LARGE_BYTES);
	show("malloc(256 KiB), 64 times");
	good = good && grow_big_block();
	give(large_blocks, LARGE_BLOCKS);
	show("free() of the 64");
	give(small_blocks, SMALL_BLOCKS);
	show("free() of the 10,000");

	if (!good)
		fputs("heapdemo: out of memory\n", stderr);
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
