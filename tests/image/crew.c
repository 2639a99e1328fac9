/* SPDX-License-Identifier: MIT */
/*
 * A thread has ended when the list of all threads is as short as it was before; its
 * memory is free when it is buried and the worker has been there.
 */
#include "crew.h"

#include <stdio.h>

#include "core/timer.h"
#include "core/work.h"
#include "mm/kthread.h"
#include "test.h"

#define LIMIT_NS (10000 * MS)

static struct member {
	void (*function)(void *argument);
	void *argument;
	bool used; /* [A] */
} members[CREW_MAX];

static unsigned int working;        /* [A] members that have not ended */
static unsigned int threads_before; /* while some work: those of others */

static void run_member(void *argument)
{
	struct member *member = argument;

	member->function(member->argument);
	__atomic_store_n(&member->used, false, __ATOMIC_RELEASE);
	__atomic_fetch_sub(&working, 1, __ATOMIC_RELEASE);
}

static struct member *free_member(void)
{
	for (unsigned int i = 0; i < CREW_MAX; i++)
		if (!__atomic_load_n(&members[i].used, __ATOMIC_ACQUIRE))
			return &members[i];
	test_fail(__FILE__, __LINE__, "more than %u threads", CREW_MAX);
}

struct thread *crew_add(void (*function)(void *argument), void *argument,
                        unsigned int priority, uint64_t allowed_harts)
{
	struct member *member = free_member();
	struct thread *thread;

	if (__atomic_load_n(&working, __ATOMIC_ACQUIRE) == 0)
		threads_before = threads_visit(NULL, NULL);
	*member = (struct member){ function, argument, true };
	__atomic_fetch_add(&working, 1, __ATOMIC_RELAXED);
	thread = kthread_run(run_member, member, "crew", priority,
	                     allowed_harts);
	if (!thread) {
		member->used = false;
		working--;
		test_fail(__FILE__, __LINE__, "no thread");
	}
	return thread;
}

void crew_wait(void)
{
	uint64_t start = timer_now_ns();

	while (__atomic_load_n(&working, __ATOMIC_ACQUIRE) > 0 ||
	       threads_visit(NULL, NULL) > threads_before) {
		if (timer_now_ns() - start > LIMIT_NS)
			test_fail(__FILE__, __LINE__, "threads do not end");
		(void)thread_sleep_until(timer_now_ns() + 200000,
		                         THREAD_UNINTERRUPTIBLE);
	}
	threads_wait_for_burials();
	work_flush();
}

static void nap(void)
{
	(void)thread_sleep_until(timer_now_ns() + 300000,
	                         THREAD_UNINTERRUPTIBLE);
}

bool sleep_until_set(const bool *flag)
{
	uint64_t start = timer_now_ns();

	while (!flag_is_set(flag) && timer_now_ns() - start < 5000 * MS)
		nap();
	return flag_is_set(flag);
}

bool sleep_until_count(const unsigned long *count, unsigned long wanted)
{
	uint64_t start = timer_now_ns();

	while (__atomic_load_n(count, __ATOMIC_ACQUIRE) < wanted &&
	       timer_now_ns() - start < 5000 * MS)
		nap();
	return __atomic_load_n(count, __ATOMIC_ACQUIRE) >= wanted;
}

void spin_ns(uint64_t ns)
{
	uint64_t start = timer_now_ns();

	while (timer_now_ns() - start < ns)
		;
}

void flag_set(bool *flag)
{
	__atomic_store_n(flag, true, __ATOMIC_RELEASE);
}

bool flag_is_set(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}
