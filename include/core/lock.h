/* SPDX-License-Identifier: MIT */
/*
 * Spinlocks. Every lock is taken with interrupts off, so that every lock may be
 * taken in an interrupt. With CONFIG_NR_HARTS == 1 only the interrupt part is
 * left. Under CONFIG_LOCK_DEBUG each lock has a class rank; taking a lock whose
 * rank is not above those already held panics with both names
 * (docs/locking.md lists the ranks).
 *
 * Test-and-test-and-set rather than tickets: with more harts than host cores a
 * ticket lock hands itself to a hart that is not running.
 *
 * A lock orders memory. Who wrote device registers under one says io_mb() before
 * letting go.
 */
#ifndef CORE_LOCK_H
#define CORE_LOCK_H

#include <stdbool.h>

#include "arch/csr.h"
#include "arch/lock_word.h"
#include "core/compiler.h"
#include "core/hart.h"
#include "core/lock_type.h"

/* Slow or checked halves, in core/lock.c. */
void spin_wait(struct spinlock *lock);
void lock_debug_acquire(struct spinlock *lock);
void lock_debug_acquired(struct spinlock *lock);
void lock_debug_release(struct spinlock *lock);
void lock_debug_none_held(const char *act);

/* A word for `locks`. */
const char *lock_rank_name(unsigned int rank);

/*
 * Here the caller waits for other harts, calls back or may purge, which nobody
 * does under a lock (docs/locking.md): @act says what in a panic.
 */
static inline void assert_no_lock_held(const char *act)
{
	if (CONFIG_LOCK_DEBUG)
		lock_debug_none_held(act);
}

/* The hart's address stands in a register: no constant to load. */
static inline bool spin_try_once(struct spinlock *lock)
{
	return lock_word_swap(&lock->locked, (unsigned long)this_hart) == 0;
}

/* Interrupts must be off already. <= 4 instructions uncontended */
static inline void spin_lock(struct spinlock *lock)
	__acquires(*lock) __no_lock_analysis
{
	if (CONFIG_LOCK_DEBUG)
		lock_debug_acquire(lock);
	if (CONFIG_NR_HARTS > 1 && unlikely(!spin_try_once(lock)))
		lock_word_wait(lock);
	if (CONFIG_LOCK_DEBUG)
		lock_debug_acquired(lock);
}

static inline void spin_unlock(struct spinlock *lock)
	__releases(*lock) __no_lock_analysis
{
	if (CONFIG_LOCK_DEBUG)
		lock_debug_release(lock);
	if (CONFIG_NR_HARTS > 1)
		lock_word_release(&lock->locked);
}

static inline unsigned long spin_lock_irqsave(struct spinlock *lock)
	__acquires(*lock) __no_lock_analysis
{
	unsigned long flags = irq_save();

	spin_lock(lock);
	return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *lock,
                                          unsigned long flags)
	__releases(*lock) __no_lock_analysis
{
	spin_unlock(lock);
	irq_restore(flags);
}

/* For clang, where it cannot follow that the caller holds @lock; no code. */
static inline void spin_assume_held(const struct spinlock *lock)
	__assumes_held(*lock)
{
	(void)lock;
}

#endif /* CORE_LOCK_H */
