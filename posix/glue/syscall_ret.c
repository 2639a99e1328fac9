/* SPDX-License-Identifier: MIT */
/*
 * What musl calls behind every system call. Errors leave by a jump, so that a good
 * call saves no registers for a bad one's sake.
 */
#include "core/compiler.h"
#include "glue.h"

long __syscall_ret(unsigned long result)
{
	if (unlikely(result > -4096ul))
		return syscall_failed((long)result);
	return (long)result;
}
