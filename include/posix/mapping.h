/* SPDX-License-Identifier: MIT */
/*
 * What mmap() made: areas of the vmalloc core, whole or with holes. A part can
 * lose its pages (munmap), be hidden with its contents kept (PROT_NONE) and be
 * filled again (mprotect). The addresses of a mapping go back when its last page
 * does.
 *
 * Context: the thread of main(); the first call may come with tp still 0.
 */
#ifndef POSIX_MAPPING_H
#define POSIX_MAPPING_H

#include <linux/vmalloc.h>
#include <stdbool.h>

#include "core/compiler.h"

/* Pages [index, index + count) of one mapping. */
struct mapping_range {
	struct vm_struct *vm;
	unsigned long index;
	unsigned long count;
};

/*
 * A new mapping of @size bytes (a multiple of the page) of zeroed memory, or of
 * address space only. @at: exactly there, or 0 for anywhere. NULL: no memory, or
 * @at is taken or outside the window.
 */
void *mapping_create(size_t size, pgprot_t prot, vaddr_t at,
                     const void *caller) __must_check;
void *mapping_reserve(size_t size, vaddr_t at, const void *caller) __must_check;

/*
 * The mapping around [address, address + size), @size rounded up to pages.
 * false: the range is not wholly inside one mapping.
 */
bool mapping_find(vaddr_t address, size_t size,
                  struct mapping_range *range_out);

bool mapping_is_whole(const struct mapping_range *range);

/* Give the pages of the range back, and the mapping when nothing is left. */
int mapping_release(const struct mapping_range *range) __must_check;

/* No access any more; contents stay. -ENOMEM: nothing changed. */
int mapping_hide(const struct mapping_range *range) __must_check;

/* Hidden and zeroed, also what was released. -ENOMEM: nothing changed. */
int mapping_renew(const struct mapping_range *range) __must_check;

/*
 * Every page of the range is there and has @prot; those that were not are
 * zeroed. -ENOMEM: no memory, or part of the range was released.
 */
int mapping_protect(const struct mapping_range *range,
                    pgprot_t prot) __must_check;

/* Every page of the range that holds something reads as zero. */
void mapping_clear(const struct mapping_range *range);

/*
 * Another size for a whole mapping, new pages zeroed; its address may change.
 * NULL: no memory, or the mapping has holes; it is as it was.
 */
void *mapping_resize(const struct mapping_range *range, size_t size,
                     const void *caller) __must_check;

#endif /* POSIX_MAPPING_H */
