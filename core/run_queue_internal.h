/* SPDX-License-Identifier: MIT */
/*
 * What the scheduler does to a queue of ready threads. Each of its levels is a
 * list, and ->ready has the bits of those that are not empty.
 */
#ifndef CORE_RUN_QUEUE_INTERNAL_H
#define CORE_RUN_QUEUE_INTERNAL_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/compiler.h"
#include "core/lock.h"
#include "core/run_queue.h"
#include "core/thread.h"

static_assert(THREAD_PRIORITIES <= 8, "best_level()");

static __always_inline void append(struct run_queue *queue,
                                   struct thread *thread)
	__must_hold(queue->lock)
{
	struct ready_level *level = &queue->levels[thread->priority];

	thread->queued = true;
	thread->keeps_turn = false;
	thread->next = NULL;
	if (level->first) {
		thread->previous = level->last;
		level->last->next = thread;
	} else {
		thread->previous = NULL;
		level->first = thread;
		WRITE_ONCE(queue->ready, queue->ready | 1u << thread->priority);
	}
	level->last = thread;
}

static inline void prepend(struct run_queue *queue, struct thread *thread)
	__must_hold(queue->lock)
{
	struct ready_level *level = &queue->levels[thread->priority];

	if (!level->first) {
		append(queue, thread);
	} else {
		thread->queued = true;
		thread->next = level->first;
		thread->next->previous = thread;
		thread->previous = NULL;
		level->first = thread;
	}
	thread->keeps_turn = true;
}

/* @thread is the first of its level, @priority. True: and it was the only one. */
static __always_inline bool unlink_first(struct run_queue *queue,
                                         struct thread *thread,
                                         unsigned int priority)
	__must_hold(queue->lock)
{
	struct thread *next = thread->next;

	thread->queued = false;
	queue->levels[priority].first = next;
	if (next)
		next->previous = NULL;
	else
		WRITE_ONCE(queue->ready, queue->ready & ~(1u << priority));
	return !next;
}

static inline void dequeue(struct run_queue *queue, struct thread *thread)
	__must_hold(queue->lock)
{
	if (!thread->previous) {
		(void)unlink_first(queue, thread, thread->priority);
		return;
	}
	thread->queued = false;
	thread->previous->next = thread->next;
	if (thread->next)
		thread->next->previous = thread->previous;
	else
		queue->levels[thread->priority].last = thread->previous;
}

/* @thread goes behind those of @level, which has some; returns the first. */
static __always_inline struct thread *take_turns(struct ready_level *level,
                                                 struct thread *thread)
{
	struct thread *first = level->first;

	thread->queued = true;
	thread->keeps_turn = false;
	thread->next = NULL;
	thread->previous = level->last;
	level->last->next = thread;
	level->last = thread;
	level->first = first->next;
	level->first->previous = NULL;
	first->queued = false;
	return first;
}

/* core/sched.c: the highest bit; without Zbb a compiler's way is a call. */
extern const unsigned char highest_of_4[16];

static inline unsigned int best_level(const struct run_queue *queue)
{
	const unsigned int ready = queue->ready, upper = ready >> 4;

	return upper ? 4u + highest_of_4[upper] : highest_of_4[ready];
}

/* The thread that is to run next; idle when none is ready. */
static inline struct thread *pick(struct run_queue *queue)
	__must_hold(queue->lock)
{
	struct thread *thread;
	unsigned int level;

	if (!queue->ready)
		return queue->idle;
	level = best_level(queue);
	thread = queue->levels[level].first;
	(void)unlink_first(queue, thread, level);
	return thread;
}

#endif /* CORE_RUN_QUEUE_INTERNAL_H */
