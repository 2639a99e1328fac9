/* SPDX-License-Identifier: MIT */
/*
 * Locks that applications put on files, in three kinds. One list an inode holds
 * them all, cut and joined so that no two ranges of one owner overlap:
 *
 *   F_SETLK       a range; the owner is the process. There is one, so these never
 *                 conflict with each other. Gone when any descriptor of the file
 *                 is closed, as POSIX wants it.
 *   F_OFD_SETLK   a range; the owner is the open file. Conflicts with those of
 *                 other files and of the process.
 *   flock()       the whole file; the owner is the open file. Of the other kinds
 *                 it knows nothing.
 *
 * One mutex and one queue for all: locks on files are rare. A wait that would
 * never end because of another wait is not found out (-EDEADLK): between open
 * files Linux does not, either.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/user_access.h"
#include "mm/kmem.h"
#include "posix/inode.h"
#include "posix/process.h"
#include "posix/syscalls.h"

#define END_OF_ALL INT64_MAX

enum lock_kind { LOCK_RECORD, LOCK_FLOCK };

/* F_RDLCK or F_WRLCK on [start, end], both in it. */
struct file_lock {
	struct file_lock *next;
	const struct file *owner; /* NULL: the process */
	enum lock_kind kind;
	short type;
	off_t start, end;
};

static struct mutex locks_mutex = MUTEX_INIT("file locks");
static struct wait_queue locks_queue = WAIT_QUEUE_INIT("file locks");

static bool overlap(const struct file_lock *a, const struct file_lock *b)
{
	return a->start <= b->end && b->start <= a->end;
}

/* The first lock that @wanted has to wait for, or NULL. */
static const struct file_lock *conflict(const struct inode *inode,
                                        const struct file_lock *wanted)
	__must_hold(&locks_mutex)
{
	const struct file_lock *lock;

	for (lock = inode->locks; lock; lock = lock->next) {
		if (lock->kind == wanted->kind &&
		    lock->owner != wanted->owner && overlap(lock, wanted) &&
		    (lock->type == F_WRLCK || wanted->type == F_WRLCK))
			break;
	}
	return lock;
}

/* Memory for what a change may need: the new range, and the rest of a cut one. */
struct spare {
	struct file_lock *locks[2];
};

static int get_spare(struct spare *spare)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		spare->locks[i] = kmalloc(sizeof(struct file_lock), GFP_KERNEL);
	return spare->locks[0] && spare->locks[1] ? 0 : -ENOLCK;
}

static struct file_lock *use_spare(struct spare *spare)
{
	const unsigned int i = spare->locks[0] ? 0 : 1;
	struct file_lock *lock = spare->locks[i];

	spare->locks[i] = NULL;
	return lock;
}

static void put_spare(const struct spare *spare)
{
	kfree(spare->locks[0]);
	kfree(spare->locks[1]);
}

/* What @lock loses to @wanted of the same owner; true: nothing is left of it. */
static bool cut(struct file_lock *lock, const struct file_lock *wanted,
                struct spare *spare) __must_hold(&locks_mutex)
{
	struct file_lock *rest;

	if (lock->start < wanted->start && lock->end > wanted->end) {
		rest = use_spare(spare);
		*rest = *lock;
		rest->start = wanted->end + 1;
		lock->next = rest;
		lock->end = wanted->start - 1;
	} else if (lock->start < wanted->start) {
		lock->end = wanted->start - 1;
	} else if (lock->end > wanted->end) {
		lock->start = wanted->end + 1;
	} else {
		return true;
	}
	return false;
}

/* Neighbours of the same type become part of @wanted. */
static bool joins(const struct file_lock *lock, const struct file_lock *wanted)
{
	return lock->type == wanted->type &&
	       (wanted->start == 0 || lock->end >= wanted->start - 1) &&
	       (wanted->end == END_OF_ALL || lock->start <= wanted->end + 1);
}

/* The owner's ranges are as @wanted says from now on. */
static void apply(struct inode *inode, struct file_lock wanted,
                  struct spare *spare) __must_hold(&locks_mutex)
{
	struct file_lock **at = &inode->locks;

	while (*at) {
		struct file_lock *lock = *at;
		const bool own = lock->kind == wanted.kind &&
		                 lock->owner == wanted.owner;
		bool gone = false;

		if (own && joins(lock, &wanted)) {
			if (lock->start < wanted.start)
				wanted.start = lock->start;
			if (lock->end > wanted.end)
				wanted.end = lock->end;
			gone = true;
		} else if (own && overlap(lock, &wanted)) {
			gone = cut(lock, &wanted, spare);
		}
		if (gone) {
			*at = lock->next;
			kfree(lock);
		} else {
			at = &lock->next;
		}
	}
	if (wanted.type != F_UNLCK) {
		struct file_lock *lock = use_spare(spare);

		*lock = wanted;
		lock->next = inode->locks;
		inode->locks = lock;
	}
}

/* -EAGAIN: somebody has it. */
static int try_set(struct inode *inode, const struct file_lock *wanted,
                   struct spare *spare)
{
	int err = -EAGAIN;

	mutex_lock(&locks_mutex);
	if (wanted->type == F_UNLCK || !conflict(inode, wanted)) {
		apply(inode, *wanted, spare);
		err = 0;
	}
	mutex_unlock(&locks_mutex);
	return err;
}

/* What the wait looks at; the lock is taken in the same step. */
static bool set_or_wait(struct inode *inode, const struct file_lock *wanted,
                        struct spare *spare, int *err)
{
	if (*err)
		*err = try_set(inode, wanted, spare);
	return *err == 0;
}

