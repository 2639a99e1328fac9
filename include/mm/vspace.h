/* SPDX-License-Identifier: MIT */
/*
 * Which addresses of the vmalloc window nobody has: lib/hole_tree under a lock.
 * The first page of the window is a permanent guard.
 *
 * Locking: LOCK_VSPACE. Context: any. Never allocates: nodes come from areas.
 */
#ifndef MM_VSPACE_H
#define MM_VSPACE_H

#include <stdbool.h>

#include "lib/hole_tree.h"
#include "mm/types.h"

void vspace_init(struct hole *first);

/*
 * Lowest fit of @size bytes in [start, end); one of up to 73 pages that would
 * cross leaf tables moves on to the next if that one does not; false: none. *unused_out receives
 * the node that the tree does not need any more (spare or an eaten hole).
 */
bool vspace_reserve(size_t size, size_t align, vaddr_t start, vaddr_t end,
                    struct hole *spare, vaddr_t *at_out,
                    struct hole **unused_out);

/* The highest base such that all base + offsets[i] .. + sizes[i] are free. */
bool vspace_find_congruent(const unsigned long *offsets, const size_t *sizes,
                           int count, size_t align, vaddr_t *base_out);

/* Give back; freed[] as hole_tree_add(). */
unsigned int vspace_release(vaddr_t start, vaddr_t end, struct hole *node,
                            struct hole *freed[2]);

size_t vspace_largest(void);
size_t vspace_free_bytes(void);
unsigned long vspace_holes(void);
void vspace_check(void);

#endif /* MM_VSPACE_H */
