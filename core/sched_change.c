/* SPDX-License-Identifier: MIT */
/*
 * A thread gets another priority, or other harts. If it is queued it leaves the
 * queue and is queued anew; if it runs its hart looks whether it still should. One
 * that waits, or goes from hart to hart, is neither: whoever queues it next sees
 * to it.
 */
#include <errno.h>

#include "arch/csr.h"
#include "arch/sbi.h"
#include "core/assert.h"
#include "core/hart.h"
#include "core/lock.h"
#include "core/run_queue_internal.h"
#include "core/sched.h"
#include "core/sched_internal.h"
#include "core/thread.h"
#include "core/trap.h"

/* Interrupts off, no queue locked. */
static void look_again(const struct hart *hart)
{
	if (hart != this_hart) {
		sbi_send_ipi(1, hart->id);
		return;
	}
	sched_look();
	if (READ_ONCE(hart->queue.should_switch) && !in_interrupt())
		thread_preempt();
}

void thread_set_priority(struct thread *thread, unsigned int priority)
{
	unsigned long flags = irq_save();
	struct hart *hart = lock_hart_of(thread);
	const bool queued = thread->queued;
	bool contested;

	spin_assume_held(&hart->queue.lock);
	ASSERT(priority < THREAD_PRIORITIES);
	if (queued)
		dequeue(&hart->queue, thread);
	thread->priority = (unsigned char)priority;
	contested = thread == hart->thread && hart->queue.ready >> priority;
	spin_unlock(&hart->queue.lock);
	if (queued)
		sched_queue(thread);
	else if (contested)
		look_again(hart);
	irq_restore(flags);
}

/* @thread runs on @hart, which it has to leave. */
static void make_leave(struct hart *hart, struct thread *thread)
	__releases(hart->queue.lock) __no_lock_analysis
{
	if (hart == this_hart && !in_interrupt() && thread->preempt_off == 0) {
		sched_leave_hart(hart, THREAD_READY);
		return;
	}
	WRITE_ONCE(hart->queue.should_switch, true);
	spin_unlock(&hart->queue.lock);
	look_again(hart);
}

int thread_set_allowed_harts(struct thread *thread, uint64_t allowed_harts)
{
	unsigned long flags;
	struct hart *hart;

	allowed_harts &= all_harts();
	if (!allowed_harts)
		return -EINVAL;
	flags = irq_save();
	hart = lock_hart_of(thread);
	spin_assume_held(&hart->queue.lock);
	WRITE_ONCE(thread->allowed_harts, allowed_harts);
	if (may_run_on(thread, hart) ||
	    (!thread->queued && thread != hart->thread)) {
		spin_unlock(&hart->queue.lock);
	} else if (thread->queued) {
		dequeue(&hart->queue, thread);
		spin_unlock(&hart->queue.lock);
		sched_queue(thread);
	} else {
		make_leave(hart, thread);
	}
	irq_restore_after_switch(flags);
	return 0;
}
