/* SPDX-License-Identifier: MIT */
/*
 * Connections in threads: one writes in small transactions, the others read.
 * With WAL the readers see whole transactions and never wait for the writer.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "phases.h"

#define MOST_THREADS 16
#define TRANSACTIONS 50l
#define TOGETHER     10 /* rows of a transaction */

struct reader {
	pthread_t thread;
	const struct load *load;
	long first;
};

static void *write_rows(void *context)
{
	const struct load *load = context;
	sqlite3 *db = database_open(load->name);
	sqlite3_stmt *insert;
	int i, j;

	database_do(db, "PRAGMA synchronous = NORMAL");
	insert = database_prepare(db, "INSERT INTO written VALUES (?)");
	for (i = 0; i < TRANSACTIONS; i++) {
		database_do(db, "BEGIN IMMEDIATE");
		for (j = 0; j < TOGETHER; j++) {
			sqlite3_bind_int64(insert, 1, i);
			database_step(insert);
		}
		database_do(db, "COMMIT");
	}
	sqlite3_finalize(insert);
	sqlite3_close(db);
	return NULL;
}

/* A part of the rows, and now and then what the writer has done so far. */
static void *read_rows(void *context)
{
	const struct reader *reader = context;
	struct load load = *reader->load;
	sqlite3_stmt *query;
	long i;

	load.db = database_open(load.name);
	query = database_prepare(load.db, POINT_QUERY);
	for (i = reader->first; i < load.rows; i += load.threads) {
		check_row(&load, query, row_number(&load, i));
		if (i % 512 == 0 &&
		    database_number(load.db, "SELECT count(*) FROM written") %
		            TOGETHER)
			database_fail(load.db, "half a transaction was seen");
	}
	sqlite3_finalize(query);
	sqlite3_close(load.db);
	return NULL;
}

static void start(sqlite3 *db, pthread_t *thread, void *(*run)(void *),
                  void *context)
{
	const int error = pthread_create(thread, NULL, run, context);

	if (error)
		database_fail(db, strerror(error));
}

long load_threads(struct load *load)
{
	struct reader readers[MOST_THREADS];
	pthread_t writer;
	int i;

	database_do(load->db, "CREATE TABLE written (transaction_number)");
	start(load->db, &writer, write_rows, load);
	for (i = 0; i < load->threads; i++) {
		readers[i].load = load;
		readers[i].first = i;
		start(load->db, &readers[i].thread, read_rows, &readers[i]);
	}
	pthread_join(writer, NULL);
	for (i = 0; i < load->threads; i++)
		pthread_join(readers[i].thread, NULL);
	if (database_number(load->db, "SELECT count(*) FROM written") !=
	    TRANSACTIONS * TOGETHER)
		database_fail(load->db, "a transaction is missing");
	return load->rows + TRANSACTIONS * TOGETHER;
}
