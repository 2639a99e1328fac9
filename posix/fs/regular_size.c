/* SPDX-License-Identifier: MIT */
/*
 * The size of regular files and where their pages are: truncate, fallocate,
 * holes, and pages for mmap(). Pages that are mapped have a reference from there:
 * they outlive their place in the file.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mm/page_alloc.h"
#include "posix/fs/fs_internal.h"
#include "posix/fs/page_index.h"
#include "posix/fs/regular_internal.h"

#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static uint64_t allocations; /* [A] each has a number, in page->private */

/* [from, to) of one page reads as zeros, if it is there. */
static void clear_part(struct inode *inode, off_t from, off_t to)
{
	const struct page *page = page_index_find(&inode->regular.index,
	                                          (uint64_t)from >> PAGE_SHIFT);

	if (page && from < to)
		memset((char *)page_address(page) + (from & (PAGE_SIZE - 1)), 0,
		       to - from);
}

static off_t page_end(off_t position)
{
	return ALIGN_UP((uint64_t)position, PAGE_SIZE);
}

static int truncate_locked(struct inode *inode, off_t size)
{
	const off_t old = inode->regular.size;
	const unsigned int seals = inode->regular.seals;

	if ((size < old && seals & F_SEAL_SHRINK) ||
	    (size > old && seals & F_SEAL_GROW))
		return -EPERM;
	regular_set_size(inode, size);
	if (size < old) {
		regular_drop_pages(inode, PFN_UP((uint64_t)size),
		                   PAGE_INDEX_NONE);
		clear_part(inode, size, page_end(size));
	}
	return 0;
}

int regular_truncate(struct inode *inode, off_t size)
{
	struct moment now;
	int err;

	if (size < 0)
		return -EINVAL;
	down_write(&inode->regular.content);
	err = size > inode->regular.size ? fs_check_size(size) : 0;
	if (!err)
		err = truncate_locked(inode, size);
	up_write(&inode->regular.content);
	if (err)
		return err;
	moment_now(&now);
	inode_changed(inode, &now);
	return 0;
}

static void punch(struct inode *inode, off_t start, off_t end)
{
	const off_t first = page_end(start);
	const off_t last = ALIGN_DOWN((uint64_t)end, PAGE_SIZE);

	if (first > last) { /* inside of one page */
		clear_part(inode, start, end);
		return;
	}
	clear_part(inode, start, first);
	regular_drop_pages(inode, first >> PAGE_SHIFT, last >> PAGE_SHIFT);
	clear_part(inode, last, end);
}

/* Pages from [from, to) that allocation @id brought go again. */
static void give_back(struct inode *inode, uint64_t from, uint64_t to,
                      uint64_t id)
{
	const struct page_index *index = &inode->regular.index;

	while ((from = page_index_next_page(index, from)) < to) {
		if (page_index_find(index, from)->private == id)
			regular_drop_pages(inode, from, from + 1);
		from++;
	}
}

/* A page for each number of [from, to), or none that was not there. */
static int fill(struct inode *inode, uint64_t from, uint64_t to)
{
	const struct page_index *index = &inode->regular.index;
	const uint64_t id =
		__atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
	uint64_t number;

	/* Memory for all of it is not there: do not begin. */
	if (to - from > inode->regular.pages &&
	    !fs_has_room(to - from - inode->regular.pages))
		return -ENOSPC;
	for (number = from; number < to; number++) {
		struct page *page;

		number = page_index_next_hole(index, number);
		if (number >= to)
			break;
		page = regular_fill_hole(inode, number);
		if (!page) {
			give_back(inode, from, number, id);
			return -ENOSPC;
		}
		page->private = id;
	}
	return 0;
}

static int allocate_locked(struct inode *inode, int mode, off_t offset,
                           off_t end)
{
	const unsigned int seals = inode->regular.seals;
	const bool grows =
		!(mode & FALLOC_FL_KEEP_SIZE) && end > inode->regular.size;
	int err;

	if (mode & FALLOC_FL_PUNCH_HOLE) {
		if (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
			return -EPERM;
		punch(inode, offset, end);
		return 0;
	}
	if (grows && seals & F_SEAL_GROW)
		return -EPERM;
	err = fs_check_size(end);
	if (!err)
		err = fill(inode, offset >> PAGE_SHIFT, PFN_UP((uint64_t)end));
	if (!err && grows)
		regular_set_size(inode, end);
	return err;
}

int regular_allocate(struct file *file, int mode, off_t offset, off_t length)
{
	struct inode *inode = file->inode;
	off_t end;
	int err;

	if (mode & ~PUNCH || mode == FALLOC_FL_PUNCH_HOLE)
		return -EOPNOTSUPP;
	if (offset < 0 || length <= 0)
		return -EINVAL;
	if (__builtin_add_overflow(offset, length, &end))
		return -EFBIG;
	down_write(&inode->regular.content);
	err = allocate_locked(inode, mode, offset, end);
	up_write(&inode->regular.content);
	if (!err)
		inode_written(inode);
	return err;
}

off_t regular_find(struct file *file, off_t offset, bool data)
{
	struct regular *regular = &file->inode->regular;
	uint64_t number = (uint64_t)offset >> PAGE_SHIFT;
	off_t found;

	down_read(&regular->content);
	if (offset >= regular->size) {
		found = -ENXIO;
	} else {
		number = data ? page_index_next_page(&regular->index, number)
		              : page_index_next_hole(&regular->index, number);
		if (number > (uint64_t)regular->size >> PAGE_SHIFT)
			found = regular->size;
		else
			found = number << PAGE_SHIFT;
		if (found < offset)
			found = offset;
		if (found >= regular->size)
			found = data ? -ENXIO : regular->size;
	}
	up_read(&regular->content);
	return found;
}

/*
 * One page with a reference more. The content lock is not taken: whoever copies
 * to or from a mapping of this file has it.
 */
static int hold_page(struct inode *inode, uint64_t number, struct page **out)
{
	const struct regular *regular = &inode->regular;
	unsigned long flags = spin_lock_irqsave(&inode->lock);
	struct page *page = NULL;
	int err = 0;

	if (number >= PFN_UP((uint64_t)READ_ONCE(regular->size)))
		err = -ENXIO;
	else
		page = page_index_find(&regular->index, number);
	if (page)
		get_page(page);
	spin_unlock_irqrestore(&inode->lock, flags);
	*out = page;
	return err;
}

int regular_pages(struct file *file, uint64_t number, size_t count, bool write,
                  struct page **pages)
{
	struct inode *inode = file->inode;
	size_t held = 0;
	int err = 0;

	if (write && READ_ONCE(inode->regular.seals) &
	                     (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
		return -EPERM;
	/* A hole that is read is filled, too: what is written later shows. */
	while (held < count && !err) {
		err = hold_page(inode, number + held, &pages[held]);
		if (!err && pages[held])
			held++;
		else if (!err && !regular_fill_hole(inode, number + held))
			err = -ENOMEM;
	}
	if (err) {
		while (held > 0)
			put_page(pages[--held]);
	}
	return err;
}
