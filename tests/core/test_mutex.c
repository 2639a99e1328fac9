/* SPDX-License-Identifier: MIT */
/* Locks that sleep. */
#include <errno.h>

#include "core/hart.h"
#include "core/lock.h"
#include "core/mutex.h"
#include "core/timer.h"
#include "crew.h"
#include "race.h"
#include "test.h"

#define NORMAL  THREAD_PRIORITY_NORMAL
#define WORKERS 6u
#define ROUNDS  400ul

static struct mutex mutex;
static unsigned long value;

static void sleep_us(unsigned int us)
{
	(void)thread_sleep_until(timer_now_ns() + us * 1000ul,
	                         THREAD_UNINTERRUPTIBLE);
}

/* Not atomic, and now and then the owner sleeps in the middle. */
static void add_under_mutex(void *unused)
{
	(void)unused;
	for (unsigned long i = 0; i < ROUNDS; i++) {
		unsigned long was;

		mutex_lock(&mutex);
		was = READ_ONCE(value);
		if (i % 64 == 0)
			sleep_us(50);
		else if (i % 8 == 0)
			thread_yield();
		WRITE_ONCE(value, was + 1);
		mutex_unlock(&mutex);
	}
}

TEST(mutex_excludes_every_other_thread)
{
	mutex_init(&mutex, "test");
	value = 0;
	for (unsigned int i = 0; i < WORKERS; i++)
		crew_add(add_under_mutex, NULL, NORMAL, i % 2 ? ~0ull : HART_0);
	crew_wait();
	CHECK_EQ(value, WORKERS * ROUNDS);
	CHECK(mutex.contended > 0);
	CHECK_EQ(mutex.word, 0);
}

static unsigned long counted_waits(const char *name)
{
	for (unsigned int i = 0; i < MUTEX_NAMES; i++)
		if (mutex_contention[i].name == name)
			return mutex_contention[i].waits;
	return 0;
}

static bool got_it; /* [A] */
static bool tried;  /* [A] */

static void try_it(void *unused)
{
	const bool got = mutex_trylock(&mutex);

	(void)unused;
	if (got)
		mutex_unlock(&mutex);
	got_it = got;
	flag_set(&tried);
}

static bool others_get_it(void)
{
	tried = false;
	crew_add(try_it, NULL, NORMAL, ~0ull);
	crew_wait();
	return got_it;
}

/* Of its owner. */
static bool get_it_again(void) __no_lock_analysis
{
	return mutex_trylock(&mutex);
}

TEST(trylock_gets_what_is_free)
{
	mutex_init(&mutex, "test");
	CHECK(!mutex_is_mine(&mutex));
	CHECK(mutex_trylock(&mutex));
	CHECK(mutex_is_mine(&mutex));
	CHECK(!get_it_again());
	CHECK(!others_get_it());
	mutex_unlock(&mutex);
	CHECK(others_get_it());
}

static void lock_and_note(void *argument)
{
	mutex_lock(&mutex);
	flag_set(argument);
	mutex_unlock(&mutex);
}

/* A low one has it, a high one wants it: the low one goes on meanwhile. */
TEST(owner_of_lower_priority_is_waited_for)
{
	static bool done;

	done = false;
	mutex_init(&mutex, "owner");
	mutex_lock(&mutex);
	crew_add(lock_and_note, &done, THREAD_PRIORITY_HIGH, HART_0);
	sleep_us(3000);
	CHECK(!flag_is_set(&done));
	mutex_unlock(&mutex);
	CHECK(sleep_until_set(&done));
	CHECK_EQ(mutex.contended, 1);
	crew_wait();
	CHECK_EQ(counted_waits(mutex.queue.lock.name), 1);
}

TEST(every_rank_has_a_name)
{
	for (unsigned int rank = 0; rank < LOCK_RANKS; rank++)
		CHECK(lock_rank_name(rank)[0] != '?');
	CHECK_EQ(lock_rank_name(LOCK_RANKS)[0], '?');
}

/* --- semaphores ---------------------------------------------------------- */

static struct semaphore semaphore;

