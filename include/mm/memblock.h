/* SPDX-License-Identifier: MIT */
/*
 * Physical memory before (and beneath) the page allocator: which RAM exists and
 * which of it nobody has taken. The page allocator takes 2 MiB chunks from here
 * as it needs them, so boot cost does not grow with RAM.
 *
 * Locking: LOCK_MEMBLOCK, a leaf. Context: any.
 */
#ifndef MM_MEMBLOCK_H
#define MM_MEMBLOCK_H

#include <stdbool.h>

#include "core/machine.h"
#include "mm/types.h"

/* What 32 address bits reach: __GFP_DMA32, vmalloc_32(). */
#define LOW_MEMORY_END (1ul << 32)

/* The page allocator's portion: one naturally aligned largest block. */
#define CHUNK_SIZE  LEVEL_SIZE(1)
#define CHUNK_PAGES PTES_PER_TABLE

/*
 * Take machine.memory minus machine.reserved minus the image, map it directly
 * (RAM only, largest leaves that fit, the image's own frames left out, so that
 * no writable alias of text exists). The device tree and the initial RAM disk
 * are mapped as well, never given out. RAM from 128 GiB on is left alone, with
 * one warning. Panics with one line when RAM is too small.
 *
 * Context: boot, once, after machine_init().
 */
void memory_init(void);

/*
 * Nobody needs the initial RAM disk any more: the whole pages that it lay in, and
 * that nothing else reserves, become free memory. Context: threads, once.
 */
void memory_release_initrd(void);

/* @range is free, mapped, page aligned and touches no range known already. */
void memblock_add(struct phys_range range);

/* Is any byte of [start, end) RAM, whoever owns it? */
bool memblock_is_ram(paddr_t start, paddr_t end);

/*
 * One page, mapped, contents undefined, never to be returned: page tables of
 * the boot and page metadata. 0 when there is none.
 */
paddr_t memblock_alloc_page(void);

/* What memblock_alloc_page() would return next, or 0 when it must look. */
paddr_t memblock_next_page(void);

/*
 * Take the lowest free piece that lies in one chunk: above 4 GiB while there is
 * such memory, else below. With @below_4g only below. False: nothing is left.
 */
bool memblock_take_chunk(bool below_4g, paddr_t *start_out, paddr_t *end_out);

/* Pages not taken, and all pages that mm ever had. */
unsigned long memblock_free_pages(void);
unsigned long memblock_free_pages_below_4g(void);
unsigned long memblock_total_pages(void);
unsigned long memblock_total_pages_below_4g(void);

/* Order, bounds, sums. Panics on damage. */
void memblock_check(void);

#endif /* MM_MEMBLOCK_H */
