/* SPDX-License-Identifier: MIT */
/*
 * poll() and select(): one look at every file; only if none is ready, a watcher
 * in the queue of each, and a look whenever one of them was told. Whoever tells
 * does no more than set a flag and wake, so any lock may be held there.
 */
#include "posix/poll.h"

#include <errno.h>
#include <stdint.h>

#include "core/timer.h"
#include "poll_internal.h"
#include "posix/clock.h"
#include "posix/file.h"
#include "posix/terminal.h"

static bool notify(struct waiter *waiter)
{
	const struct poll_watch *watch =
		container_of(waiter, struct poll_watch, waiter);

	WRITE_ONCE(watch->set->told, 1);
	thread_wake(watch->set->thread);
	return true;
}

void poll_open(struct poll_watch *watch, int fd, unsigned int events)
{
	*watch = (struct poll_watch){
		.waiter.notify = notify,
		.fd = fd,
		.events = events,
	};
	if (fd < 0)
		return;
	watch->file = file_get(fd);
	if (!watch->file)
		watch->revents = POLLNVAL;
}

void poll_close(struct poll_set *set)
{
	unsigned int i;

	for (i = 0; i < set->count; i++) {
		struct poll_watch *watch = &set->watches[i];

		if (!watch->file)
			continue;
		if (set->watching)
			wait_queue_unwatch(&watch->waiter);
		file_put(watch->file);
	}
}

static void watch_all(struct poll_set *set)
{
	unsigned int i;

	set->thread = current_thread();
	for (i = 0; i < set->count; i++) {
		struct poll_watch *watch = &set->watches[i];

		watch->set = set;
		if (watch->file && watch->file->queue)
			wait_queue_watch(watch->file->queue, &watch->waiter);
	}
	set->watching = true;
}

/* How many have something to say. */
static unsigned int look(struct poll_set *set)
{
	unsigned int ready = 0;
	unsigned int i;

	for (i = 0; i < set->count; i++) {
		struct poll_watch *watch = &set->watches[i];

		if (watch->file)
			watch->revents =
				file_ready(watch->file) & watch->events;
		ready += watch->revents != 0;
	}
	return ready;
}

const struct poll_source *poll_source;

/* ready() may sleep itself, so flags, not the thread's state, are asked. */
static bool is_over(const struct poll_set *set, const struct poll_sleep *sleep)
{
	return READ_ONCE(set->told) || poll_is_asked(sleep);
}

static int wait_until_told(struct poll_set *set, uint64_t deadline_ns)
{
	struct poll_sleep sleep;
	int err = 0;

	poll_sleep_begin(&sleep);
	while (!is_over(set, &sleep) && !err) {
		thread_will_wait(THREAD_INTERRUPTIBLE);
		if (!is_over(set, &sleep))
			err = thread_wait_until(deadline_ns);
		thread_will_not_wait();
	}
	if (is_over(set, &sleep))
		err = 0;
	poll_sleep_end(&sleep);
	return err;
}

long poll_wait(struct poll_set *set, uint64_t deadline_ns)
{
	unsigned int ready = look(set);
	int err = 0;

	if (ready > 0 || deadline_ns == POLL_NO_WAIT)
		return ready;
	watch_all(set);
	while ((ready = look(set)) == 0 && !err) {
		if (poll_found_news(deadline_ns))
			continue;
		err = wait_until_told(set, deadline_ns);
		/* Partner: notify() comes after what it tells of. */
		__atomic_exchange_n(&set->told, 0, __ATOMIC_SEQ_CST);
	}
	if (ready > 0)
		return ready;
	return err == -ETIMEDOUT ? 0 : err;
}

TERMINAL_INPUT_WITH(poll_wait);

int poll_deadline(const struct timespec *timeout, uint64_t *deadline_out)
{
	struct timespec time;
	int err;

	*deadline_out = UINT64_MAX;
	if (!timeout)
		return 0;
	err = copy_from_user(&time, timeout, sizeof(time));
	if (err)
		return err;
	if (!timespec_is_sane(&time))
		return -EINVAL;
	if (timespec_ns(&time) == 0)
		*deadline_out = POLL_NO_WAIT;
	else if (__builtin_add_overflow(timer_now_ns(), timespec_ns(&time),
	                                deadline_out))
		*deadline_out = UINT64_MAX;
	return 0;
}
