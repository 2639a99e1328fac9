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

#include "core/compiler.h"
#include "core/timer.h"
#include "core/wait.h"
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
 * Where news come from that a thread which is about to sleep can look for itself,
 * instead of being told by an interrupt: the network sets it.
 */
struct poll_source {
	bool (*look)(void); /* true: there was some */
	/* Who sleeps. One that is taken out of it and woken looks again. */
	struct wait_queue *pollers;
	void (*look_when_asked)(void);
};

extern const struct poll_source *poll_source; /* [A] NULL: there is none */

/* True: ask the files again. False at @deadline_ns, however much comes. */
static inline bool poll_found_news(uint64_t deadline_ns)
{
	const struct poll_source *source = READ_ONCE(poll_source);

	return source && source->look() &&
	       (deadline_ns == UINT64_MAX || timer_now_ns() < deadline_ns);
}

/*
 * Around a sleep: the thread is one of the pollers. poll_sleep_end() does what it was
 * asked for meanwhile, whatever it was woken by.
 */
struct poll_sleep {
	const struct poll_source *source;
	struct waiter waiter;
};

static inline void poll_sleep_begin(struct poll_sleep *sleep)
{
	sleep->source = READ_ONCE(poll_source);
	if (!sleep->source)
		return;
	sleep->waiter = (struct waiter){ 0 };
	wait_queue_join(sleep->source->pollers, &sleep->waiter);
}

static inline bool poll_is_asked(const struct poll_sleep *sleep)
{
	return sleep->source && !READ_ONCE(sleep->waiter.queue);
}

static inline void poll_sleep_end(struct poll_sleep *sleep)
{
	const struct poll_source *source = sleep->source;

	if (source && !wait_queue_leave(source->pollers, &sleep->waiter))
		source->look_when_asked();
}

/*
 * wait_for() as one of the pollers. It returns 0 also when the thread has looked in
 * between: ask the files again.
 */
#define poll_sleep_for(queue, condition, deadline_ns, kind)                 \
	({                                                                  \
		struct poll_sleep poll_sleep;                               \
		int poll_sleep_error;                                       \
                                                                            \
		poll_sleep_begin(&poll_sleep);                              \
		poll_sleep_error = wait_for(                                \
			(queue), (condition) || poll_is_asked(&poll_sleep), \
			(deadline_ns), (kind));                             \
		poll_sleep_end(&poll_sleep);                                \
		poll_sleep_error;                                           \
	})

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

int wait_mask_replace(struct wait_mask *mask, const void *set,
                      size_t size) __must_check;
long wait_mask_restore(const struct wait_mask *mask, long result);

static inline __must_check int wait_mask_begin(struct wait_mask *mask,
                                               const void *set, size_t size)
{
	mask->replaced = false;
	return set ? wait_mask_replace(mask, set, size) : 0;
}

static inline long wait_mask_end(const struct wait_mask *mask, long result)
{
	return mask->replaced ? wait_mask_restore(mask, result) : result;
}

#endif /* POSIX_POLL_H */
