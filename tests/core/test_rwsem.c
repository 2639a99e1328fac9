/* SPDX-License-Identifier: MIT */
/* Many readers or one writer, on all harts. */
#include <stdbool.h>
#include <stdint.h>

#include "core/mutex.h"
#include "core/rwsem.h"
#include "core/thread.h"
#include "core/timer.h"
#include "mm/kthread.h"
#include "test.h"

#define THREADS 6u
#define LOOPS   300u
#define WAIT_NS 20000000u

static struct rwsem sem;
static struct semaphore ended;
static unsigned long first, second; /* equal, unless a writer is inside */
static unsigned int inside;         /* [A] readers */
static unsigned int most, wrong;    /* [A] */

static void start(void (*function)(void *argument), uintptr_t argument)
{
	CHECK(kthread_run(function, (void *)argument, "rwsem",
	                  THREAD_PRIORITY_NORMAL, 0));
}

static void wait_for_ends(unsigned int count)
{
	while (count-- > 0)
		CHECK_EQ(down(&ended, UINT64_MAX, THREAD_UNINTERRUPTIBLE), 0);
}

static void begin(void)
{
	rwsem_init(&sem, "test");
	semaphore_init(&ended, "test", 0);
	first = 0, second = 0;
	inside = 0, most = 0, wrong = 0;
}

static void read_once(void)
{
	unsigned int now;

	down_read(&sem);
	now = __atomic_add_fetch(&inside, 1, __ATOMIC_RELAXED);
	if (now > READ_ONCE(most))
		WRITE_ONCE(most, now);
	if (READ_ONCE(first) != READ_ONCE(second))
		__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	thread_yield();
	__atomic_fetch_sub(&inside, 1, __ATOMIC_RELAXED);
	up_read(&sem);
}

static void write_once(void)
{
	down_write(&sem);
	if (__atomic_load_n(&inside, __ATOMIC_RELAXED) > 0)
		__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	WRITE_ONCE(first, first + 1);
	thread_yield();
	WRITE_ONCE(second, second + 1);
	up_write(&sem);
}

static void mixed(void *number)
{
	for (unsigned int i = 0; i < LOOPS; i++) {
		if ((i + (uintptr_t)number) % 3 == 0)
			write_once();
		else
			read_once();
	}
	up(&ended);
}

/* Catches two writers, a writer beside readers, and wakes that are lost. */
TEST(rwsem_keeps_writers_from_all_others)
{
	begin();
	for (unsigned int i = 0; i < THREADS; i++)
		start(mixed, i);
	wait_for_ends(THREADS);
	CHECK_EQ(wrong, 0);
	CHECK_EQ(first, THREADS * LOOPS / 3);
	CHECK_EQ(second, first);
	CHECK_EQ(sem.word & ~RWSEM_WAITING, 0);
	CHECK_EQ(sem.writers, 0);
}

static void read_and_end(void *unused)
{
	(void)unused;
	read_once();
	up(&ended);
}

static void write_and_end(void *unused)
{
	(void)unused;
	write_once();
	up(&ended);
}

static void until_writer_waits(void)
{
	while (__atomic_load_n(&sem.writers, __ATOMIC_RELAXED) == 0)
		thread_yield();
}

TEST(rwsem_lets_readers_in_together_but_not_before_a_writer_that_waits)
{
	const uint64_t until = timer_now_ns() + WAIT_NS;

	begin();
	down_read(&sem);
	start(read_and_end, 0);
	wait_for_ends(1);
	CHECK_EQ(most, 1);
	start(write_and_end, 0);
	until_writer_waits();
	start(read_and_end, 0);
	while (timer_now_ns() < until)
		thread_yield();
	CHECK_EQ(first, 0); /* we read still */
	CHECK_EQ(ended.count, 0);
	up_read(&sem);
	wait_for_ends(2);
	CHECK_EQ(wrong, 0);
	CHECK_EQ(second, 1);
}
