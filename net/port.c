/* SPDX-License-Identifier: MIT */
/*
 * What lwIP calls of the kernel (net/lwip/lwip_port.h, lwip_hooks.h) and that is a
 * line or two: log, panic, random numbers, time.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/assert.h"
#include "core/log.h"
#include "core/random.h"
#include "core/realtime.h"
#include "core/timer.h"
#include "core/user_access.h"
#include "lib/siphash.h"
#include "lwip_hooks.h"
#include "lwip_port.h"
#include "net/stack.h"

#define NS_PER_US     1000ul
#define NS_PER_S      1000000000ul
#define SEQUENCE_TICK 12 /* a number each 4,096 ns: RFC 6528 has 4 us */

void net_diag(const char *format, ...)
{
	char line[128];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	line[strcspn(line, "\n")] = '\0';
	log_info("lwip: %s", line);
}

void net_assert_failed(const char *what, const char *file, int line)
{
	panic("lwip: %s:%d: %s", file, line, what);
}

void net_must_be_locked(void)
{
	ASSERT(net_lock_is_mine());
}

uint32_t net_random(void)
{
	uint32_t value;

	random_fill(&value, sizeof(value));
	return value;
}

u32_t net_first_sequence(const ip_addr_t *local, u16_t local_port,
                         const ip_addr_t *remote, u16_t remote_port)
{
	static uint64_t key[2];
	struct ends {
		ip_addr_t local, remote;
		u16_t local_port, remote_port;
	} ends;

	if (key[0] == 0)
		random_fill(key, sizeof(key));
	/* The gaps between its members count as well. */
	memset(&ends, 0, sizeof(ends));
	ip_addr_copy(ends.local, *local);
	ip_addr_copy(ends.remote, *remote);
	ends.local_port = local_port;
	ends.remote_port = remote_port;
	return (u32_t)(siphash(key, &ends, sizeof(ends)) +
	               (timer_now_ns() >> SEQUENCE_TICK));
}

static bool copy_failed; /* of the stack's lock */

void net_copy_in(void *to, const void *from, size_t bytes)
{
	if (likely(copy_from_user(to, from, bytes) == 0))
		return;
	memset(to, 0, bytes);
	copy_failed = true;
}

bool net_copy_failed(void)
{
	const bool failed = copy_failed;

	copy_failed = false;
	return failed;
}

void net_set_time(uint32_t seconds, uint32_t microseconds)
{
	if (realtime_set_ns(seconds * NS_PER_S + microseconds * NS_PER_US) != 0)
		log_warn("sntp: the server's time, %u s, is not possible",
		         seconds);
}

void net_get_time(uint32_t *seconds_out, uint32_t *microseconds_out)
{
	const uint64_t now_ns = realtime_ns();

	*seconds_out = (uint32_t)(now_ns / NS_PER_S);
	*microseconds_out = (uint32_t)(now_ns % NS_PER_S / NS_PER_US);
}
