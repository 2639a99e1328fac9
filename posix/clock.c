/* SPDX-License-Identifier: MIT */
/*
 * Clocks. The machine's timer is the one source: since boot, or with the offset
 * of core/realtime.h the time of day. CPU time is the scheduler's account.
 */
#include "posix/clock.h"

#include <errno.h>
#include <stddef.h>
#include <sys/time.h>

#include "core/machine.h"
#include "core/realtime.h"
#include "core/thread.h"
#include "core/timer.h"
#include "core/user_access.h"
#include "posix/cpu_time.h"
#include "posix/syscalls.h"

#define NS_PER_SECOND 1000000000ul
#define NS_PER_US     1000ul

#define CLOCK(name) (1u << CLOCK_##name)
#define SINCE_BOOT                                                           \
	(CLOCK(MONOTONIC) | CLOCK(MONOTONIC_COARSE) | CLOCK(MONOTONIC_RAW) | \
	 CLOCK(BOOTTIME))
#define TIME_OF_DAY (CLOCK(REALTIME) | CLOCK(REALTIME_COARSE) | CLOCK(TAI))

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

/* Is @clock one of @set? */
static __always_inline bool clock_is_in(clockid_t clock, unsigned int set)
{
	return (unsigned int)clock < 32 && set >> clock & 1;
}

static __always_inline int clock_read(clockid_t clock, uint64_t *ns_out)
{
	if (likely(clock_is_in(clock, SINCE_BOOT)))
		*ns_out = timer_now_ns_inline();
	else if (clock_is_in(clock, TIME_OF_DAY))
		*ns_out = realtime_ns();
	else if (!cpu_time_of_clock_ns(clock, ns_out))
		return -EINVAL;
	return 0;
}

int clock_absolute_ns(clockid_t clock, const struct timespec *time,
                      uint64_t *at_out)
{
	uint64_t at_ns = timespec_ns(time);

	if (clock_is_in(clock, TIME_OF_DAY))
		at_ns = realtime_to_monotonic_ns(at_ns);
	else if (!clock_is_in(clock, SINCE_BOOT))
		return -EINVAL;

	*at_out = at_ns;
	return 0;
}

SYSCALL_QUICK(clock_gettime, (clockid_t clock, struct timespec *time), a,
              (void *)b)
{
	uint64_t ns;
	const int err = clock_read(clock, &ns);

	if (err)
		return err;
	return put_user((time_t)(ns / NS_PER_SECOND), &time->tv_sec) |
	       put_user((long)(ns % NS_PER_SECOND), &time->tv_nsec);
}

static __noinline int failed(long err)
{
	errno = (int)-err;
	return -1;
}

/*
 * The C library's function, in place of musl's: what the vDSO is for on Linux.
 * Programs read the clock so often that the call and musl's way through errors
 * that this kernel does not return would be half of the cost.
 */
int __clock_gettime(clockid_t clock, struct timespec *time)
{
	const long err = call_clock_gettime(clock, time);

	return likely(err == 0) ? 0 : failed(err);
}

int clock_gettime(clockid_t clock, struct timespec *time)
	__attribute__((alias("__clock_gettime")));

/* The time of day alone can be set; nobody has less than all rights. */
SYSCALL(clock_settime, (clockid_t clock, const struct timespec *user), a,
        (void *)b)
{
	struct timespec time;

	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	if (copy_from_user(&time, user, sizeof(time)) != 0)
		return -EFAULT;
	if (!timespec_is_sane(&time))
		return -EINVAL;
	return realtime_set_ns(timespec_ns(&time));
}

/* No time zones: the second argument's are 0. */
SYSCALL(gettimeofday, (struct timeval * time, int *zone), (void *)a, (void *)b)
{
	int err = 0;

	if (time) {
		const uint64_t us = realtime_ns() / NS_PER_US;

		err |= put_user((time_t)(us / 1000000), &time->tv_sec);
		err |= put_user((suseconds_t)(us % 1000000), &time->tv_usec);
	}
	if (zone)
		err |= put_user(0, zone) | put_user(0, zone + 1);
	return err;
}

SYSCALL(clock_getres, (clockid_t clock, struct timespec *time), a, (void *)b)
{
	uint64_t ns;
	const int err = clock_read(clock, &ns);

	if (err || !time)
		return err;
	ns = (NS_PER_SECOND + machine.timebase_hz - 1) / machine.timebase_hz;
	return put_user((time_t)0, &time->tv_sec) |
	       put_user((long)ns, &time->tv_nsec);
}
