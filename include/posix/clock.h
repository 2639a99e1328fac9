/* SPDX-License-Identifier: MIT */
/*
 * Time for the system calls that wait. Time spent waiting is no CPU time of the
 * application, so every wait goes through here.
 *
 * Context: the thread of main(), interrupts on.
 */
#ifndef POSIX_CLOCK_H
#define POSIX_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* As musl calls clock_gettime() itself. */
int __clock_gettime(clockid_t clock, struct timespec *time);

/* Nanoseconds; UINT64_MAX where they do not fit. */
uint64_t timespec_ns(const struct timespec *time);
bool timespec_is_sane(const struct timespec *time);

/*
 * The moment at which an absolute @time of @clock comes, by timer_now_ns().
 * Returns 0, or -EINVAL for a clock that does not exist or cannot be waited on.
 */
int clock_absolute_ns(clockid_t clock, const struct timespec *time,
                      uint64_t *at_out);

#endif /* POSIX_CLOCK_H */
