/* SPDX-License-Identifier: MIT */
/*
 * Who runs where. Each hart has a queue of ready threads; its lock is held from
 * the choice of the next thread until the registers of the last one are saved,
 * and the assembler that saves them lets it go (core/switch.S). So whoever holds
 * the lock sees each thread of the hart either running or wholly saved.
 *
 * Here the running thread gives its hart up by a call. A switch returns when the
 * thread runs again, with the lock let go and interrupts off. Calls are the last
 * thing in each function on the way, so that none needs a frame.
 */
#include "core/sched.h"

#include "arch/csr.h"
#include "core/assert.h"
#include "core/hart.h"
#include "core/lock.h"
#include "core/panic.h"
#include "core/run_queue_internal.h"
#include "core/sched_internal.h"
#include "core/switch.h"
#include "core/thread.h"
#include "core/trap.h"

/* core/run_queue_internal.h */
const unsigned char highest_of_4[16] = { [2 ... 3] = 1,
	                                 [4 ... 7] = 2,
	                                 [8 ... 15] = 3 };

static __noinline void switch_with_slice(struct thread *last,
                                         struct thread *next,
                                         unsigned long *lock_word)
{
	sched_begin_slice();
	thread_switch(last, next, lock_word);
}

static __always_inline void
switch_registers(struct hart *hart, struct thread *last, struct thread *next,
                 bool begins_slice)
	__releases(hart->queue.lock) __no_lock_analysis
{
	if (CONFIG_LOCK_DEBUG)
		lock_debug_release(&hart->queue.lock);
	if (begins_slice)
		switch_with_slice(last, next, &hart->queue.lock.locked);
	else
		thread_switch(last, next, &hart->queue.lock.locked);
}

static __noinline void switch_to_idle(struct hart *hart, struct thread *last)
	__releases(hart->queue.lock) __no_lock_analysis
{
	account_idle(hart, last);
	switch_registers(hart, last, hart->queue.idle, false);
}

static __noinline void switch_to_best(struct hart *hart, struct thread *last)
	__releases(hart->queue.lock) __no_lock_analysis
{
	struct thread *next = pick(&hart->queue);

	account_pair(hart, last, next);
	switch_registers(hart, last, next, wants_slice(hart, next));
}

/*
 * To the first of the best level. Most often that is a thread of the same
 * priority, with nobody behind it.
 */
__noinline void sched_switch_away(struct hart *hart, struct thread *last)
	__releases(hart->queue.lock) __no_lock_analysis
{
	const unsigned int priority = last->priority;
	struct run_queue *queue = &hart->queue;
	struct thread *next = queue->levels[priority].first;
	bool alone;

	if (queue->ready == 0) {
		switch_to_idle(hart, last);
		return;
	}
	if (unlikely(queue->ready >> priority != 1)) {
		switch_to_best(hart, last);
		return;
	}
	alone = unlink_first(queue, next, priority);
	account_pair(hart, last, next);
	switch_registers(hart, last, next, !alone && !has_slice(hart));
}

/* The running thread goes behind those of its priority; no other is ready. */
static __noinline void switch_in_turn(struct hart *hart, struct thread *last)
	__releases(hart->queue.lock) __no_lock_analysis
{
	struct thread *next;

	WRITE_ONCE(last->state, THREAD_READY);
	next = take_turns(&hart->queue.levels[last->priority], last);
	account_pair(hart, last, next);
	switch_registers(hart, last, next, !has_slice(hart));
}

/*
 * The running thread leaves for good, or for a hart that it may use: the idle
 * thread sees to that when the stack is not used any more.
 */
__noinline void sched_leave_hart(struct hart *hart, enum thread_state state)
	__releases(hart->queue.lock) __no_lock_analysis
{
	struct thread *self = hart->thread;

	ASSERT(self != hart->queue.idle);
	__atomic_store_n(&self->state, state, __ATOMIC_RELAXED);
	hart->queue.left = self;
	switch_to_idle(hart, self);
}

/* In interrupts they are off. A thread that is not idle is so on every hart. */
bool thread_may_switch(void)
{
	const struct thread *self = current_thread();

	return csr_read(sstatus) & SSTATUS_SIE && self &&
	       self->preempt_off == 0 && self != this_hart->queue.idle;
}

int thread_yield(void)
{
	unsigned long flags = irq_save();
	struct hart *hart = this_hart;
	struct thread *self = hart->thread;

	DEBUG_ASSERT(self->preempt_off == 0 && !in_interrupt());
	if (READ_ONCE(hart->queue.ready)) {
		spin_lock(&hart->queue.lock);
		/* Whoever forbids it the hart says that it should switch. */
		if (unlikely(hart->queue.should_switch) &&
		    !may_run_on(self, hart)) {
			sched_leave_hart(hart, THREAD_READY);
		} else if (likely(hart->queue.ready >> self->priority == 1)) {
			switch_in_turn(hart, self);
		} else if (hart->queue.ready >> self->priority) {
			WRITE_ONCE(self->state, THREAD_READY);
			append(&hart->queue, self);
			sched_switch_away(hart, self);
		} else {
			spin_unlock(&hart->queue.lock);
		}
	}
	irq_restore_after_switch(flags);
	return 0;
}

void thread_exit(void)
{
	struct hart *hart;

	irq_save();
	hart = this_hart;
	assert_no_lock_held("the end of a thread");
	ASSERT(hart->thread->preempt_off == 0);
	spin_lock(&hart->queue.lock);
	sched_leave_hart(hart, THREAD_DEAD);
	panic("a thread that had ended went on");
}

bool sched_is_busy(const struct hart *hart)
{
	const struct thread *running = READ_ONCE(hart->thread);

	return running && running != hart->queue.idle;
}

const struct thread *sched_first_waiter(const struct hart *hart)
{
	const struct run_queue *queue = &hart->queue;

	return queue->ready >> hart->thread->priority
	               ? queue->levels[best_level(queue)].first
	               : NULL;
}
