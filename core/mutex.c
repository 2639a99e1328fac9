/* SPDX-License-Identifier: MIT */
/*
 * The word of a mutex is its owner; bit 0 says that somebody waits. Taking a free
 * one is one exchange; unlocking one for which nobody waits another. A mutex is
 * not handed over: whoever comes first takes it, so no hart idles between.
 */
#include "core/mutex.h"

#include "arch/lock_word.h"
#include "core/assert.h"
#include "core/panic.h"
#include "core/race_window.h"
#include "core/thread.h"

#define WAITED_FOR 1ul

void mutex_init(struct mutex *mutex, const char *name)
{
	mutex->word = 0;
	mutex->contended = 0;
	wait_queue_init(&mutex->queue, name);
}

static unsigned long own_word(void)
{
	return (unsigned long)current_thread();
}

static bool take_free(struct mutex *mutex, unsigned long word)
{
	unsigned long free = 0;

	return __atomic_compare_exchange_n(&mutex->word, &free, word, false,
	                                   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* Says that somebody waits; true: it is free again, and so it is ours now. */
static bool take_or_mark(struct mutex *mutex)
{
	unsigned long word = __atomic_load_n(&mutex->word, __ATOMIC_RELAXED);

	for (;;) {
		unsigned long wanted =
			word ? word | WAITED_FOR : own_word() | WAITED_FOR;

		if (__atomic_compare_exchange_n(&mutex->word, &word, wanted,
		                                false, __ATOMIC_ACQUIRE,
		                                __ATOMIC_RELAXED))
			return word == 0;
	}
}

struct mutex_contention mutex_contention[MUTEX_NAMES + 1];

/* Rows are taken in turn and never given back. */
static void count_wait(const char *name)
{
	struct mutex_contention *row = mutex_contention;

	for (; row < mutex_contention + MUTEX_NAMES; row++) {
		const char *there = NULL;

		if (__atomic_compare_exchange_n(&row->name, &there, name, false,
		                                __ATOMIC_RELAXED,
		                                __ATOMIC_RELAXED) ||
		    there == name)
			break;
	}
	__atomic_fetch_add(&row->waits, 1, __ATOMIC_RELAXED);
}

static __noinline void mutex_lock_slow(struct mutex *mutex)
{
	if (mutex_is_mine(mutex))
		panic("mutex %s locked twice by thread %s",
		      mutex->queue.lock.name, current_thread()->name);
	assert_no_lock_held("waiting for a mutex");
	__atomic_fetch_add(&mutex->contended, 1, __ATOMIC_RELAXED);
	count_wait(mutex->queue.lock.name);
	wait_for(&mutex->queue, take_or_mark(mutex), UINT64_MAX,
	         THREAD_UNINTERRUPTIBLE);
}

void mutex_lock(struct mutex *mutex) __no_lock_analysis
{
	if (unlikely(!take_free(mutex, own_word())))
		mutex_lock_slow(mutex);
}

bool mutex_trylock(struct mutex *mutex)
{
	return take_free(mutex, own_word());
}

void mutex_unlock(struct mutex *mutex) __no_lock_analysis
{
	unsigned long word;

	DEBUG_ASSERT(mutex_is_mine(mutex));
	word = lock_word_release_to(&mutex->word, 0);
	if (unlikely(word & WAITED_FOR))
		wait_queue_wake(&mutex->queue, 1);
}

bool mutex_is_mine(const struct mutex *mutex)
{
	return (__atomic_load_n(&mutex->word, __ATOMIC_RELAXED) &
	        ~WAITED_FOR) == own_word();
}

void semaphore_init(struct semaphore *semaphore, const char *name,
                    unsigned long count)
{
	semaphore->count = count;
	wait_queue_init(&semaphore->queue, name);
}

bool down_trylock(struct semaphore *semaphore)
{
	unsigned long count =
		__atomic_load_n(&semaphore->count, __ATOMIC_RELAXED);

	while (count > 0) {
		if (__atomic_compare_exchange_n(
			    &semaphore->count, &count, count - 1, false,
			    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return true;
	}
	return false;
}

int down(struct semaphore *semaphore, uint64_t deadline_ns,
         enum thread_wait_kind kind)
{
	bool taken = false;
	int err;

	assert_no_lock_held("waiting for a semaphore");
	err = wait_for(&semaphore->queue,
	               taken || (taken = down_trylock(semaphore)), deadline_ns,
	               kind);
	return err;
}

void up(struct semaphore *semaphore)
{
	__atomic_fetch_add(&semaphore->count, 1, __ATOMIC_RELEASE);
	wait_queue_wake(&semaphore->queue, 1);
}

void completion_init(struct completion *completion, const char *name)
{
	completion->done = 0;
	wait_queue_init(&completion->queue, name);
}

/* Partner: wait_for_completion(), which takes the lock before it returns. */
void complete(struct completion *completion)
{
	unsigned long flags = spin_lock_irqsave(&completion->queue.lock);

	__atomic_store_n(&completion->done, 1, __ATOMIC_RELEASE);
	race_window(RACE_COMPLETION_DONE);
	wait_queue_wake_locked(&completion->queue, ~0u);
	spin_unlock_irqrestore(&completion->queue.lock, flags);
}

/* complete() may not have let go of what the caller is about to free. */
void wait_for_completion(struct completion *completion)
{
	unsigned long flags;

	assert_no_lock_held("waiting for a completion");
	wait_for(&completion->queue,
	         __atomic_load_n(&completion->done, __ATOMIC_ACQUIRE),
	         UINT64_MAX, THREAD_UNINTERRUPTIBLE);
	flags = spin_lock_irqsave(&completion->queue.lock);
	spin_unlock_irqrestore(&completion->queue.lock, flags);
}
