/* SPDX-License-Identifier: MIT */
/*
 * Free memory in pieces, for rows whose subject is fragmentation. One state
 * at a time; while it lasts, most of memory is taken.
 */
#ifndef BENCH_FRAGMENT_H
#define BENCH_FRAGMENT_H

#include "bench.h"

/* Every other frame of free memory is taken: NULL, or why it cannot be. */
const char *fragment_every_other(void);

/*
 * All of it is taken but @single pages without a free neighbour and @whole
 * pages in a row.
 */
const char *fragment_mix(unsigned long single, unsigned long whole);

/* Give back all that was taken; a row's teardown. */
void fragment_end(const struct bench_row *row);

#endif /* BENCH_FRAGMENT_H */
