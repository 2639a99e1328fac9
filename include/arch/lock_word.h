/* SPDX-License-Identifier: MIT */
/*
 * A word that is 0 while nobody holds it (unprivileged spec, A extension: the
 * example of a critical section). What it orders is memory; device registers
 * need io_mb() before the release.
 */
#ifndef ARCH_LOCK_WORD_H
#define ARCH_LOCK_WORD_H

#include "core/compiler.h"

/* @holder != 0 into the word; returns what was in it, 0: it is ours. */
static __always_inline unsigned long lock_word_swap(unsigned long *word,
                                                    unsigned long holder)
{
	unsigned long old;

	__asm__ volatile("amoswap.d.aq %0, %2, %1"
	                 : "=r"(old), "+A"(*word)
	                 : "r"(holder)
	                 : "memory");
	return old;
}

struct spinlock;

/* spin_wait() by core/spin_wait.S: the compiler sees no call. */
static __always_inline void lock_word_wait(struct spinlock *lock)
{
	register struct spinlock *waits_for __asm__("t1") = lock;

	__asm__ volatile("call t0, spin_wait_keeping_registers"
	                 :
	                 : "r"(waits_for)
	                 : "t0", "memory");
}

/* One instruction; a compiler's release store is a fence and a store. */
static __always_inline void lock_word_release(unsigned long *word)
{
	__asm__ volatile("amoswap.d.rl zero, zero, %0"
	                 : "+A"(*word)
	                 :
	                 : "memory");
}

/* The same with another value than 0; returns what was in it. */
static __always_inline unsigned long lock_word_release_to(unsigned long *word,
                                                          unsigned long value)
{
	unsigned long old;

	__asm__ volatile("amoswap.d.rl %0, %z2, %1"
	                 : "=r"(old), "+A"(*word)
	                 : "rJ"(value)
	                 : "memory");
	return old;
}

#endif /* ARCH_LOCK_WORD_H */
