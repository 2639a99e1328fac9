/* SPDX-License-Identifier: MIT */
/* Wait queues: sleepers in order, watchers, conditions. */
#include <errno.h>

#include "core/hart.h"
#include "core/race_window.h"
#include "core/timer.h"
#include "core/wait.h"
#include "crew.h"
#include "test.h"

#define NORMAL   THREAD_PRIORITY_NORMAL
#define SLEEPERS 5u

static struct wait_queue queue;
static unsigned int permits;         /* [A] */
static unsigned int order[SLEEPERS]; /* who went on, in turn */
static unsigned long gone;           /* [A] */

static bool take_permit(void)
{
	unsigned int left = __atomic_load_n(&permits, __ATOMIC_ACQUIRE);

	while (left > 0) {
		if (__atomic_compare_exchange_n(&permits, &left, left - 1,
		                                false, __ATOMIC_ACQ_REL,
		                                __ATOMIC_ACQUIRE))
			return true;
	}
	return false;
}

static void sleep_in_queue(void *argument)
{
	bool mine = false;

	wait_for(&queue, mine || (mine = take_permit()), UINT64_MAX,
	         THREAD_UNINTERRUPTIBLE);
	order[gone] = (unsigned int)(uintptr_t)argument;
	__atomic_fetch_add(&gone, 1, __ATOMIC_RELEASE);
}

static void begin_sleepers(void)
{
	wait_queue_init(&queue, "test");
	permits = 0;
	gone = 0;
	for (unsigned int i = 0; i < SLEEPERS; i++) {
		crew_add(sleep_in_queue, (void *)(uintptr_t)i, NORMAL, HART_0);
		while (READ_ONCE(queue.sleepers) <= i)
			thread_yield();
	}
}

static void permit(unsigned int count)
{
	__atomic_fetch_add(&permits, count, __ATOMIC_RELEASE);
}

TEST(sleepers_are_woken_in_the_order_in_which_they_came)
{
	begin_sleepers();
	for (unsigned long i = 0; i < SLEEPERS; i++) {
		permit(1);
		CHECK_EQ(wait_queue_wake(&queue, 1), 1);
		CHECK(sleep_until_count(&gone, i + 1));
		CHECK_EQ(order[i], i);
	}
	crew_wait();
	CHECK_EQ(wait_queue_wake(&queue, 1), 0);
	CHECK(!queue.first && !queue.last && queue.sleepers == 0);
}

TEST(as_many_are_woken_as_was_said)
{
	begin_sleepers();
	permit(SLEEPERS);
	CHECK_EQ(wait_queue_wake(&queue, 2), 2);
	CHECK(sleep_until_count(&gone, 2));
	CHECK_EQ(queue.sleepers, SLEEPERS - 2);
	CHECK_EQ(wait_queue_wake_all(&queue), SLEEPERS - 2);
	CHECK(sleep_until_count(&gone, SLEEPERS));
	crew_wait();
}

/* Woken for nothing: back into the queue. */
TEST(sleeper_looks_at_its_condition_again)
{
	begin_sleepers();
	CHECK_EQ(wait_queue_wake_all(&queue), SLEEPERS);
	for (unsigned int i = 0; i < 50 && READ_ONCE(queue.sleepers) < SLEEPERS;
	     i++)
		(void)thread_sleep_until(timer_now_ns() + MS,
		                         THREAD_UNINTERRUPTIBLE);
	CHECK_EQ(queue.sleepers, SLEEPERS);
	CHECK_EQ(gone, 0);
	permit(SLEEPERS);
	wait_queue_wake_all(&queue);
	crew_wait();
}

static void wake_for_nothing(void *unused)
{
	(void)unused;
	wait_queue_wake_all(&queue);
}

