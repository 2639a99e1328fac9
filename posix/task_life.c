/* SPDX-License-Identifier: MIT */
/*
 * How a task begins and ends. At the end the C library still runs on the thread's
 * own stack; what tells it that the stack may be freed (the word at
 * clear_child_tid) must not happen before the last instruction on it. So that is
 * the work of bury(), on the idle thread's stack. What may wait, unmapping a
 * detached thread's stack, goes on to the worker.
 */
#include <errno.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "core/lock.h"
#include "core/panic.h"
#include "core/user_access.h"
#include "core/work.h"
#include "mm/kthread.h"
#include "mm/vm_area.h"
#include "posix/cpu_time.h"
#include "posix/futex.h"
#include "posix/robust.h"
#include "posix/syscalls.h"
#include "posix/task.h"
#include "posix/task_table.h"
#include "posix/thread_stack.h"

static void task_free(struct task *task)
{
	if (task == &main_task)
		return;
	kfree(task->thread.vector);
	kfree(task);
}

static void reap(struct work *work)
{
	struct task *task = container_of(work, struct task, reap);

	(void)thread_stack_put(task->unmap_base, task->unmap_bytes);
	task_free(task);
}

/*
 * The task is freed before its end is told: whoever joins it finds all memory
 * given back.
 */
static void bury(struct thread *thread)
{
	struct task *task = container_of(thread, struct task, thread);
	unsigned int *word = task->clear_child_tid;

	if (task->unmap_base) {
		task->reap.function = reap;
		work_queue(&task->reap);
	} else {
		task_free(task);
	}
	if (word && put_user(0u, word) == 0)
		futex_wake(word, 1);
	task_table_bury();
}

/* The end of a thread that is not the last one; else the process ends. */
static void end_this(void)
{
	struct task *self = current_task();
	unsigned long flags;
	bool removed;

	if (self->robust_list)
		robust_list_leave(self->robust_list);
	flags = spin_lock_irqsave(&tasks_lock);
	removed = task_table_remove(self);
	if (removed)
		cpu_time_leave(&self->thread);
	spin_unlock_irqrestore(&tasks_lock, flags);
	if (removed) {
		signals_leave(self);
		thread_exit();
	}
}

static void begin(void *argument)
{
	const struct task *task = argument;

	sys_exit(task->function(task->argument), 0, 0, 0, 0, 0);
	panic("a thread went on after its exit");
}

/*
 * The stack is what lies below @top in its area; guard pages that the C library
 * made belong to it. An array of the image's has no known end.
 */
static void find_stack(struct thread_setup *setup, uintptr_t top)
{
	const struct vm_struct *vm = find_vm_area_containing((void *)(top - 1));

	setup->stack_bottom = vm ? (uintptr_t)vm->addr : 0;
	setup->stack_bytes = top - setup->stack_bottom;
}

/* Rounding mode and flags go on in the child. */
static void inherit_fcsr(struct thread *thread)
{
	unsigned long fcsr;

	__asm__("frcsr %0" : "=r"(fcsr));
	thread->fpu.fcsr = fcsr;
	thread->fpu_is_saved = fcsr != 0;
}

struct task *task_create(int (*function)(void *argument), void *argument,
                         void *stack, void *tls)
{
	const struct thread *parent = current_thread();
	struct task *task = kzalloc(sizeof(*task), GFP_KERNEL | __GFP_NOWARN);
	struct thread_setup setup = {
		.name = parent->name,
		.function = begin,
		.argument = task,
		.priority = parent->priority,
		.allowed_harts = parent->allowed_harts,
		.bury = bury,
		.owner = task,
	};

	if (!task || kthread_work_init() != 0 ||
	    thread_vector_alloc(&setup.vector) != 0) {
		kfree(task);
		return NULL;
	}
	main_task.thread.bury = bury;
	task_end = end_this;
	find_stack(&setup, (uintptr_t)stack);
	task->function = function;
	task->argument = argument;
	task->blocked = current_task()->blocked;
	task->policy = current_task()->policy;
	task->priority = current_task()->priority;
	task->nice = current_task()->nice;
	thread_prepare(&task->thread, &setup);
	task->thread.frame.x[4] = (uintptr_t)tls;
	inherit_fcsr(&task->thread);
	task_table_add(task);
	return task;
}

void task_start(struct task *task)
{
	thread_start(&task->thread);
}
