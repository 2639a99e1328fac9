/* SPDX-License-Identifier: MIT */
/* What musl does in every thread on Linux, and the process does here. */
#include <errno.h>
#include <sys/syscall.h>

#include "core/compiler.h"
#include "glue.h"
#include "posix/syscalls.h"

/* Identities and limits are the process' in the kernel: one call does it. */
void __synccall(void (*function)(void *context), void *context)
{
	function(context);
}

/* setuid() and its kin. */
int __setxid(int number, int id, int effective, int saved)
{
	long result;

	switch (number) {
	case SYS_setuid:
		result = sys_setuid(id, 0, 0, 0, 0, 0);
		break;
	case SYS_setgid:
		result = sys_setgid(id, 0, 0, 0, 0, 0);
		break;
	case SYS_setreuid:
		result = sys_setreuid(id, effective, 0, 0, 0, 0);
		break;
	case SYS_setregid:
		result = sys_setregid(id, effective, 0, 0, 0, 0);
		break;
	case SYS_setresuid:
		result = sys_setresuid(id, effective, saved, 0, 0, 0);
		break;
	default:
		result = sys_setresgid(id, effective, saved, 0, 0, 0);
	}
	if (result == 0)
		return 0;
	errno = (int)-result;
	return -1;
}
