/* SPDX-License-Identifier: MIT */
/*
 * Users and groups. The process begins as the superuser; numbers that it sets are
 * kept and told, and nothing is decided by them. They belong to the process, so a
 * call by one thread is enough (posix/glue/syscall.c).
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "core/lock.h"
#include "core/user_access.h"
#include "posix/process.h"
#include "posix/syscalls.h"
#include "posix/task.h"

#define GROUPS_MAX 32
#define UNCHANGED  0xffffffffu

enum { REAL, EFFECTIVE, SAVED, IDS };

/* [L] tasks_lock */
static uint32_t users[IDS], groups[IDS];
static uint32_t further[GROUPS_MAX];
static int nr_further;

static bool may_become(const uint32_t *ids, uint32_t id)
{
	return users[EFFECTIVE] == 0 || id == UNCHANGED || id == ids[REAL] ||
	       id == ids[EFFECTIVE] || id == ids[SAVED];
}

static void set_one(uint32_t *id, uint32_t value)
{
	if (value != UNCHANGED)
		*id = value;
}

static long set_three(uint32_t *ids, uint32_t real, uint32_t effective,
                      uint32_t saved)
{
	unsigned long flags = spin_lock_irqsave(&tasks_lock);
	long err = -EPERM;

	if (may_become(ids, real) && may_become(ids, effective) &&
	    may_become(ids, saved)) {
		set_one(&ids[REAL], real);
		set_one(&ids[EFFECTIVE], effective);
		set_one(&ids[SAVED], saved);
		err = 0;
	}
	spin_unlock_irqrestore(&tasks_lock, flags);
	return err;
}

/* The superuser changes all three, others the effective one. */
static long set_id(uint32_t *ids, uint32_t id)
{
	if (id == UNCHANGED)
		return -EINVAL;
	if (users[EFFECTIVE] == 0)
		return set_three(ids, id, id, id);
	return set_three(ids, UNCHANGED, id, UNCHANGED);
}

static long set_two(uint32_t *ids, uint32_t real, uint32_t effective)
{
	const bool saves = real != UNCHANGED ||
	                   (effective != UNCHANGED && effective != ids[REAL]);
	const uint32_t now =
		effective != UNCHANGED ? effective : ids[EFFECTIVE];

	return set_three(ids, real, effective, saves ? now : UNCHANGED);
}

static long get_three(const uint32_t *ids, uint32_t *real, uint32_t *effective,
                      uint32_t *saved)
{
	if (put_user(ids[REAL], real) != 0 ||
	    put_user(ids[EFFECTIVE], effective) != 0 ||
	    put_user(ids[SAVED], saved) != 0)
		return -EFAULT;
	return 0;
}

SYSCALL_QUICK(getuid, (void))
{
	return users[REAL];
}

SYSCALL_QUICK(geteuid, (void))
{
	return users[EFFECTIVE];
}

SYSCALL_QUICK(getgid, (void))
{
	return groups[REAL];
}

SYSCALL_QUICK(getegid, (void))
{
	return groups[EFFECTIVE];
}

SYSCALL(setuid, (uint32_t id), a)
{
	return set_id(users, id);
}

SYSCALL(setgid, (uint32_t id), a)
{
	return set_id(groups, id);
}

SYSCALL(setreuid, (uint32_t real, uint32_t effective), a, b)
{
	return set_two(users, real, effective);
}

SYSCALL(setregid, (uint32_t real, uint32_t effective), a, b)
{
	return set_two(groups, real, effective);
}

SYSCALL(setresuid, (uint32_t real, uint32_t effective, uint32_t saved), a, b, c)
{
	return set_three(users, real, effective, saved);
}

SYSCALL(setresgid, (uint32_t real, uint32_t effective, uint32_t saved), a, b, c)
{
	return set_three(groups, real, effective, saved);
}

SYSCALL(getresuid, (uint32_t * real, uint32_t *effective, uint32_t *saved),
        (void *)a, (void *)b, (void *)c)
{
	return get_three(users, real, effective, saved);
}

SYSCALL(getresgid, (uint32_t * real, uint32_t *effective, uint32_t *saved),
        (void *)a, (void *)b, (void *)c)
{
	return get_three(groups, real, effective, saved);
}

SYSCALL(getgroups, (int size, uint32_t *list), a, (void *)b)
{
	const int count = nr_further;

	if (size < 0 || (size > 0 && size < count))
		return -EINVAL;
	if (size > 0 &&
	    copy_to_user(list, further, (size_t)count * sizeof(*list)) != 0)
		return -EFAULT;
	return count;
}

SYSCALL(setgroups, (int size, const uint32_t *list), a, (void *)b)
{
	uint32_t wanted[GROUPS_MAX];

	if (users[EFFECTIVE] != 0)
		return -EPERM;
	if (size < 0 || size > GROUPS_MAX)
		return -EINVAL;
	if (copy_from_user(wanted, list, (size_t)size * sizeof(*list)) != 0)
		return -EFAULT;
	memcpy(further, wanted, sizeof(wanted));
	nr_further = size;
	return 0;
}

static long own_number(pid_t pid)
{
	return pid == 0 || pid == PROCESS_ID ? PROCESS_ID : -ESRCH;
}

/* One process is one group is one session, and leads it. */
SYSCALL_QUICK(getpgid, (pid_t pid), a)
{
	return own_number(pid);
}

SYSCALL_QUICK(getsid, (pid_t pid), a)
{
	return own_number(pid);
}

SYSCALL_QUICK(setpgid, (pid_t pid), a)
{
	return own_number(pid) < 0 ? -ESRCH : -EPERM;
}

SYSCALL_QUICK(setsid, (void))
{
	return -EPERM;
}
