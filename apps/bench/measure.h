/* SPDX-License-Identifier: MIT */
/*
 * The engine: one row in, its figures out.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "bench.h"

/* What instruction counts do not show, in all runs of a row together. */
struct bench_events {
	unsigned long maps; /* areas and vm_map_ram mappings */
	unsigned long unmaps;
	unsigned long fences;        /* sfence.vma, local */
	unsigned long remote_fences; /* SBI calls and own interrupts */
	unsigned long purges;
	unsigned long
		purged_pages; /* entries that purges made reusable, about */
	unsigned long repaired_faults;
	unsigned long tables_reclaimed;
};

struct bench_result {
	const char *error; /* NULL: what follows is valid */
	unsigned int runs;
	unsigned int harts;
	unsigned long loops;
	/* Hundredths of a unit for one operation. */
	uint64_t min;
	uint64_t median;
	uint64_t max;
	struct bench_events events;
	uint64_t operations; /* in all runs, on all harts */
};

/*
 * Does instret count instructions? Under QEMU only with -icount; without, it
 * shows ticks of the host. cost: about 60,000 instructions
 */
bool measure_counts_instructions(void);

/* Instructions, or nanoseconds, of which rows with ->read take differences. */
uint64_t measure_now(bool instructions);

void measure_row(const struct bench_row *row,
                 const struct bench_options *options, bool instructions,
                 struct bench_result *result);

#endif /* BENCH_MEASURE_H */
