/* SPDX-License-Identifier: MIT */
/*
 * The threads that are ready on one hart, by priority; part of struct hart.
 * The scheduler alone looks inside (core/sched_internal.h).
 */
#ifndef CORE_RUN_QUEUE_H
#define CORE_RUN_QUEUE_H

#include <stdbool.h>

#include "core/lock_type.h"

#define THREAD_PRIORITIES 8u

struct thread;

struct ready_level {
	struct thread *first, *last; /* last: while there is a first */
};

struct run_queue {
	struct spinlock lock;
	unsigned int ready; /* [A] a bit for each level that has some */
	struct ready_level levels[THREAD_PRIORITIES]; /* [L] */
	struct thread *idle;    /* [I] runs when no other does */
	struct thread *left;    /* [H] for idle to bury, or to move */
	bool should_switch;     /* [A] when the next interrupt ends */
	unsigned long switches; /* [H] */
	unsigned long stolen;   /* [H] threads taken from other harts */
};

#endif /* CORE_RUN_QUEUE_H */
