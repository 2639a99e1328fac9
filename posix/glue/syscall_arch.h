/* SPDX-License-Identifier: MIT */
/*
 * musl's view of a system call, in place of the file of this name in its
 * arch/riscv64: a function call, as kernel and application are one image.
 *
 * A call whose number is known when musl is compiled binds to its function;
 * those that are not written yet are weak refusals (posix/missing.c). That is every
 * call but those of syscall(2), so only a program that uses syscall(2) links the
 * table of all calls. Linux's names come as SYSCALL_NAMES(X) in a header that
 * tools/musl.sh writes.
 *
 * Cancellation points bind too: what musl hands from function to function as the
 * number is then the address of the call's function. musl's own __syscall_cp()
 * would come after the definition here and is left out (tools/musl.sh).
 *
 * Included by musl's internal/syscall.h alone, and used by posix/glue.
 */
#ifndef POSIX_GLUE_SYSCALL_ARCH_H
#define POSIX_GLUE_SYSCALL_ARCH_H

#include <sys/syscall.h>

#include "syscall_names.h"

#define __SYSCALL_LL_E(x) (x)
#define __SYSCALL_LL_O(x) (x)
#define IPC_64            0

/*
 * musl's start opens /dev/null for set-user-ID programs without descriptors 0 to
 * 2. That cannot be here, and its calls would bring every image a file system.
 */
#define SYSCALL_NEVER(n)                                            \
	(__builtin_strstr(__BASE_FILE__, "/__libc_start_main.c") && \
	 ((n) == __NR_openat || (n) == __NR_ppoll))

#define SYSCALL_INLINE static inline __attribute__((always_inline))

#define SYSCALL_PROTOTYPE(name) \
	long sys_##name(long a, long b, long c, long d, long e, long f);
SYSCALL_NAMES(SYSCALL_PROTOTYPE)
#undef SYSCALL_PROTOTYPE

long vireo_no_syscall(long n);

/* @call is a sys_<name>, as a number. */
long vireo_call(long call, long a, long b, long c, long d, long e, long f);

/* musl's, in pthread_cancel.o, or the one without cancellation (cancel.c). */
__attribute__((visibility("hidden"))) long
__syscall_cp_c(long call, long a, long b, long c, long d, long e, long f);

SYSCALL_INLINE long __syscall6(long n, long a, long b, long c, long d, long e,
                               long f)
{
#define SYSCALL_CASE(name) \
	case __NR_##name:  \
		return sys_##name(a, b, c, d, e, f);
	if (__builtin_constant_p(n)) {
		if (SYSCALL_NEVER(n))
			return -1;
		switch (n) {
			SYSCALL_NAMES(SYSCALL_CASE)
		default:
			return vireo_no_syscall(n);
		}
	}
#undef SYSCALL_CASE
	return vireo_call(n, a, b, c, d, e, f);
}

SYSCALL_INLINE long __syscall_cp(long n, long a, long b, long c, long d, long e,
                                 long f)
{
#define SYSCALL_CASE(name) \
	case __NR_##name:  \
		return __syscall_cp_c((long)sys_##name, a, b, c, d, e, f);
	switch (n) {
		SYSCALL_NAMES(SYSCALL_CASE)
	default:
		return vireo_no_syscall(n);
	}
#undef SYSCALL_CASE
}

SYSCALL_INLINE long __syscall5(long n, long a, long b, long c, long d, long e)
{
	return __syscall6(n, a, b, c, d, e, 0);
}

SYSCALL_INLINE long __syscall4(long n, long a, long b, long c, long d)
{
	return __syscall6(n, a, b, c, d, 0, 0);
}

SYSCALL_INLINE long __syscall3(long n, long a, long b, long c)
{
	return __syscall6(n, a, b, c, 0, 0, 0);
}

SYSCALL_INLINE long __syscall2(long n, long a, long b)
{
	return __syscall6(n, a, b, 0, 0, 0, 0);
}

SYSCALL_INLINE long __syscall1(long n, long a)
{
	return __syscall6(n, a, 0, 0, 0, 0, 0);
}

SYSCALL_INLINE long __syscall0(long n)
{
	return __syscall6(n, 0, 0, 0, 0, 0, 0);
}

#endif /* POSIX_GLUE_SYSCALL_ARCH_H */
