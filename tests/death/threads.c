/* SPDX-License-Identifier: MIT */
/* Threads that go wrong, and harts that stand still (watchdog=1). */
#include <stdio.h>
#include <stdlib.h>

#include "acts.h"
#include "arch/csr.h"
#include "core/hart.h"
#include "core/mutex.h"
#include "core/thread.h"
#include "core/timer.h"
#include "mm/kthread.h"

#define S 1000000000ul

static __noinline void spin_seconds(unsigned int tenths)
{
	uint64_t start = timer_now_ns();

	while (timer_now_ns() - start < tenths * S / 10)
		;
}

static void run(void (*function)(void *argument), const char *name,
                uint64_t allowed_harts)
{
	if (!kthread_run(function, NULL, name, THREAD_PRIORITY_NORMAL,
	                 allowed_harts))
		exit(4);
	(void)thread_sleep_until(timer_now_ns() + 12 * S,
	                         THREAD_UNINTERRUPTIBLE);
}

static volatile int depth;

static __noinline int dive(int n)
{
	volatile char frame[200];

	frame[n % 200] = (char)n;
	depth = n;
	return n < 1 << 30 ? dive(n + 1) + frame[n % 200] : 0;
}

static void overflow(void *unused)
{
	(void)unused;
	depth = dive(1);
}

static void overflow_of_a_thread(void)
{
	run(overflow, "diver", 0);
}

static void interrupts_off_for_long(void)
{
	unsigned long flags;

	spin_seconds(1);
	flags = irq_save();
	spin_seconds(40);
	irq_restore(flags);
	exit(0);
}

static void stand_still_then_end(void *unused)
{
	unsigned long flags = irq_save();

	(void)unused;
	spin_seconds(70);
	irq_restore(flags);
	exit(0);
}

static void hart_that_stands_still(void)
{
	run(stand_still_then_end, "statue", 2);
}

static void wait_for_a_turn(void *unused)
{
	(void)unused;
}

static void thread_that_gets_no_turn(void)
{
	(void)thread_set_allowed_harts(current_thread(), 1);
	preempt_disable();
	preempt_enable();
	preempt_disable();
	if (!kthread_run(wait_for_a_turn, NULL, "waiter",
	                 THREAD_PRIORITY_NORMAL, 1))
		exit(4);
	spin_seconds(90);
	exit(0);
}

static struct mutex mutex = MUTEX_INIT("twice");

static void __no_lock_analysis mutex_locked_twice(void)
{
	mutex_lock(&mutex);
	mutex_lock(&mutex);
	/* The last call would be a jump, and this function not in the trace. */
	mutex_unlock(&mutex);
	printf("still alive\n");
}

const struct act thread_acts[] = {
	{ "thread-overflow", overflow_of_a_thread },
	{ "mutex-twice", mutex_locked_twice },
	{ "watchdog-interrupts-off", interrupts_off_for_long },
	{ "watchdog-hart", hart_that_stands_still },
	{ "watchdog-no-turn", thread_that_gets_no_turn },
	{ NULL, NULL },
};
