/* SPDX-License-Identifier: MIT */
/*
 * fstatat() without a copy: what the system call stores is the C library's own
 * struct stat. musl's would have the status stored beside it and move it over,
 * field by field, for machines where the two differ. stat(), lstat() and fstat()
 * call this one.
 */
#include <sys/stat.h>

#include "glue.h"
#include "syscall_arch.h"

int fstatat(int fd, const char *restrict path, struct stat *restrict status,
            int flags)
{
	return (int)__syscall_ret(
		sys_newfstatat(fd, (long)path, (long)status, flags, 0, 0));
}
