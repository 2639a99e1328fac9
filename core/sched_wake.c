/* SPDX-License-Identifier: MIT */
/*
 * A thread becomes ready. It goes to the hart where it ran last if that one idles,
 * else to any that idles, else where it was; and the hart is told if it would not
 * see it soon by itself.
 */
#include "arch/csr.h"
#include "arch/sbi.h"
#include "core/assert.h"
#include "core/hart.h"
#include "core/lock.h"
#include "core/race_window.h"
#include "core/run_queue_internal.h"
#include "core/sched_internal.h"
#include "core/thread.h"
#include "core/trap.h"

/*
 * Where @thread, which is on no queue, should run: where it ran if that hart
 * idles, or nobody does.
 */
static __noinline struct hart *choose_of_many(const struct thread *thread)
{
	uint64_t allowed = READ_ONCE(thread->allowed_harts);
	uint64_t idle =
		__atomic_load_n(&idle_harts, __ATOMIC_RELAXED) & allowed;

	if (hart_bit(thread->hart) & (idle ? idle : allowed))
		return thread->hart;
	allowed &= all_harts();
	ASSERT(allowed);
	return harts[__builtin_ctzll(idle ? idle : allowed)];
}

static __always_inline struct hart *choose_hart(const struct thread *thread)
{
	return nr_harts == 1 ? thread->hart : choose_of_many(thread);
}

/* What a hart has to be told of a thread that is ready for it. */
enum news { NO_NEWS, NEWS_TO_IDLE, NEWS_TO_BUSY };

/*
 * Before @thread is queued on @hart. Nothing is new to a hart where others of
 * this priority are ready: their slice is timed, or they will be picked first.
 */
static __always_inline enum news news_of(struct hart *hart,
                                         const struct thread *thread)
	__must_hold(hart->queue.lock)
{
	const struct thread *running = hart->thread;

	if (!running) /* it begins soon, and looks at its queue then */
		return NO_NEWS;
	if (running == hart->queue.idle)
		return NEWS_TO_IDLE;
	if (thread->priority > running->priority)
		WRITE_ONCE(hart->queue.should_switch, true);
	else if (thread->priority < running->priority ||
	         hart->queue.ready >> running->priority)
		return NO_NEWS;
	return NEWS_TO_BUSY;
}

static __noinline void tell_other_hart(struct hart *hart, enum news news)
{
	/* Partner: hart_idle() says that it sleeps, then looks at ready. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (news == NEWS_TO_BUSY ||
	    __atomic_load_n(&hart->idle, __ATOMIC_SEQ_CST))
		sbi_send_ipi(1, hart->id);
}

/* Interrupts off, the lock of @hart's queue let go. */
static __always_inline void tell_hart(struct hart *hart, enum news news)
{
	if (news == NO_NEWS)
		return;
	if (unlikely(hart != this_hart)) {
		tell_other_hart(hart, news);
		return;
	}
	if (news == NEWS_TO_IDLE)
		return;
	if (unlikely(READ_ONCE(hart->queue.should_switch)) && !in_interrupt())
		thread_preempt();
	time_slice(hart, hart->thread);
}

static __always_inline void queue_on(struct hart *hart, struct thread *thread)
	__releases(hart->queue.lock)
{
	enum news news = news_of(hart, thread);

	append(&hart->queue, thread);
	spin_unlock(&hart->queue.lock);
	tell_hart(hart, news);
}

/*
 * A thread goes from hart to hart in three steps: off the queue of the one, with
 * the other already its hart; no lock held; on the queue of the other. Between
 * them it is READY and nobody touches it but those who change what it may: they
 * lock the other hart, so that is looked at again.
 */
__noinline void sched_queue(struct thread *thread) __no_lock_analysis
{
	struct hart *hart;

	race_window(RACE_THREAD_MOVES);
	for (;;) {
		hart = lock_hart_of(thread);
		if (likely(may_run_on(thread, hart) || nr_harts == 1))
			break;
		thread->hart = choose_hart(thread);
		spin_unlock(&hart->queue.lock);
	}
	queue_on(hart, thread);
}

/* The thread waits no more. */
static __always_inline void make_ready(struct hart *hart, struct thread *thread)
	__releases(hart->queue.lock) __no_lock_analysis
{
	struct hart *target = choose_hart(thread);

	WRITE_ONCE(thread->state, THREAD_READY);
	if (unlikely(target != hart)) {
		thread->hart = target;
		spin_unlock(&hart->queue.lock);
		sched_queue(thread);
		return;
	}
	queue_on(hart, thread);
}

static __noinline bool wake_anywhere(struct thread *thread, unsigned long flags)
{
	struct hart *hart = lock_hart_of(thread);
	const bool waited = thread->state == THREAD_WAITING;

	spin_assume_held(&hart->queue.lock);
	if (likely(waited && hart->thread != thread)) {
		make_ready(hart, thread);
	} else {
		if (waited)
			WRITE_ONCE(thread->state, THREAD_RUNNING);
		spin_unlock(&hart->queue.lock);
	}
	irq_restore(flags);
	return waited;
}

/* With the queue of @hart, which is this one, locked: will it wait here? */
static __always_inline bool waits_behind(const struct hart *hart,
                                         const struct thread *thread)
{
	const struct thread *running = hart->thread;

	return thread->hart == hart && thread->state == THREAD_WAITING &&
	       running != thread && running != hart->queue.idle &&
	       running->priority == thread->priority &&
	       (nr_harts == 1 ||
	        (__atomic_load_n(&idle_harts, __ATOMIC_RELAXED) == 0 &&
	         may_run_on(thread, hart)));
}

/* The same: does the hart idle, so that it looks at its queue next? */
static __always_inline bool runs_next(const struct hart *hart,
                                      const struct thread *thread)
{
	return hart->thread == hart->queue.idle && thread->hart == hart &&
	       thread->state == THREAD_WAITING &&
	       (nr_harts == 1 || may_run_on(thread, hart));
}

static __noinline bool woken_and_timed(struct hart *hart, unsigned long flags)
{
	if (hart->thread != hart->queue.idle)
		sched_begin_slice();
	irq_restore(flags);
	return true;
}

/*
 * Most often one that waits on this hart, behind one of the same priority or where
 * nobody runs.
 */
bool thread_wake(struct thread *thread)
{
	unsigned long flags;
	struct hart *hart;

	/* Partner: thread_will_wait(). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&thread->state, __ATOMIC_RELAXED) != THREAD_WAITING)
		return false;
	flags = irq_save();
	hart = this_hart;
	if (unlikely(READ_ONCE(thread->hart) != hart))
		return wake_anywhere(thread, flags);
	spin_lock(&hart->queue.lock);
	if (unlikely(!waits_behind(hart, thread) && !runs_next(hart, thread))) {
		spin_unlock(&hart->queue.lock);
		return wake_anywhere(thread, flags);
	}
	WRITE_ONCE(thread->state, THREAD_READY);
	append(&hart->queue, thread);
	spin_unlock(&hart->queue.lock);
	if (unlikely(!has_slice(hart)))
		return woken_and_timed(hart, flags);
	irq_restore(flags);
	return true;
}

void thread_start(struct thread *thread)
{
	unsigned long flags = irq_save();
	struct hart *hart = this_hart;

	ASSERT(thread->state == THREAD_INIT);
	thread->hart = hart;
	spin_lock(&hart->queue.lock);
	make_ready(hart, thread);
	irq_restore(flags);
}
