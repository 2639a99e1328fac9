/* SPDX-License-Identifier: MIT */
/*
 * Work for later, in a thread: what an interrupt may not do itself. One worker
 * thread serves all, in order; work that waits for long has a thread of its own.
 */
#ifndef CORE_WORK_H
#define CORE_WORK_H

#include <stdbool.h>

#include "core/compiler.h"

struct work {
	struct work *next;                   /* [L] */
	void (*function)(struct work *work); /* [I] */
	bool queued;                         /* [L] */
};

/*
 * @work->function(@work) runs in the worker, once for however many calls before
 * it begins; it may queue itself again, and free itself. Context: any in which no
 * lock of rank LOCK_WAIT or above is held.
 */
void work_queue(struct work *work);

/* Everything queued before this call has run. Context: threads but the worker. */
void work_flush(void);

/*
 * The loop of the worker's thread. There is none before somebody needs one
 * (mm/kthread.h: kthread_work_init()); what is queued earlier waits for it.
 */
void work_loop(void *unused) __dead;
bool work_has_worker(void);

#endif /* CORE_WORK_H */
