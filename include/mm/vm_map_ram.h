/* SPDX-License-Identifier: MIT */
/*
 * What the rest of mm asks of vm_map_ram(): its blocks are not areas.
 */
#ifndef MM_VM_MAP_RAM_H
#define MM_VM_MAP_RAM_H

#include <stdbool.h>

#include "mm/types.h"
#include "mm/vm_index.h"

#define VMAP_MAX_ALLOC 64u /* pages in one block mapping; more: an area */

struct map_ram_hart;

/* Before a hart's first call, at boot; its vmap lock need not be held. */
void map_ram_hart_init(struct map_ram_hart *own);
int map_ram_init(void) __must_check; /* part of vmalloc_init() */

/* Is page @va of @block inside a live mapping? its start and pages. Frozen or own lock. */
bool map_ram_mapping_at(const struct map_ram_block *block, vaddr_t va,
                        vaddr_t *start_out, unsigned int *pages_out);

/*
 * Blocks without live mappings give up their slot. Called by vmap_drain() with
 * all locks held, before its flush: returns the areas of the blocks, chained by
 * queue_next, to be released with the rest.
 */
struct vm_area *map_ram_release_idle(void);

/* Walks all blocks (all locks held). Panics on damage. */
void map_ram_check(void);

/* In blocks, of all harts; all locks held. What was made less this was unmapped. */
unsigned long map_ram_live_mappings(void);

struct map_ram_stats {
	unsigned long blocks;
	unsigned long live_mappings;
	unsigned long live_pages;
	unsigned long dirty_pages;
};
void map_ram_read_stats(struct map_ram_stats *out);

#endif /* MM_VM_MAP_RAM_H */
