/* SPDX-License-Identifier: MIT */
/* Limits: kept for all resources, and minded by those who know what they count. */
#include "posix/rlimit.h"

#include <errno.h>
#include <sys/resource.h>

#include "arch/sections.h"
#include "core/lock.h"
#include "core/user_access.h"
#include "posix/file.h"
#include "posix/process.h"
#include "posix/syscalls.h"
#include "posix/task.h"

#define FILES_SOFT 1024u /* as fd_limit begins */

/* What is not here has no limit. 0 hard: none either. */
static struct rlimit limits[RLIM_NLIMITS] = {
	[RLIMIT_CORE] = { 0, RLIM_INFINITY },
	[RLIMIT_NOFILE] = { FILES_SOFT, FD_MAX },
};

static struct rlimit read_limit(unsigned int resource)
{
	struct rlimit limit = limits[resource];

	if (limit.rlim_max == 0)
		limit = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	if (resource == RLIMIT_STACK && limit.rlim_cur == RLIM_INFINITY)
		limit.rlim_cur = (rlim_t)(uintptr_t)__app_stack_kb << 10;
	return limit;
}

uint64_t rlimit_get(unsigned int resource)
{
	return read_limit(resource).rlim_cur;
}

/* More descriptors than the table can have are refused, as by Linux. */
static long check_new(unsigned int resource, const struct rlimit *limit)
{
	if (limit->rlim_cur > limit->rlim_max)
		return -EINVAL;
	if (resource == RLIMIT_NOFILE && limit->rlim_max > FD_MAX)
		return -EPERM;
	return 0;
}

static void set_locked(unsigned int resource, const struct rlimit *limit)
	__must_hold(tasks_lock)
{
	limits[resource] = *limit;
	if (resource == RLIMIT_NOFILE)
		WRITE_ONCE(fd_limit, (unsigned int)limit->rlim_cur);
}

static long change(unsigned int resource, const struct rlimit *new,
                   struct rlimit *old)
{
	struct rlimit limit, before;
	unsigned long flags;

	if (resource >= RLIM_NLIMITS)
		return -EINVAL;
	if (new) {
		long err;

		if (copy_from_user(&limit, new, sizeof(limit)) != 0)
			return -EFAULT;
		err = check_new(resource, &limit);
		if (err)
			return err;
	}
	flags = spin_lock_irqsave(&tasks_lock);
	before = read_limit(resource);
	if (new)
		set_locked(resource, &limit);
	spin_unlock_irqrestore(&tasks_lock, flags);
	if (old && copy_to_user(old, &before, sizeof(before)) != 0)
		return -EFAULT;
	return 0;
}

SYSCALL(prlimit64,
        (pid_t pid, unsigned int resource, const struct rlimit *new,
         struct rlimit *old),
        a, b, (void *)c, (void *)d)
{
	if (pid != 0 && pid != PROCESS_ID)
		return -ESRCH;
	return change(resource, new, old);
}

SYSCALL(setrlimit, (unsigned int resource, const struct rlimit *from), a,
        (void *)b)
{
	return change(resource, from, NULL);
}
