/* SPDX-License-Identifier: MIT */
/*
 * What core/ needs for threads, without the C library: kernel threads on the hart
 * that measures. Where a partner takes part, the figure is for both.
 */
#include "core/hart.h"
#include "core/mutex.h"
#include "core/thread.h"
#include "core/timer.h"
#include "mm/kthread.h"
#include "rows.h"

static struct semaphore there = SEMAPHORE_INIT("bench there", 0);
static struct semaphore back = SEMAPHORE_INIT("bench back", 0);
static struct semaphore ended = SEMAPHORE_INIT("bench ended", 0);
static struct mutex mutex = MUTEX_INIT("bench");
static volatile bool stop;

static const char *start(void (*function)(void *), unsigned int priority)
{
	stop = false;
	return kthread_run(function, NULL, "partner", priority,
	                   1ull << this_hart->index)
	               ? NULL
	               : "no memory for a thread";
}

/* The worker frees the partner's memory after that. */
static void end_partner(const struct bench_row *row)
{
	(void)row;
	stop = true;
	up(&there);
	(void)down(&ended, UINT64_MAX, THREAD_UNINTERRUPTIBLE);
	while (down_trylock(&there))
		;
	while (down_trylock(&back))
		;
}

static void yield_on(void *unused)
{
	(void)unused;
	while (!stop)
		thread_yield();
	up(&ended);
}

static const char *start_yielding(const struct bench_row *row)
{
	return start(yield_on, (unsigned int)row->argument);
}

static bool body_yield(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++)
		thread_yield();
	return true;
}

static void answer(void *unused)
{
	(void)unused;
	while (!stop) {
		(void)down(&there, UINT64_MAX, THREAD_UNINTERRUPTIBLE);
		up(&back);
	}
	up(&ended);
}

static const char *start_answering(const struct bench_row *row)
{
	return start(answer, (unsigned int)row->argument);
}

static bool body_pingpong(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		up(&there);
		(void)down(&back, UINT64_MAX, THREAD_UNINTERRUPTIBLE);
	}
	return true;
}

static bool body_mutex(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		mutex_lock(&mutex);
		bench_barrier();
		mutex_unlock(&mutex);
	}
	return true;
}

static void never(struct timer *timer)
{
	(void)timer;
}

static bool body_timer(const struct bench_row *row, unsigned long loops)
{
	struct timer timer = { .function = never };

	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		timer_start(&timer, UINT64_MAX - 1);
		timer_stop(&timer);
	}
	return true;
}

static bool body_preempt_off(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		preempt_disable();
		bench_barrier();
		preempt_enable();
	}
	return true;
}

static void end_at_once(void *unused)
{
	(void)unused;
	up(&ended);
}

static bool body_create(const struct bench_row *row, unsigned long loops)
{
	for (unsigned long i = 0; i < loops; i++) {
		if (start(end_at_once, (unsigned int)row->argument))
			return false;
		(void)down(&ended, UINT64_MAX, THREAD_UNINTERRUPTIBLE);
	}
	return true;
}

static const struct bench_row rows[] = {
	{ .name = "sched/yield",
	  .what = "thread_yield until the caller runs again: two switches",
	  .loops = 20000,
	  .harts = 1,
	  .argument = THREAD_PRIORITY_NORMAL,
	  .setup = start_yielding,
	  .body = body_yield,
	  .teardown = end_partner },
	{ .name = "sched/wake_pingpong",
	  .what = "two threads, two semaphores: two wakes, two switches",
	  .loops = 20000,
	  .harts = 1,
	  .argument = THREAD_PRIORITY_NORMAL,
	  .setup = start_answering,
	  .body = body_pingpong,
	  .teardown = end_partner },
	{ .name = "sched/preempt",
	  .what = "a thread of higher priority is woken, preempts, waits again",
	  .loops = 20000,
	  .harts = 1,
	  .argument = THREAD_PRIORITY_HIGH,
	  .setup = start_answering,
	  .body = body_pingpong,
	  .teardown = end_partner },
	{ .name = "sched/mutex",
	  .what = "mutex_lock, mutex_unlock, nobody waits",
	  .loops = 100000,
	  .harts = 1,
	  .body = body_mutex },
	{ .name = "sched/timer",
	  .what = "timer_start, timer_stop of the only timer",
	  .loops = 100000,
	  .harts = 1,
	  .body = body_timer },
	{ .name = "sched/preempt_off",
	  .what = "preempt_disable, preempt_enable",
	  .loops = 100000,
	  .harts = 1,
	  .body = body_preempt_off },
	{ .name = "sched/create",
	  .what = "kthread_run of an empty thread until it has ended and is freed",
	  .loops = 2000,
	  .harts = 1,
	  .argument = THREAD_PRIORITY_NORMAL,
	  .body = body_create },
};

const struct bench_table rows_sched = BENCH_TABLE_OF(rows);
