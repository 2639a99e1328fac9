/* SPDX-License-Identifier: MIT */
/*
 * Runs of 64-bit words, written by straight code that is entered where the count
 * says:
 *
 *           at 63 | at 62 | ... | at 1 | at 0 |        a step each, falling
 *                                ^ count = 2           into the next
 *
 * Each step has the same size, so that the place is the end less a shifted
 * count: four instructions, and neither a table nor a bound is looked at. Counting
 * would cost more than the work. In assembler because a compiler promises no
 * sizes. pre (all): 1 <= count <= ENTRY_RUN_MAX.
 */
#ifndef ARCH_ENTRY_RUNS_H
#define ARCH_ENTRY_RUNS_H

#include <stdint.h>

#include "core/compiler.h"

#define ENTRY_RUN_MAX 64u

/*
 * The count that the calling function has as an argument, in a whole register.
 * There it stands sign-extended (psABI); gcc does so once more unless the register
 * is taken as it is.
 */
static __always_inline unsigned long entry_run_argument(unsigned int count)
{
	unsigned long whole;

	__asm__("" : "=r"(whole) : "0"(count));
	return whole;
}

/*
 * Jump over all but the last %[skip] of @bytes of code, which is @step for each
 * of the offsets .Lat from 504 down to @last. %[at] is free for the steps.
 */
#define ENTRY_RUN(bytes, last, step)                                         \
	".option push\n\t"                                                   \
	".option norvc\n\t"                                                  \
	"auipc %[at], 0\n\t"                                                 \
	"sub %[at], %[at], %[skip]\n\t"                                      \
	"jr " #bytes " + 12(%[at])\n\t"                                      \
	".set .Lat, 504\n\t"                                                 \
	".rept (504 - " #last ") / 8 + 1\n\t" step ".set .Lat, .Lat - 8\n\t" \
	".endr\n\t"                                                          \
	".option pop\n\t"

/* Two of the five are short: 16 bytes. */
#define CONVERT_STEP                      \
	"ld %[at], .Lat(%[from])\n\t"     \
	".option rvc\n\t"                 \
	"slli %[at], %[at], %[shift]\n\t" \
	"add %[at], %[at], %[bias]\n\t"   \
	".option norvc\n\t"               \
	"sd %[at], .Lat(%[to])\n\t"       \
	"or %[skip], %[skip], %[at]\n\t"

#define FILL_STEP                                 \
	"addi %[value], %[value], -(%[step])\n\t" \
	"sd %[value], .Lat(%[to])\n\t"

#define CLEAR_STEP "sd zero, .Lat(%[to])\n\t"

/*
 * to[i] = (from[i] << @shift) + bias. Returns the `or` of all of them, in which
 * bits below 2^11 mean nothing.
 */
static __always_inline uint64_t entry_run_convert(uint64_t *to,
                                                  const void *from,
                                                  unsigned long count,
                                                  unsigned int shift,
                                                  uint64_t bias)
{
	unsigned long seen = count << 4;
	unsigned long at;

	__asm__ volatile(ENTRY_RUN(64 * 16, 0, CONVERT_STEP)
	                 : [at] "=&r"(at), [skip] "+&r"(seen)
	                 : [to] "r"(to), [from] "r"(from), [bias] "r"(bias),
	                   [shift] "i"(shift)
	                 : "memory");
	return seen;
}

/* to[i] = @first + i * @step; @step is a constant below 2^11. */
static __always_inline void entry_run_fill(uint64_t *to, uint64_t first,
                                           unsigned long count, int step)
{
	uint64_t value = first + count * (unsigned int)step;
	unsigned long at;

	__asm__ volatile(
		ENTRY_RUN(64 * 8, 0, FILL_STEP)
		: [at] "=&r"(at), [value] "+&r"(value)
		: [to] "r"(to), [skip] "r"(count << 3), [step] "i"(step)
		: "memory");
}

/* to[i] = 0 */
static __always_inline void entry_run_clear(uint64_t *to, unsigned long count)
{
	unsigned long at;

	__asm__ volatile(ENTRY_RUN(64 * 4, 0, CLEAR_STEP)
	                 : [at] "=&r"(at)
	                 : [to] "r"(to), [skip] "r"(count << 2)
	                 : "memory");
}

/* to[i] = 0 for 1 <= i < count: the first was exchanged for a 0 already. */
static __always_inline void entry_run_clear_rest(uint64_t *to,
                                                 unsigned long count)
{
	unsigned long at;

	__asm__ volatile(ENTRY_RUN(64 * 4, 8, CLEAR_STEP)
	                 : [at] "=&r"(at)
	                 : [to] "r"(to), [skip] "r"(count << 2)
	                 : "memory");
}

#endif /* ARCH_ENTRY_RUNS_H */
