/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of timers that come again: timerfd, POSIX timers, setitimer().
 * Moments are of timer_now_ns(). No locks; the caller has them.
 */
#ifndef POSIX_INTERVAL_H
#define POSIX_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define INTERVAL_OFF UINT64_MAX /* as ->at_ns: it never expires */

struct interval {
	uint64_t at_ns;    /* the next expiry */
	uint64_t every_ns; /* 0: once */
};

/*
 * What @time asks for, its moment on @clock with @absolute, else from now on.
 * 0, or -EINVAL for a time or clock that is none.
 */
int interval_from(struct interval *interval, const struct itimerspec *time,
                  clockid_t clock, bool absolute);

/* Moves ->at_ns beyond @now_ns (INTERVAL_OFF: once): how many expiries. */
uint64_t interval_advance(struct interval *interval, uint64_t now_ns);

/* Time until the next expiry, at least 1 ns; 0 when there is none. */
void interval_show(const struct interval *interval, uint64_t now_ns,
                   struct itimerspec *time);

#endif /* POSIX_INTERVAL_H */
