/* SPDX-License-Identifier: MIT */
/* Interrupting a thread: its wait ends, and what it runs may be diverted. */
#include "arch/csr.h"
#include "arch/sbi.h"
#include "core/hart.h"
#include "core/lock.h"
#include "core/sched.h"
#include "core/sched_internal.h"
#include "core/thread.h"

void thread_interrupt(struct thread *thread)
{
	__atomic_store_n(&thread->interrupted, 1, __ATOMIC_RELAXED);
	/* Partner: thread_will_wait(); the kind, then a look at this. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (READ_ONCE(thread->wait_kind) == THREAD_INTERRUPTIBLE)
		thread_wake(thread);
}

bool thread_take_interrupt(void)
{
	struct thread *self = current_thread();

	return __atomic_load_n(&self->interrupted, __ATOMIC_RELAXED) &&
	       __atomic_exchange_n(&self->interrupted, 0, __ATOMIC_ACQUIRE);
}

static thread_diverter *diverter; /* [A] */

void thread_set_diverter(thread_diverter *new_diverter)
{
	__atomic_store_n(&diverter, new_diverter, __ATOMIC_RELEASE);
}

void thread_divert(struct thread *thread)
{
	const unsigned long flags = irq_save();
	struct hart *hart = lock_hart_of(thread);
	const bool runs = hart->thread == thread;
	thread_diverter *divert = READ_ONCE(diverter);

	spin_assume_held(&hart->queue.lock);
	if (!runs && thread->preempted && divert)
		divert(thread, &thread->frame);
	spin_unlock(&hart->queue.lock);
	if (runs && hart != this_hart)
		sbi_send_ipi(1, hart->id);
	irq_restore(flags);
}

void sched_divert(struct trap_frame *frame)
{
	thread_diverter *divert = READ_ONCE(diverter);

	if (divert)
		divert(this_hart->thread, frame);
}
