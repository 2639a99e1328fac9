/* SPDX-License-Identifier: MIT */
/*
 * The running thread loses its hart: to one that is more urgent, or when its slice
 * is over and another of its priority waits. An interrupt decides nothing by
 * itself: it sets queue.should_switch, and its end switches.
 *
 * There is no tick while a hart has nothing else ready: a slice is timed only when
 * a second thread waits for the hart.
 */
#include "arch/csr.h"
#include "arch/sbi.h"
#include "core/hart.h"
#include "core/lock.h"
#include "core/run_queue_internal.h"
#include "core/sched.h"
#include "core/sched_internal.h"
#include "core/switch.h"
#include "core/thread.h"
#include "core/timer.h"
#include "core/trap.h"

#define SLICE_NS 4000000u

/* An interrupt of this hart by itself, as soon as they are on. */
void thread_preempt(void)
{
	csr_set(sip, SIE_SSIE);
}

void sched_begin_slice(void)
{
	timer_set_slice(timer_now_ns() + SLICE_NS);
}

/*
 * How long has the running thread had its turn? One that outranks it for a while
 * does not begin it anew: others of its priority might wait for ever.
 */
static uint64_t turn_ns(const struct thread *self)
{
	return timer_ticks_to_ns(self->run_ticks - self->turn_ticks +
	                         read_time() - self->since_ticks);
}

/* A thread was left in a queue although a hart that it may use idles. */
static void call_idle(uint64_t allowed)
{
	uint64_t idle = __atomic_load_n(&idle_harts, __ATOMIC_RELAXED);

	if (unlikely(idle & allowed))
		sbi_send_ipi(1, harts[__builtin_ctzll(idle & allowed)]->id);
}

/* The running thread loses its hart; returns the one that gets it. */
static __noinline struct thread *replace(struct hart *hart)
	__must_hold(hart->queue.lock)
{
	struct thread *last = hart->thread;
	struct thread *next;
	bool outranked;

	/* A thread that was about to wait looks again at what it waits for. */
	__atomic_store_n(&last->state, THREAD_READY, __ATOMIC_RELAXED);
	last->preemptions++;
	if (!may_run_on(last, hart)) {
		hart->queue.left = last;
		return hart->queue.idle;
	}
	outranked = best_level(&hart->queue) > last->priority;
	next = pick(&hart->queue);
	if (outranked && turn_ns(last) < SLICE_NS)
		prepend(&hart->queue, last);
	else
		append(&hart->queue, last);
	return next;
}

/*
 * At the end of an interrupt of thread code: @frame is what it returns to. The
 * thread that loses the hart has its registers copied out of the frame, and the
 * next one's are put there.
 */
void sched_end_of_interrupt(struct trap_frame *frame)
{
	struct hart *hart = this_hart;
	struct run_queue *queue = &hart->queue;
	struct thread *last = hart->thread;
	struct thread *next;
	uint64_t allowed;

	/* preempt_enable() asks again; idle looks without being asked. */
	if (last == queue->idle || last->preempt_off > 0)
		return;
	spin_lock(&hart->queue.lock);
	if (may_run_on(last, hart) && !(queue->ready >> last->priority)) {
		WRITE_ONCE(queue->should_switch, false);
		spin_unlock(&hart->queue.lock);
		return;
	}
	next = replace(hart);
	allowed = next == queue->idle ? 0 : last->allowed_harts;
	if (next == queue->idle)
		account_idle(hart, last);
	else
		account_pair(hart, last, next);
	frame_save(frame, last);
	spin_unlock(&hart->queue.lock);
	frame_load(frame, next);
	if (next != queue->idle)
		time_slice(hart, next);
	call_idle(allowed);
}

/* The slice of the running thread is over, unless it has just begun. */
void sched_end_of_slice(void)
{
	struct hart *hart = this_hart;
	const struct thread *self = hart->thread;

	if (self == hart->queue.idle ||
	    !(READ_ONCE(hart->queue.ready) >> self->priority))
		return;
	if (turn_ns(self) >= SLICE_NS / 2)
		WRITE_ONCE(hart->queue.should_switch, true);
	else
		time_slice(hart, self);
}

/* Something was queued here, or the running thread has changed. */
void sched_look(void)
{
	struct hart *hart = this_hart;
	const struct thread *self = hart->thread;

	if (!self || self == hart->queue.idle)
		return;
	if (READ_ONCE(hart->queue.ready) >> (self->priority + 1))
		WRITE_ONCE(hart->queue.should_switch, true);
	time_slice(hart, self);
}
