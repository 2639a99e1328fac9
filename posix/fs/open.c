/* SPDX-License-Identifier: MIT */
/*
 * openat(): from a path to a file. Without O_CREAT the path leads to an inode;
 * with it to a directory and a last name, which is made unless it is there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>

#include "mm/kmem.h"
#include "posix/fs.h"
#include "posix/fs/fs_internal.h"
#include "posix/fs/regular_internal.h"
#include "posix/syscalls.h"

#define PATH_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define MODE_BITS  07777u
/* O_TMPFILE without the O_DIRECTORY in it. */
#define TMPFILE (O_TMPFILE & ~O_DIRECTORY)

static off_t regular_size(struct file *file)
{
	return READ_ONCE(file->inode->regular.size);
}

static int regular_truncate_file(struct file *file, off_t size)
{
	return regular_truncate(file->inode, size);
}

const struct file_ops regular_ops = {
	.read = regular_read,
	.write = regular_write,
	.size = regular_size,
	.truncate = regular_truncate_file,
	.allocate = regular_allocate,
	.find = regular_find,
	.pages = regular_pages,
	.closed = inode_file_closed,
	.release = inode_file_released,
};

/* Nothing can be done with it but to stand for a path. */
static const struct file_ops path_ops;

static const struct file_ops *ops_of(const struct inode *inode, int flags)
{
	if (flags & O_PATH)
		return &path_ops;
	if (inode_is_regular(inode))
		return &regular_ops;
	switch (inode->mode & S_IFMT) {
	case S_IFDIR:
		return &directory_ops;
	case S_IFIFO:
		return &path_ops; /* until fifo_open() sets its own */
	case S_IFLNK:
		return NULL;
	default:
		return node_served(inode)->ops;
	}
}

/* -errno: @flags do not fit what @inode is. */
static int check_kind(const struct inode *inode, int flags)
{
	const mode_t type = inode->mode & S_IFMT;

	if (flags & O_DIRECTORY && type != S_IFDIR)
		return -ENOTDIR;
	if (flags & O_PATH)
		return 0;
	if (type == S_IFLNK)
		return -ELOOP;
	if (type == S_IFDIR &&
	    ((flags & O_ACCMODE) != O_RDONLY || flags & (O_TRUNC | O_CREAT)))
		return -EISDIR;
	if (type != S_IFIFO && !ops_of(inode, flags))
		return -ENXIO;
	return 0;
}

/* What the kind of file does when it is opened. */
static __noinline int open_kind(struct file *file, struct inode *inode,
                                int flags)
{
	if (flags & O_PATH)
		return 0;
	if (S_ISFIFO(inode->mode))
		return fifo_open(file, inode);
	if (file->ops->open)
		return file->ops->open(file);
	if (flags & O_TRUNC && inode_is_regular(inode) &&
	    inode->regular.size > 0)
		return regular_truncate(inode, 0);
	return 0;
}

static bool is_node(const struct inode *inode)
{
	return inode->destroy != regular_destroy && !S_ISDIR(inode->mode) &&
	       !S_ISLNK(inode->mode);
}

/*
 * @file, which is blank, opens @inode. Takes both references over when it fails,
 * else that of @inode alone.
 */
static __noinline int open_inode(struct file *file, struct inode *inode,
                                 int flags)
{
	int err = check_kind(inode, flags);

	file->inode = inode;
	if (likely(!err)) {
		file->ops = ops_of(inode, flags);
		if (is_node(inode))
			file->data = node_served(inode)->data;
		if (flags & O_TRUNC || file->ops->open || S_ISFIFO(inode->mode))
			err = open_kind(file, inode, flags);
	}
	if (unlikely(err)) {
		file->ops = &path_ops; /* it was never open: no release() */
		file_put(file);
	}
	return err;
}

/* Not yet anything. */
static struct file *blank_file(int flags)
{
	return file_create(&path_ops, flags, NULL, NULL);
}

/* What the last name of @walk is, with a reference; or NULL. */
static struct inode *look_last(const struct walk *walk)
{
	unsigned long flags = spin_lock_irqsave(&tree_lock);
	struct inode *inode = NULL;
	const struct entry *entry;

	switch (walk->kind) {
	case WALK_NAME:
		entry = names_find(walk->at, walk->name, walk->length,
		                   walk->hash);
		inode = entry ? entry->inode : NULL;
		break;
	case WALK_DOTDOT:
		inode = walk->at->directory.parent;
		break;
	case WALK_DOT:
	case WALK_ROOT:
		inode = walk->at;
		break;
	}
	if (inode)
		inode_hold(inode);
	spin_unlock_irqrestore(&tree_lock, flags);
	return inode;
}

static struct inode *make_last(struct walk *walk, mode_t mode, int *err)
{
	struct inode *inode;

	if (walk->slash) {
		*err = -EISDIR;
		return NULL;
	}
	inode = regular_create(S_IFREG | (mode & MODE_BITS));
	*err = inode ? tree_add(walk, inode) : -ENOSPC;
	if (*err && inode) {
		inode_put(inode);
		inode = NULL;
	}
	return inode;
}

/*
 * The inode of the last name, made if need be; *@flags loses O_TRUNC when it is
 * new. NULL and -errno; -EAGAIN: somebody was quicker, or a link has to be
 * followed first, which it is.
 */
