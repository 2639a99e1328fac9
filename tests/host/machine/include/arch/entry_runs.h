/* SPDX-License-Identifier: MIT */
/* The same words as include/arch/entry_runs.h writes, one after the other. */
#ifndef ARCH_ENTRY_RUNS_H
#define ARCH_ENTRY_RUNS_H

#include <stdint.h>

#define ENTRY_RUN_MAX 64u

static inline unsigned long entry_run_argument(unsigned int count)
{
	return (unsigned long)(int)count;
}

static inline uint64_t entry_run_convert(uint64_t *to, const void *from,
                                         unsigned long count,
                                         unsigned int shift, uint64_t bias)
{
	const uint64_t *words = from;
	uint64_t seen = 0;

	while (count-- > 0) {
		to[count] = (words[count] << shift) + bias;
		seen |= to[count];
	}
	return seen;
}

static inline void entry_run_fill(uint64_t *to, uint64_t first,
                                  unsigned long count, int step)
{
	while (count-- > 0)
		to[count] = first + count * (unsigned int)step;
}

static inline void entry_run_clear(uint64_t *to, unsigned long count)
{
	while (count-- > 0)
		to[count] = 0;
}

static inline void entry_run_clear_rest(uint64_t *to, unsigned long count)
{
	while (--count > 0)
		to[count] = 0;
}

#endif /* ARCH_ENTRY_RUNS_H */
