/* SPDX-License-Identifier: MIT */
/*
 * What poll(), select() and epoll have in common: asking a file what it is ready
 * for, and masks of signals for the time of a wait. docs/waiting.md
 */
#ifndef POSIX_POLL_H
#define POSIX_POLL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/timer.h"
#include "posix/file.h"

/* What is told whether asked for or not. */
#define POLL_ALWAYS (POLLERR | POLLHUP)

/* POLL* of now. */
static inline unsigned int file_ready(struct file *file)
{
	unsigned int ready = POLLIN | POLLOUT;

	if (file->ops->ready)
		ready = file->ops->ready(file);
	return ready | (ready & POLLIN ? POLLRDNORM : 0) |
	       (ready & POLLOUT ? POLLWRNORM : 0);
}

/* Can it have to be waited for? Else epoll refuses it. */
static inline bool file_can_be_watched(const struct file *file)
{
	return file->ops->ready != NULL;
}

/*
 * Who can look for news before a thread sleeps that may wait for it, instead of
 * being told by an interrupt: the network sets it. True: there was some.
 */
extern bool (*poll_look)(void);

/* True: ask the files again. False at @deadline_ns, however much comes. */
static inline bool poll_found_news(uint64_t deadline_ns)
{
	return poll_look && poll_look() &&
	       (deadline_ns == UINT64_MAX || timer_now_ns() < deadline_ns);
}

/*
 * The mask of signals that a call waits under. wait_mask_begin() puts the
 * application's @set, of @size bytes, in place of the thread's mask; NULL leaves
 * that. -EINVAL, -EFAULT; -EINTR: a signal that was pending has been handled.
 * wait_mask_end() undoes it, after the handlers that interrupted the call, and
 * returns @result.
 */
struct wait_mask {
	uint64_t before;
	bool replaced;
};

int wait_mask_begin(struct wait_mask *mask, const void *set,
                    size_t size) __must_check;
long wait_mask_end(const struct wait_mask *mask, long result);

#endif /* POSIX_POLL_H */
