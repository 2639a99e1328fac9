/* SPDX-License-Identifier: MIT */
/*
 * What is known of a file and what of it can be set: stat, access, mode, owner,
 * times, size by path. The one user is root, who may do everything: modes are
 * kept and reported, and only executing asks for a bit that somebody has.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/user_access.h"
#include "mm/page_alloc.h"
#include "posix/fs.h"
#include "posix/fs/fs_internal.h"
#include "posix/syscalls.h"

#define MODE_BITS   07777u
#define TMPFS_MAGIC 0x01021994

static unsigned int follow(int flags)
{
	return (flags & AT_SYMLINK_NOFOLLOW ? 0 : WALK_FOLLOW) |
	       (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0);
}

static bool is_empty(const char *path)
{
	char first;

	return !get_user(first, path) && !first;
}

/* Also of descriptors that no file system knows. */
static __noinline int stat_at(int fd, const char *path, int flags,
                              struct stat *status)
{
	struct inode *inode;
	int err;

	if (unlikely(flags &
	             ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH)))
		return -EINVAL;
	if (flags & AT_EMPTY_PATH && fd != AT_FDCWD && is_empty(path)) {
		struct file *file = file_get_any(fd);

		if (!file)
			return -EBADF;
		err = file_stat(file, status);
		file_put(file);
		return err;
	}
	err = walk_path(fd, path, follow(flags), &inode);
	if (unlikely(err))
		return err;
	inode_stat(inode, status);
	inode_put(inode);
	return 0;
}

SYSCALL(newfstatat, (int fd, const char *path, struct stat *to, int flags), a,
        (void *)b, (void *)c, d)
{
	struct inode *inode;
	struct stat status;
	int err;

	if (unlikely(flags)) {
		err = stat_at(fd, path, flags, &status);
	} else {
		err = walk_path(fd, path, WALK_FOLLOW, &inode);
		if (likely(!err)) {
			inode_stat(inode, &status);
			inode_put(inode);
		}
	}
	return err ? err : copy_to_user(to, &status, sizeof(status));
}

/* The layout is Linux's; the C library declares it for _GNU_SOURCE alone. */
struct statx_time {
	int64_t seconds;
	uint32_t nanoseconds;
	int32_t reserved;
};

struct statx_status {
	uint32_t mask, block_bytes;
	uint64_t attributes;
	uint32_t links, uid, gid;
	uint16_t mode, spare;
	uint64_t inode, size, blocks, attributes_mask;
	struct statx_time accessed, created, changed, modified;
	uint32_t device_major, device_minor, file_system_major,
		file_system_minor;
	uint64_t spares[14];
};

#define STATX_BASIC  0x7ffu
#define STATX_FUTURE 0x80000000u

static struct statx_time statx_time(const struct timespec *time)
{
	return (struct statx_time){ .seconds = time->tv_sec,
		                    .nanoseconds = time->tv_nsec };
}

