/* SPDX-License-Identifier: MIT */
/*
 * The page tables that boot/early_map.c builds before translation is on; they
 * stay in use as the top of the kernel's one page table.
 *
 * The tables themselves are image memory. The direct map leaves the image's
 * frames out, so a walk must turn a table's physical address into a virtual one
 * with early_table_address() when early_is_table() says so.
 */
#ifndef ARCH_EARLY_MAP_H
#define ARCH_EARLY_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/memmap.h"
#include "arch/sections.h"

/* The root: 512 entries, all harts' satp points at it for ever. */
extern uint64_t kernel_root[512];

/* Tables in use, the root among them. */
extern unsigned int early_tables_used;

/* Physical address of the image's first byte, set before translation is on. */
extern uint64_t early_image_phys;

/* Is @pa in the image (where the early tables are)? */
static inline bool early_is_table(uint64_t pa)
{
	return pa - early_image_phys < (uint64_t)(__image_end - __image_start);
}

static inline uint64_t *early_table_address(uint64_t pa)
{
	return (uint64_t *)(pa - early_image_phys + IMAGE_BASE);
}

/* Physical address of image memory, such as a static variable. */
static inline uint64_t image_to_phys(const void *address)
{
	return (uintptr_t)address - IMAGE_BASE + early_image_phys;
}

#endif /* ARCH_EARLY_MAP_H */
