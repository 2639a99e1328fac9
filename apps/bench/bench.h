/* SPDX-License-Identifier: MIT */
/*
 * The benchmark harness: rows, each one kind of operation, measured in a loop.
 *
 * A row's body holds the loop and nothing but the operation; the engine
 * (measure.c) subtracts what an empty loop costs. The unit is instructions where
 * instret counts them (ICOUNT=1), else nanoseconds. docs/benchmarks.md says how
 * to read the figures and how to add a row.
 *
 * Context: thread of the boot hart.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#define BENCH_MAX_REPEATS 64u

struct bench_row {
	const char *name; /* as in targets.tsv */
	const char *what; /* the exact work, for --list */
	unsigned long loops;
	unsigned long argument; /* for the functions below: pages, bytes... */
	unsigned long ops_per_loop; /* 0 is 1 */
	unsigned int harts;         /* 0: as many as --harts says, else these */

	/* NULL, or what could not be had; teardown is then not called. */
	const char *(*setup)(const struct bench_row *row);
	/* false: an allocation failed; nothing is then left behind. */
	bool (*body)(const struct bench_row *row, unsigned long loops);
	void (*teardown)(const struct bench_row *row);

	/* Instead of the three: a figure that somebody else took already. */
	const char *(*read)(bool instructions, uint64_t *value_out);
};

struct bench_table {
	const struct bench_row *rows;
	unsigned int count;
};

enum bench_output { BENCH_JSON, BENCH_TABLE };

struct bench_options {
	const char *const *patterns; /* bench.c says what they mean */
	unsigned int nr_patterns;
	unsigned long loops;  /* 0: each row's own */
	unsigned int repeats; /* 1 .. BENCH_MAX_REPEATS */
	unsigned int harts;   /* 1 .. nr_harts */
	enum bench_output output;
	unsigned long profile_us; /* 0: measure; else profile, this period */
};

#define BENCH_DEFAULTS                                         \
	{                                                      \
		.repeats = 5, .harts = 1, .output = BENCH_JSON \
	}

/*
 * Measure, or profile, the selected rows and print each as it is done. Returns
 * an exit status: 0, or 1 when a pattern selects nothing or a row failed.
 */
int bench_measure(const struct bench_options *options);

/* The same with defaults, as a table, for one pattern (NULL: all rows). */
int bench_run(const char *pattern);

/* The name of row @index; NULL after the last. */
const char *bench_name(unsigned int index);

/* Names and descriptions of the selected rows; status as above. */
int bench_list(const struct bench_options *options);

#endif /* BENCH_BENCH_H */
