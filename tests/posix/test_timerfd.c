/* SPDX-License-Identifier: MIT */
/* Timers that are read. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "beside.h"
#include "core/timer.h"
#include "posix/syscalls.h"
#include "test.h"

#define MS 1000000l

static void *const volatile nowhere = (void *)8;
static int fd;

static void check_errno(long result, int want)
{
	CHECK_EQ(result, -1);
	CHECK_EQ(errno, want);
}

static struct timespec time_of(long ns)
{
	return (struct timespec){ ns / (1000 * MS), ns % (1000 * MS) };
}

static void set(long value_ns, long interval_ns, int flags)
{
	const struct itimerspec new = { .it_value = time_of(value_ns),
		                        .it_interval = time_of(interval_ns) };

	CHECK_EQ(timerfd_settime(fd, flags, &new, NULL), 0);
}

static uint64_t expiries(void)
{
	uint64_t count = 0;

	CHECK_EQ(read(fd, &count, sizeof(count)), sizeof(count));
	return count;
}

static long now_ns(clockid_t clock)
{
	struct timespec time;

	CHECK_EQ(clock_gettime(clock, &time), 0);
	return time.tv_sec * 1000 * MS + time.tv_nsec;
}

static long left_ns(void)
{
	struct itimerspec now;

	CHECK_EQ(timerfd_gettime(fd, &now), 0);
	return now.it_value.tv_sec * 1000 * MS + now.it_value.tv_nsec;
}

static bool is_ready(int timeout_ms)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN };

	CHECK(poll(&entry, 1, timeout_ms) >= 0);
	return entry.revents == POLLIN;
}

TEST(a_timer_expires_once_at_its_time)
{
	const uint64_t start_ns = timer_now_ns();
	uint64_t count;
	long left;

	fd = timerfd_create(CLOCK_MONOTONIC, 0);
	CHECK(fd >= 0);
	CHECK_EQ(left_ns(), 0);
	set(40 * MS, 0, 0);
	left = left_ns();
	CHECK(left > 0 && left <= 40 * MS);
	CHECK_EQ(expiries(), 1);
	CHECK(timer_now_ns() - start_ns >= 40 * MS);
	CHECK_EQ(left_ns(), 0);
	CHECK_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	check_errno(read(fd, &count, sizeof(count)), EAGAIN);
	close(fd);
}

TEST(missed_expiries_of_an_interval_are_counted)
{
	const uint64_t start_ns = timer_now_ns();
	uint64_t count;

	fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK);
	set(MS, MS, 0);
	while (timer_now_ns() - start_ns < 5 * MS)
		;
	CHECK(is_ready(1000));
	count = expiries();
	CHECK(count >= 4);
	CHECK(count <= (timer_now_ns() - start_ns) / MS);
	CHECK(left_ns() <= MS);
	CHECK(is_ready(1000));
	CHECK(expiries() >= 1);
	close(fd);
}

/* A storm of interrupts would leave no time for anything. */
TEST(an_interval_of_a_nanosecond_harms_nobody)
{
	const uint64_t start_ns = timer_now_ns();

	fd = timerfd_create(CLOCK_MONOTONIC, 0);
	set(1, 1, 0);
	while (timer_now_ns() - start_ns < MS)
		;
	CHECK(expiries() > 100000);
	close(fd);
}

TEST(absolute_times_are_of_the_timers_clock)
{
	long at = now_ns(CLOCK_REALTIME) + 3 * MS;

	fd = timerfd_create(CLOCK_REALTIME, 0);
	set(at, 0, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
	CHECK_EQ(expiries(), 1);
	CHECK(now_ns(CLOCK_REALTIME) >= at);
	/* In the past: at once. */
	set(1, 0, TFD_TIMER_ABSTIME);
	CHECK_EQ(expiries(), 1);
	close(fd);
}

TEST(setting_again_forgets_and_tells_what_was)
{
	const struct itimerspec off = { 0 };
	const struct itimerspec far = { .it_value.tv_sec = 100,
		                        .it_interval.tv_sec = 7 };
	struct itimerspec old;

	fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	set(1, 0, 0);
	CHECK(is_ready(1000));
	CHECK_EQ(timerfd_settime(fd, 0, &far, &old), 0);
	CHECK_EQ(old.it_value.tv_nsec, 0);
	CHECK(!is_ready(0));
	CHECK_EQ(timerfd_settime(fd, 0, &off, &old), 0);
	CHECK(old.it_value.tv_sec == 99 || old.it_value.tv_sec == 100);
	CHECK_EQ(old.it_interval.tv_sec, 7);
	CHECK_EQ(left_ns(), 0);
	close(fd);
}

TEST(wrong_arguments_are_refused)
{
	const struct itimerspec bad = { .it_value.tv_nsec = 1000 * MS };
	struct itimerspec good = { .it_value.tv_sec = 9 };
	uint64_t count;

	check_errno(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL);
	check_errno(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	check_errno(timerfd_settime(fd, 0, &bad, NULL), EINVAL);
	check_errno(timerfd_settime(fd, 8, &good, NULL), EINVAL);
	check_errno(timerfd_settime(fd, 0, nowhere, NULL), EFAULT);
	check_errno(timerfd_settime(fd, 0, &good, nowhere), EFAULT);
	check_errno(timerfd_gettime(fd, nowhere), EFAULT);
	check_errno(timerfd_settime(1, 0, &good, NULL), EINVAL);
	check_errno(timerfd_gettime(1, &good), EINVAL);
	check_errno(timerfd_gettime(99, &good), EBADF);
	check_errno(read(fd, &count, 7), EINVAL);
	check_errno(write(fd, &count, 8), EINVAL);
	/* Closed while it runs: its interrupt must find nothing. */
	close(fd);
}

static long read_fd(void *unused)
{
	uint64_t count;
	const long got = sys_read(fd, (long)&count, sizeof(count), 0, 0, 0);

	(void)unused;
	return got < 0 ? got : (long)count;
}

TEST(a_reader_sleeps_until_the_timer_is_set_and_expires)
{
	struct beside *reader;

	fd = timerfd_create(CLOCK_MONOTONIC, 0);
	reader = beside_start(read_fd, NULL);
	beside_waits(reader);
	set(MS, 0, 0);
	CHECK_EQ(beside_join(reader), 1);
	reader = beside_start(read_fd, NULL);
	beside_waits(reader);
	beside_interrupt(reader);
	CHECK_EQ(beside_join(reader), -EINTR);
	close(fd);
}
