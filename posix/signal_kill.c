/* SPDX-License-Identifier: MIT */
/* The calls that send signals. */
#include <errno.h>

#include "core/lock.h"
#include "core/user_access.h"
#include "posix/process.h"
#include "posix/syscalls.h"
#include "signal_internal.h"

static siginfo_t info_of(int code)
{
	return (siginfo_t){ .si_code = code, .si_pid = PROCESS_ID };
}

static bool task_exists(pid_t tid)
{
	unsigned long flags = spin_lock_irqsave(&tasks_lock);
	const bool found = task_find((unsigned int)tid);

	spin_unlock_irqrestore(&tasks_lock, flags);
	return found;
}

static long send_to_process(int signal, const siginfo_t *info)
{
	return signal ? signal_send_process(signal, info) : 0;
}

static long send_to_thread(pid_t tid, int signal, const siginfo_t *info)
{
	if (signal)
		return signal_send_thread(tid, signal, info);
	return task_exists(tid) ? 0 : -ESRCH;
}

/* 0 and -1 mean the own process group and every process: both are us. */
SYSCALL(kill, (pid_t pid, int signal), a, b)
{
	const siginfo_t info = info_of(SI_USER);

	if (pid > 0 && pid != PROCESS_ID)
		return -ESRCH;
	return send_to_process(signal, &info);
}

SYSCALL(tkill, (pid_t tid, int signal), a, b)
{
	const siginfo_t info = info_of(SI_TKILL);

	return tid > 0 ? send_to_thread(tid, signal, &info) : -EINVAL;
}

SYSCALL(tgkill, (pid_t pid, pid_t tid, int signal), a, b, c)
{
	const siginfo_t info = info_of(SI_TKILL);

	if (pid <= 0 || tid <= 0)
		return -EINVAL;
	if (pid != PROCESS_ID)
		return -ESRCH;
	return send_to_thread(tid, signal, &info);
}

/* Nobody else is there to be fooled, so any si_code will do. */
SYSCALL(rt_sigqueueinfo, (pid_t pid, int signal, const siginfo_t *from), a, b,
        (void *)c)
{
	siginfo_t info;

	if (copy_from_user(&info, from, sizeof(info)) != 0)
		return -EFAULT;
	if (pid != PROCESS_ID)
		return -ESRCH;
	return send_to_process(signal, &info);
}

SYSCALL(rt_tgsigqueueinfo,
        (pid_t pid, pid_t tid, int signal, const siginfo_t *from), a, b, c,
        (void *)d)
{
	siginfo_t info;

	if (copy_from_user(&info, from, sizeof(info)) != 0)
		return -EFAULT;
	if (pid <= 0 || tid <= 0)
		return -EINVAL;
	if (pid != PROCESS_ID)
		return -ESRCH;
	return send_to_thread(tid, signal, &info);
}
