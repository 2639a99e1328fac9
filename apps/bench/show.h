/* SPDX-License-Identifier: MIT */
/*
 * Figures on the console: for tools/bench.py (lines that begin with `@`, JSON
 * behind) or for people (a table with Linux's figures and the targets beside).
 */
#ifndef BENCH_SHOW_H
#define BENCH_SHOW_H

#include "measure.h"

void show_head(enum bench_output output, unsigned int rows, bool instructions);
void show_row(enum bench_output output, const struct bench_row *row,
              const struct bench_result *result, bool instructions);
void show_end(enum bench_output output, unsigned int rows, unsigned int errors);

#endif /* BENCH_SHOW_H */
