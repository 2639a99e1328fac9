/* SPDX-License-Identifier: MIT */
/*
 * System calls by number: syscall(2) and musl's cancellation points know theirs
 * only at run time. One table of functions, filled from posix/syscalls.list;
 * what it does not hold is -ENOSYS. The second table has the names of all of
 * Linux's calls, so that the report says what a program is missing.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <syscall_names.h>

#include "core/compiler.h"
#include "core/log.h"
#include "posix/syscalls.h"

typedef long system_call(long a, long b, long c, long d, long e, long f);

#define SYSCALL_ENTRY(name) [__NR_##name] = sys_##name,
static system_call *const calls[] = { SYSCALL_LIST(SYSCALL_ENTRY) };

#define SYSCALL_NAME(name) [__NR_##name] = #name,
static const char *const names[] = { SYSCALL_NAMES(SYSCALL_NAME) };

static unsigned int refused[ARRAY_SIZE(names)];
static unsigned long refused_total;

static __noinline long refuse(unsigned long n)
{
	const char *name = n < ARRAY_SIZE(names) ? names[n] : NULL;

	refused_total++;
	if (name && refused[n]++ == 0)
		log_warn("system call %s (%lu) does not exist here: ENOSYS",
		         name, n);
	if (!name)
		log_warn("there is no system call %ld: ENOSYS", (long)n);

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
		return refuse(number);

	return calls[number](a, b, c, d, e, f);
}
