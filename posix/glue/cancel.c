/* SPDX-License-Identifier: MIT */
/*
 * Cancellation points. musl compares the interrupted program counter with the
 * range [__cp_begin, __cp_end) to tell whether a thread was inside a system
 * call. Here no signal handler runs, so the range is empty and the flag is read
 * before the call; a call that was woken returns -EINTR and musl looks again.
 */
#include "glue.h"
#include "syscall_arch.h"

const char __cp_begin[1], __cp_end[1], __cp_cancel[1];

long __syscall_cp_asm(const volatile void *cancel, long n, long a, long b,
                      long c, long d, long e, long f)
{
	if (*(const volatile int *)cancel)
		return __cancel();

	return vireo_syscall(n, a, b, c, d, e, f);
}
