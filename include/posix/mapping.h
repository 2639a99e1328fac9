/* SPDX-License-Identifier: MIT */
/*
 * What mmap() made, for those who show it. docs/memory-for-apps.md has the whole.
 *
 * Context: threads, no spinlock held.
 */
#ifndef POSIX_MAPPING_H
#define POSIX_MAPPING_H

#include <stdint.h>

#include "mm/types.h"

struct file;

/* A range of addresses of which everything is alike: a line of /proc/self/maps. */
struct mapping_note {
	vaddr_t start;
	vaddr_t end;
	int prot;          /* PROT_* */
	int flags;         /* MAP_SHARED or MAP_PRIVATE, and MAP_NORESERVE */
	bool heap;         /* what brk() moves */
	struct file *file; /* NULL: anonymous */
	uint64_t offset;   /* in the file, of start */
	unsigned long present; /* pages that have memory, hidden ones too */
};

/*
 * Calls @visit for each range, ascending, as they all are at one moment. It may
 * take its time and allocate, but neither map nor unmap; note->file is valid
 * until it returns. Stops when it returns false.
 */
typedef bool mapping_visit(const struct mapping_note *note, void *context);
void mappings_visit(mapping_visit *visit, void *context);

#endif /* POSIX_MAPPING_H */
