/* SPDX-License-Identifier: MIT */
/* Threads, conditions, cancellation, signals, time, floating point. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "soak.h"

static __thread char own_block[100];

static void *use_own_block(void *argument)
{
	soak_fill(own_block, sizeof(own_block), (uintptr_t)argument);
	sched_yield();
	soak_expect(own_block, sizeof(own_block), (uintptr_t)argument);
	return argument;
}

void deed_threads(struct soaker *soaker)
{
	unsigned int count = 1 + soak_choose(soaker, 10), i;
	pthread_t threads[10];
	void *value;

	for (i = 0; i < count; i++) {
		int err = pthread_create(&threads[i], NULL, use_own_block,
		                         (void *)(uintptr_t)(i + 1));

		SOAK_CHECK(err == 0 || err == EAGAIN);
		if (err)
			break;
	}
	while (i > 0) {
		i--;
		SOAK_CHECK(pthread_join(threads[i], &value) == 0);
		SOAK_CHECK((uintptr_t)value == i + 1);
	}
}

struct turns {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	unsigned int turn;
};

static void *take_odd_turns(void *argument)
{
	struct turns *turns = argument;
	unsigned int i;

	pthread_mutex_lock(&turns->mutex);
	for (i = 0; i < 50; i++) {
		while (turns->turn % 2 == 0)
			pthread_cond_wait(&turns->cond, &turns->mutex);
		turns->turn++;
		pthread_cond_signal(&turns->cond);
	}
	pthread_mutex_unlock(&turns->mutex);
	return NULL;
}

void deed_condition(struct soaker *soaker)
{
	struct turns turns = { PTHREAD_MUTEX_INITIALIZER,
		               PTHREAD_COND_INITIALIZER, 0 };
	pthread_t other;
	unsigned int i;

	(void)soaker;
	if (pthread_create(&other, NULL, take_odd_turns, &turns) != 0)
		return;
	pthread_mutex_lock(&turns.mutex);
	for (i = 0; i < 50; i++) {
		while (turns.turn % 2 == 1)
			pthread_cond_wait(&turns.cond, &turns.mutex);
		turns.turn++;
		pthread_cond_signal(&turns.cond);
	}
	pthread_mutex_unlock(&turns.mutex);
	pthread_join(other, NULL);
	SOAK_CHECK(turns.turn == 100);
}

static void *sleep_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

void deed_cancel(struct soaker *soaker)
{
	pthread_t thread;
	void *value;

	if (pthread_create(&thread, NULL, sleep_for_ever, NULL) != 0)
		return;
	if (soak_choose(soaker, 2))
		sched_yield();
	SOAK_CHECK(pthread_cancel(thread) == 0);
	SOAK_CHECK(pthread_join(thread, &value) == 0);
	SOAK_CHECK(value == PTHREAD_CANCELED);
}

static __thread volatile unsigned int signals_taken;

static void take_signal(int signal)
{
	(void)signal;
	signals_taken++;
}

void deed_signal(struct soaker *soaker)
{
	struct sigaction action = { .sa_handler = take_signal };
	unsigned int before = signals_taken;
	sigset_t set, old;

	(void)soaker;
	SOAK_CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
	SOAK_CHECK(pthread_kill(pthread_self(), SIGUSR1) == 0);
	SOAK_CHECK(signals_taken == before + 1);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	SOAK_CHECK(pthread_sigmask(SIG_BLOCK, &set, &old) == 0);
	SOAK_CHECK(pthread_kill(pthread_self(), SIGUSR1) == 0);
	SOAK_CHECK(signals_taken == before + 1);
	SOAK_CHECK(pthread_sigmask(SIG_SETMASK, &old, NULL) == 0);
	SOAK_CHECK(signals_taken == before + 2);
}

void deed_sleep(struct soaker *soaker)
{
	struct timespec wanted = { 0, soak_choose(soaker, 2000000) };
	struct timespec before, after;

	clock_gettime(CLOCK_MONOTONIC, &before);
	SOAK_CHECK(nanosleep(&wanted, NULL) == 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	SOAK_CHECK((after.tv_sec - before.tv_sec) * 1000000000 +
	                   (after.tv_nsec - before.tv_nsec) >=
	           wanted.tv_nsec);
}

void deed_timer(struct soaker *soaker)
{
	struct itimerspec in = { .it_value.tv_nsec =
		                         1 + soak_choose(soaker, 500000) };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	uint64_t times = 0;

	if (fd < 0)
		return;
	SOAK_CHECK(timerfd_settime(fd, 0, &in, NULL) == 0);
	if (soak_choose(soaker, 4) > 0) {
		SOAK_CHECK(read(fd, &times, sizeof(times)) == sizeof(times));
		SOAK_CHECK(times == 1);
	}
	close(fd);
}

/* The same sum twice, with other threads' sums between. */
void deed_float(struct soaker *soaker)
{
	double first = 0, again = 0, step = 1.0 / (3 + soaker->id);
	unsigned int i, turn;

	for (turn = 0; turn < 2; turn++) {
		double a = 1, b = step, c = 2, d = 0;

		for (i = 0; i < 20000; i++) {
			d += a * b - c / (a + 1.5);
			a = b + i;
			b = d * 1e-9 + step;
			c = a - b;
		}
		*(turn ? &again : &first) = d;
	}
	SOAK_CHECK(first == again);
}

/* What must fail, fails, and leaves nothing behind. */
void deed_errors(struct soaker *soaker)
{
	(void)soaker;
	SOAK_CHECK(write(1, (const void *)16, 8) == -1 && errno == EFAULT);
	SOAK_CHECK(open("/no/such", O_RDONLY) == -1 && errno == ENOENT);
	SOAK_CHECK(read(999, own_block, 1) == -1 && errno == EBADF);
	SOAK_CHECK(mmap(NULL, 1ul << 62, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
	                -1, 0) == MAP_FAILED &&
	           errno == ENOMEM);
	SOAK_CHECK(munmap((void *)1, 4096) == -1 && errno == EINVAL);
	SOAK_CHECK(close(-1) == -1 && errno == EBADF);
}
