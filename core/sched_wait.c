/* SPDX-License-Identifier: MIT */
/* Waiting by three steps (core/thread.h), until woken or a time has come. */
#include <errno.h>

#include "arch/csr.h"
#include "core/assert.h"
#include "core/hart.h"
#include "core/lock.h"
#include "core/race_window.h"
#include "core/sched_internal.h"
#include "core/thread.h"
#include "core/timer.h"

void thread_will_wait(enum thread_wait_kind kind)
{
	struct thread *self = current_thread();

	self->wait_kind = kind;
	/* Partner: who wakes has made it so before it looks at the state. */
	__atomic_store_n(&self->state, THREAD_WAITING, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void thread_will_not_wait(void)
{
	WRITE_ONCE(current_thread()->state, THREAD_RUNNING);
}

static __always_inline bool must_not_wait(const struct thread *self)
{
	return self->wait_kind == THREAD_INTERRUPTIBLE &&
	       __atomic_load_n(&self->interrupted, __ATOMIC_ACQUIRE);
}

/* Until woken; the state says whether somebody has already done so. */
static __always_inline int wait_here(struct thread *self)
{
	unsigned long flags;
	struct hart *hart;

	race_window(RACE_THREAD_WAITS);
	flags = irq_save();
	hart = this_hart;
	spin_lock(&hart->queue.lock);
	if (likely(self->state == THREAD_WAITING && !must_not_wait(self))) {
		sched_switch_away(hart, self);
	} else {
		WRITE_ONCE(self->state, THREAD_RUNNING);
		spin_unlock(&hart->queue.lock);
	}
	irq_restore_after_switch(flags);
	return must_not_wait(self) ? -EINTR : 0;
}

static void wait_is_over(struct timer *timer)
{
	struct thread *thread = container_of(timer, struct thread, timer);

	WRITE_ONCE(thread->timed_out, true);
	thread_wake(thread);
}

static __noinline int wait_timed(struct thread *self, uint64_t deadline_ns)
{
	int err;

	if (timer_now_ns() >= deadline_ns) {
		thread_will_not_wait();
		return must_not_wait(self) ? -EINTR : -ETIMEDOUT;
	}
	WRITE_ONCE(self->timed_out, false);
	self->timer.function = wait_is_over;
	timer_start(&self->timer, deadline_ns);
	err = wait_here(self);
	timer_stop(&self->timer);
	if (err)
		return err;
	return READ_ONCE(self->timed_out) ? -ETIMEDOUT : 0;
}

int thread_wait_until(uint64_t deadline_ns)
{
	struct thread *self = current_thread();

	assert_no_lock_held("waiting");
	ASSERT(self->preempt_off == 0);
	if (deadline_ns != UINT64_MAX)
		return wait_timed(self, deadline_ns);
	return wait_here(self);
}

int thread_sleep_until(uint64_t deadline_ns, enum thread_wait_kind kind)
{
	int err;

	do {
		thread_will_wait(kind);
		err = thread_wait_until(deadline_ns);
	} while (err == 0);
	return err == -ETIMEDOUT ? 0 : err;
}
