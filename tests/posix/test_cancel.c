/* SPDX-License-Identifier: MIT */
/* Cancellation: deferred in each kind of wait, asynchronous, masked. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "core/thread.h"
#include "test.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static volatile int cleaned;
static volatile pid_t tid;

static void clean(void *amount)
{
	cleaned += (int)(long)amount;
}

static void unlock(void *unused)
{
	(void)unused;
	/* The mutex is ours again when the handler runs. */
	cleaned += pthread_mutex_unlock(&mutex) == 0;
}

static void *in_sleep(void *unused)
{
	const struct timespec long_time = { .tv_sec = 1000 };

	(void)unused;
	tid = gettid();
	pthread_cleanup_push(clean, (void *)1);
	nanosleep(&long_time, NULL);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *in_cond_wait(void *unused)
{
	(void)unused;
	tid = gettid();
	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(unlock, NULL);
	for (;;)
		pthread_cond_wait(&condition, &mutex);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *in_sem_wait(void *unused)
{
	(void)unused;
	tid = gettid();
	pthread_cleanup_push(clean, (void *)1);
	sem_wait(&semaphore);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *in_join(void *thread)
{
	tid = gettid();
	pthread_cleanup_push(clean, (void *)1);
	pthread_join(*(pthread_t *)thread, NULL);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *in_sigwait(void *unused)
{
	sigset_t set;
	int signal;

	(void)unused;
	tid = gettid();
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	pthread_cleanup_push(clean, (void *)1);
	sigwait(&set, &signal);
	pthread_cleanup_pop(0);
	return NULL;
}

static void *in_pause(void *unused)
{
	sigset_t none;

	(void)unused;
	tid = gettid();
	sigemptyset(&none);
	pthread_cleanup_push(clean, (void *)1);
	sigsuspend(&none);
	pthread_cleanup_pop(0);
	return NULL;
}

static void wait_until_it_waits(void)
{
	for (;;) {
		const struct thread *thread =
			tid ? thread_find((unsigned int)tid) : NULL;

		if (thread && thread->state == THREAD_WAITING)
			return;
		sched_yield();
	}
}

static void cancel_in(void *(*function)(void *), void *argument)
{
	pthread_t thread;
	void *result;

	cleaned = 0;
	tid = 0;
	CHECK_EQ(pthread_create(&thread, NULL, function, argument), 0);
	wait_until_it_waits();
	CHECK_EQ(pthread_cancel(thread), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK(result == PTHREAD_CANCELED);
	CHECK_EQ(cleaned, 1);
}

TEST(every_kind_of_wait_can_be_cancelled)
{
	pthread_t sleeper;

	test_use_all_harts();
	cancel_in(in_sleep, NULL);
	cancel_in(in_cond_wait, NULL);
	CHECK_EQ(sem_init(&semaphore, 0, 0), 0);
	cancel_in(in_sem_wait, NULL);
	cancel_in(in_sigwait, NULL);
	cancel_in(in_pause, NULL);

	tid = 0;
	CHECK_EQ(pthread_create(&sleeper, NULL, in_sleep, NULL), 0);
	wait_until_it_waits();
	cancel_in(in_join, &sleeper);
	CHECK_EQ(pthread_cancel(sleeper), 0);
	CHECK_EQ(pthread_join(sleeper, NULL), 0);
}

static volatile int stage;

static void *until_tested(void *unused)
{
	(void)unused;
	while (stage == 0)
		;
	pthread_testcancel();
	return NULL;
}

static void *while_disabled(void *unused)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	int state;

	(void)unused;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	stage = 1;
	while (stage == 1)
		sched_yield();
	nanosleep(&moment, NULL);
	stage = 3;
	pthread_setcancelstate(state, NULL);
	pthread_testcancel();
	return NULL;
}

TEST(a_request_waits_for_a_cancellation_point)
{
	pthread_t thread;
	void *result;

	test_use_all_harts();
	stage = 0;
	CHECK_EQ(pthread_create(&thread, NULL, until_tested, NULL), 0);
	CHECK_EQ(pthread_cancel(thread), 0);
	stage = 1;
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK(result == PTHREAD_CANCELED);

	stage = 0;
	CHECK_EQ(pthread_create(&thread, NULL, while_disabled, NULL), 0);
	while (stage == 0)
		sched_yield();
	CHECK_EQ(pthread_cancel(thread), 0);
	stage = 2;
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK(result == PTHREAD_CANCELED);
	CHECK_EQ(stage, 3);
}

static void *at_once(void *unused)
{
	pthread_testcancel();
	return unused;
}

/* Cancelled before its first instruction, as far as that can be had. */
TEST(a_thread_can_be_cancelled_before_it_starts)
{
	test_use_all_harts();
	for (int i = 0; i < 50; i++) {
		pthread_t thread;
		void *result;

		CHECK_EQ(pthread_create(&thread, NULL, at_once, NULL), 0);
		CHECK_EQ(pthread_cancel(thread), 0);
		CHECK_EQ(pthread_join(thread, &result), 0);
		CHECK(result == PTHREAD_CANCELED || result == NULL);
	}
}

static void *compute(void *unused)
{
	(void)unused;
	pthread_cleanup_push(clean, (void *)1);
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	stage = 1;
	for (;;)
		;
	pthread_cleanup_pop(0);
	return NULL;
}

TEST(asynchronous_cancellation_ends_a_loop)
{
	pthread_t thread;
	void *result;

	test_use_all_harts();
	cleaned = 0;
	stage = 0;
	CHECK_EQ(pthread_create(&thread, NULL, compute, NULL), 0);
	while (stage == 0)
		sched_yield();
	CHECK_EQ(pthread_cancel(thread), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK(result == PTHREAD_CANCELED);
	CHECK_EQ(cleaned, 1);
}

static pthread_key_t key;
static volatile int destroyed;

static void destroy(void *value)
{
	if (++destroyed < 3)
		pthread_setspecific(key, value);
}

static void *with_value(void *unused)
{
	pthread_setspecific(key, &key);
	return in_sleep(unused);
}

TEST(cancellation_runs_destructors_as_long_as_they_set_values)
{
	test_use_all_harts();
	destroyed = 0;
	CHECK_EQ(pthread_key_create(&key, destroy), 0);
	cancel_in(with_value, NULL);
	CHECK_EQ(destroyed, 3);
	CHECK_EQ(pthread_key_delete(key), 0);
}

static void handler(int signal)
{
	(void)signal;
	stage = 1;
	while (stage == 1)
		;
}

/* A request that comes while a handler runs ends the wait below it. */
TEST(a_request_during_a_handler_reaches_the_interrupted_wait)
{
	struct sigaction action = { .sa_handler = handler,
		                    .sa_flags = SA_RESTART };
	pthread_t thread;
	void *result;

	test_use_all_harts();
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	cleaned = 0;
	tid = 0;
	stage = 0;
	CHECK_EQ(pthread_create(&thread, NULL, in_sem_wait, NULL), 0);
	wait_until_it_waits();
	CHECK_EQ(pthread_kill(thread, SIGUSR1), 0);
	while (stage == 0)
		sched_yield();
	CHECK_EQ(pthread_cancel(thread), 0);
	stage = 2;
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK(result == PTHREAD_CANCELED);
	CHECK_EQ(cleaned, 1);
	action.sa_handler = SIG_DFL;
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
}
