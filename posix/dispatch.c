/* SPDX-License-Identifier: MIT */
/*
 * System calls by number, for syscall(2), which knows it at run time only. One
 * table of functions, made from the list of all that Linux has; those that do not
 * exist here refuse (posix/missing.c). The second table has the names of all of
 * Linux's calls, so that the report says what a program is missing.
 */
#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <syscall_names.h>

#include "core/compiler.h"
#include "core/log.h"
#include "glue/glue.h"
#include "posix/syscalls.h"

#define SYSCALL_ENTRY(name) [__NR_##name] = sys_##name,
system_call *const syscall_table[] = { SYSCALL_NAMES(SYSCALL_ENTRY) };

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

static unsigned int refused[ARRAY_SIZE(places)]; /* [A] */
static unsigned int refused_unknown; /* [A] numbers that Linux has not */

static const char *name_of(unsigned long n)
{
	return n < ARRAY_SIZE(places) && places[n] > 0
	               ? (const char *)&names + places[n]
	               : NULL;
}

static unsigned int *count_of(unsigned long n)
{
	return name_of(n) ? &refused[n] : &refused_unknown;
}

long vireo_no_syscall(long n)
{
	const char *name = name_of(n);

	if (__atomic_fetch_add(count_of(n), 1, __ATOMIC_RELAXED) > 0)
		return -ENOSYS;
	if (name) {
		log_warn("system call %s (%ld) does not exist here: ENOSYS",
		         name, n);
	} else {
		log_warn("there is no system call %ld: ENOSYS", n);
	}
	return -ENOSYS;
}

unsigned int syscalls_refused(long n)
{
	return READ_ONCE(*count_of(n));
}

void syscalls_visit_refused(void (*visit)(const char *name, unsigned int count,
                                          void *context),
                            void *context)
{
	for (unsigned long n = 0; n < ARRAY_SIZE(places); n++) {
		if (syscalls_refused(n) > 0 && name_of(n))
			visit(name_of(n), syscalls_refused(n), context);
	}
	if (refused_unknown > 0)
		visit("(unknown)", refused_unknown, context);
}

static_assert(ARRAY_SIZE(syscall_table) == SYSCALL_TABLE_SIZE,
              "posix/glue/syscall.S");

/* What syscall(2) does with all but good results: errno and -1. */
long syscall_failed(long result)
{
	errno = (int)-result;
	return -1;
}

long syscall_unknown(long n)
{
	return syscall_failed(vireo_no_syscall(n));
}