TEST(semaphore_counts)
{
	semaphore_init(&semaphore, "test", 2);
	CHECK(down_trylock(&semaphore));
	CHECK_EQ(down(&semaphore, 0, THREAD_UNINTERRUPTIBLE), 0);
	CHECK(!down_trylock(&semaphore));
	up(&semaphore);
	up(&semaphore);
	CHECK_EQ(semaphore.count, 2);
}

TEST(down_ends_with_its_deadline_and_takes_nothing)
{
	uint64_t start = timer_now_ns();

	semaphore_init(&semaphore, "test", 0);
	CHECK_EQ(down(&semaphore, 0, THREAD_UNINTERRUPTIBLE), -ETIMEDOUT);
	CHECK_EQ(down(&semaphore, start + 2 * MS, THREAD_INTERRUPTIBLE),
	         -ETIMEDOUT);
	CHECK(timer_now_ns() - start >= 2 * MS);
	CHECK_EQ(semaphore.queue.sleepers, 0);
	up(&semaphore);
	CHECK_EQ(semaphore.count, 1);
}

TEST(down_ends_with_an_interrupt)
{
	semaphore_init(&semaphore, "test", 0);
	thread_interrupt(current_thread());
	CHECK_EQ(down(&semaphore, UINT64_MAX, THREAD_INTERRUPTIBLE), -EINTR);
	/* What is there is taken all the same. */
	up(&semaphore);
	CHECK_EQ(down(&semaphore, UINT64_MAX, THREAD_INTERRUPTIBLE), 0);
	CHECK(thread_take_interrupt());
}

static void up_in_timer(struct timer *unused)
{
	(void)unused;
	up(&semaphore);
}

TEST(up_is_for_interrupts_too)
{
	struct timer timer = { .function = up_in_timer };

	semaphore_init(&semaphore, "test", 0);
	timer_start(&timer, timer_now_ns() + MS);
	CHECK_EQ(down(&semaphore, UINT64_MAX, THREAD_UNINTERRUPTIBLE), 0);
	CHECK(!timer_stop(&timer));
}

static unsigned long taken; /* [A] */

static void take_many(void *unused)
{
	(void)unused;
	for (unsigned int i = 0; i < 100; i++) {
		int err;

		do {
			err = down(&semaphore, timer_now_ns() + 50000,
			           THREAD_UNINTERRUPTIBLE);
		} while (err);
		__atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
	}
}

/* A wake that meets a deadline is handed to nobody else: none may be lost. */
TEST(downs_that_time_out_lose_no_up)
{
	taken = 0;
	semaphore_init(&semaphore, "test", 0);
	for (unsigned int i = 0; i < 4; i++)
		crew_add(take_many, NULL, NORMAL, ~0ull);
	for (unsigned int i = 0; i < 400; i++) {
		up(&semaphore);
		if (i % 4 == 0)
			sleep_us(40);
	}
	crew_wait();
	CHECK_EQ(taken, 400);
	CHECK_EQ(semaphore.count, 0);
}

/* --- completions --------------------------------------------------------- */

static void wait_and_count(void *argument)
{
	wait_for_completion(argument);
	__atomic_fetch_add(&taken, 1, __ATOMIC_RELEASE);
}

TEST(completion_lets_all_go_and_whoever_comes_later)
{
	static struct completion completion;

	taken = 0;
	completion_init(&completion, "test");
	for (unsigned int i = 0; i < 4; i++)
		crew_add(wait_and_count, &completion, NORMAL, ~0ull);
	sleep_us(2000);
	CHECK_EQ(taken, 0);
	complete(&completion);
	CHECK(sleep_until_count(&taken, 4));
	wait_for_completion(&completion);
	crew_wait();
}

static struct completion mortal;

static void complete_mortal(void)
{
	complete(&mortal);
}

/* The waiter sees that it is done, but may not free it yet. */
TEST(completion_is_not_touched_when_its_waiter_has_returned)
{
	race_begin(2);
	completion_init(&mortal, "mortal");
	race.limit_ns = 20 * MS;
	race_hold_at(RACE_COMPLETION_DONE, complete_mortal);
	CHECK(__atomic_load_n(&mortal.done, __ATOMIC_RELAXED));
	wait_for_completion(&mortal);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	CHECK_EQ(mortal.queue.lock.locked, 0);
	mortal.queue.lock.name = NULL; /* as if freed: a lock of it panics */
	race_let_go(RACE_COMPLETION_DONE);
}
