/* SPDX-License-Identifier: MIT */
/*
 * Policies and priorities of Linux on the eight levels of the scheduler. A level
 * runs in turn, so SCHED_FIFO is SCHED_RR here.
 *
 *      7 6 5   SCHED_FIFO, SCHED_RR: 67 to 99, 34 to 66, 1 to 33
 *      4       SCHED_OTHER, nice below 0
 *      3       SCHED_OTHER
 *      2       SCHED_OTHER, nice above 0; SCHED_BATCH
 *      1       SCHED_IDLE; nice 19
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "core/hart.h"
#include "core/lock.h"
#include "core/user_access.h"
#include "posix/process.h"
#include "posix/syscalls.h"
#include "posix/task.h"

#define REAL_TIME_MAX 99
#define NICE_MIN      (-20)
#define NICE_MAX      19
#define RESET_ON_FORK 0x40000000
#define SLICE_NS      4000000 /* of core/sched_preempt.c */

static bool is_real_time(int policy)
{
	return policy == SCHED_FIFO || policy == SCHED_RR;
}

static unsigned int level_of(const struct task *task)
{
	if (is_real_time(task->policy))
		return 5 + ((unsigned int)task->priority - 1) / 33;
	if (task->policy == SCHED_IDLE || task->nice == NICE_MAX)
		return THREAD_PRIORITY_LOW;
	if (task->policy == SCHED_BATCH || task->nice > 0)
		return THREAD_PRIORITY_NORMAL - 1;
	return task->nice < 0 ? THREAD_PRIORITY_NORMAL + 1
	                      : THREAD_PRIORITY_NORMAL;
}

/* The caller for 0. */
static struct task *find(pid_t tid) __must_hold(tasks_lock)
{
	return tid ? task_find((unsigned int)tid) : current_task();
}

/* What a call asks of a task; NULL or 0: that stays. */
struct change {
	const int *policy, *priority, *nice;
};

static int change_task(pid_t tid, const struct change *change)
{
	unsigned long flags = spin_lock_irqsave(&tasks_lock);
	struct task *task = find(tid);

	if (task) {
		if (change->policy)
			task->policy = *change->policy;
		if (change->priority)
			task->priority = *change->priority;
		if (change->nice)
			task->nice = *change->nice;
		thread_set_priority(&task->thread, level_of(task));
	}
	spin_unlock_irqrestore(&tasks_lock, flags);
	return task ? 0 : -ESRCH;
}

static bool read_task(pid_t tid, int *policy_out, int *priority_out,
                      int *nice_out)
{
	unsigned long flags = spin_lock_irqsave(&tasks_lock);
	const struct task *task = find(tid);

	if (task) {
		*policy_out = task->policy;
		*priority_out = task->priority;
		*nice_out = task->nice;
	}
	spin_unlock_irqrestore(&tasks_lock, flags);
	return task;
}

static int check_policy(int policy, int priority)
{
	if (is_real_time(policy))
		return priority >= 1 && priority <= REAL_TIME_MAX ? 0 : -EINVAL;
	if (policy == SCHED_OTHER || policy == SCHED_BATCH ||
	    policy == SCHED_IDLE)
		return priority == 0 ? 0 : -EINVAL;
	return -EINVAL;
}

SYSCALL(sched_setscheduler, (pid_t tid, int policy, const int *param), a, b,
        (void *)c)
{
	int priority;
	int err;

	if (tid < 0 || policy < 0 || !param)
		return -EINVAL;
	if (get_user(priority, param) != 0)
		return -EFAULT;
	policy &= ~RESET_ON_FORK;
	err = check_policy(policy, priority);
	if (err)
		return err;
	return change_task(tid, &(struct change){ .policy = &policy,
	                                          .priority = &priority });
}

SYSCALL(sched_getscheduler, (pid_t tid), a)
{
	int policy, priority, nice;

	if (tid < 0)
		return -EINVAL;
	return read_task(tid, &policy, &priority, &nice) ? policy : -ESRCH;
}

SYSCALL(sched_setparam, (pid_t tid, const int *param), a, (void *)b)
{
	int policy, unused, nice, priority;
	int err;

	if (tid < 0 || !param)
		return -EINVAL;
	if (get_user(priority, param) != 0)
		return -EFAULT;
	if (!read_task(tid, &policy, &unused, &nice))
		return -ESRCH;
	err = check_policy(policy, priority);
	if (err)
		return err;
	return change_task(tid, &(struct change){ .priority = &priority });
}

