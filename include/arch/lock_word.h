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

/* One instruction; a compiler's release store is a fence and a store. */
static __always_inline void lock_word_release(unsigned long *word)
{
	__asm__ volatile("amoswap.d.rl zero, zero, %0"
	                 : "+A"(*word)
	                 :
	                 : "memory");
}

#endif /* ARCH_LOCK_WORD_H */
