/* SPDX-License-Identifier: MIT */
/* Ends of the process: deadlocks, signals by their default, faults in threads. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "acts.h"

static void lock_a_mutex_twice(void)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&mutex);
	pthread_mutex_lock(&mutex);
	/* The last call would be a jump, and this function not in the trace. */
	pthread_mutex_unlock(&mutex);
	printf("still alive\n");
}

static void end_by_a_signal(void)
{
	raise(SIGTERM);
}

/* A fault with the signal blocked is the end, handler or not. */
static void on_fault(int signal)
{
	(void)signal;
	_exit(5);
}

static void fault_with_the_signal_blocked(void)
{
	volatile int *volatile nothing = (volatile int *)8;
	sigset_t set;

	signal(SIGSEGV, on_fault);
	sigemptyset(&set);
	sigaddset(&set, SIGSEGV);
	sigprocmask(SIG_BLOCK, &set, NULL);
	*nothing = 1;
}

static unsigned long recurse_in_thread(unsigned long n)
{
	volatile char room[512];

	room[0] = (char)n;
	return n == 0 ? 0 : recurse_in_thread(n + 1) + (unsigned long)room[0];
}

static void *overflow(void *unused)
{
	recurse_in_thread(1);
	return unused;
}

static void overflow_of_a_threads_stack(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, overflow, NULL);
	pthread_join(thread, NULL);
}

static void *exit_process(void *unused)
{
	(void)unused;
	_exit(7);
}

static void exit_from_a_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exit_process, NULL);
	pthread_join(thread, NULL);
}

static void *outlive_main(void *main_thread)
{
	pthread_join(*(pthread_t *)main_thread, NULL);
	_exit(9);
}

static void main_ends_first(void)
{
	static pthread_t self;
	pthread_t thread;

	self = pthread_self();
	pthread_create(&thread, NULL, outlive_main, &self);
	pthread_exit(NULL);
}

const struct act process_acts[] = {
	{ "deadlock", lock_a_mutex_twice },
	{ "signal", end_by_a_signal },
	{ "blocked-fault", fault_with_the_signal_blocked },
	{ "overflow-thread", overflow_of_a_threads_stack },
	{ "exit-from-thread", exit_from_a_thread },
	{ "main-ends-first", main_ends_first },
	{ NULL, NULL },
};
