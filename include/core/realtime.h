/* SPDX-License-Identifier: MIT */
/*
 * The time of day: nanoseconds since 1970, which is an offset and the monotonic
 * clock. The offset comes from the machine's clock when somebody first asks; a
 * machine without one begins at 1970. No time zones, no leap seconds.
 */
#ifndef CORE_REALTIME_H
#define CORE_REALTIME_H

#include <stdint.h>

struct wait_queue;

/* Context: threads; the first call may map a device. cost: about 12 instructions */
uint64_t realtime_ns(void);

/*
 * It is @now_ns now. -EINVAL: the machine has been running for longer than since
 * 1970 then, or that is later than a signed number can say. Context: threads
 */
int realtime_set_ns(uint64_t now_ns);

/* The moment @at_ns by timer_now_ns(), as the clock is set now; past: 0. */
uint64_t realtime_to_monotonic_ns(uint64_t at_ns);

/*
 * How often the clock was set, and who wants to know that: whoever waits until
 * some time of day looks again at its condition when this queue is woken.
 */
unsigned int realtime_times_set(void);
struct wait_queue *realtime_queue(void);

/* Where time comes from: nanoseconds since 1970, 0 when it fails. Context: boot */
void realtime_set_source(uint64_t (*read_ns)(void));

#endif /* CORE_REALTIME_H */
