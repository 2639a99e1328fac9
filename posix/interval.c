/* SPDX-License-Identifier: MIT */
/* However many expiries have passed, they are counted by one division. */
#include "posix/interval.h"

#include <errno.h>

#include "core/timer.h"
#include "posix/clock.h"

#define NS_PER_SECOND 1000000000ul

int interval_from(struct interval *interval, const struct itimerspec *time,
                  clockid_t clock, bool absolute)
{
	const uint64_t value_ns = timespec_ns(&time->it_value);
	int err = 0;

	if (!timespec_is_sane(&time->it_value) ||
	    !timespec_is_sane(&time->it_interval))
		return -EINVAL;
	interval->at_ns = INTERVAL_OFF;
	interval->every_ns = timespec_ns(&time->it_interval);
	if (value_ns == 0)
		return 0;
	if (absolute) {
		err = clock_absolute_ns(clock, &time->it_value,
		                        &interval->at_ns);
	} else if (__builtin_add_overflow(timer_now_ns(), value_ns,
	                                  &interval->at_ns)) {
		interval->at_ns = INTERVAL_OFF;
	}
	return err;
}

uint64_t interval_advance(struct interval *interval, uint64_t now_ns)
{
	const uint64_t at_ns = interval->at_ns;
	uint64_t more = 0;

	if (at_ns > now_ns)
		return 0;
	if (interval->every_ns == 0) {
		interval->at_ns = INTERVAL_OFF;
		return 1;
	}
	more = (now_ns - at_ns) / interval->every_ns;
	interval->at_ns = at_ns + more * interval->every_ns;
	if (__builtin_add_overflow(interval->at_ns, interval->every_ns,
	                           &interval->at_ns))
		interval->at_ns = INTERVAL_OFF;
	return more + 1;
}

static struct timespec to_timespec(uint64_t ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(ns / NS_PER_SECOND),
		.tv_nsec = (long)(ns % NS_PER_SECOND),
	};
}

void interval_show(const struct interval *interval, uint64_t now_ns,
                   struct itimerspec *time)
{
	const uint64_t at_ns = interval->at_ns;
	uint64_t left_ns = 0;

	if (at_ns != INTERVAL_OFF)
		left_ns = at_ns > now_ns ? at_ns - now_ns : 1;
	time->it_value = to_timespec(left_ns);
	time->it_interval = to_timespec(interval->every_ns);
}
