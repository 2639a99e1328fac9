/* SPDX-License-Identifier: MIT */
/*
 * mimalloc as the application's malloc (CONFIG_MALLOC_MIMALLOC): its source as it
 * is, in one object, under the names that C and musl use. Chosen from outside:
 *
 * - Memory is committed piece by piece (mprotect), since it is there at once
 *   then, and malloc() is NULL when there is none: what is only promised would
 *   end a program when it is written. For the same reason nothing is NORESERVE.
 * - A large block that must move is moved by its page-table entries.
 * - What is held back is given back when the system has no memory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#undef MAP_NORESERVE
#define MAP_NORESERVE 0
#undef MAP_HUGETLB /* there is no pool of such pages */

#include "give_back.h"
#include "lib/bits.h"
#include "mm/page_alloc.h"
#include "posix/heap.h"
#include "posix/task.h"

/* rv64gc has no instruction for it, and the compiler's functions take longer. */
#define __builtin_clzl(x) (63 - (long)bits_highest(x))
#define __builtin_ctzl(x) ((long)bits_lowest(x))

#define mmap   heap_mmap
#define mremap heap_mremap

#include <mimalloc.h>
#include <static.c>

#include "pair.h"
#include "realloc.h"

#define SAME_AS(function) __attribute__((alias(#function)))

void *calloc(size_t count, size_t size) SAME_AS(mi_calloc);
size_t malloc_usable_size(void *p) SAME_AS(mi_malloc_usable_size);

/*
 * By the variant with an offset: mi_malloc_aligned() of this version takes any
 * small block for aligned to its size, and those of 256 to 1,024 bytes are not.
 */
void *aligned_alloc(size_t align, size_t size)
{
	void *p;

	if (align == 0 || (align & (align - 1)) != 0) {
		errno = EINVAL;
		return NULL;
	}
	p = mi_malloc_aligned_at(size, align, 0);
	if (!p)
		errno = ENOMEM;
	return p;
}

void *memalign(size_t align, size_t size)
{
	return aligned_alloc(align, size);
}

int posix_memalign(void **p, size_t align, size_t size)
{
	void *block;

	if (align < sizeof(void *) || (align & (align - 1)) != 0)
		return EINVAL;
	block = mi_malloc_aligned_at(size, align, 0);
	if (!block)
		return ENOMEM;
	*p = block;
	return 0;
}

/* What musl calls for itself. */
void *__libc_malloc(size_t size) SAME_AS(malloc);
void __libc_free(void *p) SAME_AS(free);
void *__libc_calloc(size_t count, size_t size) SAME_AS(mi_calloc);

static __attribute__((used)) bool heap_give_back(void)
{
	const unsigned long before = nr_free_pages();

	if (heap_is_asking || current_task()->handlers > 0)
		return false;
	mi_collect(true);
	return nr_free_pages() > before;
}

HOLDS_MEMORY(malloc, heap_give_back);

/* Which options there are is fixed before main(), when nothing is large yet. */
__attribute__((constructor)) static void set_options(void)
{
	mi_option_set_default(mi_option_eager_commit, 0);
	mi_register_deferred_free(drop_kept, NULL);
}

void *__libc_realloc(void *p, size_t size) SAME_AS(realloc);
