/* SPDX-License-Identifier: MIT */
/*
 * Reading clocks, through the C library as an application does.
 */
#include <time.h>

#include "rows.h"

static bool body_clock_gettime(const struct bench_row *row, unsigned long loops)
{
	struct timespec now;

	for (unsigned long i = 0; i < loops; i++) {
		if (clock_gettime((clockid_t)row->argument, &now) != 0)
			return false;
		bench_barrier();
	}
	return true;
}

static const struct bench_row rows[] = {
	{ .name = "threads/clock_gettime",
	  .what = "clock_gettime(CLOCK_MONOTONIC)",
	  .loops = 100000,
	  .argument = CLOCK_MONOTONIC,
	  .body = body_clock_gettime },
	{ .name = "threads/clock_gettime_realtime",
	  .what = "clock_gettime(CLOCK_REALTIME)",
	  .loops = 100000,
	  .argument = CLOCK_REALTIME,
	  .body = body_clock_gettime },
};

const struct bench_table rows_time = BENCH_TABLE_OF(rows);
