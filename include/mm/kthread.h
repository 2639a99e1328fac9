/* SPDX-License-Identifier: MIT */
/*
 * Kernel threads: a stack from the vmalloc core, with guard pages at both ends,
 * and a struct thread. A thread that has ended is freed by the worker of
 * core/work.h.
 *
 * Context: threads, no lock held.
 */
#ifndef MM_KTHREAD_H
#define MM_KTHREAD_H

#include "core/compiler.h"
#include "core/thread.h"

/*
 * A thread that runs @function(@argument) and ends when that returns. @priority:
 * core/thread.h; @allowed_harts: 0 for all. NULL: no memory, nothing is left. It
 * may have ended when this returns: only who keeps it from that may use it.
 */
struct thread *kthread_run(void (*function)(void *argument), void *argument,
                           const char *name, unsigned int priority,
                           uint64_t allowed_harts) __must_check;

/* The worker of core/work.h is there after this. -ENOMEM */
int kthread_work_init(void) __must_check;

/* Room for V state for somebody's own struct thread; NULL when there is no V. */
int thread_vector_alloc(void **vector_out) __must_check;

#endif /* MM_KTHREAD_H */