SYSCALL(sched_getparam, (pid_t tid, int *param), a, (void *)b)
{
	int policy, priority, nice;

	if (tid < 0 || !param)
		return -EINVAL;
	if (!read_task(tid, &policy, &priority, &nice))
		return -ESRCH;
	return put_user(priority, param);
}

SYSCALL_QUICK(sched_get_priority_max, (int policy), a)
{
	if (is_real_time(policy))
		return REAL_TIME_MAX;
	return check_policy(policy, 0);
}

SYSCALL_QUICK(sched_get_priority_min, (int policy), a)
{
	if (is_real_time(policy))
		return 1;
	return check_policy(policy, 0);
}

SYSCALL(sched_rr_get_interval, (pid_t tid, struct timespec *to), a, (void *)b)
{
	struct timespec slice = { .tv_nsec = SLICE_NS };
	int policy, priority, nice;

	if (tid < 0)
		return -EINVAL;
	if (!read_task(tid, &policy, &priority, &nice))
		return -ESRCH;
	if (policy == SCHED_FIFO)
		slice.tv_nsec = 0;
	return copy_to_user(to, &slice, sizeof(slice));
}

SYSCALL_QUICK(sched_yield, (void))
{
	thread_yield();
	return 0;
}

static uint64_t online_harts(void)
{
	return nr_harts < 64 ? (1ul << nr_harts) - 1 : UINT64_MAX;
}

/* The caller may have to leave its hart, so no lock is held for it. */
SYSCALL(sched_setaffinity, (pid_t tid, size_t size, const void *set), a, b,
        (void *)c)
{
	uint64_t allowed = 0;
	unsigned long flags;
	struct task *task;
	int err = -ESRCH;

	if (copy_from_user(&allowed, set,
	                   size < sizeof(allowed) ? size : sizeof(allowed)) !=
	    0)
		return -EFAULT;
	if (tid == 0 || (unsigned int)tid == current_thread()->id)
		return thread_set_allowed_harts(current_thread(), allowed);
	flags = spin_lock_irqsave(&tasks_lock);
	task = task_find((unsigned int)tid);
	if (task)
		err = thread_set_allowed_harts(&task->thread, allowed);
	spin_unlock_irqrestore(&tasks_lock, flags);
	return err;
}

/* Bytes written, as Linux. */
SYSCALL(sched_getaffinity, (pid_t tid, size_t size, void *set), a, b, (void *)c)
{
	unsigned long flags;
	const struct task *task;
	uint64_t allowed = 0;

	if (size < sizeof(allowed) || size % sizeof(long) != 0)
		return -EINVAL;
	flags = spin_lock_irqsave(&tasks_lock);
	task = find(tid);
	if (task)
		allowed = task->thread.allowed_harts & online_harts();
	spin_unlock_irqrestore(&tasks_lock, flags);
	if (!task)
		return -ESRCH;
	if (copy_to_user(set, &allowed, sizeof(allowed)) != 0)
		return -EFAULT;
	return sizeof(allowed);
}

SYSCALL_QUICK(getcpu, (unsigned int *cpu, unsigned int *node), (void *)a,
              (void *)b)
{
	if (cpu && put_user(this_hart->index, cpu) != 0)
		return -EFAULT;
	return node ? put_user(0u, node) : 0;
}

/* Threads have a nice value each, as on Linux; groups and users are all of us. */
static int check_who(int which, int *who)
{
	if (which < PRIO_PROCESS || which > PRIO_USER)
		return -EINVAL;
	if (which != PRIO_PROCESS)
		*who = 0;
	return 0;
}

SYSCALL(setpriority, (int which, int who, int nice), a, b, c)
{
	const int err = check_who(which, &who);

	if (err)
		return err;
	if (nice < NICE_MIN)
		nice = NICE_MIN;
	if (nice > NICE_MAX)
		nice = NICE_MAX;
	return change_task(who, &(struct change){ .nice = &nice });
}

/* 20 - nice, so that it is never negative: the C library turns it back. */
SYSCALL(getpriority, (int which, int who), a, b)
{
	int policy, priority, nice;
	const int err = check_who(which, &who);

	if (err)
		return err;
	return read_task(who, &policy, &priority, &nice) ? 20 - nice : -ESRCH;
}
