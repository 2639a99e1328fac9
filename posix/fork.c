/* SPDX-License-Identifier: MIT */
/*
 * What needs a second process. A unikernel is one: fork() and its kin are told so
 * by name, and there is no child to wait for.
 */
#include <errno.h>

#include "core/log.h"
#include "posix/process.h"
#include "posix/syscalls.h"

long process_refuse(const char *call, bool *told)
{
	if (!*told) {
		*told = true;
		log_warn("%s: a unikernel has one process, this fails with "
		         "ENOSYS",
		         call);
	}
	return -ENOSYS;
}

/* Threads come through __clone() (posix/glue/clone.c), not through here. */
SYSCALL(clone, (void))
{
	static bool told;

	return process_refuse("clone (fork, vfork)", &told);
}

SYSCALL(execve, (void))
{
	static bool told;

	return process_refuse("execve", &told);
}

SYSCALL(wait4, (void))
{
	return -ECHILD;
}

SYSCALL(waitid, (void))
{
	return -ECHILD;
}
