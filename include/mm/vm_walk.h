/* SPDX-License-Identifier: MIT */
/*
 * The areas by address, a few at a time: each call freezes the window, copies
 * what it finds and lets go, so whoever prints or counts holds no lock.
 */
#ifndef MM_VM_WALK_H
#define MM_VM_WALK_H

#include <stdbool.h>

#include "mm/types.h"

/* What a map of the address space calls an area. */
enum area_kind {
	KIND_VMALLOC,
	KIND_VMAP,
	KIND_IOREMAP,
	KIND_MAP_RAM,
	KIND_PCPU,
	KIND_EARLY,
	KIND_MMAP,
	KIND_RESERVED, /* get_vm_area() and areas being built */
	KIND_LAZY,     /* freed, waiting for a flush or for reuse */
	KINDS
};

struct area_note {
	vaddr_t start;
	vaddr_t end; /* guard included */
	bool guarded;
	bool busy; /* published, or a vm_map_ram() block */
	enum area_kind kind;
	unsigned long flags;
	unsigned long pages;     /* owned, or live in a vm_map_ram() block */
	unsigned long requested; /* bytes */
	phys_addr_t phys;
	const void *caller;
};

/*
 * The first @max areas (any state but hole) that start at or above @from.
 * Returns how many; fewer than @max: there are no more. Context: threads.
 */
unsigned int vm_walk(vaddr_t from, struct area_note *notes, unsigned int max);

/* Of an area in use, by its flags. */
enum area_kind area_kind_of(unsigned long flags);

const char *area_kind_name(enum area_kind kind);

#endif /* MM_VM_WALK_H */
