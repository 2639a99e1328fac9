/* SPDX-License-Identifier: MIT */
/* What mm/memblock.c, mm/memory_init.c and mm/vmemmap.c tell each other. */
#ifndef MM_MEMBLOCK_INTERNAL_H
#define MM_MEMBLOCK_INTERNAL_H

#include "core/machine.h"
#include "mm/memblock.h"

/* Each reserved range, the image and the line at 4 GiB may cut one in two. */
#define MEMBLOCK_RANGES (MACHINE_MEMORY_RANGES + MACHINE_RESERVED_RANGES + 2)

/*
 * Naturally aligned blocks of 1 << @shift bytes, a chunk at least, that hold
 * free memory. cost: O(ranges)
 */
unsigned long memblock_blocks_spanned(unsigned int shift);

#endif /* MM_MEMBLOCK_INTERNAL_H */
