/* SPDX-License-Identifier: MIT */
/*
 * Pages of an area that come and go one by one: what mmap() needs below it. The
 * entries are the only record of what is there. An entry says one of three things:
 *
 *      0                  nothing there (yet)
 *      valid              mapped
 *      not valid, not 0   hidden: the frame is kept, nobody may access it
 *
 * A hidden entry is a valid one without PTE_V, at any level.
 *
 * Locking: an area is changed by one caller at a time. Only sparse_back() and
 * sparse_repair() may run beside it, on other harts: they turn 0 into an entry,
 * or give a page the protection that it is about to get, and the owner's lock
 * sees to it that they are for pages that stay. Everything here that clears or
 * changes entries leaves the flush to the caller.
 *
 * Ranges are whole pages of the area. Context: threads, but for those two.
 */
#ifndef MM_SPARSE_H
#define MM_SPARSE_H

#include <stdbool.h>

#include "mm/page.h"
#include "mm/vm_area.h"

/* As a protection: hidden. */
#define PAGE_HIDDEN __pgprot(0)

static inline bool pgprot_is_hidden(pgprot_t prot)
{
	return pgprot_val(prot) == 0;
}

/*
 * Back every page of the range that has none with zeroed memory of its own, in
 * 2 MiB leaves where nothing is yet. -ENOMEM: some may be backed.
 */
int sparse_fill(struct vm_area *area, vaddr_t start, vaddr_t end,
                pgprot_t prot) __must_check;

/* @page behind @va, which has none. -ENOMEM: no table; -EEXIST. */
int sparse_map(struct vm_area *area, vaddr_t va, struct page *page,
               pgprot_t prot) __must_check;

/*
 * Before one of the three below changes [start, end): leaves that stick out are
 * split, with @all every leaf. -ENOMEM: no page changed its translation.
 */
int sparse_split(vaddr_t start, vaddr_t end, bool all) __must_check;

/*
 * Take the pages away and free them, or put them when they are @shared with a
 * file. Returns how many there were.
 */
unsigned long sparse_drop(struct vm_area *area, vaddr_t start, vaddr_t end,
                          bool shared);

/* Another protection of what is there. */
void sparse_protect(vaddr_t start, vaddr_t end, pgprot_t prot);

/*
 * Entries [start, end) of @from go to @at in @to, which has none there: whole
 * tables and leaves where both are alike modulo 2 MiB, else (and then every leaf
 * is split) one by one. -ENOMEM: nothing was moved.
 * cost: 60 instructions per 2 MiB, or 6 per page
 */
int sparse_move(struct vm_area *from, vaddr_t start, vaddr_t end,
                struct vm_area *to, vaddr_t at) __must_check;

/* Is something there, hidden or not? How many pages? */
bool sparse_has(vaddr_t va);
struct page *sparse_page(vaddr_t va); /* there is one */
unsigned long sparse_count(vaddr_t start, vaddr_t end);

/*
 * For page faults: @page, zeroed, behind @va. False: something was there first,
 * or there is no memory for a table. Context: any; the tables of @va are pinned.
 */
bool sparse_back(struct vm_area *area, vaddr_t va, struct page *page,
                 pgprot_t prot);

/* What is behind @va gets @prot. False: nothing was there. Context: as above. */
bool sparse_repair(vaddr_t va, pgprot_t prot);

#endif /* MM_SPARSE_H */
