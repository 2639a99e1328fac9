/* SPDX-License-Identifier: MIT */
/*
 * One word holds the offset, or says that it is not known yet; whoever sets it
 * first wins, so a clock that somebody sets is not set back by a slow reader of
 * the device.
 */
#include "core/realtime.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/compiler.h"
#include "core/log.h"
#include "core/timer.h"
#include "core/wait.h"

#define UNKNOWN UINT64_MAX

static uint64_t offset_ns = UNKNOWN; /* [A] */
static unsigned int times_set;       /* [A] */
static uint64_t (*source)(void);     /* [I] */
static struct wait_queue changes = WAIT_QUEUE_INIT("time of day");

void realtime_set_source(uint64_t (*read_ns)(void))
{
	source = read_ns;
}

static __noinline uint64_t find_offset(void)
{
	uint64_t time_ns = source ? source() : 0;
	uint64_t now_ns = timer_now_ns();
	bool known = time_ns > now_ns && time_ns <= INT64_MAX;
	uint64_t found_ns = known ? time_ns - now_ns : 0;
	uint64_t before = UNKNOWN;

	if (!__atomic_compare_exchange_n(&offset_ns, &before, found_ns, false,
	                                 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return before;
	if (!known)
		log_info("no real-time clock: this is 1970, until it is set");
	return found_ns;
}

static uint64_t realtime_offset_ns(void)
{
	uint64_t offset = __atomic_load_n(&offset_ns, __ATOMIC_RELAXED);

	return likely(offset != UNKNOWN) ? offset : find_offset();
}

uint64_t realtime_ns(void)
{
	return realtime_offset_ns() + timer_now_ns();
}

uint64_t realtime_to_monotonic_ns(uint64_t at_ns)
{
	uint64_t offset = realtime_offset_ns();

	return at_ns > offset ? at_ns - offset : 0;
}

int realtime_set_ns(uint64_t now_ns)
{
	uint64_t since_boot_ns = timer_now_ns();

	if (now_ns < since_boot_ns || now_ns > INT64_MAX)
		return -EINVAL;
	__atomic_store_n(&offset_ns, now_ns - since_boot_ns, __ATOMIC_RELAXED);
	__atomic_fetch_add(&times_set, 1, __ATOMIC_RELEASE);
	wait_queue_wake_all(&changes);
	return 0;
}

unsigned int realtime_times_set(void)
{
	return __atomic_load_n(&times_set, __ATOMIC_ACQUIRE);
}

struct wait_queue *realtime_queue(void)
{
	return &changes;
}
