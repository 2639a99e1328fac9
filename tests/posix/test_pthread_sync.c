/* SPDX-License-Identifier: MIT */
/* What pthreads wait for: mutexes, conditions, barriers, locks, semaphores. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stddef.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "core/timer.h"
#include "test.h"

#define THREADS   4
#define ROUNDS    500
#define MOMENT_NS 2000000

static struct timespec soon(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	time.tv_nsec += MOMENT_NS;
	if (time.tv_nsec >= 1000000000) {
		time.tv_nsec -= 1000000000;
		time.tv_sec++;
	}
	return time;
}

static void start(pthread_t *threads, int count, void *(*function)(void *),
                  void *argument)
{
	for (int i = 0; i < count; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, function, argument),
		         0);
}

static void join(pthread_t *threads, int count)
{
	for (int i = 0; i < count; i++) {
		void *result;

		CHECK_EQ(pthread_join(threads[i], &result), 0);
		CHECK_EQ(result, 0);
	}
}

static pthread_mutex_t mutex;
static unsigned long counter;

static void init_mutex(int type, int robust)
{
	pthread_mutexattr_t attr;

	CHECK_EQ(pthread_mutexattr_init(&attr), 0);
	CHECK_EQ(pthread_mutexattr_settype(&attr, type), 0);
	CHECK_EQ(pthread_mutexattr_setrobust(&attr, robust), 0);
	CHECK_EQ(pthread_mutex_init(&mutex, &attr), 0);
	CHECK_EQ(pthread_mutexattr_destroy(&attr), 0);
}

static void *count_up(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		if (pthread_mutex_lock(&mutex) != 0)
			return &mutex;
		counter++;
		if (i % 16 == 0)
			sched_yield();
		if (pthread_mutex_unlock(&mutex) != 0)
			return &mutex;
	}
	return unused;
}

TEST(mutexes_of_every_type_exclude)
{
	static const int types[] = { PTHREAD_MUTEX_NORMAL,
		                     PTHREAD_MUTEX_RECURSIVE,
		                     PTHREAD_MUTEX_ERRORCHECK };
	pthread_t threads[THREADS];

	test_use_all_harts();
	for (unsigned int i = 0; i < 6; i++) {
		init_mutex(types[i % 3], i < 3 ? PTHREAD_MUTEX_STALLED
		                               : PTHREAD_MUTEX_ROBUST);
		counter = 0;
		start(threads, THREADS, count_up, NULL);
		join(threads, THREADS);
		CHECK_EQ(counter, THREADS * ROUNDS);
		CHECK_EQ(pthread_mutex_destroy(&mutex), 0);
	}
}

static void *try_unlock(void *unused)
{
	(void)unused;
	return (void *)(long)pthread_mutex_unlock(&mutex);
}

TEST(types_of_mutexes_differ_where_they_should)
{
	struct timespec time;
	pthread_t thread;
	void *result;

	test_use_all_harts();
	init_mutex(PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED);
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	CHECK_EQ(pthread_create(&thread, NULL, try_unlock, NULL), 0);
	CHECK_EQ(pthread_join(thread, &result), 0);
	CHECK_EQ(result, EPERM);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), EPERM);

	init_mutex(PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED);
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	CHECK_EQ(pthread_mutex_lock(&mutex), EDEADLK);
	CHECK_EQ(pthread_mutex_trylock(&mutex), EBUSY);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);

	init_mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	time = soon(CLOCK_REALTIME);
	CHECK_EQ(pthread_mutex_timedlock(&mutex, &time), ETIMEDOUT);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
}

static void *die_with_mutex(void *unused)
{
	pthread_mutex_lock(&mutex);
	return unused;
}

static void *wait_for_owner_died(void *unused)
{
	(void)unused;
	return (void *)(long)pthread_mutex_lock(&mutex);
}

TEST(the_next_owner_of_a_robust_mutex_is_told)
{
	pthread_t thread, waiter;
	void *result;

	test_use_all_harts();
	init_mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST);
	CHECK_EQ(pthread_create(&thread, NULL, die_with_mutex, NULL), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(pthread_create(&waiter, NULL, wait_for_owner_died, NULL), 0);
	CHECK_EQ(pthread_join(waiter, &result), 0);
	CHECK_EQ(result, EOWNERDEAD);
	CHECK_EQ(pthread_mutex_lock(&mutex), EOWNERDEAD);
	CHECK_EQ(pthread_mutex_consistent(&mutex), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
}

TEST(priority_inheritance_is_refused)
{
	pthread_mutexattr_t attr;

	test_use_all_harts();
	CHECK_EQ(pthread_mutexattr_init(&attr), 0);
	CHECK_EQ(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT),
	         ENOSYS);
}

static pthread_cond_t condition;
static int turn;

static void *take_turns(void *argument)
{
	const int self = (int)(long)argument;

	pthread_mutex_lock(&mutex);
	for (int i = 0; i < ROUNDS; i++) {
		while (turn != self)
			pthread_cond_wait(&condition, &mutex);
		turn = !self;
		pthread_cond_signal(&condition);
	}
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void *wait_for_all(void *unused)
{
	pthread_mutex_lock(&mutex);
	turn++;
	while (turn >= 0)
		pthread_cond_wait(&condition, &mutex);
	pthread_mutex_unlock(&mutex);
	return unused;
}

static void check_cond_timeout(clockid_t clock)
{
	pthread_condattr_t attr;
	struct timespec time;
	uint64_t begin = timer_now_ns();

	CHECK_EQ(pthread_condattr_init(&attr), 0);
	CHECK_EQ(pthread_condattr_setclock(&attr, clock), 0);
	CHECK_EQ(pthread_cond_init(&condition, &attr), 0);
	time = soon(clock);
	CHECK_EQ(pthread_mutex_lock(&mutex), 0);
	CHECK_EQ(pthread_cond_timedwait(&condition, &mutex, &time), ETIMEDOUT);
	CHECK(timer_now_ns() - begin >= MOMENT_NS);
	CHECK_EQ(pthread_mutex_unlock(&mutex), 0);
	CHECK_EQ(pthread_cond_destroy(&condition), 0);
}

static void check_conditions(int shared)
{
	pthread_t threads[THREADS];
	pthread_condattr_t attr;

	CHECK_EQ(pthread_condattr_init(&attr), 0);
	CHECK_EQ(pthread_condattr_setpshared(&attr, shared), 0);
	CHECK_EQ(pthread_cond_init(&condition, &attr), 0);
	turn = 0;
	CHECK_EQ(pthread_create(&threads[0], NULL, take_turns, (void *)0), 0);
	CHECK_EQ(pthread_create(&threads[1], NULL, take_turns, (void *)1), 0);
	join(threads, 2);

	turn = 0;
	start(threads, THREADS, wait_for_all, NULL);
	for (;;) {
		pthread_mutex_lock(&mutex);
		if (turn == THREADS)
			break;
		pthread_mutex_unlock(&mutex);
		sched_yield();
	}
	turn = -1;
	CHECK_EQ(pthread_cond_broadcast(&condition), 0);
	pthread_mutex_unlock(&mutex);
	join(threads, THREADS);
	CHECK_EQ(pthread_cond_destroy(&condition), 0);
}

TEST(conditions_wake_one_or_all_and_time_out_by_both_clocks)
{
	test_use_all_harts();
	init_mutex(PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_STALLED);
	check_conditions(PTHREAD_PROCESS_PRIVATE);
	check_conditions(PTHREAD_PROCESS_SHARED);
	check_cond_timeout(CLOCK_REALTIME);
	check_cond_timeout(CLOCK_MONOTONIC);
}

static pthread_barrier_t barrier;
static atomic_int serial;

static void *through_barrier(void *unused)
{
	for (int i = 0; i < 50; i++) {
		if (pthread_barrier_wait(&barrier) ==
		    PTHREAD_BARRIER_SERIAL_THREAD)
			serial++;
	}
	return unused;
}

TEST(barriers_let_all_through_and_tell_one)
{
	pthread_t threads[THREADS];

	test_use_all_harts();
	serial = 0;
	CHECK_EQ(pthread_barrier_init(&barrier, NULL, THREADS), 0);
	start(threads, THREADS, through_barrier, NULL);
	join(threads, THREADS);
	CHECK_EQ(serial, 50);
	CHECK_EQ(pthread_barrier_destroy(&barrier), 0);
	CHECK_EQ(pthread_barrier_init(&barrier, NULL, 0), EINVAL);
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static atomic_int readers;

static void *read_or_write(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		if (i % 4 == 0) {
			pthread_rwlock_wrlock(&rwlock);
			if (readers != 0)
				return &rwlock;
			counter++;
		} else {
			pthread_rwlock_rdlock(&rwlock);
			readers++;
			if (i % 8 == 1)
				sched_yield();
			readers--;
		}
		pthread_rwlock_unlock(&rwlock);
	}
	return unused;
}

static void *read_beside(void *unused)
{
	if (pthread_rwlock_rdlock(&rwlock) != 0)
		return &rwlock;
	pthread_rwlock_unlock(&rwlock);
	return unused;
}

TEST(readers_share_and_writers_exclude)
{
	pthread_t threads[THREADS];
	struct timespec time = soon(CLOCK_REALTIME);

	test_use_all_harts();
	counter = 0;
	start(threads, THREADS, read_or_write, NULL);
	join(threads, THREADS);
	CHECK_EQ(counter, THREADS * ROUNDS / 4);
	CHECK_EQ(pthread_rwlock_rdlock(&rwlock), 0);
	start(threads, 1, read_beside, NULL);
	join(threads, 1);
	CHECK_EQ(pthread_rwlock_trywrlock(&rwlock), EBUSY);
	CHECK_EQ(pthread_rwlock_timedwrlock(&rwlock, &time), ETIMEDOUT);
	CHECK_EQ(pthread_rwlock_unlock(&rwlock), 0);
}

static pthread_spinlock_t spin;

static void *spin_up(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_spin_lock(&spin);
		counter++;
		pthread_spin_unlock(&spin);
	}
	return unused;
}

TEST(spin_locks_exclude)
{
	pthread_t threads[THREADS];

	test_use_all_harts();
	counter = 0;
	CHECK_EQ(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE), 0);
	start(threads, THREADS, spin_up, NULL);
	join(threads, THREADS);
	CHECK_EQ(counter, THREADS * ROUNDS);
}

static sem_t semaphore;

static void *post_some(void *unused)
{
	for (int i = 0; i < ROUNDS; i++)
		sem_post(&semaphore);
	return unused;
}

TEST(semaphores_count_and_time_out)
{
	struct timespec time = soon(CLOCK_REALTIME);
	pthread_t thread;
	int value;

	test_use_all_harts();
	CHECK_EQ(sem_init(&semaphore, 0, 0), 0);
	CHECK_EQ(sem_trywait(&semaphore), -1);
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(sem_timedwait(&semaphore, &time), -1);
	CHECK_EQ(errno, ETIMEDOUT);
	CHECK_EQ(pthread_create(&thread, NULL, post_some, NULL), 0);
	for (int i = 0; i < ROUNDS; i++)
		CHECK_EQ(sem_wait(&semaphore), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK_EQ(sem_getvalue(&semaphore, &value), 0);
	CHECK_EQ(value, 0);
}

static atomic_int once_ran;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void run_once(void)
{
	usleep(1000);
	once_ran++;
}

static void *call_once_of_posix(void *unused)
{
	pthread_once(&once, run_once);
	return once_ran == 1 ? unused : &once;
}

TEST(once_is_once_and_done_for_all)
{
	pthread_t threads[THREADS];

	test_use_all_harts();
	once_ran = 0;
	start(threads, THREADS, call_once_of_posix, NULL);
	join(threads, THREADS);
	CHECK_EQ(once_ran, 1);
}

static mtx_t c_mutex;
static cnd_t c_condition;
static thread_local int own = 5;

static int c_thread(void *argument)
{
	mtx_lock(&c_mutex);
	own += (int)(long)argument;
	counter = (unsigned long)own;
	cnd_signal(&c_condition);
	mtx_unlock(&c_mutex);
	thrd_exit(own);
}

TEST(threads_of_c11_are_the_same_threads)
{
	struct timespec time = { .tv_nsec = MOMENT_NS };
	thrd_t thread;
	int result;

	test_use_all_harts();
	counter = 0;
	CHECK_EQ(mtx_init(&c_mutex, mtx_timed), thrd_success);
	CHECK_EQ(cnd_init(&c_condition), thrd_success);
	mtx_lock(&c_mutex);
	CHECK_EQ(thrd_create(&thread, c_thread, (void *)37), thrd_success);
	while (counter == 0)
		cnd_wait(&c_condition, &c_mutex);
	mtx_unlock(&c_mutex);
	CHECK_EQ(thrd_join(thread, &result), thrd_success);
	CHECK_EQ(result, 42);
	CHECK_EQ(counter, 42);
	CHECK_EQ(own, 5);
	CHECK_EQ(thrd_sleep(&time, NULL), 0);
	thrd_yield();
}
