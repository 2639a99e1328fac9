/* SPDX-License-Identifier: MIT */
/*
 * Threads as a program of POSIX calls has them, on one hart. Where two threads
 * take part, the figure is for what the measured one sees: a round trip, or its
 * call of sched_yield() until it runs again, the partner's call included.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "rows.h"

static pthread_t partner;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int turn; /* 0: the measured thread's, 1: the partner's, 2: the end */
static volatile bool stop;

static bool body_null_call(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++)
		syscall(SYS_getppid);
	return true;
}

static void *end_at_once(void *argument)
{
	return argument;
}

static bool body_create_join(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, end_at_once, NULL) != 0)
			return false;
		pthread_join(thread, NULL);
	}
	return true;
}

/* Locks that musl takes are real ones only once there was a second thread. */
static bool body_mutex(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
	return true;
}

static const char *start(void *(*function)(void *))
{
	return pthread_create(&partner, NULL, function, NULL) == 0
	               ? NULL
	               : "no memory for a thread";
}

static void *answer(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&mutex);
	for (;;) {
		while (turn == 0)
			pthread_cond_wait(&condition, &mutex);
		if (turn == 2)
			break;
		turn = 0;
		pthread_cond_signal(&condition);
	}
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static const char *start_answering(const struct bench_row *row)
{
	(void)row;
	turn = 0;
	return start(answer);
}

static void end_answering(const struct bench_row *row)
{
	(void)row;
	pthread_mutex_lock(&mutex);
	turn = 2;
	pthread_cond_signal(&condition);
	pthread_mutex_unlock(&mutex);
	pthread_join(partner, NULL);
}

static bool body_cond_pingpong(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	pthread_mutex_lock(&mutex);
	for (unsigned long i = 0; i < loops; i++) {
		turn = 1;
		pthread_cond_signal(&condition);
		while (turn == 1)
			pthread_cond_wait(&condition, &mutex);
	}
	pthread_mutex_unlock(&mutex);
	return true;
}

static void *yield_on(void *unused)
{
	while (!stop)
		sched_yield();
	return unused;
}

static const char *start_yielding(const struct bench_row *row)
{
	(void)row;
	stop = false;
	return start(yield_on);
}

static void end_yielding(const struct bench_row *row)
{
	(void)row;
	stop = true;
	pthread_join(partner, NULL);
}

static bool body_yield(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++)
		sched_yield();
	return true;
}

static const struct bench_row rows[] = {
	{ .name = "threads/null_call",
	  .what = "getppid through syscall(2)",
	  .loops = 100000,
	  .harts = 1,
	  .body = body_null_call },
	{ .name = "threads/create_join",
	  .what = "pthread_create and pthread_join of an empty thread, default "
	          "stack",
	  .loops = 1000,
	  .harts = 1,
	  .body = body_create_join },
	{ .name = "threads/mutex",
	  .what = "pthread_mutex_lock and _unlock, uncontended",
	  .loops = 100000,
	  .harts = 1,
	  .body = body_mutex },
	{ .name = "threads/cond_pingpong",
	  .what = "two threads, mutex and condition, one round trip",
	  .loops = 2000,
	  .harts = 1,
	  .setup = start_answering,
	  .body = body_cond_pingpong,
	  .teardown = end_answering },
	{ .name = "threads/yield",
	  .what = "sched_yield with two runnable threads, until it returns",
	  .loops = 10000,
	  .harts = 1,
	  .setup = start_yielding,
	  .body = body_yield,
	  .teardown = end_yielding },
};

const struct bench_table rows_threads = BENCH_TABLE_OF(rows);
