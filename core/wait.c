/* SPDX-License-Identifier: MIT */
/*
 * A queue's lock is held while its sleepers are woken, so whoever has left it
 * (which takes the lock) is not touched any more and may end.
 */
#include "core/wait.h"

#include "core/assert.h"
#include "core/lock.h"
#include "core/race_window.h"
#include "core/thread.h"

static void queue_init(struct wait_queue *queue, const char *name,
                       enum lock_rank rank)
{
	*queue = (struct wait_queue){
		.lock = SPINLOCK_INIT(rank, name),
	};
}

void wait_queue_init(struct wait_queue *queue, const char *name)
{
	queue_init(queue, name, LOCK_WAIT);
}

void wait_queue_init_watcher(struct wait_queue *queue, const char *name)
{
	queue_init(queue, name, LOCK_WAIT_WATCHER);
}

static void unlink_sleeper(struct wait_queue *queue, struct waiter *waiter)
{
	if (waiter->previous)
		waiter->previous->next = waiter->next;
	else
		queue->first = waiter->next;
	if (waiter->next)
		waiter->next->previous = waiter->previous;
	else
		queue->last = waiter->previous;
	waiter->queue = NULL;
	queue->sleepers--;
}

void wait_queue_join(struct wait_queue *queue, struct waiter *waiter)
{
	struct thread *self = current_thread();
	unsigned long flags = spin_lock_irqsave(&queue->lock);

	if (!waiter->queue) {
		waiter->thread = self;
		waiter->queue = queue;
		waiter->next = NULL;
		waiter->previous = queue->last;
		if (queue->last)
			queue->last->next = waiter;
		else
			queue->first = waiter;
		queue->last = waiter;
		queue->sleepers++;
	}
	spin_unlock_irqrestore(&queue->lock, flags);
	race_window(RACE_QUEUE_JOINED);
	WRITE_ONCE(self->waits_for, queue);
	WRITE_ONCE(self->waits_in, queue->lock.name);
}

bool wait_queue_leave(struct wait_queue *queue, struct waiter *waiter)
{
	struct thread *self = current_thread();
	unsigned long flags = spin_lock_irqsave(&queue->lock);
	const bool was_there = waiter->queue != NULL;

	if (was_there)
		unlink_sleeper(queue, waiter);
	spin_unlock_irqrestore(&queue->lock, flags);
	WRITE_ONCE(self->waits_for, NULL);
	return was_there;
}

void wait_queue_watch(struct wait_queue *queue, struct waiter *waiter)
{
	unsigned long flags = spin_lock_irqsave(&queue->lock);

	ASSERT(waiter->notify && !waiter->queue);
	waiter->queue = queue;
	waiter->previous = NULL;
	waiter->next = queue->watchers;
	if (waiter->next)
		waiter->next->previous = waiter;
	queue->watchers = waiter;
	spin_unlock_irqrestore(&queue->lock, flags);
}

void wait_queue_unwatch(struct waiter *waiter)
{
	struct wait_queue *queue = waiter->queue;
	unsigned long flags;

	if (!queue)
		return;
	flags = spin_lock_irqsave(&queue->lock);
	if (waiter->previous)
		waiter->previous->next = waiter->next;
	else
		queue->watchers = waiter->next;
	if (waiter->next)
		waiter->next->previous = waiter->previous;
	waiter->queue = NULL;
	spin_unlock_irqrestore(&queue->lock, flags);
}

static __always_inline void tell_watchers(struct wait_queue *queue)
	__must_hold(queue->lock)
{
	struct waiter *watcher;
	bool enough = false;

	for (watcher = queue->watchers; watcher; watcher = watcher->next) {
		if (enough && watcher->exclusive)
			continue;
		enough |= watcher->notify(watcher) && watcher->exclusive;
	}
}

static __always_inline unsigned int wake(struct wait_queue *queue,
                                         unsigned int count)
	__must_hold(queue->lock)
{
	unsigned int woken = 0;

	while (queue->first && woken < count) {
		struct waiter *waiter = queue->first;
		struct thread *thread = waiter->thread;

		unlink_sleeper(queue, waiter);
		thread_wake(thread);
		woken++;
	}
	tell_watchers(queue);
	return woken;
}

unsigned int wait_queue_wake_locked(struct wait_queue *queue,
                                    unsigned int count)
{
	return wake(queue, count);
}

static __noinline unsigned int wake_under_lock(struct wait_queue *queue,
                                               unsigned int count)
{
	unsigned long flags = spin_lock_irqsave(&queue->lock);
	unsigned int woken = wake(queue, count);

	spin_unlock_irqrestore(&queue->lock, flags);
	return woken;
}

unsigned int wait_queue_wake(struct wait_queue *queue, unsigned int count)
{
	/* Partner: whoever joins looks at its condition after that. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!READ_ONCE(queue->first) && !READ_ONCE(queue->watchers))
		return 0;
	return wake_under_lock(queue, count);
}
