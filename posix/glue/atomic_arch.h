/* SPDX-License-Identifier: MIT */
/*
 * musl's atomic operations, in place of the file of this name in its arch/riscv64,
 * which has compare-and-swap alone and builds the rest in loops of it: an operation
 * of the A extension each (unprivileged spec, "A", AMOs). All are sequentially
 * consistent, as musl expects: .aqrl.
 *
 * Included by musl's internal/atomic.h alone, which has fallbacks for what is not
 * defined here and asks for names by macros of the same name.
 */
#ifndef POSIX_GLUE_ATOMIC_ARCH_H
#define POSIX_GLUE_ATOMIC_ARCH_H

#define a_barrier a_barrier
static inline void a_barrier(void)
{
	__asm__ volatile("fence rw, rw" ::: "memory");
}

/* Returns what was there; @next is stored if that is @expected. */
#define COMPARE_AND_SWAP(width, at, found, expected, next)                  \
	do {                                                                \
		int failed;                                                 \
		__asm__ volatile("0: lr." width ".aqrl %0, %2\n"            \
		                 "bne %0, %3, 1f\n"                         \
		                 "sc." width ".aqrl %1, %4, %2\n"           \
		                 "bnez %1, 0b\n"                            \
		                 "1:"                                       \
		                 : "=&r"(found), "=&r"(failed), "+A"(*(at)) \
		                 : "r"(expected), "r"(next)                 \
		                 : "memory");                               \
	} while (0)

#define a_cas a_cas
static inline int a_cas(volatile int *at, int expected, int next)
{
	long found;

	COMPARE_AND_SWAP("w", at, found, (long)expected, next);
	return (int)found;
}

#define a_cas_p a_cas_p
static inline void *a_cas_p(volatile void *at, void *expected, void *next)
{
	void *found;

	COMPARE_AND_SWAP("d", (void *volatile *)at, found, expected, next);
	return found;
}

/* Each returns what was there before. */
#define AMO(name, operation)                                    \
	static inline int name(volatile int *at, int value)     \
	{                                                       \
		int before;                                     \
		__asm__ volatile(operation ".w.aqrl %0, %2, %1" \
		                 : "=r"(before), "+A"(*at)      \
		                 : "r"(value)                   \
		                 : "memory");                   \
		return before;                                  \
	}

#define a_swap      a_swap
#define a_fetch_add a_fetch_add
#define a_fetch_and a_fetch_and
#define a_fetch_or  a_fetch_or
AMO(a_swap, "amoswap")
AMO(a_fetch_add, "amoadd")
AMO(a_fetch_and, "amoand")
AMO(a_fetch_or, "amoor")

#endif /* POSIX_GLUE_ATOMIC_ARCH_H */
