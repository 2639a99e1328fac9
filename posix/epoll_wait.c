/* SPDX-License-Identifier: MIT */
/*
 * epoll_wait(): what is in the ready list is asked again and told if it is so.
 * A level-triggered item then goes to the end of the list, so that with few
 * events a call each has its turn; an edge-triggered one leaves it until the next
 * news. An item that is not ready any more costs one question and leaves it too.
 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>

#include "core/timer.h"
#include "core/user_access.h"
#include "epoll_internal.h"
#include "posix/poll.h"
#include "posix/syscalls.h"
#include "posix/terminal.h"

#define NS_PER_MS 1000000ul

/* Bits of ->events that are no events. */
#define EVENT_FLAGS (EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE)

uint32_t epoll_item_events(const struct epoll_item *item)
{
	const uint32_t asked = item->events & ~EVENT_FLAGS;

	return asked ? file_ready(item->file) & asked : 0;
}

TERMINAL_INPUT_WITH(epoll_item_events);

static struct epoll_item *first_of(const struct list *ready)
{
	return list_member(ready->next, struct epoll_item, ready);
}

/* 1: told; 0: nothing to tell; -EFAULT, and it stays where it is. */
static int tell(struct epoll_item *item, struct epoll_event *event)
{
	const struct epoll_event now = {
		.events = epoll_item_events(item),
		.data.u64 = item->data,
	};
	int err;

	if (now.events == 0) {
		list_remove(&item->ready);
		return 0;
	}
	err = copy_to_user(event, &now, sizeof(now));
	if (err)
		return err;
	list_remove(&item->ready);
	if (item->events & EPOLLONESHOT)
		item->events = 0;
	else if (!(item->events & EPOLLET))
		list_add_last(&item->epoll->ready, &item->ready);
	return 1;
}

/* Up to @max events; -EFAULT when the first cannot be told. */
static long collect_locked(struct epoll *epoll, struct epoll_event *events,
                           long max)
{
	const struct list *ready = &epoll->ready;
	const struct list *last; /* what is behind it has been told */
	const struct list *item;
	long count = 0;
	int told;

	epoll_take_arrived(epoll);
	if (list_is_empty(ready))
		return 0;
	last = ready->previous;
	do {
		item = ready->next;
		told = tell(first_of(ready), &events[count]);
		if (told > 0)
			count++;
	} while (item != last && count < max && told >= 0);
	return count > 0 || told >= 0 ? count : told;
}

static long collect(struct epoll *epoll, struct epoll_event *events, long max)
{
	bool more;
	long count;

	mutex_lock(&epoll->lock);
	count = collect_locked(epoll, events, max);
	more = !list_is_empty(&epoll->ready);
	mutex_unlock(&epoll->lock);

	/* One sleeper is woken for each; who leaves some wakes the next. */
	if (more)
		wait_queue_wake(&epoll->queue, 1);
	return count;
}

static long wait_events(struct epoll *epoll, struct epoll_event *events,
                        long max, uint64_t deadline_ns)
{
	int err = 0;

	for (;;) {
		const long count =
			epoll_has_news(epoll) ? collect(epoll, events, max) : 0;

		if (count != 0 || deadline_ns == 0)
			return count;
		if (err)
			return err == -ETIMEDOUT ? 0 : err;
		if (poll_found_news(deadline_ns))
			continue;
		err = poll_sleep_for(&epoll->queue, epoll_has_news(epoll),
		                     deadline_ns, THREAD_INTERRUPTIBLE);
	}
}

static uint64_t deadline_of(int timeout_ms)
{
	if (timeout_ms < 0)
		return UINT64_MAX;
	return timeout_ms == 0 ? 0 : timer_now_ns() + timeout_ms * NS_PER_MS;
}

static long epoll_wait_file(const struct file *file, struct epoll_event *events,
                            int max, int timeout_ms)
{
	struct epoll *epoll = epoll_of(file);

	if (!epoll)
		return -EINVAL;
	return wait_events(epoll, events, max, deadline_of(timeout_ms));
}

SYSCALL_ONCE(epoll_pwait,
             (int fd, struct epoll_event *events, int max, int timeout_ms,
              const void *mask, size_t mask_bytes),
             a, (void *)b, c, d, (void *)e, f)
{
	struct wait_mask wait_mask;
	struct file *file;
	long result;

	if (max <= 0 || (size_t)max > INT_MAX / sizeof(events[0]))
		return -EINVAL;
	file = file_get(fd);
	if (!file)
		return -EBADF;
	result = wait_mask_begin(&wait_mask, mask, mask_bytes);
	if (result == 0) {
		result = epoll_wait_file(file, events, max, timeout_ms);
		result = wait_mask_end(&wait_mask, result);
	}
	file_put(file);
	return result;
}

/* Is there one? Those that are not go off the list, for the next who asks. */
unsigned int epoll_ready(struct file *file)
{
	struct epoll *epoll = epoll_of(file);
	unsigned int ready = 0;

	if (!epoll_has_news(epoll))
		return 0;
	mutex_lock(&epoll->lock);
	epoll_take_arrived(epoll);
	while (!ready && !list_is_empty(&epoll->ready)) {
		struct epoll_item *item = first_of(&epoll->ready);

		ready = epoll_item_events(item);
		if (!ready)
			list_remove(&item->ready);
	}
	mutex_unlock(&epoll->lock);
	return ready ? POLLIN | POLLRDNORM : 0;
}
