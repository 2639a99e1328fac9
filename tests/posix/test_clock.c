/* SPDX-License-Identifier: MIT */
/* Clocks, sleeps, and waits that only time can end. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/timer.h"
#include "test.h"

#define MS 1000000l

static long ns_of(clockid_t clock)
{
	struct timespec time;

	CHECK_EQ(clock_gettime(clock, &time), 0);
	CHECK(time.tv_nsec >= 0 && time.tv_nsec < 1000 * MS);
	return time.tv_sec * 1000 * MS + time.tv_nsec;
}

TEST(clocks_go_forward)
{
	struct timespec resolution;

	CHECK(ns_of(CLOCK_MONOTONIC) <= ns_of(CLOCK_MONOTONIC));
	CHECK(ns_of(CLOCK_BOOTTIME) <= ns_of(CLOCK_REALTIME));
	CHECK_EQ(clock_getres(CLOCK_MONOTONIC, &resolution), 0);
	CHECK(resolution.tv_sec == 0 && resolution.tv_nsec > 0);
	CHECK_EQ(clock_gettime(77, &resolution), -1);
	CHECK_EQ(errno, EINVAL);
}

/* A host that is busy may take its processor away from a thread that runs. */
TEST(sleep_lasts_at_least_as_asked_and_is_no_cpu_time)
{
	const struct timespec time = { .tv_nsec = 5 * MS };
	bool counted_right = false;

	for (unsigned int i = 0; i < 50 && !counted_right; i++) {
		const long start = ns_of(CLOCK_MONOTONIC);
		const long cpu = ns_of(CLOCK_PROCESS_CPUTIME_ID);
		long slept, worked;

		CHECK_EQ(nanosleep(&time, NULL), 0);
		worked = ns_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
		slept = ns_of(CLOCK_MONOTONIC) - start;
		CHECK(slept >= 5 * MS && worked >= 0);
		counted_right = slept - worked >= 5 * MS;
	}
	CHECK(counted_right);
}

TEST(absolute_sleep_ends_at_its_moment)
{
	struct timespec time;
	long start = ns_of(CLOCK_MONOTONIC);

	time.tv_sec = (start + 3 * MS) / (1000 * MS);
	time.tv_nsec = (start + 3 * MS) % (1000 * MS);
	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL),
	         0);
	CHECK(ns_of(CLOCK_MONOTONIC) >= start + 3 * MS);
	time.tv_sec = 0;
	CHECK_EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL),
	         0);
}

TEST(bad_times_are_refused)
{
	const struct timespec bad = { .tv_nsec = 1000 * MS };
	const struct timespec negative = { .tv_sec = -1 };

	CHECK_EQ(nanosleep(&bad, NULL), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(nanosleep(&negative, NULL), -1);
	CHECK_EQ(errno, EINVAL);
	CHECK_EQ(nanosleep((void *)8, NULL), -1);
	CHECK_EQ(errno, EFAULT);
	CHECK_EQ(clock_gettime(CLOCK_MONOTONIC, (void *)8), -1);
	CHECK_EQ(errno, EFAULT);
}

TEST(futex_wait_ends_by_value_or_by_time)
{
	const struct timespec time = { .tv_nsec = 2 * MS };
	const uint64_t start_ns = timer_now_ns();
	int word = 1;

	CHECK_EQ(syscall(SYS_futex, &word, 0, 2, NULL), -1);
	CHECK_EQ(errno, EAGAIN);
	CHECK_EQ(syscall(SYS_futex, &word, 0, 1, &time), -1);
	CHECK_EQ(errno, ETIMEDOUT);
	CHECK(timer_now_ns() - start_ns >= 2 * MS);
	CHECK_EQ(syscall(SYS_futex, &word, 1, 1), 0);
	CHECK_EQ(syscall(SYS_futex, (char *)&word + 1, 1, 1), -1);
	CHECK_EQ(errno, EINVAL);
}

TEST(poll_waits_no_longer_than_asked)
{
	struct pollfd out = { .fd = 1, .events = POLLOUT };
	struct pollfd none = { .fd = 9, .events = POLLIN };
	const uint64_t start_ns = timer_now_ns();

	CHECK_EQ(poll(&out, 1, 1000), 1);
	CHECK_EQ(out.revents, POLLOUT);
	CHECK_EQ(poll(&none, 1, -1), 1);
	CHECK_EQ(none.revents, POLLNVAL);
	CHECK_EQ(poll(NULL, 0, 3), 0);
	CHECK(timer_now_ns() - start_ns >= 3 * MS);
}