SYSCALL(statx,
        (int fd, const char *path, int flags, unsigned int mask, void *to), a,
        (void *)b, c, d, (void *)e)
{
	struct statx_status out = { .mask = STATX_BASIC };
	struct stat status;
	int err;

	_Static_assert(sizeof(out) == 256, "struct statx");
	if (mask & STATX_FUTURE ||
	    (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
		return -EINVAL;
	err = stat_at(fd, path, flags & ~AT_STATX_SYNC_TYPE, &status);
	if (err)
		return err;
	out.block_bytes = status.st_blksize;
	out.links = status.st_nlink;
	out.uid = status.st_uid;
	out.gid = status.st_gid;
	out.mode = status.st_mode;
	out.inode = status.st_ino;
	out.size = status.st_size;
	out.blocks = status.st_blocks;
	out.accessed = statx_time(&status.st_atim);
	out.changed = statx_time(&status.st_ctim);
	out.modified = statx_time(&status.st_mtim);
	out.device_major = major(status.st_rdev);
	out.device_minor = minor(status.st_rdev);
	out.file_system_major = major(status.st_dev);
	out.file_system_minor = minor(status.st_dev);
	return copy_to_user(to, &out, sizeof(out));
}

/* Memory is the disk; what the system keeps for itself is not free. */
static int put_statfs(struct statfs *to)
{
	const unsigned long free = nr_free_pages();
	const unsigned long kept = fs_reserve();
	const struct statfs out = {
		.f_type = TMPFS_MAGIC,
		.f_bsize = PAGE_SIZE,
		.f_frsize = PAGE_SIZE,
		.f_blocks = nr_total_pages(),
		.f_bfree = free > kept ? free - kept : 0,
		.f_bavail = free > kept ? free - kept : 0,
		.f_files = nr_total_pages(),
		.f_ffree = free > kept ? free - kept : 0,
		.f_namelen = NAME_LENGTH_MAX,
	};

	return copy_to_user(to, &out, sizeof(out));
}

SYSCALL(statfs, (const char *path, struct statfs *to), (void *)a, (void *)b)
{
	struct inode *inode;
	const int err = walk_path(AT_FDCWD, path, WALK_FOLLOW, &inode);

	if (err)
		return err;
	inode_put(inode);
	return put_statfs(to);
}

SYSCALL(fstatfs, (int fd, struct statfs *to), a, (void *)b)
{
	struct file *file = file_get_any(fd);

	if (!file)
		return -EBADF;
	file_put(file);
	return put_statfs(to);
}

static long access_at(int fd, const char *path, unsigned int wanted, int flags)
{
	struct inode *inode;
	mode_t mode;
	int err;

	if (wanted & ~(R_OK | W_OK | X_OK) ||
	    flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = walk_path(fd, path, follow(flags), &inode);
	if (err)
		return err;
	mode = READ_ONCE(inode->mode);
	inode_put(inode);
	if (wanted & X_OK && !S_ISDIR(mode) && !(mode & 0111))
		return -EACCES;
	return 0;
}

SYSCALL(faccessat, (int fd, const char *path, unsigned int wanted), a,
        (void *)b, c)
{
	return access_at(fd, path, wanted, 0);
}

SYSCALL(faccessat2, (int fd, const char *path, unsigned int wanted, int flags),
        a, (void *)b, c, d)
{
	return access_at(fd, path, wanted, flags);
}

/* Puts @inode. */
static long change_mode(struct inode *inode, mode_t mode)
{
	struct moment now;
	unsigned long flags;

	moment_now(&now);
	flags = spin_lock_irqsave(&inode->lock);
	inode->mode = (inode->mode & S_IFMT) | (mode & MODE_BITS);
	spin_unlock_irqrestore(&inode->lock, flags);
	inode_status_changed(inode, &now);
	inode_put(inode);
	return 0;
}

/* What a descriptor's inode is, with a reference. */
static struct inode *inode_of(int fd, int *err)
{
	struct file *file = file_get(fd);
	struct inode *inode = NULL;

	*err = -EBADF;
	if (!file)
		return NULL;
	*err = -EINVAL;
	if (file->inode)
		inode = inode_hold(file->inode);
	file_put(file);
	return inode;
}

SYSCALL(fchmod, (int fd, mode_t mode), a, b)
{
	int err;
	struct inode *inode = inode_of(fd, &err);

	return inode ? change_mode(inode, mode) : err;
}

SYSCALL(fchmodat, (int fd, const char *path, mode_t mode), a, (void *)b, c)
{
	struct inode *inode;
	const int err = walk_path(fd, path, WALK_FOLLOW, &inode);

	return err ? err : change_mode(inode, mode);
}

/* -1 leaves one as it is. Set-id bits go, as Linux drops them. Puts @inode. */
static long change_owner(struct inode *inode, uid_t uid, gid_t gid)
{
	struct moment now;
	unsigned long flags;

	moment_now(&now);
	flags = spin_lock_irqsave(&inode->lock);
	if (uid != (uid_t)-1)
		inode->uid = uid;
	if (gid != (gid_t)-1)
		inode->gid = gid;
	if (!S_ISDIR(inode->mode)) {
		inode->mode &= ~(mode_t)S_ISUID;
		if (inode->mode & S_IXGRP)
			inode->mode &= ~(mode_t)S_ISGID;
	}
	spin_unlock_irqrestore(&inode->lock, flags);
	inode_status_changed(inode, &now);
	inode_put(inode);
	return 0;
}

SYSCALL(fchown, (int fd, uid_t uid, gid_t gid), a, b, c)
{
	int err;
	struct inode *inode = inode_of(fd, &err);

	return inode ? change_owner(inode, uid, gid) : err;
}

SYSCALL(fchownat, (int fd, const char *path, uid_t uid, gid_t gid, int flags),
        a, (void *)b, c, d, e)
{
	struct inode *inode;
	int err;

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = walk_path(fd, path, follow(flags), &inode);
	return err ? err : change_owner(inode, uid, gid);
}

static void set_time(struct timespec *time, const struct timespec *given,
                     const struct moment *now)
{
	if (!given || given->tv_nsec == UTIME_NOW)
		*time = now->time;
	else if (given->tv_nsec != UTIME_OMIT)
		*time = *given;
}

static bool time_is_good(const struct timespec *time)
{
	return time->tv_nsec == UTIME_NOW || time->tv_nsec == UTIME_OMIT ||
	       (unsigned long)time->tv_nsec < 1000000000ul;
}

/* NULL: now. Puts @inode. */
static long change_times(struct inode *inode, const struct timespec *times)
{
	struct moment now;
	unsigned long flags;

	moment_now(&now);
	flags = spin_lock_irqsave(&inode->lock);
	set_time(&inode->atime, times, &now);
	set_time(&inode->mtime, times ? &times[1] : NULL, &now);
	inode->ctime = now.time;
	/* The next write and the next read look at the clock. */
	inode->changed_tick = 0;
	inode->read_tick = 0;
	spin_unlock_irqrestore(&inode->lock, flags);
	inode_put(inode);
	return 0;
}

SYSCALL(utimensat,
        (int fd, const char *path, const struct timespec *given, int flags), a,
        (void *)b, (void *)c, d)
{
	struct timespec times[2];
	struct inode *inode;
	int err;

	if (given && copy_from_user(times, given, sizeof(times)))
		return -EFAULT;
	if (given && (!time_is_good(&times[0]) || !time_is_good(&times[1])))
		return -EINVAL;
	if (given && times[0].tv_nsec == UTIME_OMIT &&
	    times[1].tv_nsec == UTIME_OMIT)
		return 0;
	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!path) {
		inode = inode_of(fd, &err);
		if (!inode)
			return err;
	} else {
		err = walk_path(fd, path, follow(flags), &inode);
		if (err)
			return err;
	}
	return change_times(inode, given ? times : NULL);
}

int fs_set_times(const char *path, const struct timespec times[2])
{
	struct inode *inode;
	const int err = walk_path(AT_FDCWD, path, 0, &inode);

	return err ? err : (int)change_times(inode, times);
}

SYSCALL(truncate, (const char *path, off_t size), (void *)a, b)
{
	struct inode *inode;
	long err;

	if (size < 0)
		return -EINVAL;
	err = walk_path(AT_FDCWD, path, WALK_FOLLOW, &inode);
	if (err)
		return err;
	if (inode_is_regular(inode))
		err = regular_truncate(inode, size);
	else
		err = S_ISDIR(inode->mode) ? -EISDIR : -EINVAL;
	inode_put(inode);
	return err;
}
