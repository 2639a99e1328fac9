/* SPDX-License-Identifier: MIT */
/*
 * In place of lwIP's mem.c: what is copied to be sent, and packets that are made
 * here. A packet fits a slab; a segment of 64 KiB is contiguous where the page
 * allocator has that at hand, since a device then needs one descriptor, and pages
 * of vmalloc() where not. The size stands in front: it is counted when freed.
 */
#include <linux/vmalloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/assert.h"
#include "mm/kmem.h"
#include "net/net_internal.h"
#include "net/pools.h"

#include "lwip/mem.h"

#define BLOCK_MAGIC 0x6e6d656du
/* Above it a gap of that size in memory is worth no search. */
#define CONTIGUOUS_MAX (16 * PAGE_SIZE)

struct block {
	uint32_t bytes; /* with this */
	uint32_t magic; /* BLOCK_MAGIC while it is used */
	uint64_t data[];
};

/*
 * Packets come and go in two sizes, headers with little behind them and a frame: some
 * of those that are freed stay here. None where kmem is to look at each.
 */
#define SMALL_BYTES 256u
#define FRAME_BYTES 2048u
#define SPARES_MAX  32u

static struct spares {
	struct block *first; /* chained by the first word of their data */
	unsigned int count;
} small_spares, frame_spares;

static struct net_memory_usage memory;

void net_memory_set_limit(size_t bytes)
{
	memory.limit_bytes = bytes;
}

/* Called by lwip_init(). */
void mem_init(void)
{
}

static __always_inline struct block *take_spare(struct spares *spares)
{
	struct block *block = spares->first;

	if (likely(block)) {
		spares->first = (struct block *)block->data[0];
		spares->count--;
	}
	return block;
}

static __always_inline bool keep_spare(struct spares *spares,
                                       struct block *block)
{
	if (CONFIG_CHECK || spares->count == SPARES_MAX)
		return false;
	block->data[0] = (uintptr_t)spares->first;
	spares->first = block;
	spares->count++;
	return true;
}

static __noinline struct block *get(size_t bytes)
{
	struct block *block = NULL;

	if (bytes <= PAGE_SIZE)
		return kmalloc(bytes, GFP_KERNEL);
	if (bytes <= CONTIGUOUS_MAX)
		block = kmalloc(bytes, GFP_NOWAIT | __GFP_NOWARN);
	return block ? block : kvmalloc(bytes, GFP_KERNEL);
}

/* <= 30 instructions with one that was freed before */
void *mem_malloc(mem_size_t size)
{
	size_t bytes = size + sizeof(struct block);
	struct spares *spares = NULL;
	struct block *block = NULL;

	if (bytes <= SMALL_BYTES) {
		spares = &small_spares;
		bytes = SMALL_BYTES;
	} else if (bytes <= FRAME_BYTES && bytes > FRAME_BYTES / 4) {
		spares = &frame_spares;
		bytes = FRAME_BYTES;
	}
	if (likely(memory.used_bytes + bytes <= memory.limit_bytes &&
	           bytes > size && bytes <= UINT32_MAX)) {
		if (spares)
			block = take_spare(spares);
		if (!block)
			block = get(bytes);
	}
	if (unlikely(!block)) {
		memory.refused++;
		return NULL;
	}
	block->bytes = (uint32_t)bytes;
	block->magic = BLOCK_MAGIC;
	memory.blocks++;
	memory.used_bytes += bytes;
	if (memory.used_bytes > memory.peak_bytes)
		memory.peak_bytes = memory.used_bytes;
	return block->data;
}

void *mem_calloc(mem_size_t count, mem_size_t size)
{
	size_t bytes;
	void *data;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	data = mem_malloc(bytes);
	if (data)
		memset(data, 0, bytes);
	return data;
}

/* A block keeps its size: what lwIP cuts off is freed soon with the rest. */
void *mem_trim(void *mem, mem_size_t size)
{
	(void)size;
	return mem;
}

void mem_free(void *mem)
{
	struct block *block;

	if (!mem)
		return;
	block = container_of(mem, struct block, data);
	if (block->magic != BLOCK_MAGIC)
		panic("mem_free: %p is no block in use", mem);
	block->magic = 0;
	memory.used_bytes -= block->bytes;
	memory.blocks--;
	if (block->bytes == SMALL_BYTES && keep_spare(&small_spares, block))
		return;
	if (block->bytes == FRAME_BYTES && keep_spare(&frame_spares, block))
		return;
	kvfree(block);
}

static bool free_spares(struct spares *spares)
{
	const bool had = spares->first != NULL;

	while (spares->first)
		kfree(take_spare(spares));
	return had;
}

bool net_memory_give_back(void)
{
	bool gave = free_spares(&small_spares);

	return free_spares(&frame_spares) || gave;
}

void net_memory_usage(struct net_memory_usage *out)
{
	*out = memory;
}
