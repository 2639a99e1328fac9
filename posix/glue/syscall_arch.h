/* SPDX-License-Identifier: MIT */
/*
 * musl's view of a system call, in place of the file of this name in its
 * arch/riscv64: a function call, as kernel and application are one image.
 *
 * A call whose number is known when musl is compiled binds to its function, or
 * to the refusal of all that posix/syscalls.list does not name; only a number
 * known no sooner than at run time (syscall(2), cancellation points) takes the
 * dispatcher, whose table brings every call into the image. The list comes as
 * SYSCALL_LIST(X) in a header that tools/musl.sh writes.
 *
 * Included by musl's internal/syscall.h alone, and used by posix/glue.
 */
#ifndef POSIX_GLUE_SYSCALL_ARCH_H
#define POSIX_GLUE_SYSCALL_ARCH_H

#include <sys/syscall.h>

#include "syscall_list.h"

#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)
#define IPC_64            0

#define SYSCALL_PROTOTYPE(name) \
	long sys_##name(long a, long b, long c, long d, long e, long f);
SYSCALL_LIST(SYSCALL_PROTOTYPE)
#undef SYSCALL_PROTOTYPE

long vireo_syscall(long n, long a, long b, long c, long d, long e, long f);
long vireo_no_syscall(long n);

static inline long __syscall6(long n, long a, long b, long c, long d, long e,
                              long f)
{
#define SYSCALL_CASE(name) \
	case __NR_##name:  \
		return sys_##name(a, b, c, d, e, f);
	if (__builtin_constant_p(n)) {
		switch (n) {
			SYSCALL_LIST(SYSCALL_CASE)
		default:
			return vireo_no_syscall(n);
		}
	}
#undef SYSCALL_CASE
	return vireo_syscall(n, a, b, c, d, e, f);
}

static inline long __syscall5(long n, long a, long b, long c, long d, long e)
{
	return __syscall6(n, a, b, c, d, e, 0);
}

static inline long __syscall4(long n, long a, long b, long c, long d)
{
	return __syscall6(n, a, b, c, d, 0, 0);
}

static inline long __syscall3(long n, long a, long b, long c)
{
	return __syscall6(n, a, b, c, 0, 0, 0);
}

static inline long __syscall2(long n, long a, long b)
{
	return __syscall6(n, a, b, 0, 0, 0, 0);
}

static inline long __syscall1(long n, long a)
{
	return __syscall6(n, a, 0, 0, 0, 0, 0);
}

static inline long __syscall0(long n)
{
	return __syscall6(n, 0, 0, 0, 0, 0, 0);
}

#endif /* POSIX_GLUE_SYSCALL_ARCH_H */
