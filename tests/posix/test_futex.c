/* SPDX-License-Identifier: MIT */
/* The system call futex() by itself: each operation and each errno. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/thread.h"
#include "core/timer.h"
#include "test.h"

#define WAIT           0
#define WAKE           1
#define REQUEUE        3
#define CMP_REQUEUE    4
#define WAKE_OP        5
#define LOCK_PI        6
#define WAIT_BITSET    9
#define WAKE_BITSET    10
#define PRIVATE        128
#define CLOCK_REAL     256
#define MILLISECOND_NS 1000000

/* As WAKE_OP packs what it does. */
#define OP(op, operand, compare, with)                \
	((unsigned int)(op) << 28 | (compare) << 24 | \
	 ((operand)&0xfff) << 12 | ((with)&0xfff))

static long futex(void *word, int operation, unsigned int value, void *timeout,
                  void *other, unsigned int value3)
{
	return syscall(SYS_futex, word, operation, value, timeout, other,
	               value3);
}

static void expect_error(long result, int error)
{
	CHECK_EQ(result, -1);
	CHECK_EQ(errno, error);
}

struct sleeper {
	pthread_t thread;
	uint32_t *word;
	int operation;
	unsigned int bitset;
	volatile long result;
	volatile int error;
	volatile pid_t tid;
};

static void *sleep_on(void *argument)
{
	struct sleeper *self = argument;

	self->tid = gettid();
	self->result = futex(self->word, self->operation, *self->word, NULL,
	                     NULL, self->bitset);
	self->error = errno;
	return NULL;
}

/* Returns when it waits. */
static void start_sleeper(struct sleeper *sleeper, uint32_t *word,
                          int operation, unsigned int bitset)
{
	*sleeper = (struct sleeper){ .word = word,
		                     .operation = operation,
		                     .bitset = bitset };
	CHECK_EQ(pthread_create(&sleeper->thread, NULL, sleep_on, sleeper), 0);
	for (;;) {
		const struct thread *thread =
			sleeper->tid ? thread_find((unsigned int)sleeper->tid)
				     : NULL;

		if (thread && thread->state == THREAD_WAITING)
			break;
		sched_yield();
	}
}

static void end_sleeper(struct sleeper *sleeper)
{
	CHECK_EQ(pthread_join(sleeper->thread, NULL), 0);
	CHECK_EQ(sleeper->result, 0);
}

TEST(wait_compares_and_wake_says_how_many)
{
	uint32_t word = 7;
	struct sleeper sleepers[3];

	test_use_all_harts();
	expect_error(futex(&word, WAIT, 8, NULL, NULL, 0), EAGAIN);
	CHECK_EQ(futex(&word, WAKE, INT_MAX, NULL, NULL, 0), 0);
	for (int i = 0; i < 3; i++)
		start_sleeper(&sleepers[i], &word,
		              i == 0 ? WAIT | PRIVATE : WAIT, 0);
	CHECK_EQ(futex(&word, WAKE | PRIVATE, 1, NULL, NULL, 0), 1);
	end_sleeper(&sleepers[0]); /* the first comes first */
	CHECK_EQ(futex(&word, WAKE, INT_MAX, NULL, NULL, 0), 2);
	end_sleeper(&sleepers[1]);
	end_sleeper(&sleepers[2]);
	CHECK_EQ(futex(&word, WAKE, INT_MAX, NULL, NULL, 0), 0);
}

TEST(bad_words_and_times_are_refused)
{
	uint32_t word = 0;
	struct timespec wrong = { .tv_nsec = 1000000000 };
	struct timespec negative = { .tv_sec = -1 };
	void *nothing =
		mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	test_use_all_harts();
	CHECK(nothing != MAP_FAILED);
	expect_error(futex((char *)&word + 1, WAIT, 0, NULL, NULL, 0), EINVAL);
	expect_error(futex(NULL, WAIT, 0, NULL, NULL, 0), EFAULT);
	expect_error(futex(nothing, WAIT, 0, NULL, NULL, 0), EFAULT);
	expect_error(futex(&word, WAIT, 0, &wrong, NULL, 0), EINVAL);
	expect_error(futex(&word, WAIT, 0, &negative, NULL, 0), EINVAL);
	expect_error(futex(&word, WAIT, 0, nothing, NULL, 0), EFAULT);
	expect_error(futex(&word, WAIT_BITSET, 0, NULL, NULL, 0), EINVAL);
	expect_error(futex(&word, WAKE_BITSET, 1, NULL, NULL, 0), EINVAL);
	expect_error(futex(&word, REQUEUE, 1, NULL, (char *)&word + 2, 0),
	             EINVAL);
	expect_error(futex(&word, REQUEUE, (unsigned int)-1, NULL, &word, 0),
	             EINVAL);
	expect_error(futex(nothing, CMP_REQUEUE, 1, (void *)1, &word, 0),
	             EFAULT);
	expect_error(futex(&word, WAKE_OP, 1, (void *)1, nothing, 0), EFAULT);
	expect_error(futex(&word, LOCK_PI, 1, NULL, NULL, 0), ENOSYS);
	expect_error(futex(&word, 77, 1, NULL, &word, 0), ENOSYS);
	CHECK_EQ(munmap(nothing, 4096), 0);
}

