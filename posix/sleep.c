/* SPDX-License-Identifier: MIT */
/* The calls that wait for nothing but time. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "core/thread.h"
#include "core/timer.h"
#include "core/user_access.h"
#include "posix/clock.h"
#include "posix/syscalls.h"

#define NS_PER_SECOND 1000000000ul

static int sleep_until(uint64_t at_ns)
{
	return thread_sleep_until(at_ns, THREAD_INTERRUPTIBLE);
}

/* What is left of a sleep that a signal ended. */
static int tell_rest(struct timespec *rest, uint64_t at_ns)
{
	const uint64_t now_ns = timer_now_ns();
	const uint64_t left_ns = at_ns > now_ns ? at_ns - now_ns : 0;
	const struct timespec left = {
		.tv_sec = (time_t)(left_ns / NS_PER_SECOND),
		.tv_nsec = (long)(left_ns % NS_PER_SECOND),
	};

	return copy_to_user(rest, &left, sizeof(left));
}

static int sleep_for(const struct timespec *time, struct timespec *rest)
{
	uint64_t at_ns;
	int err;

	if (__builtin_add_overflow(timer_now_ns(), timespec_ns(time), &at_ns))
		at_ns = UINT64_MAX;
	err = sleep_until(at_ns);
	if (err == -EINTR && rest && tell_rest(rest, at_ns) != 0)
		err = -EFAULT;
	return err;
}

static int get_time(struct timespec *time, const struct timespec *from)
{
	const int err = copy_from_user(time, from, sizeof(*time));

	if (err)
		return err;
	return timespec_is_sane(time) ? 0 : -EINVAL;
}

SYSCALL_ONCE(nanosleep, (const struct timespec *asked, struct timespec *rest),
             (void *)a, (void *)b)
{
	struct timespec time;
	const int err = get_time(&time, asked);

	return err ? err : sleep_for(&time, rest);
}

SYSCALL_ONCE(clock_nanosleep,
             (clockid_t clock, int flags, const struct timespec *asked,
              struct timespec *rest),
             a, b, (void *)c, (void *)d)
{
	struct timespec time;
	uint64_t at_ns;
	int err = get_time(&time, asked);

	if (!err)
		err = clock_absolute_ns(clock, &time, &at_ns);
	if (err)
		return err;
	if (flags & TIMER_ABSTIME)
		return sleep_until(at_ns);
	return sleep_for(&time, rest);
}
