/* SPDX-License-Identifier: MIT */
/*
 * What a hart does that has no thread: it sees to the one that has just left it,
 * takes what waits elsewhere, and sleeps. The idle thread begins anew each time, so
 * that nothing of it has to be kept.
 */
#include "arch/csr.h"
#include "core/hart.h"
#include "core/lock.h"
#include "core/machine.h"
#include "core/run_queue_internal.h"
#include "core/sched.h"
#include "core/sched_internal.h"
#include "core/switch.h"
#include "core/thread.h"
#include "core/timer.h"
#include "core/watchdog.h"

uint64_t idle_harts;

static void (*on_idle)(void); /* [A] */

void sched_on_idle(void (*function)(void))
{
	WRITE_ONCE(on_idle, function);
}

static void bury_or_move(struct thread *thread)
{
	if (thread->state == THREAD_DEAD) {
		thread_bury(thread);
	} else {
		unsigned long flags = irq_save();

		sched_queue(thread);
		irq_restore(flags);
	}
}

/* The first thread of @queue that may run on @hart: off the queue, and its. */
static struct thread *take_one(struct run_queue *queue, struct hart *hart)
	__must_hold(queue->lock)
{
	int level;

	for (level = THREAD_PRIORITIES - 1; level >= 0; level--) {
		struct thread *thread = queue->levels[level].first;

		for (; thread; thread = thread->next) {
			if (may_run_on(thread, hart)) {
				dequeue(queue, thread);
				thread->hart = hart;
				return thread;
			}
		}
	}
	return NULL;
}

/* Take a thread that waits for another hart. Interrupts off. */
static bool steal(struct hart *hart)
{
	unsigned int i;

	for (i = 1; i < nr_harts; i++) {
		struct hart *other = harts[(hart->index + i) % nr_harts];
		struct thread *thread;

		if (!READ_ONCE(other->queue.ready))
			continue;
		spin_lock(&other->queue.lock);
		thread = take_one(&other->queue, hart);
		spin_unlock(&other->queue.lock);
		if (thread) {
			hart->queue.stolen++;
			sched_queue(thread);
			return true;
		}
	}
	return false;
}

/* Does not return if there is a thread, still. */
static void run_best(struct hart *hart)
	__releases(hart->queue.lock) __no_lock_analysis
{
	struct thread *next = pick(&hart->queue);

	if (unlikely(next == hart->queue.idle)) {
		spin_unlock(&hart->queue.lock);
		return;
	}
	account_pair(hart, hart->queue.idle, next);
	__atomic_fetch_and(&idle_harts, ~hart_bit(hart), __ATOMIC_RELAXED);
	time_slice(hart, next);
	if (CONFIG_LOCK_DEBUG)
		lock_debug_release(&hart->queue.lock);
	thread_switch_from_idle(next, &hart->queue.lock.locked);
}

/*
 * What the idle thread of each hart does until there is a thread. It is never
 * preempted: what an interrupt made ready is seen when the interrupt has ended.
 */
static void idle_loop(void *unused)
{
	(void)unused;
	for (;;) {
		struct hart *hart = this_hart;
		struct thread *left = hart->queue.left;

		if (left) {
			hart->queue.left = NULL;
			bury_or_move(left);
			continue;
		}
		if (!READ_ONCE(hart->queue.ready) && READ_ONCE(on_idle))
			on_idle();
		irq_save();
		if (unlikely(watchdog_asks(hart)))
			watchdog_join();
		if (READ_ONCE(hart->queue.ready) || steal(hart)) {
			if (unlikely(!hart->watches))
				watchdog_begin();
			spin_lock(&hart->queue.lock);
			run_best(hart);
			csr_set(sstatus, SSTATUS_SIE);
		} else {
			csr_set(sstatus, SSTATUS_SIE);
			hart_idle(UINT64_MAX);
		}
	}
}

void thread_prepare_idle(struct thread *idle, struct hart *hart,
                         uintptr_t stack_bottom, size_t stack_bytes)
{
	const struct thread_setup setup = {
		.name = "idle",
		.function = idle_loop,
		.stack_bottom = stack_bottom,
		.stack_bytes = stack_bytes,
		.allowed_harts = hart_bit(hart),
	};

	thread_prepare(idle, &setup);
	idle->hart = hart;
	hart->queue.lock =
		(struct spinlock)SPINLOCK_INIT(LOCK_RUN_QUEUE, "run queue");
	hart->queue.idle = idle;
	timer_on_slice(sched_end_of_slice);
}

void threads_run(void)
{
	struct hart *hart = this_hart;
	struct thread *idle = hart->queue.idle;

	irq_save();
	if (isa_has(ISA_V))
		csr_set(sstatus, SSTATUS_VS_INITIAL);
	idle->since_ticks = read_time();
	idle->state = THREAD_RUNNING;
	WRITE_ONCE(hart->thread, idle);
	__atomic_fetch_or(&idle_harts, hart_bit(hart), __ATOMIC_RELAXED);
	thread_resume(idle);
}
