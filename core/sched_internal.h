/* SPDX-License-Identifier: MIT */
/*
 * What the files of the scheduler share.
 *
 *   core/sched.c              the running thread gives its hart up by a call
 *   core/sched_preempt.c      it loses its hart, or its slice
 *   core/sched_wait.c         it waits
 *   core/sched_wake.c         a thread becomes ready: where, and who is told
 *   core/sched_change.c       a thread gets another priority, or other harts
 *   core/sched_idle.c         what a hart does that has no thread
 *   core/thread_interrupt.c   its wait ends, what it runs is diverted
 */
#ifndef CORE_SCHED_INTERNAL_H
#define CORE_SCHED_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/csr.h"
#include "core/compiler.h"
#include "core/hart.h"
#include "core/lock.h"
#include "core/thread.h"
#include "core/timer.h"

static inline uint64_t hart_bit(const struct hart *hart)
{
	return 1ull << hart->index;
}

static inline uint64_t all_harts(void)
{
	return ~0ull >> (64 - nr_harts);
}

static inline bool may_run_on(const struct thread *thread,
                              const struct hart *hart)
{
	return READ_ONCE(thread->allowed_harts) & hart_bit(hart);
}

/* core/sched_idle.c: those whose idle thread runs. */
extern uint64_t idle_harts; /* [A] */

/* The hart that @thread belongs to, with its queue locked. Interrupts off. */
static __always_inline struct hart *
lock_hart_of(struct thread *thread) __no_lock_analysis
{
	for (;;) {
		struct hart *hart = READ_ONCE(thread->hart);

		spin_lock(&hart->queue.lock);
		if (likely(thread->hart == hart))
			return hart;
		spin_unlock(&hart->queue.lock);
	}
}

/* What changes when the hart goes from @last to @next, none idle; lock held. */
static __always_inline void account_pair(struct hart *hart, struct thread *last,
                                         struct thread *next)
{
	uint64_t now = read_time();

	last->run_ticks += now - last->since_ticks;
	next->since_ticks = now;
	if (!next->keeps_turn)
		next->turn_ticks = next->run_ticks;
	next->switches++;
	hart->queue.switches++;
	WRITE_ONCE(next->state, THREAD_RUNNING);
	WRITE_ONCE(hart->thread, next);
	WRITE_ONCE(hart->queue.should_switch, false);
}

/* The same, to the idle thread. */
static __always_inline void account_idle(struct hart *hart, struct thread *last)
{
	account_pair(hart, last, hart->queue.idle);
	__atomic_fetch_or(&idle_harts, hart_bit(hart), __ATOMIC_RELAXED);
}

/*
 * A slice is timed while somebody waits for it, and before a switch: what is
 * switched to need not come back here. Interrupts off, @hart is this one.
 */
static __always_inline bool has_slice(const struct hart *hart)
{
	return likely(hart->timer.slice_ns != UINT64_MAX);
}

static __always_inline bool wants_slice(const struct hart *hart,
                                        const struct thread *runs)
{
	return READ_ONCE(hart->queue.ready) >> runs->priority &&
	       !has_slice(hart);
}

/* core/sched_preempt.c */
void sched_begin_slice(void);
void sched_end_of_slice(void);

static __always_inline void time_slice(const struct hart *hart,
                                       const struct thread *runs)
{
	if (wants_slice(hart, runs))
		sched_begin_slice();
}

/*
 * core/sched.c: to the first of the best level; to the idle thread. The caller has
 * set the state of the running thread, and queued it if it is ready.
 */
void sched_switch_away(struct hart *hart, struct thread *last)
	__releases(hart->queue.lock);
void sched_leave_hart(struct hart *hart, enum thread_state state)
	__releases(hart->queue.lock);

/*
 * core/sched_wake.c: @thread is READY, on no queue, and its stack is not in use.
 * Interrupts off, no queue locked.
 */
void sched_queue(struct thread *thread);

#endif /* CORE_SCHED_INTERNAL_H */
