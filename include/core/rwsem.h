/* SPDX-License-Identifier: MIT */
/*
 * A lock that sleeps, for many readers or one writer. A writer that waits keeps
 * new readers out. Not recursive, also for readers. Context: threads, no
 * spinlock held.
 */
#ifndef CORE_RWSEM_H
#define CORE_RWSEM_H

#include "core/wait.h"

struct rwsem {
	/* [A] bit 0: a writer has it, bit 1: somebody waits, above: readers */
	unsigned long word;
	unsigned int writers; /* [A] that wait */
	struct wait_queue queue;
};

#define RWSEM_WRITER  1ul
#define RWSEM_WAITING 2ul
#define RWSEM_READER  4ul

void rwsem_init(struct rwsem *sem, const char *name);

/* The slow halves. */
void rwsem_read_slow(struct rwsem *sem);
void rwsem_write_slow(struct rwsem *sem);
void rwsem_wake(struct rwsem *sem);

/* <= 16 instructions a pair uncontended */
static inline void down_read(struct rwsem *sem)
{
	unsigned long old =
		__atomic_fetch_add(&sem->word, RWSEM_READER, __ATOMIC_ACQUIRE);

	if (unlikely(old & (RWSEM_WRITER | RWSEM_WAITING)))
		rwsem_read_slow(sem);
}

static inline void up_read(struct rwsem *sem)
{
	unsigned long old =
		__atomic_fetch_sub(&sem->word, RWSEM_READER, __ATOMIC_RELEASE);

	if (unlikely(old & RWSEM_WAITING))
		rwsem_wake(sem);
}

static inline void down_write(struct rwsem *sem)
{
	unsigned long free = 0;

	if (unlikely(!__atomic_compare_exchange_n(
		    &sem->word, &free, RWSEM_WRITER, false, __ATOMIC_ACQUIRE,
		    __ATOMIC_RELAXED)))
		rwsem_write_slow(sem);
}

static inline void up_write(struct rwsem *sem)
{
	unsigned long old =
		__atomic_fetch_and(&sem->word, ~RWSEM_WRITER, __ATOMIC_RELEASE);

	if (unlikely(old & RWSEM_WAITING))
		rwsem_wake(sem);
}

#endif /* CORE_RWSEM_H */
