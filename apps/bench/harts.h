/* SPDX-License-Identifier: MIT */
/*
 * One body on several harts.
 */
#ifndef BENCH_HARTS_H
#define BENCH_HARTS_H

#include "bench.h"

typedef bool bench_body(const struct bench_row *row, unsigned long loops);

/* @body(@row, @loops) on each of the harts [0, @count); the caller is on 0. */
struct harts_job {
	bench_body *body;
	const struct bench_row *row;
	unsigned long loops;
	unsigned int count;
};

/*
 * All at once. *ticks_out, in ticks of the platform's timer: from the first
 * that begins to the last that ends. false: one of them failed.
 */
bool harts_run_together(const struct harts_job *job, uint64_t *ticks_out);

/* One after the other, the rest asleep. *ticks_out: the sum. */
bool harts_run_in_turn(const struct harts_job *job, uint64_t *ticks_out);

#endif /* BENCH_HARTS_H */
