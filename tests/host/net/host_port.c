/* SPDX-License-Identifier: MIT */
/* The kernel as net/ and lwIP see it, on this machine. */
#include "host_port.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/panic.h"
#include "lwip_hooks.h"
#include "lwip_port.h"
#include "mm/kmem.h"

#include "lwip/sys.h"

uint32_t host_now_ms = 1;

static unsigned long to_fail, fail_more, failed, objects;

void host_fail(unsigned long nth, unsigned long more)
{
	to_fail = nth;
	fail_more = more;
	failed = 0;
}

unsigned long host_failed(void)
{
	return failed;
}

unsigned long host_objects(void)
{
	return objects;
}

static bool fails_now(void)
{
	if (to_fail == 0 || --to_fail > 0)
		return false;
	if (fail_more > 0) {
		fail_more--;
		to_fail = 1;
	}
	failed++;
	return true;
}

void *kmalloc(size_t size, gfp_t gfp)
{
	(void)gfp;
	if (fails_now())
		return NULL;
	objects++;
	return malloc(size);
}

void kfree(const void *object)
{
	if (object)
		objects--;
	free((void *)object);
}

u32_t sys_now(void)
{
	return host_now_ms;
}

void net_diag(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	va_end(args);
}

void net_assert_failed(const char *what, const char *file, int line)
{
	panic("%s:%d: %s", file, line, what);
}

void net_must_be_locked(void)
{
}

/* There is no memory here that is not mapped. */
void net_copy_in(void *to, const void *from, size_t bytes)
{
	memcpy(to, from, bytes);
}

uint32_t net_random(void)
{
	static uint64_t state = 88172645463325252;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)state;
}

u32_t net_first_sequence(const ip_addr_t *local, u16_t local_port,
                         const ip_addr_t *remote, u16_t remote_port)
{
	(void)local, (void)local_port, (void)remote, (void)remote_port;
	return net_random();
}

void net_set_time(uint32_t seconds, uint32_t microseconds)
{
	(void)seconds, (void)microseconds;
}

void net_get_time(uint32_t *seconds_out, uint32_t *microseconds_out)
{
	*seconds_out = *microseconds_out = 0;
}
