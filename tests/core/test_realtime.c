/* SPDX-License-Identifier: MIT */
/* The time of day: where it starts, setting it, what stays as it is. */
#include <errno.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "core/machine.h"
#include "core/realtime.h"
#include "core/timer.h"
#include "core/wait.h"
#include "test.h"

#define NS_PER_S 1000000000ul
#define Y2020_S  1577836800l

static uint64_t ns_of(clockid_t clock)
{
	struct timespec time;

	CHECK_EQ(clock_gettime(clock, &time), 0);
	CHECK(time.tv_nsec >= 0 && time.tv_nsec < 1000000000l);
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

TEST(time_of_day_is_that_of_the_machine)
{
	if (machine.rtc.base == 0) {
		CHECK(time(NULL) < 3600);
		return;
	}
	CHECK(time(NULL) >= Y2020_S);
	CHECK(time(NULL) < Y2020_S + 200 * 365 * 86400l);
}

/* The least of some: a busy host may stop the hart between the two clocks. */
static uint64_t real_ahead_of_monotonic_ns(void)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < 20; i++) {
		const uint64_t monotonic = ns_of(CLOCK_MONOTONIC);
		const uint64_t ns = ns_of(CLOCK_REALTIME) - monotonic;

		if (ns < least)
			least = ns;
	}
	return least;
}

TEST(time_of_day_runs_as_the_monotonic_clock_does)
{
	const uint64_t real = real_ahead_of_monotonic_ns();
	const uint64_t start = ns_of(CLOCK_REALTIME);
	uint64_t later;

	while (ns_of(CLOCK_REALTIME) < start + 2000000)
		;
	later = real_ahead_of_monotonic_ns();
	CHECK(real - later < 10000000 || later - real < 10000000);
	CHECK(ns_of(CLOCK_TAI) >= start);
	CHECK(ns_of(CLOCK_REALTIME_COARSE) >= start);
}

TEST(setting_changes_the_time_of_day_alone)
{
	const struct timespec day = { .tv_sec = 4000000000, .tv_nsec = 5 };
	const uint64_t monotonic = ns_of(CLOCK_MONOTONIC);
	const uint64_t before = ns_of(CLOCK_REALTIME);
	const unsigned int times = realtime_times_set();
	struct timespec back;
	struct timeval tv;
	uint64_t elapsed;

	CHECK_EQ(clock_settime(CLOCK_REALTIME, &day), 0);
	CHECK(time(NULL) - 4000000000 < 60);
	CHECK_EQ(syscall(SYS_gettimeofday, &tv, NULL), 0);
	CHECK(tv.tv_sec - 4000000000 < 60 && tv.tv_usec < 1000000);
	elapsed = ns_of(CLOCK_MONOTONIC) - monotonic;
	CHECK(elapsed < 60 * NS_PER_S);
	CHECK_EQ(realtime_times_set(), times + 1);

	/* A clock that began at 0 cannot be set to less than it is. */
	back.tv_sec = (time_t)((before + elapsed) / NS_PER_S) + 1;
	back.tv_nsec = (long)((before + elapsed) % NS_PER_S);
	CHECK_EQ(clock_settime(CLOCK_REALTIME, &back), 0);
	CHECK(ns_of(CLOCK_REALTIME) - before < 60 * NS_PER_S);
}

TEST(wrong_times_are_refused)
{
	const struct timespec bad = { .tv_sec = 4000000000,
		                      .tv_nsec = 1000000000 };
	const struct timespec good = { .tv_sec = 4000000000 };
	const struct timespec never = { .tv_sec = INT64_MAX };
	const struct timespec too_early = { .tv_sec = 0, .tv_nsec = 1 };
	const unsigned int times = realtime_times_set();

	CHECK_EQ(syscall(SYS_clock_settime, CLOCK_REALTIME, &bad), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(syscall(SYS_clock_settime, CLOCK_REALTIME, &never), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(syscall(SYS_clock_settime, CLOCK_REALTIME, &too_early), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(syscall(SYS_clock_settime, CLOCK_MONOTONIC, &good), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(syscall(SYS_clock_settime, CLOCK_REALTIME, 8), -1);
	CHECK_EQ(errno, EFAULT);
	CHECK_EQ(syscall(SYS_gettimeofday, 8, 0), -1);
	CHECK_EQ(errno, EFAULT);
	CHECK_EQ(realtime_times_set(), times);
}

TEST(absolute_sleep_by_the_time_of_day_ends_then)
{
	uint64_t until = ns_of(CLOCK_REALTIME) + 3000000;
	const struct timespec time = { .tv_sec = (time_t)(until / NS_PER_S),
		                       .tv_nsec = (long)(until % NS_PER_S) };
	const uint64_t start = timer_now_ns();

	CHECK_EQ(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, NULL),
	         0);
	CHECK(ns_of(CLOCK_REALTIME) >= until);
	CHECK(timer_now_ns() - start < NS_PER_S);
	CHECK_EQ(realtime_to_monotonic_ns(0), 0);
}

static unsigned int told;

static bool count_wake(struct waiter *waiter)
{
	(void)waiter;
	told++;
	return true;
}

TEST(setting_wakes_those_who_wait_for_it)
{
	struct waiter waiter = { .notify = count_wake };
	int err;

	told = 0;
	wait_queue_watch(realtime_queue(), &waiter);
	err = realtime_set_ns(realtime_ns());
	wait_queue_unwatch(&waiter);
	CHECK_EQ(err, 0);
	CHECK_EQ(told, 1);
}