static struct inode *find_or_make(struct walk *walk, int *flags, mode_t mode,
                                  int *err)
{
	struct inode *inode = look_last(walk);

	*err = 0;
	if (!inode) {
		inode = make_last(walk, mode, err);
		if (*err == -EEXIST && !(*flags & O_EXCL))
			*err = -EAGAIN;
		*flags &= ~(O_TRUNC | O_CREAT);
		return inode;
	}
	if (*flags & O_EXCL) {
		*err = -EEXIST;
	} else if (S_ISLNK(inode->mode) && !(*flags & O_NOFOLLOW)) {
		*err = walk_parent_of_link(walk, inode);
		*err = *err ? *err : -EAGAIN;
	} else if (walk->slash) {
		*err = S_ISDIR(inode->mode) ? -EISDIR : -ENOTDIR;
	}
	if (*err) {
		inode_put(inode);
		return NULL;
	}
	return inode;
}

static __noinline int open_creating(struct file *file, int fd, const char *path,
                                    int flags, mode_t mode)
{
	struct inode *inode = NULL;
	struct walk walk;
	int now, err;

	err = walk_parent(&walk, fd, path);
	if (!err) {
		do {
			now = flags;
			inode = find_or_make(&walk, &now, mode, &err);
		} while (err == -EAGAIN);
		walk_end(&walk);
	}
	if (inode)
		return open_inode(file, inode, now);
	file_put(file);
	return err;
}

/* O_TMPFILE: the directory in which it has no name. */
static int check_nameless(int fd, const char *path, int flags)
{
	struct inode *directory;
	int err = walk_path(fd, path, WALK_FOLLOW, &directory);

	if (err)
		return err;
	if (!S_ISDIR(directory->mode))
		err = -ENOTDIR;
	else if ((flags & O_ACCMODE) == O_RDONLY)
		err = -EINVAL;
	inode_put(directory);
	return err;
}

static __noinline int open_nameless(struct file *file, int fd, const char *path,
                                    int flags, mode_t mode)
{
	struct inode *inode = NULL;
	int err = check_nameless(fd, path, flags);

	if (!err) {
		inode = regular_create(S_IFREG | (mode & MODE_BITS));
		err = -ENOSPC;
	}
	if (inode) {
		inode->may_have_name = !(flags & O_EXCL);
		return open_inode(file, inode, flags & ~(O_TMPFILE | O_TRUNC));
	}
	file_put(file);
	return err;
}

static int open_existing(struct file *file, int fd, const char *path, int flags)
{
	struct inode *inode;
	const int err = walk_path(fd, path,
	                          flags & O_NOFOLLOW ? 0 : WALK_FOLLOW, &inode);

	if (likely(!err))
		return open_inode(file, inode, flags);
	file_put(file);
	return err;
}

struct file *fs_open_at(int fd, const char *path, int flags, mode_t mode,
                        int *err)
{
	struct file *file;

	if (flags & O_PATH)
		flags &= PATH_FLAGS;
	*err = -EINVAL; /* what Linux has come to say of this pair */
	if ((flags & O_TMPFILE) != O_TMPFILE &&
	    (flags & TMPFILE || (flags & O_CREAT && flags & O_DIRECTORY)))
		return NULL;
	file = blank_file(flags);
	if (!file)
		*err = -ENOMEM;
	else if (likely(!(flags & (O_CREAT | TMPFILE))))
		*err = open_existing(file, fd, path, flags);
	else if (flags & TMPFILE)
		*err = open_nameless(file, fd, path, flags, mode);
	else
		*err = open_creating(file, fd, path, flags, mode);
	return *err ? NULL : file;
}

/* A descriptor is there before anything is changed. */
static __noinline long open_reserved(int fd, const char *path, int flags,
                                     mode_t mode)
{
	const int new_fd = fd_reserve(flags & O_CLOEXEC);
	struct file *file;
	int err;

	if (new_fd < 0)
		return new_fd;
	file = fs_open_at(fd, path, flags, mode, &err);
	if (file)
		fd_fill(new_fd, file);
	else
		fd_unreserve(new_fd);
	return file ? new_fd : err;
}

/* The short way: a regular file that is there. NULL: -errno in *@err. */
static struct file *open_plain(int fd, const char *path, int flags, int *err)
{
	struct inode *inode;
	struct file *file;

	*err = walk_path(fd, path, WALK_FOLLOW, &inode);
	if (unlikely(*err))
		return NULL;
	file = file_create(&regular_ops, flags, NULL, NULL);
	if (unlikely(!file)) {
		*err = -ENOMEM;
		inode_put(inode);
	} else if (likely(inode_is_regular(inode))) {
		file->inode = inode;
	} else {
		file->ops = &path_ops;
		*err = open_inode(file, inode, flags);
		file = *err ? NULL : file;
	}
	return file;
}

SYSCALL(openat, (int fd, const char *path, int flags, mode_t mode), a,
        (void *)b, c, d)
{
	struct file *file;
	int err, new_fd;

	if (flags & (O_CREAT | O_TRUNC | TMPFILE))
		return open_reserved(fd, path, flags,
		                     mode & ~READ_ONCE(fs_umask));
	if (likely(!(flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW))))
		file = open_plain(fd, path, flags, &err);
	else
		file = fs_open_at(fd, path, flags, 0, &err);
	if (unlikely(!file))
		return err;
	new_fd = fd_install(file, 0, flags & O_CLOEXEC);
	if (unlikely(new_fd < 0))
		file_put(file);
	return new_fd;
}