TEST(timeouts_are_durations_for_wait_and_moments_for_wait_bitset)
{
	uint32_t word = 0;
	struct timespec time = { .tv_nsec = 2 * MILLISECOND_NS };
	uint64_t start = timer_now_ns();

	test_use_all_harts();
	expect_error(futex(&word, WAIT, 0, &time, NULL, 0), ETIMEDOUT);
	CHECK(timer_now_ns() - start >= 2 * MILLISECOND_NS);

	CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, &time), 0);
	start = timer_now_ns();
	time.tv_nsec += 2 * MILLISECOND_NS;
	if (time.tv_nsec >= 1000000000) {
		time.tv_sec++;
		time.tv_nsec -= 1000000000;
	}
	expect_error(futex(&word, WAIT_BITSET, 0, &time, NULL, 1), ETIMEDOUT);
	CHECK(timer_now_ns() - start >= MILLISECOND_NS);

	time = (struct timespec){ .tv_nsec = 1 };
	expect_error(futex(&word, WAIT_BITSET | CLOCK_REAL, 0, &time, NULL, 1),
	             ETIMEDOUT);
}

TEST(bitsets_choose_whom_to_wake)
{
	uint32_t word = 0;
	struct sleeper one, two;

	test_use_all_harts();
	start_sleeper(&one, &word, WAIT_BITSET, 1);
	start_sleeper(&two, &word, WAIT_BITSET, 2);
	CHECK_EQ(futex(&word, WAKE_BITSET, INT_MAX, NULL, NULL, 4), 0);
	CHECK_EQ(futex(&word, WAKE_BITSET, INT_MAX, NULL, NULL, 2), 1);
	end_sleeper(&two);
	CHECK_EQ(futex(&word, WAKE_BITSET, INT_MAX, NULL, NULL, ~0u), 1);
	end_sleeper(&one);
}

/* A waiter that was moved is woken through the other word, and only there. */
TEST(requeue_moves_waiters)
{
	static uint32_t from, to;
	struct sleeper sleepers[3];

	test_use_all_harts();
	for (int i = 0; i < 3; i++)
		start_sleeper(&sleepers[i], &from, WAIT, 0);
	expect_error(futex(&from, CMP_REQUEUE, 1, (void *)1, &to, 5), EAGAIN);
	CHECK_EQ(futex(&from, CMP_REQUEUE, 1, (void *)1, &to, 0), 2);
	end_sleeper(&sleepers[0]);
	CHECK_EQ(futex(&to, WAKE, INT_MAX, NULL, NULL, 0), 1);
	end_sleeper(&sleepers[1]);
	CHECK_EQ(futex(&from, REQUEUE, 0, (void *)INT_MAX, &to, 0), 1);
	CHECK_EQ(futex(&from, WAKE, INT_MAX, NULL, NULL, 0), 0);
	CHECK_EQ(futex(&to, WAKE, INT_MAX, NULL, NULL, 0), 1);
	end_sleeper(&sleepers[2]);
}

static void check_op(unsigned int op, uint32_t before, uint32_t after,
                     long woken)
{
	uint32_t word = 0, other = before;
	struct sleeper first, second;

	start_sleeper(&first, &word, WAIT, 0);
	start_sleeper(&second, &other, WAIT, 0);
	CHECK_EQ(futex(&word, WAKE_OP, 1, (void *)1, &other, op), woken);
	CHECK_EQ(other, after);
	end_sleeper(&first);
	if (woken == 1)
		CHECK_EQ(futex(&other, WAKE, 1, NULL, NULL, 0), 1);
	end_sleeper(&second);
}

TEST(wake_op_changes_and_compares)
{
	test_use_all_harts();
	check_op(OP(0, 5, 0, 3), 3, 5, 2);           /* set, == */
	check_op(OP(1, 5, 1, 3), 3, 8, 1);           /* add, != */
	check_op(OP(2, 4, 2, 4), 3, 7, 2);           /* or, < */
	check_op(OP(3, 1, 3, 2), 3, 2, 1);           /* and not, <= */
	check_op(OP(4, 1, 4, 2), 3, 2, 2);           /* xor, > */
	check_op(OP(8 | 2, 4, 5, 4), 3, 3 | 16, 1);  /* 1 << 4, >= */
	check_op(OP(1, -1, 0, -1), ~0u, ~0u - 1, 2); /* both are signed */
}

static volatile int handled;

static void on_signal(int signal)
{
	(void)signal;
	handled++;
}

TEST(a_handler_ends_the_wait_or_it_begins_again)
{
	struct sigaction action = { .sa_handler = on_signal };
	static uint32_t word;
	struct sleeper sleeper;

	test_use_all_harts();
	handled = 0;
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	start_sleeper(&sleeper, &word, WAIT, 0);
	CHECK_EQ(pthread_kill(sleeper.thread, SIGUSR1), 0);
	CHECK_EQ(pthread_join(sleeper.thread, NULL), 0);
	CHECK_EQ(sleeper.result, -1);
	CHECK_EQ(sleeper.error, EINTR);
	CHECK_EQ(handled, 1);

	action.sa_flags = SA_RESTART;
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
	start_sleeper(&sleeper, &word, WAIT, 0);
	CHECK_EQ(pthread_kill(sleeper.thread, SIGUSR1), 0);
	while (handled < 2)
		sched_yield();
	while (futex(&word, WAKE, 1, NULL, NULL, 0) == 0)
		sched_yield();
	end_sleeper(&sleeper);
	action.sa_handler = SIG_DFL;
	CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
}