/* A wake before it sleeps takes it out of the queue: it may not sleep then. */
TEST(sleeper_woken_before_it_sleeps_joins_again)
{
	unsigned int looks = 0;

	if (!CONFIG_RACE_WINDOWS)
		test_skip("no race windows");
	wait_queue_init(&queue, "test");
	race_window_open(RACE_QUEUE_JOINED, wake_for_nothing, NULL);
	CHECK_EQ(wait_for(&queue, ++looks > 3, timer_now_ns() + 10000 * MS,
	                  THREAD_UNINTERRUPTIBLE),
	         0);
	race_window_close(RACE_QUEUE_JOINED);
	CHECK_EQ(looks, 4);
	CHECK_EQ(queue.sleepers, 0);
}

TEST(sleeper_says_where_it_waits)
{
	struct waiter waiter = { 0 };
	struct thread *self = current_thread();

	wait_queue_init(&queue, "a place");
	wait_queue_join(&queue, &waiter);
	wait_queue_join(&queue, &waiter);
	CHECK_EQ(queue.sleepers, 1);
	CHECK_EQ(self->waits_for, &queue);
	CHECK(self->waits_in == queue.lock.name);
	wait_queue_leave(&queue, &waiter);
	wait_queue_leave(&queue, &waiter);
	CHECK_EQ(queue.sleepers, 0);
	CHECK(!self->waits_for);
}

TEST(condition_beats_deadline_and_interrupt)
{
	bool so = false;

	wait_queue_init(&queue, "test");
	CHECK_EQ(wait_for(&queue, so, 0, THREAD_INTERRUPTIBLE), -ETIMEDOUT);
	thread_interrupt(current_thread());
	CHECK_EQ(wait_for(&queue, so, UINT64_MAX, THREAD_INTERRUPTIBLE),
	         -EINTR);
	so = true;
	CHECK_EQ(wait_for(&queue, so, 0, THREAD_INTERRUPTIBLE), 0);
	CHECK(thread_take_interrupt());
	CHECK_EQ(queue.sleepers, 0);
}

struct watch {
	struct waiter waiter;
	unsigned int told;
	bool wakes; /* what it says */
};

static bool note(struct waiter *waiter)
{
	struct watch *watch = container_of(waiter, struct watch, waiter);

	watch->told++;
	return watch->wakes;
}

TEST(watchers_are_told_until_they_leave)
{
	struct watch watches[3] = { { .waiter.notify = note },
		                    { .waiter.notify = note },
		                    { .waiter.notify = note } };

	wait_queue_init(&queue, "test");
	for (unsigned int i = 0; i < 3; i++)
		wait_queue_watch(&queue, &watches[i].waiter);
	CHECK_EQ(wait_queue_wake(&queue, 1), 0);
	wait_queue_unwatch(&watches[1].waiter);
	wait_queue_unwatch(&watches[1].waiter);
	wait_queue_wake_all(&queue);
	wait_queue_unwatch(&watches[2].waiter);
	wait_queue_wake_all(&queue);
	wait_queue_unwatch(&watches[0].waiter);
	wait_queue_wake_all(&queue);
	CHECK_EQ(watches[0].told, 3);
	CHECK_EQ(watches[1].told, 1);
	CHECK_EQ(watches[2].told, 2);
	CHECK(!queue.watchers);
}

/* The last that came is told first. */
TEST(exclusive_watchers_are_told_until_one_wakes_somebody)
{
	struct watch watches[5] = {
		{ .waiter = { .notify = note, .exclusive = true } },
		{ .waiter.notify = note, .wakes = true },
		{ .waiter = { .notify = note, .exclusive = true },
		  .wakes = true },
		{ .waiter = { .notify = note, .exclusive = true } },
		{ .waiter.notify = note, .wakes = true },
	};
	const unsigned int want[] = { 0, 1, 1, 1, 1 };
	unsigned int i;

	wait_queue_init(&queue, "test");
	for (i = 0; i < ARRAY_SIZE(watches); i++)
		wait_queue_watch(&queue, &watches[i].waiter);
	wait_queue_wake_all(&queue);
	for (i = 0; i < ARRAY_SIZE(watches); i++) {
		CHECK_EQ(watches[i].told, want[i]);
		wait_queue_unwatch(&watches[i].waiter);
	}
}
