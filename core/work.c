/* SPDX-License-Identifier: MIT */
/*
 * One list, one thread that empties it. Who flushes queues a work of its own at
 * the end and waits for that.
 */
#include "core/work.h"

#include <stddef.h>

#include "core/lock.h"
#include "core/mutex.h"
#include "core/thread.h"

static struct spinlock work_lock = SPINLOCK_INIT(LOCK_WAIT, "work_lock");
static struct work *first __guarded_by(work_lock);
static struct work **end __guarded_by(work_lock) = &first;
static struct thread *worker; /* [A] NULL: nobody works yet */

bool work_has_worker(void)
{
	return __atomic_load_n(&worker, __ATOMIC_ACQUIRE) != NULL;
}

void work_queue(struct work *work)
{
	unsigned long flags = spin_lock_irqsave(&work_lock);
	struct thread *thread = __atomic_load_n(&worker, __ATOMIC_RELAXED);

	if (!work->queued) {
		work->queued = true;
		work->next = NULL;
		*end = work;
		end = &work->next;
	}
	spin_unlock_irqrestore(&work_lock, flags);
	if (thread)
		thread_wake(thread);
}

static struct work *work_take(void)
{
	unsigned long flags = spin_lock_irqsave(&work_lock);
	struct work *work = first;

	if (work) {
		first = work->next;
		if (!first)
			end = &first;
		work->queued = false;
	}
	spin_unlock_irqrestore(&work_lock, flags);
	return work;
}

void work_loop(void *unused)
{
	(void)unused;
	__atomic_store_n(&worker, current_thread(), __ATOMIC_RELEASE);
	for (;;) {
		struct work *work = work_take();

		if (work) {
			work->function(work);
			continue;
		}
		thread_will_wait(THREAD_UNINTERRUPTIBLE);
		if (!READ_ONCE(first))
			(void)thread_wait_until(UINT64_MAX);
		thread_will_not_wait();
	}
}

struct flush {
	struct work work;
	struct completion done;
};

static void flush_reached(struct work *work)
{
	complete(&container_of(work, struct flush, work)->done);
}

void work_flush(void)
{
	struct flush flush = { .work.function = flush_reached };

	if (!work_has_worker())
		return;
	completion_init(&flush.done, "work_flush");
	work_queue(&flush.work);
	wait_for_completion(&flush.done);
}
