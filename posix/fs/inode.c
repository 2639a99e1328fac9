/* SPDX-License-Identifier: MIT */
/*
 * What all inodes have: references, times, status. Times come from the real-time
 * clock in steps of 4 ms, as on Linux: an inode remembers the step in which it
 * was stamped, and within it nothing is to be done.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "core/timer.h"
#include "mm/kmem.h"
#include "posix/fs/fs_internal.h"
#include "posix/syscalls.h"

#define DEVICES_MAX 32u
#define TICK_SHIFT  22u /* 4.2 ms */

static struct spinlock moment_lock = SPINLOCK_INIT(LOCK_INODE, "file times");
static struct moment newest __guarded_by(moment_lock);
static ino_t last_number; /* [A] */

static uint64_t tick_now(void)
{
	return (timer_now_ns() >> TICK_SHIFT) + 1;
}

/* All who ask within a step get the same time. */
void moment_now(struct moment *now)
{
	struct moment read = { .tick = tick_now() };
	unsigned long flags = spin_lock_irqsave(&moment_lock);
	const bool known = newest.tick == read.tick;

	if (known)
		*now = newest;
	spin_unlock_irqrestore(&moment_lock, flags);
	if (known)
		return;

	sys_clock_gettime(CLOCK_REALTIME, (long)&read.time, 0, 0, 0, 0);
	flags = spin_lock_irqsave(&moment_lock);
	if (newest.tick < read.tick)
		newest = read;
	*now = newest;
	spin_unlock_irqrestore(&moment_lock, flags);
}

struct inode *inode_create(mode_t mode, size_t size,
                           void (*destroy)(struct inode *inode))
{
	struct inode *inode = kzalloc(size, GFP_KERNEL);
	struct moment now;

	if (!inode)
		return NULL;
	moment_now(&now);
	inode->references = 1;
	inode->may_have_name = true;
	inode->destroy = destroy;
	inode->lock = (struct spinlock)SPINLOCK_INIT(LOCK_INODE, "inode");
	inode->mode = mode;
	inode->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
	inode->atime = now.time;
	inode->mtime = now.time;
	inode->ctime = now.time;
	inode->changed_tick = now.tick;
	return inode;
}

void inode_changed(struct inode *inode, const struct moment *now)
{
	unsigned long flags = spin_lock_irqsave(&inode->lock);

	inode->mtime = now->time;
	inode->ctime = now->time;
	WRITE_ONCE(inode->changed_tick, now->tick);
	spin_unlock_irqrestore(&inode->lock, flags);
}

/* mtime is older than ctime then: the next write has to stamp both. */
void inode_status_changed(struct inode *inode, const struct moment *now)
{
	unsigned long flags = spin_lock_irqsave(&inode->lock);

	inode->ctime = now->time;
	WRITE_ONCE(inode->read_tick, 0);
	spin_unlock_irqrestore(&inode->lock, flags);
}

static __noinline void stamp_written(struct inode *inode)
{
	struct moment now;

	moment_now(&now);
	inode_changed(inode, &now);
}

void inode_written(struct inode *inode)
{
	if (unlikely(READ_ONCE(inode->changed_tick) != tick_now()))
		stamp_written(inode);
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec > b->tv_sec
	                              : a->tv_nsec > b->tv_nsec;
}

static __noinline void stamp_read(struct inode *inode)
{
	struct moment now;
	unsigned long flags;

	moment_now(&now);
	flags = spin_lock_irqsave(&inode->lock);
	if (!is_later(&inode->atime, &inode->mtime) ||
	    !is_later(&inode->atime, &inode->ctime))
		inode->atime = now.time;
	/* Later than the change by a step: no need to look again. */
	WRITE_ONCE(inode->read_tick, now.tick > inode->changed_tick
	                                     ? now.tick
	                                     : inode->changed_tick);
	spin_unlock_irqrestore(&inode->lock, flags);
}

/* As Linux's relatime: the first read after a change counts. */
void inode_read(struct inode *inode)
{
	const uint64_t read = READ_ONCE(inode->read_tick);

	if (unlikely(read <= READ_ONCE(inode->changed_tick)) &&
	    read != tick_now())
		stamp_read(inode);
}