static int set_lock(struct inode *inode, const struct file_lock *wanted,
                    bool wait)
{
	struct spare spare;
	int err = get_spare(&spare);

	if (!err) {
		err = -EAGAIN;
		if (!set_or_wait(inode, wanted, &spare, &err) && wait) {
			int waited = wait_for(
				&locks_queue,
				set_or_wait(inode, wanted, &spare, &err),
				UINT64_MAX, THREAD_INTERRUPTIBLE);

			if (waited)
				err = waited;
		}
	}
	put_spare(&spare);
	/* A range became free, or a writer's is a reader's now. */
	if (!err)
		wait_queue_wake_all(&locks_queue);
	return err;
}

/* @file ends: what it owns goes. NULL with @process: what the process does. */
static void drop_locks(struct inode *inode, const struct file *owner)
{
	struct file_lock **at = &inode->locks;

	mutex_lock(&locks_mutex);
	while (*at) {
		struct file_lock *lock = *at;

		if (lock->owner == owner) {
			*at = lock->next;
			kfree(lock);
		} else {
			at = &lock->next;
		}
	}
	mutex_unlock(&locks_mutex);
	wait_queue_wake_all(&locks_queue);
}

void inode_file_closed(struct file *file)
{
	if (READ_ONCE(file->inode->locks))
		drop_locks(file->inode, NULL);
}

void inode_file_released(struct file *file)
{
	if (READ_ONCE(file->inode->locks))
		drop_locks(file->inode, file);
}

/* Where struct flock's range is counted from. */
static int range_base(struct file *file, short whence, off_t *base_out)
{
	switch (whence) {
	case SEEK_SET:
		*base_out = 0;
		return 0;
	case SEEK_CUR:
		*base_out = READ_ONCE(file->position);
		return 0;
	case SEEK_END:
		*base_out = file->ops->size ? file->ops->size(file) : 0;
		return 0;
	default:
		return -EINVAL;
	}
}

/* A length of 0 is all that follows; a negative one lies before the start. */
static int read_range(struct file *file, const struct flock *from,
                      struct file_lock *to)
{
	off_t base;
	const int err = range_base(file, from->l_whence, &base);

	if (err)
		return err;
	if (from->l_type != F_RDLCK && from->l_type != F_WRLCK &&
	    from->l_type != F_UNLCK)
		return -EINVAL;
	if (__builtin_add_overflow(base, from->l_start, &to->start))
		return -EOVERFLOW;
	to->type = from->l_type;
	to->end = END_OF_ALL;
	if (from->l_len > 0) {
		if (__builtin_add_overflow(to->start, from->l_len - 1,
		                           &to->end))
			return -EOVERFLOW;
	} else if (from->l_len < 0) {
		to->end = to->start - 1;
		to->start += from->l_len;
	}
	return to->start < 0 ? -EINVAL : 0;
}

static long get_lock(struct inode *inode, const struct file_lock *wanted,
                     struct flock *answer)
{
	const struct file_lock *found;

	mutex_lock(&locks_mutex);
	found = conflict(inode, wanted);
	answer->l_type = F_UNLCK;
	if (found) {
		answer->l_type = found->type;
		answer->l_whence = SEEK_SET;
		answer->l_start = found->start;
		answer->l_len = found->end == END_OF_ALL
		                        ? 0
		                        : found->end - found->start + 1;
		answer->l_pid = found->owner ? -1 : PROCESS_ID;
	}
	mutex_unlock(&locks_mutex);
	return 0;
}

static long lock_range(struct file *file, int command, struct flock *user)
{
	const bool by_file = command >= F_OFD_GETLK;
	struct file_lock wanted = {
		.kind = LOCK_RECORD,
		.owner = by_file ? file : NULL,
	};
	struct flock given;
	long err;

	if (copy_from_user(&given, user, sizeof(given)))
		return -EFAULT;
	if (by_file && given.l_pid != 0)
		return -EINVAL;
	err = read_range(file, &given, &wanted);
	if (err)
		return err;
	if (command == F_GETLK || command == F_OFD_GETLK) {
		if (wanted.type == F_UNLCK)
			return -EINVAL;
		get_lock(file->inode, &wanted, &given);
		return copy_to_user(user, &given, sizeof(given));
	}
	if ((wanted.type == F_RDLCK && !file_may_read(file)) ||
	    (wanted.type == F_WRLCK && !file_may_write(file)))
		return -EBADF;
	return set_lock(file->inode, &wanted,
	                command == F_SETLKW || command == F_OFD_SETLKW);
}

long file_lock_fcntl(struct file *file, int command, void *argument)
{
	switch (command) {
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_GETLK:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return file->inode ? lock_range(file, command, argument)
		                   : -EINVAL;
	case F_ADD_SEALS:
	case F_GET_SEALS:
		return file_seals(file, command, (unsigned long)argument);
	default:
		return -EINVAL;
	}
}

static long flock_file(struct file *file, int operation)
{
	struct file_lock wanted = {
		.kind = LOCK_FLOCK,
		.owner = file,
		.end = END_OF_ALL,
	};

	switch (operation & ~LOCK_NB) {
	case LOCK_SH:
		wanted.type = F_RDLCK;
		break;
	case LOCK_EX:
		wanted.type = F_WRLCK;
		break;
	case LOCK_UN:
		wanted.type = F_UNLCK;
		break;
	default:
		return -EINVAL;
	}
	if (!file->inode)
		return -EBADF;
	return set_lock(file->inode, &wanted, !(operation & LOCK_NB));
}

SYSCALL(flock, (int fd, int operation), a, b)
{
	struct file *file = file_get(fd);
	long err;

	if (!file)
		return -EBADF;
	err = flock_file(file, operation);
	file_put(file);
	return err;
}
