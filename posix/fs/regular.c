/* SPDX-License-Identifier: MIT */
/*
 * Contents of regular files: pages, found by their number. Readers share the
 * inode's content lock, writers have it alone, and both keep it while they copy
 * from and to the application: a page fault in there may ask for pages of this or
 * another file, which takes no such lock (regular_pages()).
 *
 * A new page gets its contents before others see it. Behind the end of the file
 * its last page holds zeros.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "core/user_access.h"
#include "lib/page_ops.h"
#include "mm/kmem.h"
#include "mm/page_alloc.h"
#include "posix/fs.h"
#include "posix/fs/fs_internal.h"
#include "posix/fs/page_index.h"
#include "posix/fs/regular_internal.h"

#define BATCH_PAGES 32u

/* Pages of [from, to) go, some at a time. The content lock is held for writing. */
void regular_drop_pages(struct inode *inode, uint64_t from, uint64_t to)
{
	struct regular *regular = &inode->regular;
	struct page *batch[BATCH_PAGES];
	unsigned int count, i;

	do {
		unsigned long flags = spin_lock_irqsave(&inode->lock);

		for (count = 0; count < BATCH_PAGES; from++) {
			from = page_index_next_page(&regular->index, from);
			if (from >= to)
				break;
			batch[count++] =
				page_index_remove(&regular->index, from);
		}
		regular->pages -= count;
		spin_unlock_irqrestore(&inode->lock, flags);
		for (i = 0; i < count; i++)
			put_page(batch[i]);
	} while (count == BATCH_PAGES);
}

void regular_destroy(struct inode *inode)
{
	regular_drop_pages(inode, 0, PAGE_INDEX_NONE);
	kfree(inode);
}

struct inode *regular_create(mode_t mode)
{
	struct inode *inode;

	if (page_index_prepare())
		return NULL;
	inode = inode_create(mode, INODE_BYTES(regular), regular_destroy);
	if (inode)
		rwsem_init(&inode->regular.content, "file contents");
	return inode;
}

/* Under the inode's lock. */
static int insert_locked(struct inode *inode, uint64_t number,
                         struct page *page)
{
	int err = page_index_insert(&inode->regular.index, number, page);

	if (!err)
		inode->regular.pages++;
	return err;
}

/* Whatever made a first insertion fail, memory is looked for everywhere now. */
static bool find_memory(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 0);

	if (page)
		__free_pages(page, 0);
	return page != NULL;
}

/*
 * @page becomes the file's @number, unless there is one by now (a page fault may
 * have been quicker). The one that is the file's, or NULL: no memory. In the last
 * two cases @page is freed.
 */
static struct page *insert_page(struct inode *inode, uint64_t number,
                                struct page *page)
{
	struct page *there;
	int tries = 0, err;

	do {
		unsigned long flags = spin_lock_irqsave(&inode->lock);

		err = 0;
		there = page_index_find(&inode->regular.index, number);
		if (!there)
			err = insert_locked(inode, number, page);
		spin_unlock_irqrestore(&inode->lock, flags);
	} while (err && tries++ == 0 && find_memory());
	if (!there && !err)
		return page;
	__free_pages(page, 0);
	return there;
}

/* Not yet anybody's. NULL: the rest of the system needs what is left. */
static struct page *new_page(bool clear)
{
	struct page *page;

	if (!fs_has_room(1))
		return NULL;
	page = alloc_pages(GFP_KERNEL, 0);
	if (!page)
		return NULL;
	page->private = 0;
	if (clear)
		clear_page(page_address(page));
	return page;
}

struct page *regular_fill_hole(struct inode *inode, uint64_t number)
{
	struct page *page = new_page(true);

	return page ? insert_page(inode, number, page) : NULL;
}

/* What of one page a copy is about. */
struct part {
	uint64_t number;
	size_t offset, bytes;
};

static struct part part_at(off_t position, size_t count)
{
	const size_t offset = position & (PAGE_SIZE - 1);
	const size_t room = PAGE_SIZE - offset;

	return (struct part){
		.number = (uint64_t)position >> PAGE_SHIFT,
		.offset = offset,
		.bytes = count < room ? count : room,
	};
}

/* Memory of the application ends at page bounds: how far is it good at least? */
static size_t bytes_to_bound(const void *address, size_t bytes)
{
	const size_t room = PAGE_SIZE - ((uintptr_t)address & (PAGE_SIZE - 1));

	return bytes < room ? bytes : room;
}

static int read_part(const struct inode *inode, char *to,
                     const struct part *part)
{
	const struct page *page =
		page_index_find(&inode->regular.index, part->number);
	const char *from;

	if (unlikely(!page))
		return clear_user(to, part->bytes);
	from = (const char *)page_address(page) + part->offset;
	return copy_to_user(to, from, part->bytes);
}

