/* SPDX-License-Identifier: MIT */
/*
 * Open files: made, held, put; reading and writing them. What a kind of file
 * does is behind its operations; what all have in common is here: may it be
 * read, is there a position, whose is it.
 */
#define _GNU_SOURCE
#include "posix/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "mm/kmem.h"
#include "posix/inode.h"
#include "posix/syscalls.h"
#include "posix/terminal.h"

/* As Linux: what one call moves at most. */
#define COUNT_MAX ((size_t)INT_MAX & ~(PAGE_SIZE - 1))

struct file *file_create(const struct file_ops *ops, unsigned int flags,
                         void *data, struct wait_queue *queue)
{
	struct file *file = kmalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return NULL;
	file->ops = ops;
	file->references = 1;
	file->flags =
		flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
	file->inode = NULL;
	file->watched_by = NULL;
	file->data = data;
	file->queue = queue;
	file->position = 0;
	file->position_lock = (struct mutex)MUTEX_INIT("file position");
	return file;
}

struct file *file_hold(struct file *file)
{
	__atomic_fetch_add(&file->references, 1, __ATOMIC_RELAXED);
	return file;
}

static __noinline void file_end(struct file *file)
{
	struct inode *inode = file->inode;

	if (unlikely(file->watched_by))
		file->watched_by->forget(file);
	if (file->ops->release)
		file->ops->release(file);
	if (inode)
		inode_put(inode);
	kfree(file);
}

/* Acquire, release: whoever ends the file sees all uses of it. */
void file_put(struct file *file)
{
	if (__atomic_fetch_sub(&file->references, 1, __ATOMIC_ACQ_REL) == 1)
		file_end(file);
}

static bool has_position(const struct file *file)
{
	return file->ops->size || file->ops->entries;
}

typedef long transfer(struct file *file, void *memory, size_t count,
                      off_t *position);

static long operate(struct file *file, void *memory, size_t count,
                    off_t *position, bool writing)
{
	if (writing)
		return file->ops->write(file, memory, count, position);
	return file->ops->read(file, memory, count, position);
}

static __noinline long move_at_position(struct file *file, void *memory,
                                        size_t count, bool writing)
{
	long moved;

	mutex_lock(&file->position_lock);
	moved = operate(file, memory, count, &file->position, writing);
	mutex_unlock(&file->position_lock);
	return moved;
}

static __always_inline long move(struct file *file, void *memory, size_t count,
                                 off_t *position, bool writing)
{
	if (!(writing ? file_may_write(file) : file_may_read(file)))
		return -EBADF;
	if (!(writing ? (void *)file->ops->write : (void *)file->ops->read))
		return -EINVAL;
	if ((ssize_t)count < 0)
		return -EINVAL;
	if (count > COUNT_MAX)
		count = COUNT_MAX;
	if (position || !has_position(file))
		return operate(file, memory, count, position, writing);
	return move_at_position(file, memory, count, writing);
}

long file_read(struct file *file, void *to, size_t count, off_t *position)
{
	return move(file, to, count, position, false);
}

TERMINAL_INPUT_WITH(file_read);

long file_write(struct file *file, const void *from, size_t count,
                off_t *position)
{
	return move(file, (void *)from, count, position, true);
}

SYSCALL(read, (int fd, void *to, size_t count), a, (void *)b, c)
{
	struct file *file = file_get(fd);
	long moved;

	if (!file)
		return -EBADF;
	moved = file_read(file, to, count, NULL);
	file_put(file);
	return moved;
}

TERMINAL_INPUT_WITH(sys_read);

SYSCALL(write, (int fd, const void *from, size_t count), a, (void *)b, c)
{
	struct file *file = file_get(fd);
	long moved;

	if (!file)
		return -EBADF;
	moved = file_write(file, from, count, NULL);
	file_put(file);
	return moved;
}

SYSCALL(pread64, (int fd, void *to, size_t count, off_t offset), a, (void *)b,
        c, d)
{
	struct file *file;
	long moved = -ESPIPE;

	if (offset < 0)
		return -EINVAL;
	file = file_get(fd);
	if (!file)
		return -EBADF;
	if (has_position(file))
		moved = file_read(file, to, count, &offset);
	file_put(file);
	return moved;
}

SYSCALL(pwrite64, (int fd, const void *from, size_t count, off_t offset), a,
        (void *)b, c, d)
{
	struct file *file;
	long moved = -ESPIPE;

	if (offset < 0)
		return -EINVAL;
	file = file_get(fd);
	if (!file)
		return -EBADF;
	if (has_position(file))
		moved = file_write(file, from, count, &offset);
	file_put(file);
	return moved;
}

SYSCALL(close, (int fd), a)
{
	return fd_close(fd);
}
