/* SPDX-License-Identifier: MIT */
/*
 * A vm_map_ram() block: 2 MiB of the window, one leaf table, one owner hart.
 * The owner hands pages out; any hart may take a mapping back.
 */
#ifndef MM_MAP_RAM_INTERNAL_H
#define MM_MAP_RAM_INTERNAL_H

#include "mm/mm_internal.h"
#include "mm/vm_area.h"
#include "mm/vm_map_ram.h"

/* Debug images leave a page unmapped behind each mapping. */
#define MAPPING_GUARD (CONFIG_DEBUG_ASSERT ? 1u : 0u)

/* [I] immutable  [O] the owner, under its vmap lock  [A] atomic */
struct map_ram_block {
	/*
	 * [A] live or just being unmapped. Mappings of the running pass are
	 * added when it ends (map_ram_hart, maps_at_pass): negative meanwhile.
	 * First, because atomic instructions have no offsets.
	 */
	int mappings;
	unsigned int pass_pages; /* [O] free when its newest pass began */
	pte_t *ptes;             /* [I] its leaf table */
	vaddr_t base;            /* [I] */
	struct vm_area *area;    /* [I] the address space, never published */
	struct map_ram_block
		*next;  /* [O] ring of the owner, oldest pass next */
	uint64_t stamp; /* [A] newest unmapping */
	/* [A] pages of the mapping that starts at this page; 0: none does */
	union {
		uint8_t length[BLOCK_PAGES];
		uint64_t eight_lengths[BLOCK_PAGES / 8];
	};
};

/* No address is in this block, no flush has this number. */
#define NO_BLOCK   (~0ul)
#define STAMP_NONE (~0ul)

/* Has map_ram_init() been called? */
bool map_ram_is_ready(void);

/*
 * mm/map_ram_block.c: make [next, limit) hold @pages pages. False: no
 * memory or no address space; in interrupts also when that takes more than a
 * look at the blocks at hand. No lock held.
 */
bool map_ram_make_room(unsigned int pages);

/*
 * The same as far as a look at the blocks at hand goes, when [next, limit) is too
 * short; own vmap lock held.
 */
bool map_ram_find_room(struct vmap_hart *vmap, unsigned int pages);

#endif /* MM_MAP_RAM_INTERNAL_H */
