/* SPDX-License-Identifier: MIT */
/*
 * System calls by number: syscall(2) and musl's cancellation points know theirs
 * only at run time. One table of functions, filled from posix/syscalls.list;
 * what it does not hold is -ENOSYS. The second table has the names of all of
 * Linux's calls, so that the report says what a program is missing.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <syscall_names.h>

#include "core/compiler.h"
#include "core/log.h"
#include "posix/syscalls.h"

typedef long system_call(long a, long b, long c, long d, long e, long f);

#define SYSCALL_ENTRY(name) [__NR_##name] = sys_##name,
static system_call *const calls[] = { SYSCALL_LIST(SYSCALL_ENTRY) };

/* All names in one struct: a place in it is 2 bytes, a pointer would be 8. */
#define SYSCALL_NAME(name) char name[sizeof(#name)];
#define SYSCALL_TEXT(name) #name,
static const struct syscall_names {
	char none[1];
	SYSCALL_NAMES(SYSCALL_NAME)
} names = { "", SYSCALL_NAMES(SYSCALL_TEXT) };

#define SYSCALL_PLACE(name) \
	[__NR_##name] = offsetof(struct syscall_names, name),
static const uint16_t places[] = { SYSCALL_NAMES(SYSCALL_PLACE) };

static uint64_t refused[ARRAY_SIZE(places) / 64 + 1]; /* a bit for each */
static unsigned long refused_total;

long vireo_no_syscall(long n)
{
	size_t place = (unsigned long)n < ARRAY_SIZE(places) ? places[n] : 0;
	uint64_t bit = 1ul << n % 64;

	refused_total++;
	if (place == 0) {
		log_warn("there is no system call %ld: ENOSYS", n);
	} else if (!(refused[n / 64] & bit)) {
		refused[n / 64] |= bit;
		log_warn("system call %s (%ld) does not exist here: ENOSYS",
		         (const char *)&names + place, n);
	}
	return -ENOSYS;
}

unsigned long syscalls_refused(void)
{
	return refused_total;
}

/* <= 8 instructions before the call itself, no lock */
long vireo_syscall(long n, long a, long b, long c, long d, long e, long f)
{
	const unsigned long number = n;

	if (unlikely(number >= ARRAY_SIZE(calls) || !calls[number]))
		return vireo_no_syscall(n);

	return calls[number](a, b, c, d, e, f);
}
