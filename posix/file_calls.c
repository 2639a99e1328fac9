/* SPDX-License-Identifier: MIT */
/* Calls on open files beside reading and writing: position, status, size, sync. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/user_access.h"
#include "posix/inode.h"
#include "posix/syscalls.h"

/* Where SEEK_DATA, SEEK_HOLE lead when all is data. */
static off_t find_plainly(struct file *file, off_t offset, bool data)
{
	const off_t size = file->ops->size(file);

	if (offset >= size)
		return -ENXIO;
	return data ? offset : size;
}

static off_t seek_to(struct file *file, off_t offset, int whence)
{
	switch (whence) {
	case SEEK_SET:
		return offset;
	case SEEK_CUR:
		return file->position + offset;
	case SEEK_END:
		if (!file->ops->size)
			return -EINVAL;
		return file->ops->size(file) + offset;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (!file->ops->size)
			return -EINVAL;
		if (offset < 0)
			return -ENXIO;
		return (file->ops->find ? file->ops->find : find_plainly)(
			file, offset, whence == SEEK_DATA);
	default:
		return -EINVAL;
	}
}

SYSCALL(lseek, (int fd, off_t offset, int whence), a, b, c)
{
	struct file *file = file_get(fd);
	off_t position = -ESPIPE;

	if (!file)
		return -EBADF;
	if (file->ops->size || file->ops->entries) {
		mutex_lock(&file->position_lock);
		position = seek_to(file, offset, whence);
		if (position >= 0)
			file->position = position;
		else if (whence <= SEEK_END)
			position = -EINVAL;
		mutex_unlock(&file->position_lock);
	}
	file_put(file);
	return position;
}

int file_stat(struct file *file, struct stat *stat_out)
{
	if (file->ops->stat)
		return file->ops->stat(file, stat_out);
	if (file->inode) {
		inode_stat(file->inode, stat_out);
		return 0;
	}
	*stat_out = (struct stat){
		.st_ino = 1,
		.st_mode = 0600,
		.st_nlink = 1,
		.st_blksize = 4096,
	};
	return 0;
}

SYSCALL(fstat, (int fd, struct stat *to), a, (void *)b)
{
	struct file *file = file_get_any(fd);
	struct stat status;
	int err;

	if (!file)
		return -EBADF;
	err = file_stat(file, &status);
	file_put(file);
	return err ? err : copy_to_user(to, &status, sizeof(status));
}

SYSCALL(ftruncate, (int fd, off_t size), a, b)
{
	struct file *file = file_get(fd);
	long err = -EINVAL;

	if (!file)
		return -EBADF;
	if (size >= 0 && file_may_write(file) && file->ops->truncate)
		err = file->ops->truncate(file, size);
	file_put(file);
	return err;
}

SYSCALL(fallocate, (int fd, int mode, off_t offset, off_t length), a, b, c, d)
{
	struct file *file = file_get(fd);
	long err;

	if (!file)
		return -EBADF;
	if (offset < 0 || length <= 0)
		err = -EINVAL;
	else if (!file_may_write(file))
		err = -EBADF;
	else if (file->ops->allocate)
		err = file->ops->allocate(file, mode, offset, length);
	else if (!file->inode)
		err = -ESPIPE;
	else
		err = S_ISDIR(file->inode->mode) ? -EISDIR : -ENODEV;
	file_put(file);
	return err;
}

/* A file that has no place to be written to cannot be synchronised. */
static long sync_file(int fd)
{
	struct file *file = file_get(fd);
	long err = 0;

	if (!file)
		return -EBADF;
	if (file->ops->sync)
		err = file->ops->sync(file);
	else if (!file->inode)
		err = -EINVAL;
	file_put(file);
	return err;
}

SYSCALL(fsync, (int fd), a)
{
	return sync_file(fd);
}

SYSCALL(fdatasync, (int fd), a)
{
	return sync_file(fd);
}

SYSCALL(sync, (void))
{
	return 0;
}

SYSCALL(syncfs, (int fd), a)
{
	struct file *file = file_get(fd);

	if (!file)
		return -EBADF;
	file_put(file);
	return 0;
}

/* Advice is good or bad; memory has nothing to do about it. */
SYSCALL(fadvise64, (int fd, off_t offset, off_t length, int advice), a, b, c, d)
{
	struct file *file = file_get(fd);
	long err = 0;

	(void)offset;
	if (!file)
		return -EBADF;
	if (!file->ops->size && !file->ops->entries)
		err = -ESPIPE;
	else if (length < 0 || advice < POSIX_FADV_NORMAL ||
	         advice > POSIX_FADV_NOREUSE)
		err = -EINVAL;
	file_put(file);
	return err;
}

SYSCALL(readahead, (int fd), a)
{
	struct file *file = file_get(fd);
	long err = 0;

	if (!file || !file_may_read(file))
		err = -EBADF;
	else if (!file->ops->pages)
		err = -EINVAL;
	if (file)
		file_put(file);
	return err;
}

/* The application's buffer, and what is in it. */
struct dirents {
	char *to;
	size_t size, used;
	int err;
};

/* A record as Linux has it: the name, a NUL and room up to 8 bytes. */
static bool add_dirent(void *context, const char *name, size_t name_bytes,
                       ino_t inode, unsigned char type, off_t next)
{
	const size_t head = offsetof(struct dirent, d_name);
	const size_t bytes = ALIGN_UP(head + name_bytes + 1, 8);
	struct dirents *list = context;
	struct {
		uint64_t inode;
		int64_t next;
		uint16_t bytes;
		uint8_t type;
	} __packed start = { inode, next, bytes, type };
	char *to = list->to + list->used;

	if (bytes > list->size - list->used) {
		list->err = -EINVAL;
		return false;
	}
	if (copy_to_user(to, &start, head) ||
	    copy_to_user(to + head, name, name_bytes) ||
	    put_user((char)0, to + head + name_bytes)) {
		list->err = -EFAULT;
		return false;
	}
	list->used += bytes;
	return true;
}

SYSCALL(getdents64, (int fd, void *to, unsigned int size), a, (void *)b, c)
{
	struct dirents list = { .to = to, .size = size };
	struct file *file = file_get(fd);
	long err = -ENOTDIR;

	if (!file)
		return -EBADF;
	if (file->ops->entries) {
		mutex_lock(&file->position_lock);
		err = file->ops->entries(file, &file->position, add_dirent,
		                         &list);
		mutex_unlock(&file->position_lock);
	}
	file_put(file);
	if (err)
		return err;
	return list.used > 0 ? (long)list.used : list.err;
}
