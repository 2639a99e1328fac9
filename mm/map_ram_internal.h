/* SPDX-License-Identifier: MIT */
/*
 * A vm_map_ram() block: 2 MiB of the window, one leaf table, one owner hart.
 * The owner hands pages out; any hart may take a mapping back.
 */
#ifndef MM_MAP_RAM_INTERNAL_H
#define MM_MAP_RAM_INTERNAL_H

#include "core/hart.h"
#include "mm/vm_area.h"
#include "mm/vm_map_ram.h"

#define BLOCK_PAGES PTES_PER_TABLE

/* Debug images leave a page unmapped behind each mapping. */
#define MAPPING_GUARD (CONFIG_DEBUG_ASSERT ? 1u : 0u)

/* [I] immutable  [O] the owner, under its vmap lock  [A] atomic */
struct map_ram_block {
	pte_t *ptes;          /* [I] its leaf table */
	vaddr_t base;         /* [I] */
	struct vm_area *area; /* [I] the address space, never published */
	struct map_ram_block
		*next;  /* [O] ring of the owner, oldest pass next */
	uint64_t stamp; /* [A] newest unmapping */
	/*
	 * [A] live or just being unmapped. Mappings of the running pass are
	 * added when it ends (map_ram_hart, maps_at_pass): negative meanwhile.
	 */
	int mappings;
	unsigned int pass_pages; /* [O] free when its newest pass began */
	/* [A] pages of the mapping that starts at this page; 0: none does */
	uint8_t length[BLOCK_PAGES];
};

/* All under the hart's vmap lock. What each mapping needs comes first. */
struct map_ram_hart {
	vaddr_t next; /* free run of the running pass: [next, limit) */
	vaddr_t limit;
	vaddr_t base;      /* of current; NO_BLOCK: none */
	uintptr_t entries; /* entry of page va: at entries + (va >> 9) */
	uintptr_t lengths; /* length of page va: at lengths + (va >> 12) */
	struct map_ram_block *current; /* the block of the running pass */
	unsigned int scanned;          /* free[] is used up below this page */
	unsigned int nr_blocks;
	unsigned int maps_at_pass;   /* map_ram_maps when the pass began */
	unsigned long maps_at_flush; /* ... when a new flush was last seen */
	uint64_t flush_seen;
	unsigned long pass_pages; /* of all blocks */
	/* Bit: this page of current was free when the pass began. */
	uint64_t free[BLOCK_PAGES / 64];
};

/* No address of the window is within 2 MiB above it. */
#define NO_BLOCK (1ul << 62)

static inline struct map_ram_hart *map_ram_of(unsigned int hart)
{
	return harts[hart] ? harts[hart]->local[HART_LOCAL_MAP_RAM] : NULL;
}

static inline struct map_ram_hart *map_ram_own(void)
{
	return this_hart->local[HART_LOCAL_MAP_RAM];
}

/*
 * mm/map_ram_block.c: make [next, limit) hold @pages pages. False: no
 * memory or no address space; in interrupts also when that takes more than a
 * look at the blocks at hand. No lock held.
 */
bool map_ram_make_room(unsigned int pages);

/* The same as far as a look at the blocks at hand goes; own vmap lock held. */
bool map_ram_find_room(struct map_ram_hart *own, unsigned int pages);

#endif /* MM_MAP_RAM_INTERNAL_H */
