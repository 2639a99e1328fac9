/* SPDX-License-Identifier: MIT */
#include "beside.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>

#include "core/compiler.h"
#include "core/thread.h"
#include "core/timer.h"
#include "core/work.h"
#include "mm/kmem.h"
#include "test.h"

#define PATIENCE_NS 10000000000ul
#define PAUSE_NS    50000u

struct beside {
	pthread_t handle;
	long (*function)(void *argument);
	void *argument;
	long result;
	struct thread *thread; /* [A] NULL: it has not begun */
	unsigned int ended;    /* [A] */
	unsigned int may_end;  /* [A] until then ->thread is there */
};

static void pause_until(uint64_t give_up_ns, const char *what)
{
	if (timer_now_ns() > give_up_ns)
		test_fail(__FILE__, __LINE__, "a thread never %s", what);
	(void)thread_sleep_until(timer_now_ns() + PAUSE_NS,
	                         THREAD_UNINTERRUPTIBLE);
}

static void *run(void *argument)
{
	struct beside *beside = argument;

	__atomic_store_n(&beside->thread, current_thread(), __ATOMIC_RELEASE);
	/* A test may call sys_*() itself: a signal ends that as it ends a call. */
	current_thread()->in_call++;
	beside->result = beside->function(beside->argument);
	current_thread()->in_call--;
	__atomic_store_n(&beside->ended, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&beside->may_end, __ATOMIC_ACQUIRE))
		(void)thread_sleep_until(timer_now_ns() + PAUSE_NS,
		                         THREAD_UNINTERRUPTIBLE);
	return NULL;
}

struct beside *beside_start(long (*function)(void *argument), void *argument)
{
	const uint64_t give_up_ns = timer_now_ns() + PATIENCE_NS;
	struct beside *beside = kzalloc(sizeof(*beside), GFP_KERNEL);

	CHECK(beside);
	beside->function = function;
	beside->argument = argument;
	CHECK_EQ(pthread_create(&beside->handle, NULL, run, beside), 0);
	while (!__atomic_load_n(&beside->thread, __ATOMIC_ACQUIRE))
		pause_until(give_up_ns, "began");
	return beside;
}

bool beside_ended(const struct beside *beside)
{
	return __atomic_load_n(&beside->ended, __ATOMIC_ACQUIRE);
}

void beside_waits(struct beside *beside)
{
	const uint64_t give_up_ns = timer_now_ns() + PATIENCE_NS;

	while (READ_ONCE(beside->thread->state) != THREAD_WAITING) {
		CHECK(!beside_ended(beside));
		pause_until(give_up_ns, "waited");
	}
	CHECK(!beside_ended(beside));
}

static void do_nothing(int signal)
{
	(void)signal;
}

/* A handler that lets no call begin again. */
void beside_interrupt(struct beside *beside)
{
	const struct sigaction action = { .sa_handler = do_nothing };

	CHECK_EQ(sigaction(SIGUSR2, &action, NULL), 0);
	CHECK_EQ(pthread_kill(beside->handle, SIGUSR2), 0);
}

long beside_join(struct beside *beside)
{
	const uint64_t give_up_ns = timer_now_ns() + PATIENCE_NS;
	long result;

	while (!beside_ended(beside))
		pause_until(give_up_ns, "ended");
	__atomic_store_n(&beside->may_end, 1, __ATOMIC_RELEASE);
	CHECK_EQ(pthread_join(beside->handle, NULL), 0);
	work_flush();
	result = beside->result;
	kfree(beside);
	return result;
}
