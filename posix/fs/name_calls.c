/* SPDX-License-Identifier: MIT */
/* Calls that make, remove and move names, and the working directory. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "core/user_access.h"
#include "mm/kmem.h"
#include "posix/fs.h"
#include "posix/fs/fs_internal.h"
#include "posix/syscalls.h"

#define MODE_BITS 07777u

/* Takes the reference of @inode over; NULL: there was no memory for it. */
static int add_at(int fd, const char *path, struct inode *inode)
{
	struct walk walk;
	int err;

	if (!inode)
		return -ENOSPC;
	err = walk_parent(&walk, fd, path);
	if (!err) {
		err = tree_add(&walk, inode);
		walk_end(&walk);
	}
	inode_put(inode);
	return err;
}

static mode_t masked(mode_t mode)
{
	return mode & MODE_BITS & ~READ_ONCE(fs_umask);
}

SYSCALL(mkdirat, (int fd, const char *path, mode_t mode), a, (void *)b, c)
{
	return add_at(fd, path, directory_create(masked(mode) & 01777));
}

SYSCALL(mknodat, (int fd, const char *path, mode_t mode, dev_t device), a,
        (void *)b, c, (unsigned int)d)
{
	switch (mode & S_IFMT) {
	case 0:
	case S_IFREG:
		return add_at(fd, path, regular_create(S_IFREG | masked(mode)));
	case S_IFCHR:
	case S_IFBLK:
		return add_at(fd, path,
		              node_create((mode & S_IFMT) | masked(mode),
		                          device, NULL, NULL));
	case S_IFIFO:
	case S_IFSOCK:
		return add_at(fd, path,
		              node_create((mode & S_IFMT) | masked(mode), 0,
		                          NULL, NULL));
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
}

SYSCALL(symlinkat, (const char *target, int fd, const char *path), (void *)a, b,
        (void *)c)
{
	char *copy = kmalloc(PATH_MAX, GFP_KERNEL);
	long length;
	int err;

	if (!copy)
		return -ENOMEM;
	length = strncpy_from_user(copy, target, PATH_MAX);
	if (length < 0)
		err = length;
	else if (length == 0)
		err = -ENOENT;
	else
		err = add_at(fd, path, symlink_create(copy, length));
	kfree(copy);
	return err;
}

SYSCALL(unlinkat, (int fd, const char *path, int flags), a, (void *)b, c)
{
	struct walk walk;
	int err;

	if (flags & ~AT_REMOVEDIR)
		return -EINVAL;
	err = walk_parent(&walk, fd, path);
	if (err)
		return err;
	err = flags & AT_REMOVEDIR ? tree_rmdir(&walk) : tree_unlink(&walk);
	walk_end(&walk);
	return err;
}

/* A file of O_TMPFILE has no link yet and may get one; a removed one may not. */
SYSCALL(linkat,
        (int fd, const char *path, int new_fd, const char *new_path, int flags),
        a, (void *)b, c, (void *)d, e)
{
	struct inode *inode;
	struct walk walk;
	int err;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = walk_path(fd, path,
	                (flags & AT_SYMLINK_FOLLOW ? WALK_FOLLOW : 0) |
	                        (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0),
	                &inode);
	if (err)
		return err;
	err = walk_parent(&walk, new_fd, new_path);
	if (!err) {
		err = tree_link(&walk, inode);
		walk_end(&walk);
	}
	inode_put(inode);
	return err;
}

SYSCALL(renameat2,
        (int fd, const char *path, int new_fd, const char *new_path,
         unsigned int flags),
        a, (void *)b, c, (void *)d, e)
{
	struct walk from, to;
	int err;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE) ||
	    flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	err = walk_parent(&from, fd, path);
	if (err)
		return err;
	err = walk_parent(&to, new_fd, new_path);
	if (!err) {
		err = tree_rename(&from, &to, flags);
		walk_end(&to);
	}
	walk_end(&from);
	return err;
}

SYSCALL(readlinkat, (int fd, const char *path, char *to, int size), a,
        (void *)b, (void *)c, d)
{
	struct inode *inode;
	long err;

	if (size <= 0)
		return -EINVAL;
	err = walk_path(fd, path, WALK_EMPTY, &inode);
	if (err)
		return err;
	if (S_ISLNK(inode->mode)) {
		size_t bytes = inode->symlink.length;

		if (bytes > (size_t)size)
			bytes = size;
		err = copy_to_user(to, inode->symlink.target, bytes);
		err = err ? err : (long)bytes;
	} else {
		err = -EINVAL;
	}
	inode_put(inode);
	return err;
}

/* The path of @inode, built from its end; where it starts, or NULL. */
static char *path_backwards(const struct inode *inode, char *end,
                            const char *start, int *err) __must_hold(&tree_lock)
{
	char *at = end;

	*--at = '\0';
	while (!S_ISDIR(inode->mode) || inode->directory.parent != inode) {
		const struct entry *entry = inode->name;

		*err = -ENOENT; /* removed */
		if (!entry)
			return NULL;
		*err = -ENAMETOOLONG;
		if (at - start < entry->length + 1)
			return NULL;
		at -= entry->length;
		memcpy(at, entry->name, entry->length);
		*--at = '/';
		inode = entry->directory;
	}
	if (!*at)
		*--at = '/';
	*err = 0;
	return at;
}

const char *inode_path(const struct inode *inode, char *buffer, size_t size)
{
	unsigned long flags = spin_lock_irqsave(&tree_lock);
	const char *path;
	int why;

	path = path_backwards(inode, buffer + size, buffer, &why);
	spin_unlock_irqrestore(&tree_lock, flags);
	return path;
}

SYSCALL(getcwd, (char *to, size_t size), (void *)a, b)
{
	char *buffer = kmalloc(PATH_MAX, GFP_KERNEL);
	unsigned long flags;
	char *path;
	long err;
	int why = 0;

	if (!buffer)
		return -ENOMEM;
	if (!fs_root()) {
		kfree(buffer);
		return -ENOMEM;
	}
	flags = spin_lock_irqsave(&tree_lock);
	path = path_backwards(fs_working_directory(), buffer + PATH_MAX, buffer,
	                      &why);
	spin_unlock_irqrestore(&tree_lock, flags);
	err = why;
	if (path) {
		size_t bytes = buffer + PATH_MAX - path;

		err = bytes > size ? -ERANGE : copy_to_user(to, path, bytes);
		err = err ? err : (long)bytes;
	}
	kfree(buffer);
	return err;
}

/* Takes the reference of @inode over. */
static long change_directory(struct inode *inode)
{
	if (!S_ISDIR(inode->mode)) {
		inode_put(inode);
		return -ENOTDIR;
	}
	fs_set_working_directory(inode);
	return 0;
}

SYSCALL(chdir, (const char *path), (void *)a)
{
	struct inode *inode;
	const int err = walk_path(AT_FDCWD, path, WALK_FOLLOW, &inode);

	return err ? err : change_directory(inode);
}

SYSCALL(fchdir, (int fd), a)
{
	struct file *file = file_get_any(fd);
	long err = -ENOTDIR;

	if (!file)
		return -EBADF;
	if (file->inode)
		err = change_directory(inode_hold(file->inode));
	file_put(file);
	return err;
}

SYSCALL(umask, (unsigned int mask), a)
{
	return __atomic_exchange_n(&fs_umask, mask & 0777, __ATOMIC_RELAXED);
}