static __noinline off_t size_of_other(const struct inode *inode)
{
	if (S_ISLNK(inode->mode))
		return inode->symlink.length;
	if (S_ISDIR(inode->mode))
		return (inode->directory.count + 2) * 20; /* as Linux's tmpfs */
	return 0;
}

/* Lets the inode's lock go. */
static __noinline void
size_other_and_unlock(struct inode *inode, struct stat *to, unsigned long flags)
	__releases(inode->lock) __no_lock_analysis
{
	to->st_size = size_of_other(inode);
	to->st_blocks = 0;
	spin_unlock_irqrestore(&inode->lock, flags);
}

void inode_stat(struct inode *inode, struct stat *to) __no_lock_analysis
{
	unsigned long flags;

	to->st_dev = DEVICE_NUMBER;
	to->st_ino = inode->number;
	to->st_rdev = inode->device;
	to->st_nlink = READ_ONCE(inode->links);
	to->st_blksize = PAGE_SIZE;
	to->__pad = 0;
	to->__pad2 = 0;
	to->__unused[0] = 0;
	to->__unused[1] = 0;
	flags = spin_lock_irqsave(&inode->lock);
	to->st_mode = inode->mode;
	to->st_uid = inode->uid;
	to->st_gid = inode->gid;
	to->st_atim = inode->atime;
	to->st_mtim = inode->mtime;
	to->st_ctim = inode->ctime;
	if (unlikely(!inode_is_regular(inode))) {
		size_other_and_unlock(inode, to, flags);
		return;
	}
	to->st_size = inode->regular.size;
	to->st_blocks = inode->regular.pages * (PAGE_SIZE / 512);
	spin_unlock_irqrestore(&inode->lock, flags);
}

/* What has nothing but itself. */
static void plain_destroy(struct inode *inode)
{
	kfree(inode);
}

static void symlink_destroy(struct inode *inode)
{
	kfree(inode->symlink.target);
	kfree(inode);
}

struct inode *symlink_create(const char *target, size_t length)
{
	struct inode *inode = inode_create(S_IFLNK | 0777, INODE_BYTES(symlink),
	                                   symlink_destroy);

	if (!inode)
		return NULL;
	inode->symlink.target = kmalloc(length + 1, GFP_KERNEL);
	if (!inode->symlink.target) {
		kfree(inode);
		return NULL;
	}
	memcpy(inode->symlink.target, target, length);
	inode->symlink.target[length] = '\0';
	inode->symlink.length = length;
	return inode;
}

struct inode *node_create(mode_t mode, dev_t device, const struct file_ops *ops,
                          void *data)
{
	struct inode *inode =
		inode_create(mode, INODE_BYTES(node), plain_destroy);

	if (!inode)
		return NULL;
	inode->device = device;
	inode->node.ops = ops;
	inode->node.data = data;
	return inode;
}

/*
 * Devices that somebody serves. They stay for good: so few are made that a list
 * will do.
 */
static struct inode *devices[DEVICES_MAX] __guarded_by(tree_lock);
static unsigned int nr_devices __guarded_by(tree_lock);

void node_publish(struct inode *inode)
{
	unsigned long flags = spin_lock_irqsave(&tree_lock);

	if (nr_devices < DEVICES_MAX)
		devices[nr_devices++] = inode_hold(inode);
	spin_unlock_irqrestore(&tree_lock, flags);
}

/* What mknod() made stands for a device of the same number. */
const struct node *node_served(const struct inode *inode)
{
	const struct node *node = &inode->node;
	unsigned long flags;
	unsigned int i;

	if (node->ops || !S_ISCHR(inode->mode))
		return node;
	flags = spin_lock_irqsave(&tree_lock);
	for (i = 0; i < nr_devices; i++) {
		if (devices[i]->device == inode->device) {
			node = &devices[i]->node;
			break;
		}
	}
	spin_unlock_irqrestore(&tree_lock, flags);
	return node;
}
