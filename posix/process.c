/* SPDX-License-Identifier: MIT */
/*
 * Who am I, what is this machine, and the end. One process with one thread that
 * belongs to the superuser; its exit is the machine's power-off, and its exit
 * status becomes QEMU's.
 */
#include "posix/process.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/types.h>
#include <sys/utsname.h>

#include "core/hart.h"
#include "core/power.h"
#include "core/timer.h"
#include "mm/page_alloc.h"
#include "posix/syscalls.h"
#include "posix/user_memory.h"

SYSCALL(exit, (int status), a)
{
	power_off(status & 0xff);
}

SYSCALL(exit_group, (int status), a)
{
	power_off(status & 0xff);
}

SYSCALL(getpid, (void))
{
	return PROCESS_ID;
}

SYSCALL(getppid, (void))
{
	return 0;
}

SYSCALL(gettid, (void))
{
	return PROCESS_ID;
}

/* The address would be cleared at the thread's end, which is the machine's. */
SYSCALL(set_tid_address, (void))
{
	return PROCESS_ID;
}

SYSCALL(getuid, (void))
{
	return 0;
}

SYSCALL(geteuid, (void))
{
	return 0;
}

SYSCALL(getgid, (void))
{
	return 0;
}

SYSCALL(getegid, (void))
{
	return 0;
}

SYSCALL(uname, (void *to), (void *)a)
{
	struct utsname *name = to;

	if (!user_can_write(name, sizeof(*name)))
		return -EFAULT;

	*name = (struct utsname){
		.sysname = "Vireo",
		.nodename = "vireo",
		.release = "1",
		.version = "unikernel, Linux riscv64 system calls",
		.machine = "riscv64",
	};
	return 0;
}

SYSCALL(sysinfo, (void *to), (void *)a)
{
	struct sysinfo *info = to;

	if (!user_can_write(info, sizeof(*info)))
		return -EFAULT;

	*info = (struct sysinfo){
		.uptime = timer_now_ns() / 1000000000,
		.totalram = nr_total_pages(),
		.freeram = nr_free_pages(),
		.procs = 1,
		.mem_unit = PAGE_SIZE,
	};
	return 0;
}

/* Bytes written, as Linux; the harts that are online, whoever may use them. */
SYSCALL(sched_getaffinity, (pid_t pid, size_t size, unsigned char *set), a, b,
        (void *)c)
{
	const size_t bytes = sizeof(uint64_t);
	uint64_t online = nr_harts < 64 ? (1ul << nr_harts) - 1 : UINT64_MAX;

	if (pid != 0 && pid != PROCESS_ID)
		return -ESRCH;
	if (size < bytes || size % sizeof(long) != 0)
		return -EINVAL;
	if (!user_can_write(set, bytes))
		return -EFAULT;

	memcpy(set, &online, bytes);
	return bytes;
}
