/* SPDX-License-Identifier: MIT */
/*
 * Every call that Linux has and this system has not: refused, and told by name
 * when it comes first. Weak, so that a call exists as soon as a SYSCALL() of its
 * name does; the linker drops those that nobody asks for.
 */
#include <sys/syscall.h>

#include "posix/syscalls.h"

#define MISSING(name)                                                          \
	__weak long sys_##name(long a, long b, long c, long d, long e, long f) \
	{                                                                      \
		(void)a, (void)b, (void)c, (void)d, (void)e, (void)f;          \
		return vireo_no_syscall(__NR_##name);                          \
	}
SYSCALL_NAMES(MISSING)
