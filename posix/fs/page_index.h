/* SPDX-License-Identifier: MIT */
/*
 * The pages of one file by their number: a tree of nodes with 64 places, as high
 * as the largest number needs. A file of one page has no node.
 *
 * Locking: whoever changes it holds the inode's lock; removing also keeps
 * readers of the contents out. So looking needs one of the two.
 */
#ifndef POSIX_FS_PAGE_INDEX_H
#define POSIX_FS_PAGE_INDEX_H

#include "mm/page.h"
#include "posix/inode.h"

#define PAGE_INDEX_NONE UINT64_MAX

/* Before the first insertion. 0 or -ENOMEM. Context: thread. */
int page_index_prepare(void) __must_check;

/* NULL: a hole. cost: <= 12 instructions, and 7 for each level */
struct page *page_index_find(const struct page_index *index, uint64_t number);

/*
 * pre: page_index_find() says NULL. -ENOMEM: nothing changed. Context: any.
 */
int page_index_insert(struct page_index *index, uint64_t number,
                      struct page *page) __must_check;

/* Take one out. NULL: it was a hole. Context: any. */
struct page *page_index_remove(struct page_index *index, uint64_t number);

/* The first number from @number on that has a page, or has none. */
uint64_t page_index_next_page(const struct page_index *index, uint64_t number);
uint64_t page_index_next_hole(const struct page_index *index, uint64_t number);

#endif /* POSIX_FS_PAGE_INDEX_H */
