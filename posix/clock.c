/* SPDX-License-Identifier: MIT */
/*
 * Clocks. All of them count from boot: the machine's timer is the one source,
 * and nothing says what the time of day is, so CLOCK_REALTIME begins at 1970.
 * CPU time is uptime without what was waited.
 */
#include "posix/clock.h"

#include <errno.h>
#include <stddef.h>

#include "core/hart.h"
#include "core/machine.h"
#include "core/timer.h"
#include "posix/syscalls.h"
#include "posix/user_memory.h"

#define NS_PER_SECOND 1000000000ul

static uint64_t waited_ns;

bool timespec_is_sane(const struct timespec *time)
{
	return time->tv_sec >= 0 &&
	       (unsigned long)time->tv_nsec < NS_PER_SECOND;
}

uint64_t timespec_ns(const struct timespec *time)
{
	uint64_t ns;

	if (__builtin_mul_overflow(time->tv_sec, NS_PER_SECOND, &ns) ||
	    __builtin_add_overflow(ns, time->tv_nsec, &ns))
		return UINT64_MAX;
	return ns;
}

static uint64_t add_saturated(uint64_t a, uint64_t b)
{
	return a + b < a ? UINT64_MAX : a + b;
}

void clock_account_wait(uint64_t since_ns)
{
	waited_ns += timer_now_ns() - since_ns;
}

void clock_wait_until(uint64_t until_ns)
{
	const uint64_t since_ns = timer_now_ns();

	while (timer_now_ns() < until_ns)
		hart_idle(until_ns);
	clock_account_wait(since_ns);
}

static int clock_read(clockid_t clock, uint64_t *ns_out)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
	case CLOCK_TAI:
		*ns_out = timer_now_ns();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
	case CLOCK_THREAD_CPUTIME_ID:
		*ns_out = timer_now_ns() - waited_ns;
		return 0;
	default:
		return -EINVAL;
	}
}

int clock_absolute_ns(clockid_t clock, const struct timespec *time,
                      uint64_t *at_out)
{
	uint64_t now_ns;

	if (clock == CLOCK_PROCESS_CPUTIME_ID ||
	    clock == CLOCK_THREAD_CPUTIME_ID || clock_read(clock, &now_ns) != 0)
		return -EINVAL;

	*at_out = timespec_ns(time);
	return 0;
}

SYSCALL(clock_gettime, (clockid_t clock, struct timespec *time), a, (void *)b)
{
	uint64_t ns;
	const int err = clock_read(clock, &ns);

	if (err)
		return err;
	if (!user_can_write(time, sizeof(*time)))
		return -EFAULT;

	time->tv_sec = ns / NS_PER_SECOND;
	time->tv_nsec = ns % NS_PER_SECOND;
	return 0;
}

SYSCALL(clock_getres, (clockid_t clock, struct timespec *time), a, (void *)b)
{
	uint64_t ns;
	const int err = clock_read(clock, &ns);

	if (err || !time)
		return err;
	if (!user_can_write(time, sizeof(*time)))
		return -EFAULT;

	*time = (struct timespec){
		.tv_nsec = (NS_PER_SECOND + machine.timebase_hz - 1) /
		           machine.timebase_hz,
	};
	return 0;
}

static long sleep_for(const struct timespec *time)
{
	if (!user_can_read(time, sizeof(*time)))
		return -EFAULT;
	if (!timespec_is_sane(time))
		return -EINVAL;

	clock_wait_until(add_saturated(timer_now_ns(), timespec_ns(time)));
	return 0;
}

/* No signal ends a sleep, so the remaining time is never written. */
SYSCALL(nanosleep, (const struct timespec *time), (void *)a)
{
	return sleep_for(time);
}

SYSCALL(clock_nanosleep,
        (clockid_t clock, int flags, const struct timespec *time), a, b,
        (void *)c)
{
	uint64_t at_ns;
	int err;

	if (!user_can_read(time, sizeof(*time)))
		return -EFAULT;
	if (!timespec_is_sane(time))
		return -EINVAL;
	err = clock_absolute_ns(clock, time, &at_ns);
	if (err)
		return err;
	if (!(flags & TIMER_ABSTIME))
		return sleep_for(time);

	clock_wait_until(at_ns);
	return 0;
}

SYSCALL(sched_yield, (void))
{
	return 0;
}
