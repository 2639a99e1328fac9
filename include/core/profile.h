/* SPDX-License-Identifier: MIT */
/*
 * A sampling profiler: a timer interrupt on every hart, at pseudo-random
 * distances around a period, so that no loop runs in step with it, walks the
 * stack of what it interrupted and counts that stack.
 *
 * Nothing can be sampled while interrupts are off. Such a sample comes when they
 * go on again: its stack is that of the code that turns them on and ends in
 * "[interrupts off]". `make profile` sees inside such sections.
 *
 * Memory is the caller's; knows no page. Under -icount, on one hart, two runs
 * take the same samples. cost: a sample of 12 functions takes about
 * 5,000 instructions, and the next period begins when it ends.
 * Context: thread, interrupts on, one user at a time.
 */
#ifndef CORE_PROFILE_H
#define CORE_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "core/compiler.h"

#define PROFILE_HART_BYTES    8192ul /* what a hart needs at least */
#define PROFILE_PERIOD_MIN_NS 1000ul
#define PROFILE_PERIOD_MAX_NS 1000000000ul

struct profile_totals {
	unsigned long samples;
	unsigned long idle;   /* in hart_idle(): not in the table */
	unsigned long lost;   /* the table had no room: not in it either */
	unsigned long masked; /* waited for interrupts to go on ... */
	uint64_t masked_ns;   /* ... and how long, together */
	uint64_t masked_max_ns;
};

/*
 * Sample all harts, @period_ns apart on average, until profile_stop(). @memory
 * is this module's until the last report has been shown; each hart has an equal
 * part of it, some 4 KiB for itself and 128 bytes for each distinct stack.
 *
 * Returns 0; -EBUSY while another profile is taken; -EINVAL for a period outside
 * the limits or less memory than PROFILE_HART_BYTES a hart; -ENOTSUP when the
 * image has no symbols (CONFIG_SYMBOLS).
 */
int profile_start(void *memory, size_t bytes, uint64_t period_ns) __must_check;

/* No sample is taken any more, on any hart, when this returns. */
void profile_stop(void);

void profile_read_totals(struct profile_totals *totals);

/*
 * After profile_stop(), any number of times: `main;f;g 12` a line; functions,
 * most samples first, @most of them; and what the totals mean.
 */
typedef void profile_line(const char *line, void *context);
void profile_show_stacks(profile_line *show, void *context);
void profile_show_functions(unsigned int most, profile_line *show,
                            void *context);
void profile_show_totals(profile_line *show, void *context);

#endif /* CORE_PROFILE_H */
