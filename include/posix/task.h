/* SPDX-License-Identifier: MIT */
/*
 * Tasks: threads of the application, as Linux's threads are tasks. A task is a
 * thread of the scheduler (core/thread.h) with what POSIX adds to one. main() has
 * the first; the others come from __clone() (posix/glue/clone.c), which
 * pthread_create() calls, with stacks that the C library got by mmap().
 *
 * Kernel threads have no task and no thread pointer: they call no system calls.
 */
#ifndef POSIX_TASK_H
#define POSIX_TASK_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/compiler.h"
#include "core/lock_type.h"
#include "core/thread.h"
#include "core/work.h"

struct robust_list_head; /* posix/robust.h */

struct signal_entry; /* posix/signal_internal.h */

/* Signals that nobody has taken yet. */
struct signal_pending {
	uint64_t set;                      /* [L] a bit for each number */
	struct signal_entry *first, *last; /* [L] what they say */
};

/* A fault of the thread itself, on the way to a handler. */
struct task_fault {
	int signal; /* 0: none */
	int code;
	uintptr_t address;
};

struct task {
	struct thread thread;
	struct task *next;               /* [L] tasks_lock: its bucket */
	int (*function)(void *argument); /* [I] where it begins */
	void *argument;                  /* [I] */
	unsigned int *clear_child_tid;   /* its own: 0 and a wake at its end */
	struct robust_list_head *robust_list; /* its own */
	/* How it is scheduled, as sched_setscheduler() and nice() said. */
	int policy;   /* [A] SCHED_OTHER ... */
	int priority; /* [A] of SCHED_FIFO and SCHED_RR */
	int nice;     /* [A] -20 .. 19 */

	/* Signals; [L] is tasks_lock, and only the task itself blocks. */
	uint64_t blocked;              /* [L] */
	uint64_t blocked_before;       /* its own: after the call, if: */
	bool restore_blocked;          /* its own */
	struct signal_pending pending; /* [L] */
	stack_t altstack;              /* its own */
	unsigned int handlers; /* its own: that run, or were jumped out of */
	unsigned int entered;  /* its own: handlers that ever began */
	unsigned int
		entered_to_end; /* its own: those that end calls for good */
	const volatile void *cancel; /* [H] in a cancellation point: its flag */
	struct trap_frame interrupted; /* [H] where it was when diverted */
	struct task_fault fault;       /* [H] */

	struct work reap; /* for what bury may not do */
	void *unmap_base; /* its own: with its end, munmap() */
	size_t unmap_bytes;
};

/* Guards the table, and signals that are pending. Rank LOCK_TASKS. */
extern struct spinlock tasks_lock;

/* main()'s. Its thread is prepared by boot/. */
extern struct task main_task;

/* The caller's; NULL for a kernel thread. */
static inline struct task *current_task(void)
{
	return current_thread()->owner;
}

/* Tasks that have not ended. */
unsigned int tasks_alive(void);

/* There is one task, and none on the way to its grave that wakes somebody yet. */
bool task_is_alone(void);

/* NULL: there is none. Stays as long as the lock is held. O(1) */
struct task *task_find(unsigned int tid) __must_hold(tasks_lock);

/* Call @visit for each task until it returns true: that one, or NULL. */
struct task *tasks_visit(bool (*visit)(struct task *task, void *context),
                         void *context) __must_hold(tasks_lock);

/* It ends: signals for it alone are forgotten, others find somebody else. */
void signals_leave(struct task *task);

/*
 * A task that will run @function(@argument) on the stack below @stack with thread
 * pointer @tls, and exit with what that returns. It is in the table and has not
 * begun: task_start(). NULL: no memory.
 */
struct task *task_create(int (*function)(void *argument), void *argument,
                         void *stack, void *tls) __must_check;
void task_start(struct task *task);

/*
 * What exit() of one thread does while there are others; set when the first of
 * them is made, so that an image with main() alone has none of it.
 */
extern void (*task_end)(void);

#endif /* POSIX_TASK_H */
