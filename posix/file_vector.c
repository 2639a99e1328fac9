/* SPDX-License-Identifier: MIT */
/*
 * readv, writev, preadv, pwritev. The vector is read twice: all of it is checked
 * before a byte moves. A small vector is written as one piece, through a buffer,
 * so that lines and messages of several writers stay whole.
 */
#include <errno.h>
#include <limits.h>
#include <sys/uio.h>

#include "core/user_access.h"
#include "mm/kmem.h"
#include "posix/file.h"
#include "posix/syscalls.h"

#define WHOLE_BYTES PAGE_SIZE

static int get_part(struct iovec *part, const struct iovec *vector, int i)
{
	if (get_user(part->iov_base, &vector[i].iov_base) ||
	    get_user(part->iov_len, &vector[i].iov_len))
		return -EFAULT;
	return 0;
}

/* The bytes of all parts, or -errno. */
static long check_vector(const struct iovec *vector, int count)
{
	size_t total = 0;
	int i;

	if (count < 0 || count > IOV_MAX)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		struct iovec part;

		if (get_part(&part, vector, i))
			return -EFAULT;
		if (part.iov_len > SSIZE_MAX - total)
			return -EINVAL;
		total += part.iov_len;
	}
	return total;
}

/* Parts into one buffer; NULL: they cannot all be read, or there is no memory. */
static char *gather(const struct iovec *vector, int count, size_t total)
{
	char *buffer = kmalloc(total, GFP_KERNEL);
	size_t done = 0;
	int i;

	for (i = 0; buffer && i < count; i++) {
		struct iovec part;

		if (get_part(&part, vector, i) || part.iov_len > total - done ||
		    copy_from_user(buffer + done, part.iov_base,
		                   part.iov_len)) {
			kfree(buffer);
			return NULL;
		}
		done += part.iov_len;
	}
	return buffer;
}

/* file_read() or file_write(): what only writes does not link the other. */
typedef long transfer(struct file *file, void *memory, size_t count,
                      off_t *position);

static long write_part(struct file *file, void *memory, size_t count,
                       off_t *position)
{
	return file_write(file, memory, count, position);
}

/* A part that falls short ends the vector; an error counts if it is the first. */
static long each_part(struct file *file, const struct iovec *vector, int count,
                      off_t *position, transfer *move)
{
	long total = 0;
	int i;

	for (i = 0; i < count; i++) {
		struct iovec part;
		long moved;

		if (get_part(&part, vector, i))
			return total > 0 ? total : -EFAULT;
		if (part.iov_len == 0 && count > 1)
			continue;
		moved = move(file, part.iov_base, part.iov_len, position);
		if (moved < 0)
			return total > 0 ? total : moved;
		total += moved;
		if ((size_t)moved < part.iov_len)
			break;
	}
	return total;
}

static long move_vector(struct file *file, const struct iovec *vector,
                        int count, off_t *position, transfer *move)
{
	const long total = check_vector(vector, count);
	char *whole = NULL;
	long moved;

	if (total <= 0)
		return total < 0 ? total : move(file, NULL, 0, position);
	if (move == write_part && count > 1 && total <= (long)WHOLE_BYTES)
		whole = gather(vector, count, total);
	if (!whole)
		return each_part(file, vector, count, position, move);
	moved = move(file, whole, total, position);
	kfree(whole);
	return moved;
}

static long vector_call(int fd, const struct iovec *vector, int count,
                        off_t *position, transfer *move)
{
	struct file *file;
	long moved = -ESPIPE;

	if (position && *position < 0)
		return -EINVAL;
	file = file_get(fd);
	if (!file)
		return -EBADF;
	if (!position || file->ops->size || file->ops->entries)
		moved = move_vector(file, vector, count, position, move);
	file_put(file);
	return moved;
}

SYSCALL(readv, (int fd, const struct iovec *vector, int count), a, (void *)b, c)
{
	return vector_call(fd, vector, count, NULL, file_read);
}

SYSCALL(writev, (int fd, const struct iovec *vector, int count), a, (void *)b,
        c)
{
	return vector_call(fd, vector, count, NULL, write_part);
}

SYSCALL(preadv, (int fd, const struct iovec *vector, int count, off_t offset),
        a, (void *)b, c, d)
{
	return vector_call(fd, vector, count, &offset, file_read);
}

SYSCALL(pwritev, (int fd, const struct iovec *vector, int count, off_t offset),
        a, (void *)b, c, d)
{
	return vector_call(fd, vector, count, &offset, write_part);
}
