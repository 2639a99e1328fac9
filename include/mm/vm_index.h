/* SPDX-License-Identifier: MIT */
/*
 * Address -> area in O(1): beside the page table of the window stands a table of
 * the same shape. A slot covers 2 MiB, as a leaf table does; it knows that leaf
 * table, the areas that start in it (a pointer per page and a bitmap), the area
 * that reaches into it from below, and the map_ram block that owns it.
 *
 * Locking: read and written under the hart's own vmap lock; slots come under it
 * too and go only with all of them held (vmap_freeze).
 */
#ifndef MM_VM_INDEX_H
#define MM_VM_INDEX_H

#include <linux/vmalloc.h>
#include <stdbool.h>

#include "mm/types.h"

struct vm_area;
struct map_ram_block;

struct vm_slot {
	pte_t *ptes; /* the leaf table, or NULL: none, or huge leaf */
	struct vm_area
		*cover; /* begins in an earlier slot, reaches into this */
	struct map_ram_block *block; /* the slot is one vm_map_ram() block */
	unsigned int
		used_pages; /* address space of areas in any state but hole */
	struct vm_area **areas; /* [512], NULL until an area starts here */
	uint64_t starts[8];     /* bit: an area starts at this page */
};

#define VM_DIRECTORY_SHIFT LEVEL_SHIFT(2)
#define VM_DIRECTORIES \
	((VMALLOC_REGION_END - VMALLOC_REGION_BASE) >> VM_DIRECTORY_SHIFT)

/*
 * Pages of slot pointers, each NULL while nothing of its GiB is in use: one for
 * each level-1 table that the window can need, wherever in its region it lies.
 */
extern struct vm_slot **vm_directories[VM_DIRECTORIES];

/* The slot of @va; NULL when nothing lives there or @va is outside the window. */
static inline struct vm_slot *vm_index_slot(vaddr_t va)
{
	size_t number = (va - VMALLOC_REGION_BASE) >> VM_DIRECTORY_SHIFT;
	struct vm_slot **directory;

	if (unlikely(number >= VM_DIRECTORIES))
		return NULL;
	directory = READ_ONCE(vm_directories[number]);
	if (unlikely(!directory))
		return NULL;
	return READ_ONCE(directory[pte_index(va, 1)]);
}

/* Enter an area (its range and slots); -ENOMEM changes nothing. */
int vm_index_insert(struct vm_area *area) __must_check;

/*
 * @area, entered already, will end at @end: -ENOMEM changes nothing. Its size is
 * for the caller to change after that.
 */
int vm_index_extend(struct vm_area *area, vaddr_t end) __must_check;

/*
 * Take an area out, all locks held. Slots that become empty go with their leaf
 * tables, and the level-1 table with the last slot of its GiB; both are chained
 * onto *tables (pgtable_free_detached()).
 */
void vm_index_remove(struct vm_area *area, void **tables);

/* Drop slots that a failed insert left behind; all locks held. */
void vm_index_sweep(void **tables);

/* Leaf table of the slot at @va, made when missing; NULL: no memory or huge. */
pte_t *vm_index_leaf_table(vaddr_t va);

/*
 * The area of which @va's page is the first; any state but HOLE. @va may be
 * inside that page: compare with area_start().
 */
static inline struct vm_area *vm_index_at_page(vaddr_t va)
{
	struct vm_slot *slot = vm_index_slot(va);

	if (unlikely(!slot) || unlikely(!slot->areas))
		return NULL;
	return slot->areas[pte_index(va, 0)];
}

/* In any state but HOLE. exact: starts at @va; containing: guard included. */
struct vm_area *vm_index_exact(vaddr_t va);
struct vm_area *vm_index_containing(vaddr_t va);

/* The first area (any state) that starts at or above @va; NULL: none. */
struct vm_area *vm_index_next(vaddr_t va);

void vm_index_init(void);

/* Pages that the index itself uses. */
unsigned long vm_index_pages(void);
void vm_index_check(void);

#endif /* MM_VM_INDEX_H */
