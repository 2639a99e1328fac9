/* SPDX-License-Identifier: MIT */
/*
 * A counter that write() adds to and read() empties, or counts down by one
 * (EFD_SEMAPHORE). It is one atomic word; there is no lock. A reader sleeps only
 * at 0, a writer only near the top, so the sleepers of one queue are of one kind.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>

#include "core/user_access.h"
#include "core/wait.h"
#include "mm/kmem.h"
#include "posix/file.h"
#include "posix/syscalls.h"

#define COUNT_MAX (UINT64_MAX - 1)

struct eventfd {
	uint64_t count; /* [A] <= COUNT_MAX */
	bool semaphore; /* [I] */
	struct wait_queue queue;
};

/* False: it was 0. */
static bool take(struct eventfd *event, uint64_t *taken)
{
	uint64_t count = __atomic_load_n(&event->count, __ATOMIC_RELAXED);

	do {
		if (count == 0)
			return false;
		*taken = event->semaphore ? 1 : count;
	} while (!__atomic_compare_exchange_n(
		&event->count, &count, count - *taken, true, __ATOMIC_ACQ_REL,
		__ATOMIC_RELAXED));
	return true;
}

/* False: it would be more than COUNT_MAX. */
static bool add(struct eventfd *event, uint64_t value)
{
	uint64_t count = __atomic_load_n(&event->count, __ATOMIC_RELAXED);

	do {
		if (value > COUNT_MAX - count)
			return false;
	} while (!__atomic_compare_exchange_n(
		&event->count, &count, count + value, true, __ATOMIC_ACQ_REL,
		__ATOMIC_RELAXED));
	return true;
}

static bool has_room(const struct eventfd *event, uint64_t value)
{
	return value <= COUNT_MAX - READ_ONCE(event->count);
}

/*
 * Room comes where somebody waits for some, or where there was none; else a
 * watcher would be told of nothing new.
 */
static void wake_writers(struct eventfd *event, uint64_t taken)
{
	const uint64_t now = READ_ONCE(event->count);

	if (READ_ONCE(event->queue.first) || now + taken >= COUNT_MAX)
		wait_queue_wake_all(&event->queue);
}

static long read_count(struct file *file, void *to, size_t count,
                       off_t *position)
{
	struct eventfd *event = file->data;
	uint64_t value;
	int err;

	(void)position;
	if (count < sizeof(value))
		return -EINVAL;
	while (!take(event, &value)) {
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_for(&event->queue, READ_ONCE(event->count) > 0,
		               UINT64_MAX, THREAD_INTERRUPTIBLE);
		if (err)
			return err;
	}
	wake_writers(event, value);
	err = copy_to_user(to, &value, sizeof(value));
	return err ? err : (long)sizeof(value);
}

static long write_count(struct file *file, const void *from, size_t count,
                        off_t *position)
{
	struct eventfd *event = file->data;
	uint64_t value;
	int err;

	(void)position;
	if (count < sizeof(value))
		return -EINVAL;
	err = copy_from_user(&value, from, sizeof(value));
	if (err)
		return err;
	if (value > COUNT_MAX)
		return -EINVAL;
	while (!add(event, value)) {
		if (file->flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_for(&event->queue, has_room(event, value),
		               UINT64_MAX, THREAD_INTERRUPTIBLE);
		if (err)
			return err;
	}
	/* One reader takes all there is. */
	wait_queue_wake(&event->queue, event->semaphore && value < UINT32_MAX
	                                       ? (unsigned int)value
	                                       : 1);
	return sizeof(value);
}

static unsigned int eventfd_ready(struct file *file)
{
	const struct eventfd *event = file->data;
	const uint64_t count = READ_ONCE(event->count);

	return (count > 0 ? POLLIN | POLLRDNORM : 0) |
	       (count < COUNT_MAX ? POLLOUT | POLLWRNORM : 0);
}

static void eventfd_release(struct file *file)
{
	kfree(file->data);
}

static const struct file_ops eventfd_ops = {
	.read = read_count,
	.write = write_count,
	.ready = eventfd_ready,
	.release = eventfd_release,
};

SYSCALL(eventfd2, (unsigned int value, unsigned int flags), a, b)
{
	struct eventfd *event;
	struct file *file;

	if (flags & ~(unsigned int)(EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE))
		return -EINVAL;
	event = kzalloc(sizeof(*event), GFP_KERNEL);
	if (!event)
		return -ENOMEM;
	event->count = value;
	event->semaphore = flags & EFD_SEMAPHORE;
	wait_queue_init(&event->queue, "eventfd");
	file = file_create(&eventfd_ops, O_RDWR | (flags & O_NONBLOCK), event,
	                   &event->queue);
	if (!file)
		kfree(event);
	return fd_install_new(file, flags & EFD_CLOEXEC);
}
