/* SPDX-License-Identifier: MIT */
/*
 * Threads as musl asks for them. There is one process: whatever would make
 * another one is refused, and the log says so by name.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdarg.h>

#include "core/user_access.h"
#include "glue.h"
#include "posix/process.h"
#include "posix/syscalls.h"
#include "posix/task.h"

#define THREAD_FLAGS \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)

int __clone(int (*function)(void *), void *stack, int flags, void *argument,
            ...)
{
	unsigned int *parent_tid, *child_tid, tid;
	static bool told;
	struct task *task;
	void *tls;
	va_list more;

	if ((flags & THREAD_FLAGS) != THREAD_FLAGS || flags & CLONE_VFORK)
		return process_refuse("clone (posix_spawn)", &told);

	va_start(more, argument);
	parent_tid = va_arg(more, unsigned int *);
	tls = va_arg(more, void *);
	child_tid = va_arg(more, unsigned int *);
	va_end(more);
	task = task_create(function, argument, stack,
	                   flags & CLONE_SETTLS ? tls : NULL);
	if (!task)
		return -ENOMEM;
	tid = task->thread.id;
	if (flags & CLONE_CHILD_CLEARTID)
		task->clear_child_tid = child_tid;
	/* As on Linux, a word that cannot be written is no reason to stop. */
	if (flags & CLONE_PARENT_SETTID)
		put_user(tid, parent_tid);
	task_start(task);
	return (int)tid;
}

/* A detached thread ends, and its stack of @size bytes at @base goes with it. */
void __unmapself(void *base, size_t size)
{
	struct task *self = current_task();

	self->unmap_base = base;
	self->unmap_bytes = size;
	sys_exit(0, 0, 0, 0, 0, 0);
	__builtin_unreachable();
}
