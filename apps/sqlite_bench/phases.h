/* SPDX-License-Identifier: MIT */
/*
 * The phases of the load. Each does @load->rows operations, or as many as it
 * returns, and ends the program when a result is not what it must be.
 */
#ifndef SQLITE_BENCH_PHASES_H
#define SQLITE_BENCH_PHASES_H

#include "database.h"

struct load {
	const char *name; /* of the database */
	const char *journal;
	long rows;
	int threads;
	sqlite3 *db;
};

/*
 * Row @key has @key * FACTOR modulo the number of rows as its number, which is
 * a different one for each key unless FACTOR divides it.
 */
#define FACTOR     7919
#define TEXT_BYTES 56

static inline long row_number(const struct load *load, long key)
{
	return key * FACTOR % load->rows;
}

void row_text(long number, char *text);

/* Ask for row @key through @query and look at what comes. */
void check_row(const struct load *load, sqlite3_stmt *query, long key);

#define POINT_QUERY "SELECT number, text FROM item WHERE key = ?"

long load_create(struct load *load);
long load_insert(struct load *load);
long load_query(struct load *load);
long load_index(struct load *load);
long load_ranges(struct load *load);
long load_update(struct load *load);
long load_threads(struct load *load); /* threads.c */
long load_checkpoint(struct load *load);
long load_delete(struct load *load);

#endif /* SQLITE_BENCH_PHASES_H */
