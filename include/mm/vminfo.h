/* SPDX-License-Identifier: MIT */
/*
 * "What is in my address space?": summaries for the shell, panics and tests.
 */
#ifndef MM_VMINFO_H
#define MM_VMINFO_H

#include "lib/lines.h"
#include "mm/types.h"

typedef line_emit vminfo_emit;

/* Pages, slabs, tables and the window, as Linux's /proc/meminfo has lines. */
void meminfo_show(vminfo_emit *emit, void *context);

/* Free blocks by order: the line of Linux's /proc/buddyinfo. */
void buddyinfo_show(vminfo_emit *emit, void *context);

/*
 * RAM that is put to use now, in pages: the image, and of the pages that mm got
 * at boot those that are not free. Firmware's is not counted. cost: O(harts)
 */
unsigned long memory_used_pages(void);

void counters_show(vminfo_emit *emit,
                   void *context); /* name value, a line each */

/* The whole address space as a picture in characters, @columns wide. */
void addrmap_show(unsigned int columns, vminfo_emit *emit, void *context);

/*
 * Leak finder: areas that are busy now and were not at leak_mark(), grouped by
 * caller. leak_mark() remembers by a mark number, at no cost per area.
 */
void leak_mark(void);
void leak_show(vminfo_emit *emit, void *context);

#endif /* MM_VMINFO_H */
