/* SPDX-License-Identifier: MIT */
/* The table of tasks, by their numbers; it begins with main(). */
#include "posix/task.h"

#include "core/lock.h"
#include "posix/process.h"
#include "posix/syscalls.h"
#include "posix/task_table.h"

struct spinlock tasks_lock = SPINLOCK_INIT(LOCK_TASKS, "tasks_lock");
struct task main_task;
void (*task_end)(void);

/* Until the first signal, which may come just here. */
static bool nobody_signals(long *result, bool may_begin_again)
{
	if (!syscall_has_failed(*result) || !syscall_end())
		return false;
	syscall_begin();
	return syscall_interrupted(result, may_begin_again);
}

bool (*syscall_interrupted)(long *result,
                            bool may_begin_again) = nobody_signals;

/* Numbers follow each other, so they spread by themselves. */
#define BUCKETS 64u

static struct task *buckets[BUCKETS] __guarded_by(tasks_lock) = {
	[PROCESS_ID % BUCKETS] = &main_task,
};
static unsigned int alive = 1;    /* [A] */
static unsigned int unburied = 1; /* [A] */

unsigned int tasks_alive(void)
{
	return __atomic_load_n(&alive, __ATOMIC_RELAXED);
}

bool task_is_alone(void)
{
	return __atomic_load_n(&unburied, __ATOMIC_ACQUIRE) == 1;
}

void task_table_bury(void)
{
	__atomic_fetch_sub(&unburied, 1, __ATOMIC_RELEASE);
}

static struct task **bucket_of(unsigned int tid)
{
	return &buckets[tid % BUCKETS];
}

struct task *task_find(unsigned int tid)
{
	struct task *task = *bucket_of(tid);

	while (task && task->thread.id != tid)
		task = task->next;
	return task;
}

struct task *tasks_visit(bool (*visit)(struct task *task, void *context),
                         void *context)
{
	struct task *task;
	unsigned int i;

	for (i = 0; i < BUCKETS; i++) {
		for (task = buckets[i]; task; task = task->next) {
			if (visit(task, context))
				return task;
		}
	}
	return NULL;
}

void task_table_add(struct task *task)
{
	struct task **bucket = bucket_of(task->thread.id);
	unsigned long flags = spin_lock_irqsave(&tasks_lock);

	task->next = *bucket;
	*bucket = task;
	__atomic_fetch_add(&alive, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&unburied, 1, __ATOMIC_RELAXED);
	spin_unlock_irqrestore(&tasks_lock, flags);
}

bool task_table_remove(struct task *task)
{
	struct task **link = bucket_of(task->thread.id);

	if (tasks_alive() == 1)
		return false;
	while (*link != task)
		link = &(*link)->next;
	*link = task->next;
	__atomic_fetch_sub(&alive, 1, __ATOMIC_RELAXED);
	return true;
}
