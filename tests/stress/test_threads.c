/* SPDX-License-Identifier: MIT */
/*
 * Thousands of threads created and joined, hundreds alive at once, on every hart,
 * while signals and cancellations fly. The runner demands that every page and area
 * comes back.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "core/work.h"
#include "posix/task.h"
#include "test.h"

#define THREADS  2000
#define AT_ONCE  200
#define CREATORS 4

static atomic_ulong sum;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long guarded;

static void *work_a_little(void *argument)
{
	const unsigned long n = (unsigned long)argument;

	if (n % 3 == 0)
		sched_yield();
	sum += n;
	pthread_mutex_lock(&mutex);
	guarded++;
	pthread_mutex_unlock(&mutex);
	return argument;
}

TEST(two_thousand_threads_come_and_go)
{
	static pthread_t threads[AT_ONCE];
	pthread_attr_t attr;
	unsigned long expected = 0;

	test_use_all_harts();
	sum = 0;
	guarded = 0;
	CHECK_EQ(pthread_attr_init(&attr), 0);
	CHECK_EQ(pthread_attr_setstacksize(&attr, 16384), 0);
	for (unsigned long i = 0; i < THREADS * test_loops(); i++) {
		pthread_t *thread = &threads[i % AT_ONCE];
		void *result;

		if (i >= AT_ONCE) {
			CHECK_EQ(pthread_join(*thread, &result), 0);
			CHECK_EQ(result, i - AT_ONCE);
		}
		CHECK_EQ(
			pthread_create(thread, &attr, work_a_little, (void *)i),
			0);
		expected += i;
	}
	for (int i = 0; i < AT_ONCE; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	CHECK_EQ(sum, expected);
	CHECK_EQ(guarded, THREADS * test_loops());
}

static void *create_others(void *argument)
{
	for (int i = 0; i < 100; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, work_a_little,
		                   (void *)(long)i) != 0)
			return &sum;
		if (i % 2 == 0)
			pthread_detach(thread);
		else
			pthread_join(thread, NULL);
	}
	return argument;
}

static void wait_until_alone(void)
{
	while (!task_is_alone())
		sched_yield();
	work_flush();
}

TEST(threads_create_threads_on_all_harts)
{
	pthread_t creators[CREATORS];

	test_use_all_harts();
	for (int i = 0; i < CREATORS; i++) {
		CHECK_EQ(
			pthread_create(&creators[i], NULL, create_others, NULL),
			0);
	}
	for (int i = 0; i < CREATORS; i++) {
		void *result;

		CHECK_EQ(pthread_join(creators[i], &result), 0);
		CHECK_EQ(result, 0);
	}
	wait_until_alone();
}

static atomic_int handled;
static atomic_bool stop;

static void on_signal(int signal)
{
	(void)signal;
	handled++;
}

static void *compute(void *unused)
{
	volatile double x = 1;

	while (!stop)
		x = x * 1.0000001 + 0.5;
	return unused;
}

static void *wait_again_and_again(void *unused)
{
	const struct timespec moment = { .tv_nsec = 100000 };

	while (!stop) {
		nanosleep(&moment, NULL);
		pthread_mutex_lock(&mutex);
		guarded++;
		pthread_mutex_unlock(&mutex);
	}
	return unused;
}

/* None is lost: each is sent when the one before has been handled. */
TEST(signals_reach_threads_whatever_they_do)
{
	struct sigaction action = { .sa_handler = on_signal,
		                    .sa_flags = SA_RESTART };
	pthread_t threads[CREATORS];
	int sent = 0;

	test_use_all_harts();
	handled = 0;
	stop = false;
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	for (int i = 0; i < CREATORS; i++) {
		CHECK_EQ(pthread_create(&threads[i], NULL,
		                        i % 2 ? compute : wait_again_and_again,
		                        NULL),
		         0);
	}
	for (unsigned int i = 0; i < 500 * test_loops(); i++) {
		CHECK_EQ(pthread_kill(threads[i % CREATORS], SIGUSR1), 0);
		sent++;
		while (handled != sent)
			sched_yield();
	}
	stop = true;
	for (int i = 0; i < CREATORS; i++)
		CHECK_EQ(pthread_join(threads[i], NULL), 0);
	action.sa_handler = SIG_DFL;
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
}

TEST(threads_are_cancelled_at_any_moment)
{
	test_use_all_harts();
	stop = false;
	for (unsigned int i = 0; i < 200 * test_loops(); i++) {
		pthread_t thread;
		void *result;

		CHECK_EQ(pthread_create(&thread, NULL, wait_again_and_again,
		                        NULL),
		         0);
		for (unsigned int j = 0; j < i % 7; j++)
			sched_yield();
		CHECK_EQ(pthread_cancel(thread), 0);
		CHECK_EQ(pthread_join(thread, &result), 0);
		CHECK(result == PTHREAD_CANCELED);
	}
}
