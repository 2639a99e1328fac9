/* SPDX-License-Identifier: MIT */
/*
 * A profile with memory of its own, shown on the console: stacks, then the
 * functions with most samples, then what the numbers leave out. For the harness
 * and the shell.
 */
#ifndef BENCH_PROFILED_H
#define BENCH_PROFILED_H

#include <stdint.h>

#define PROFILED_PERIOD_US     20u
#define PROFILED_PERIOD_US_MAX 1000000u

/* NULL: it has begun, and profiled_end() ends it; else what is in the way. */
const char *profiled_begin(unsigned long period_us);

/* Stop, show, free. */
void profiled_end(void);

#endif /* BENCH_PROFILED_H */
