/* SPDX-License-Identifier: MIT */
/*
 * sendfile and copy_file_range: bytes from one file to another. From a file that
 * has pages they are written where they lie; else they go through a buffer. No
 * lock of one file is held while the other's is taken.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "core/user_access.h"
#include "mm/kmem.h"
#include "mm/page.h"
#include "posix/inode.h"
#include "posix/syscalls.h"

#define COUNT_MAX ((size_t)INT_MAX & ~(PAGE_SIZE - 1))

/* One way of bytes; NULL positions: the files' own. */
struct copy {
	struct file *from, *to;
	off_t *from_position, *to_position;
};

/* Up to the end of the page that @copy stands in. 0: the end of the file. */
static long copy_page_part(const struct copy *copy, off_t *position,
                           size_t count)
{
	const size_t offset = *position & (PAGE_SIZE - 1);
	const off_t left = copy->from->ops->size(copy->from) - *position;
	const size_t wanted = count;
	struct page *page;
	long moved;
	int err;

	if (left <= 0)
		return 0;
	if (count > PAGE_SIZE - offset)
		count = PAGE_SIZE - offset;
	if (count > (size_t)left)
		count = left;
	err = copy->from->ops->pages(
		copy->from, (uint64_t)*position >> PAGE_SHIFT, 1, false, &page);
	if (err)
		return err == -ENXIO ? 0 : err;
	if (copy->to->ops->write_page) {
		moved = copy->to->ops->write_page(copy->to, page, offset, count,
		                                  wanted > count &&
		                                          left > (off_t)count);
	} else {
		moved = file_write(copy->to,
		                   (char *)page_address(page) + offset, count,
		                   copy->to_position);
	}
	put_page(page);
	if (moved > 0)
		*position += moved;
	return moved;
}

/* What was read and could not be written is read again, where that can be. */
static long copy_by_buffer(const struct copy *copy, off_t *position,
                           size_t count, char *buffer)
{
	long bytes, moved;

	if (count > PAGE_SIZE)
		count = PAGE_SIZE;
	bytes = file_read(copy->from, buffer, count, position);
	if (bytes <= 0)
		return bytes;
	moved = file_write(copy->to, buffer, bytes, copy->to_position);
	if (position && moved < bytes)
		*position -= bytes - (moved > 0 ? moved : 0);
	return moved;
}

static long copy_all(const struct copy *copy, off_t *position, size_t count)
{
	const bool by_page =
		copy->from->ops->pages && copy->from->ops->size && position;
	char *buffer = by_page ? NULL : kmalloc(PAGE_SIZE, GFP_KERNEL);
	size_t done = 0;
	long moved = 0;

	if (!by_page && !buffer)
		return -ENOMEM;
	if (count > COUNT_MAX)
		count = COUNT_MAX;
	while (done < count) {
		moved = by_page ? copy_page_part(copy, position, count - done)
		                : copy_by_buffer(copy, position, count - done,
		                                 buffer);
		if (moved <= 0)
			break;
		done += moved;
	}
	kfree(buffer);
	return done > 0 ? (long)done : moved;
}

/*
 * With the position of the source, its own or the caller's. Its own is not locked
 * meanwhile: two such copies the other way round would wait for each other.
 */
static long copy_from_position(const struct copy *copy, size_t count)
{
	struct file *from = copy->from;
	off_t position;
	long moved;

	if (copy->from_position)
		return copy_all(copy, copy->from_position, count);
	if (!from->ops->size)
		return copy_all(copy, NULL, count);
	mutex_lock(&from->position_lock);
	position = from->position;
	mutex_unlock(&from->position_lock);
	moved = copy_all(copy, &position, count);
	mutex_lock(&from->position_lock);
	from->position = position;
	mutex_unlock(&from->position_lock);
	return moved;
}

/* *@offset_out is the caller's offset, if there is one. */
static int read_offset(const struct file *file, const off_t *user,
                       off_t *offset_out)
{
	if (!user)
		return 0;
	if (get_user(*offset_out, user))
		return -EFAULT;
	if (!file->ops->size)
		return -ESPIPE;
	return *offset_out < 0 ? -EINVAL : 0;
}

static long sendfile(struct file *to, struct file *from, off_t *user,
                     size_t count)
{
	off_t offset;
	struct copy copy = {
		.from = from,
		.to = to,
		.from_position = user ? &offset : NULL,
	};
	long moved;
	int err;

	if (!file_may_read(from) || !file_may_write(to))
		return -EBADF;
	if ((ssize_t)count < 0 || (!from->ops->read && !from->ops->pages) ||
	    !to->ops->write || to->flags & O_APPEND)
		return -EINVAL;
	err = read_offset(from, user, &offset);
	if (err)
		return err;
	moved = copy_from_position(&copy, count);
	if (user && put_user(offset, user))
		return -EFAULT;
	return moved;
}

SYSCALL(sendfile, (int to_fd, int from_fd, off_t *offset, size_t count), a, b,
        (void *)c, d)
{
	struct file *from = file_get(from_fd);
	struct file *to = file_get(to_fd);
	long moved = -EBADF;

	if (from && to)
		moved = sendfile(to, from, offset, count);
	if (from)
		file_put(from);
	if (to)
		file_put(to);
	return moved;
}

static int check_range(const struct copy *copy, size_t count)
{
	const struct file *from = copy->from;
	const struct file *to = copy->to;

	if (!file_may_read(from) || !file_may_write(to) || to->flags & O_APPEND)
		return -EBADF;
	if (!from->inode || !to->inode || !S_ISREG(from->inode->mode) ||
	    !S_ISREG(to->inode->mode)) {
		const bool directory =
			(from->inode && S_ISDIR(from->inode->mode)) ||
			(to->inode && S_ISDIR(to->inode->mode));

		return directory ? -EISDIR : -EINVAL;
	}
	if (from->inode == to->inode) {
		const off_t a = copy->from_position ? *copy->from_position
		                                    : from->position;
		const off_t b =
			copy->to_position ? *copy->to_position : to->position;

		if ((a < b ? b - a : a - b) < (off_t)count)
			return -EINVAL;
	}
	return 0;
}

static long copy_range(struct file *from, off_t *from_user, struct file *to,
                       off_t *to_user, size_t count)
{
	off_t from_offset, to_offset;
	struct copy copy = {
		.from = from,
		.to = to,
		.from_position = from_user ? &from_offset : NULL,
		.to_position = to_user ? &to_offset : NULL,
	};
	long moved;
	int err = read_offset(from, from_user, &from_offset);

	if (!err)
		err = read_offset(to, to_user, &to_offset);
	if (!err)
		err = check_range(&copy, count);
	if (err)
		return err;
	moved = copy_from_position(&copy, count);
	if ((from_user && put_user(from_offset, from_user)) ||
	    (to_user && put_user(to_offset, to_user)))
		return -EFAULT;
	return moved;
}

SYSCALL(copy_file_range,
        (int from_fd, off_t *from_offset, int to_fd, off_t *to_offset,
         size_t count, unsigned int flags),
        a, (void *)b, c, (void *)d, e, f)
{
	struct file *from, *to;
	long moved = -EBADF;

	if (flags != 0)
		return -EINVAL;
	from = file_get(from_fd);
	to = file_get(to_fd);
	if (from && to)
		moved = copy_range(from, from_offset, to, to_offset, count);
	if (from)
		file_put(from);
	if (to)
		file_put(to);
	return moved;
}
