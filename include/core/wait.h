/* SPDX-License-Identifier: MIT */
/*
 * Wait queues: threads that wait until something is so, and watchers that want
 * to be told when it may be (poll, epoll). Who makes it so says wait_queue_wake().
 *
 *         err = wait_for(&pipe->queue, pipe->bytes > 0, UINT64_MAX,
 *                        THREAD_INTERRUPTIBLE);
 *
 * Sleepers are woken in the order in which they came.
 */
#ifndef CORE_WAIT_H
#define CORE_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/lock.h"
#include "core/thread.h"

struct wait_queue;

struct waiter {
	struct waiter *next, *previous; /* [L] */
	struct wait_queue *queue;       /* [L] NULL: in none */
	struct thread *thread;          /* [I] a sleeper's */
	/*
	 * [I] a watcher's: told at every wake, stays in the queue. Called with
	 * the queue's lock held and interrupts off. True: a thread was woken.
	 */
	bool (*notify)(struct waiter *waiter);
	/* [I] a watcher's: not told when another such has woken a thread. */
	bool exclusive;
};

struct wait_queue {
	struct spinlock lock;
	struct waiter *first, *last; /* [L] sleepers */
	struct waiter *watchers;     /* [L] */
	unsigned int sleepers;       /* [L] */
};

#define WAIT_QUEUE_INIT(queue_name)                             \
	{                                                       \
		.lock = SPINLOCK_INIT(LOCK_WAIT, (queue_name)), \
	}

/* @name stays valid: `threads` shows it. */
void wait_queue_init(struct wait_queue *queue, const char *name);

/* The same for a queue that is woken by a watcher of another one. */
void wait_queue_init_watcher(struct wait_queue *queue, const char *name);

/*
 * The running thread joins as a sleeper, unless it is in the queue already. It has
 * said thread_will_wait() before, or it could sleep in no queue: see wait_for().
 */
void wait_queue_join(struct wait_queue *queue, struct waiter *waiter);
/* False: it was taken out, and woken, before. */
bool wait_queue_leave(struct wait_queue *queue, struct waiter *waiter);

/* @waiter->notify is set. */
void wait_queue_watch(struct wait_queue *queue, struct waiter *waiter);
/* Not called any more after this returns. */
void wait_queue_unwatch(struct waiter *waiter);

/*
 * Wake up to @count sleepers and tell every watcher. Returns how many sleepers.
 * Context: any, no lock of rank LOCK_WAIT or above held. Nobody waits: about 8
 * instructions.
 */
unsigned int wait_queue_wake(struct wait_queue *queue, unsigned int count);
#define wait_queue_wake_all(queue) wait_queue_wake((queue), ~0u)

/* The same for who holds the queue's lock. */
unsigned int wait_queue_wake_locked(struct wait_queue *queue,
                                    unsigned int count)
	__must_hold(queue->lock);

/*
 * Until @condition, an expression that is looked at again after each wake, and not
 * once more when it was true: it may take what it waits for. Returns 0,
 * -ETIMEDOUT or -EINTR, the last two only when it is still not so.
 *
 * It says that it waits before it joins: a waker that takes it out of the queue
 * while it is on its way to sleep ends that wait. Else it would sleep in no queue
 * when a third thread has taken what there was.
 */
#define wait_for(wait_queue_, condition, deadline_ns, kind)                 \
	({                                                                  \
		struct waiter wait_for_self = { 0 };                        \
		bool wait_for_done;                                         \
		int wait_for_error = 0;                                     \
                                                                            \
		while (!(wait_for_done = (condition)) && !wait_for_error) { \
			thread_will_wait(kind);                             \
			wait_queue_join((wait_queue_), &wait_for_self);     \
			wait_for_done = (condition);                        \
			if (!wait_for_done)                                 \
				wait_for_error =                            \
					thread_wait_until(deadline_ns);     \
			thread_will_not_wait();                             \
			if (wait_for_done)                                  \
				break;                                      \
		}                                                           \
		if (wait_for_self.thread)                                   \
			wait_queue_leave((wait_queue_), &wait_for_self);    \
		wait_for_done ? 0 : wait_for_error;                         \
	})

#endif /* CORE_WAIT_H */
