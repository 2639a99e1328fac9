/* SPDX-License-Identifier: MIT */
/*
 * Kernel and application are one: all time is user time. Kernel threads (worker,
 * idle) belong to nobody.
 */
#include "posix/cpu_time.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/times.h>

#include "core/lock.h"
#include "core/timer.h"
#include "core/user_access.h"
#include "mm/types.h"
#include "mm/vminfo.h"
#include "posix/process.h"
#include "posix/syscalls.h"
#include "posix/task.h"

#define NS_PER_SECOND 1000000000ul
#define NS_PER_TICK   10000000ul /* AT_CLKTCK is 100 */

/* A clock that names a thread or process: ~number << 3, and what in these bits. */
#define CLOCK_KIND_MASK     7
#define CLOCK_OF_PROCESS    2
#define CLOCK_OF_THREAD     6
#define CLOCK_NUMBER(clock) (~((clock) >> 3))

struct usage {
	uint64_t ns;
	unsigned long switches;
	unsigned long preemptions;
};

static struct usage ended __guarded_by(tasks_lock);

static void add(struct usage *sum, const struct thread *thread)
{
	sum->ns += thread_run_ns(thread);
	sum->switches += thread->switches;
	sum->preemptions += thread->preemptions;
}

void cpu_time_leave(const struct thread *thread) __no_lock_analysis
{
	add(&ended, thread);
}

static bool visit_add(struct task *task, void *sum)
{
	add(sum, &task->thread);
	return false;
}

static struct usage usage_of_process(void)
{
	unsigned long flags = spin_lock_irqsave(&tasks_lock);
	struct usage sum = ended;

	tasks_visit(visit_add, &sum);
	spin_unlock_irqrestore(&tasks_lock, flags);
	return sum;
}

uint64_t cpu_time_of_process_ns(void)
{
	return usage_of_process().ns;
}

static bool time_of_task(unsigned int tid, uint64_t *ns_out)
{
	unsigned long flags = spin_lock_irqsave(&tasks_lock);
	const struct task *task = tid ? task_find(tid) : current_task();

	if (task)
		*ns_out = thread_run_ns(&task->thread);
	spin_unlock_irqrestore(&tasks_lock, flags);
	return task;
}

bool cpu_time_of_clock_ns(clockid_t clock, uint64_t *ns_out)
{
	const int number = CLOCK_NUMBER(clock);

	if (clock == CLOCK_THREAD_CPUTIME_ID)
		return time_of_task(0, ns_out);
	if (clock == CLOCK_PROCESS_CPUTIME_ID ||
	    (clock < 0 && (clock & CLOCK_KIND_MASK) == CLOCK_OF_PROCESS &&
	     (number == 0 || number == PROCESS_ID))) {
		*ns_out = cpu_time_of_process_ns();
		return true;
	}
	return clock < 0 && (clock & CLOCK_KIND_MASK) == CLOCK_OF_THREAD &&
	       time_of_task((unsigned int)number, ns_out);
}

SYSCALL(getrusage, (int who, struct rusage *to), a, (void *)b)
{
	struct rusage result = { 0 };
	struct usage usage = { 0 };

	if (who == RUSAGE_SELF)
		usage = usage_of_process();
	else if (who == RUSAGE_THREAD)
		add(&usage, current_thread());
	else if (who != RUSAGE_CHILDREN)
		return -EINVAL;
	result.ru_utime.tv_sec = (time_t)(usage.ns / NS_PER_SECOND);
	result.ru_utime.tv_usec =
		(suseconds_t)(usage.ns % NS_PER_SECOND / 1000);
	result.ru_maxrss = (long)(memory_used_pages() << (PAGE_SHIFT - 10));
	result.ru_nvcsw = (long)(usage.switches - usage.preemptions);
	result.ru_nivcsw = (long)usage.preemptions;
	/* The kernel's struct ends where musl keeps room for more. */
	return copy_to_user(to, &result, offsetof(struct rusage, __reserved));
}

SYSCALL(times, (struct tms * to), (void *)a)
{
	const struct tms result = {
		.tms_utime = (clock_t)(cpu_time_of_process_ns() / NS_PER_TICK),
	};

	if (to && copy_to_user(to, &result, sizeof(result)) != 0)
		return -EFAULT;
	return (long)(timer_now_ns() / NS_PER_TICK);
}
