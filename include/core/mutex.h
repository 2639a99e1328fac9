/* SPDX-License-Identifier: MIT */
/*
 * Locks that sleep: mutex, semaphore, completion. Context: threads, no spinlock
 * held; up() and complete() also in interrupts.
 */
#ifndef CORE_MUTEX_H
#define CORE_MUTEX_H

#include <stdbool.h>
#include <stdint.h>

#include "core/wait.h"

/*
 * The thread that locked it unlocks it. Not recursive. Unlocking may still look
 * at the mutex when another thread has it already: who frees one knows that
 * nobody unlocks it any more. The same holds for a semaphore and up().
 */
struct __capability mutex {
	unsigned long word;      /* [A] owner | 1 when others wait; 0: free */
	struct wait_queue queue; /* those that wait */
	unsigned long contended; /* [A] locks that had to wait */
};

#define MUTEX_INIT(mutex_name)                       \
	{                                            \
		.queue = WAIT_QUEUE_INIT(mutex_name) \
	}

void mutex_init(struct mutex *mutex, const char *name);
/* <= 12 instructions each uncontended */
void mutex_lock(struct mutex *mutex) __acquires(*mutex);
bool mutex_trylock(struct mutex *mutex) __try_acquires(*mutex);
void mutex_unlock(struct mutex *mutex) __releases(*mutex);
bool mutex_is_mine(const struct mutex *mutex);

/*
 * Which mutexes were waited for, by name, since boot: mutexes of one name count
 * together, and names beyond MUTEX_NAMES in the last row, which has none.
 */
#define MUTEX_NAMES 24u

extern struct mutex_contention {
	const char *name;    /* [A] NULL: nobody yet */
	unsigned long waits; /* [A] */
} mutex_contention[MUTEX_NAMES + 1];

struct semaphore {
	unsigned long count; /* [A] */
	struct wait_queue queue;
};

#define SEMAPHORE_INIT(semaphore_name, n)                              \
	{                                                              \
		.count = (n), .queue = WAIT_QUEUE_INIT(semaphore_name) \
	}

void semaphore_init(struct semaphore *semaphore, const char *name,
                    unsigned long count);
/* 0, -ETIMEDOUT, -EINTR as of thread_wait_until(). */
int down(struct semaphore *semaphore, uint64_t deadline_ns,
         enum thread_wait_kind kind);
bool down_trylock(struct semaphore *semaphore);
void up(struct semaphore *semaphore);

/*
 * Something that happens once. Whoever has waited for it may free it: complete()
 * does not look at it any more.
 */
struct completion {
	unsigned int done; /* [A] */
	struct wait_queue queue;
};

#define COMPLETION_INIT(completion_name)                  \
	{                                                 \
		.queue = WAIT_QUEUE_INIT(completion_name) \
	}

void completion_init(struct completion *completion, const char *name);
/* Wakes all; whoever waits later does not wait. */
void complete(struct completion *completion);
void wait_for_completion(struct completion *completion);

#endif /* CORE_MUTEX_H */
