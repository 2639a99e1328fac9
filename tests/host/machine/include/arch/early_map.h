/* SPDX-License-Identifier: MIT */
/*
 * Tables from before the page allocator are variables of this program: above all
 * physical addresses of the simulated machine.
 */
#ifndef ARCH_EARLY_MAP_H
#define ARCH_EARLY_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/memmap.h"

#define early_tables_used 1u

static inline bool early_is_table(uint64_t pa)
{
	return pa >= DIRECT_SIZE;
}

static inline uint64_t *early_table_address(uint64_t pa)
{
	return (uint64_t *)(uintptr_t)pa;
}

static inline uint64_t image_to_phys(const void *address)
{
	return (uintptr_t)address;
}

extern uint64_t kernel_root[512];

#endif /* ARCH_EARLY_MAP_H */
