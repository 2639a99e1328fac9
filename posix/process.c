/* SPDX-License-Identifier: MIT */
/*
 * Who am I, what is this machine, and the end. There is one process, which
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

#include "core/power.h"
#include "core/timer.h"
#include "core/user_access.h"
#include "mm/page_alloc.h"
#include "posix/syscalls.h"
#include "posix/task.h"

/* The process ends with its last thread. */
SYSCALL(exit, (int status), a)
{
	if (task_end)
		task_end();
	power_off(status & 0xff);
}

SYSCALL(exit_group, (int status), a)
{
	power_off(status & 0xff);
}

SYSCALL_QUICK(getpid, (void))
{
	return PROCESS_ID;
}

SYSCALL_QUICK(getppid, (void))
{
	return 0;
}

SYSCALL_QUICK(gettid, (void))
{
	return current_thread()->id;
}

SYSCALL_QUICK(set_tid_address, (unsigned int *word), (void *)a)
{
	struct task *self = current_task();

	self->clear_child_tid = word;
	return self->thread.id;
}

SYSCALL(uname, (void *to), (void *)a)
{
	static const struct utsname name = {
		.sysname = "Vireo",
		.nodename = "vireo",
		.release = "1",
		.version = "unikernel, Linux riscv64 system calls",
		.machine = "riscv64",
	};

	return copy_to_user(to, &name, sizeof(name));
}

SYSCALL(sysinfo, (void *to), (void *)a)
{
	const struct sysinfo info = {
		.uptime = timer_now_ns() / 1000000000,
		.totalram = nr_total_pages(),
		.freeram = nr_free_pages(),
		.procs = (unsigned short)tasks_alive(),
		.mem_unit = PAGE_SIZE,
	};

	return copy_to_user(to, &info, sizeof(info));
}