long regular_read(struct file *file, void *to, size_t count, off_t *position)
{
	struct inode *inode = file->inode;
	size_t done = 0;
	int err = 0;

	down_read(&inode->regular.content);
	if (*position >= inode->regular.size)
		count = 0;
	else if (count > (size_t)(inode->regular.size - *position))
		count = inode->regular.size - *position;
	while (done < count) {
		struct part part = part_at(*position + done, count - done);
		char *at = (char *)to + done;

		err = read_part(inode, at, &part);
		if (unlikely(err)) {
			part.bytes = bytes_to_bound(at, part.bytes);
			if (!read_part(inode, at, &part))
				done += part.bytes;
			break;
		}
		done += part.bytes;
	}
	up_read(&inode->regular.content);
	if (unlikely(err) && done == 0)
		return err;
	*position += done;
	if (count > 0 && !(file->flags & O_NOATIME))
		inode_read(inode);
	return done;
}

/* A page that becomes the file's with its contents: zeros around the part. */
static __noinline int write_new(struct inode *inode, const char *from,
                                const struct part *part)
{
	struct page *page = new_page(part->bytes < PAGE_SIZE);

	if (!page)
		return -ENOSPC;
	if (copy_from_user((char *)page_address(page) + part->offset, from,
	                   part->bytes)) {
		__free_pages(page, 0);
		return -EFAULT;
	}
	page = insert_page(inode, part->number, page);
	return page ? 0 : -ENOSPC;
}

static int write_part(struct inode *inode, const char *from,
                      const struct part *part)
{
	const struct page *page =
		page_index_find(&inode->regular.index, part->number);

	if (unlikely(!page))
		return write_new(inode, from, part);
	return copy_from_user((char *)page_address(page) + part->offset, from,
	                      part->bytes);
}

/* A page that others may have mapped holds their bytes behind the end. */
void regular_set_size(struct inode *inode, off_t size)
{
	const off_t old = inode->regular.size;
	const size_t used = old & (PAGE_SIZE - 1);

	if (size > old && used > 0) {
		const struct page *page = page_index_find(
			&inode->regular.index, (uint64_t)old >> PAGE_SHIFT);

		if (page && page_count(page) > 1)
			memset((char *)page_address(page) + used, 0,
			       PAGE_SIZE - used);
	}
	WRITE_ONCE(inode->regular.size, size);
}

/* How many of @count bytes may be written at @position; -errno: none. */
static __noinline long room_for(const struct inode *inode, off_t position,
                                size_t count)
{
	uint64_t limit = READ_ONCE(fs_size_limit);

	if (limit > INT64_MAX)
		limit = INT64_MAX;
	if (unlikely(inode->regular.seals)) {
		const unsigned int seals = inode->regular.seals;

		if (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
			return -EPERM;
		if (seals & F_SEAL_GROW &&
		    position + (off_t)count > inode->regular.size)
			return -EPERM;
	}
	if (unlikely((uint64_t)position >= limit)) {
		return fs_check_size((uint64_t)position + 1);
	}
	if (unlikely(count > limit - position))
		count = limit - position;
	return count;
}

static __noinline long write_parts(struct inode *inode, const char *from,
                                   size_t count, off_t position)
{
	size_t done = 0;

	while (done < count) {
		struct part part = part_at(position + done, count - done);
		int err = write_part(inode, from + done, &part);

		if (unlikely(err == -EFAULT)) {
			part.bytes = bytes_to_bound(from + done, part.bytes);
			if (!write_part(inode, from + done, &part))
				done += part.bytes;
		}
		if (unlikely(err))
			return done > 0 ? (long)done : err;
		done += part.bytes;
	}
	return done;
}

/*
 * The short way: into one page that is there, below the end and the limits.
 * Returns @count, or 0: it is not so, or the memory is not all good.
 */
static long write_over(struct inode *inode, const char *from, size_t count,
                       off_t position)
{
	const size_t offset = position & (PAGE_SIZE - 1);
	const struct page *page;

	if (count > PAGE_SIZE - offset || inode->regular.seals ||
	    (off_t)count > inode->regular.size - position ||
	    fs_size_limit != UINT64_MAX)
		return 0;
	page = page_index_find(&inode->regular.index,
	                       (uint64_t)position >> PAGE_SHIFT);
	if (!page ||
	    copy_from_user((char *)page_address(page) + offset, from, count))
		return 0;
	return count;
}

long regular_write(struct file *file, const void *from, size_t count,
                   off_t *position)
{
	struct inode *inode = file->inode;
	long done = 0;

	if (count == 0)
		return 0;
	down_write(&inode->regular.content);
	if (unlikely(file->flags & O_APPEND))
		*position = inode->regular.size;
	done = write_over(inode, from, count, *position);
	if (unlikely(!done)) {
		done = room_for(inode, *position, count);
		if (done > 0)
			done = write_parts(inode, from, done, *position);
		if (done > 0 && *position + done > inode->regular.size)
			regular_set_size(inode, *position + done);
	}
	if (likely(done > 0)) {
		*position += done;
		inode_written(inode);
	}
	up_write(&inode->regular.content);
	return done;
}
