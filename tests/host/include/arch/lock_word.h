/* SPDX-License-Identifier: MIT */
/* The word of a lock, as include/arch/lock_word.h, by the compiler's atomics. */
#ifndef ARCH_LOCK_WORD_H
#define ARCH_LOCK_WORD_H

static inline unsigned long lock_word_swap(unsigned long *word,
                                           unsigned long holder)
{
	return __atomic_exchange_n(word, holder, __ATOMIC_ACQUIRE);
}

struct spinlock;
void spin_wait(struct spinlock *lock);

static inline void lock_word_wait(struct spinlock *lock)
{
	spin_wait(lock);
}

static inline void lock_word_release(unsigned long *word)
{
	__atomic_store_n(word, 0, __ATOMIC_RELEASE);
}

#endif /* ARCH_LOCK_WORD_H */
