/* SPDX-License-Identifier: MIT */
/* What one connection does alone. */
#include "phases.h"

#include <stdio.h>
#include <string.h>

#define RANGE     100 /* rows of a query by index */
#define SQL_BYTES 64

void row_text(long number, char *text)
{
	snprintf(text, TEXT_BYTES, "the text of the row with number %ld",
	         number);
}

void check_row(const struct load *load, sqlite3_stmt *query, long key)
{
	const long number = row_number(load, key);
	char text[TEXT_BYTES];

	row_text(number, text);
	sqlite3_bind_int64(query, 1, key);
	if (!database_step(query) || sqlite3_column_int64(query, 0) != number ||
	    strcmp((const char *)sqlite3_column_text(query, 1), text) != 0)
		database_fail(load->db, "a row is not what was inserted");
	if (database_step(query))
		database_fail(load->db, "two rows have the same key");
}

long load_create(struct load *load)
{
	char sql[SQL_BYTES], mode[SQL_BYTES];

	load->db = database_open(load->name);
	snprintf(sql, sizeof(sql), "PRAGMA journal_mode = %s", load->journal);
	database_text(load->db, sql, mode, sizeof(mode));
	if (strcmp(mode, load->journal) != 0 && load->name[0] != ':')
		database_fail(load->db, sql);
	database_do(load->db, "PRAGMA synchronous = NORMAL;"
	                      "DROP TABLE IF EXISTS item;"
	                      "CREATE TABLE item (key INTEGER PRIMARY KEY,"
	                      " number INTEGER, text TEXT)");
	return 1;
}

long load_insert(struct load *load)
{
	sqlite3_stmt *insert =
		database_prepare(load->db, "INSERT INTO item VALUES (?, ?, ?)");
	char text[TEXT_BYTES];
	long key;

	database_do(load->db, "BEGIN");
	for (key = 0; key < load->rows; key++) {
		row_text(row_number(load, key), text);
		sqlite3_bind_int64(insert, 1, key);
		sqlite3_bind_int64(insert, 2, row_number(load, key));
		sqlite3_bind_text(insert, 3, text, -1, SQLITE_TRANSIENT);
		database_step(insert);
	}
	database_do(load->db, "COMMIT");
	sqlite3_finalize(insert);
	return load->rows;
}

/* Keys in an order that caches cannot foresee. */
long load_query(struct load *load)
{
	sqlite3_stmt *query = database_prepare(load->db, POINT_QUERY);
	long i;

	for (i = 0; i < load->rows; i++)
		check_row(load, query, row_number(load, i));
	sqlite3_finalize(query);
	return load->rows;
}

long load_index(struct load *load)
{
	database_do(load->db, "CREATE UNIQUE INDEX item_number ON "
	                      "item (number)");
	return load->rows;
}

/* Every number lies in one range, so that their sum is known. */
long load_ranges(struct load *load)
{
	sqlite3_stmt *query = database_prepare(
		load->db, "SELECT sum(number), count(text) FROM item "
			  "WHERE number >= ? AND number < ?");
	long start, sum = 0, count = 0;

	for (start = 0; start < load->rows; start += RANGE) {
		sqlite3_bind_int64(query, 1, start);
		sqlite3_bind_int64(query, 2, start + RANGE);
		while (database_step(query)) {
			sum += sqlite3_column_int64(query, 0);
			count += sqlite3_column_int64(query, 1);
		}
	}
	sqlite3_finalize(query);
	if (count != load->rows || sum != load->rows * (load->rows - 1) / 2)
		database_fail(load->db, "ranges do not hold every row once");
	return load->rows;
}

/* There and back: two rows change for every four. */
long load_update(struct load *load)
{
	database_do(load->db, "BEGIN;"
	                      "UPDATE item SET text = upper(text) "
	                      "WHERE key % 4 = 0;"
	                      "UPDATE item SET text = lower(text) "
	                      "WHERE key % 4 = 0;"
	                      "COMMIT");
	if (database_number(load->db, "SELECT count(*) FROM item "
	                              "WHERE text = lower(text)") != load->rows)
		database_fail(load->db, "a text has changed");
	return load->rows / 2;
}

long load_checkpoint(struct load *load)
{
	char verdict[SQL_BYTES];

	database_do(load->db, "PRAGMA wal_checkpoint(TRUNCATE)");
	database_text(load->db, "PRAGMA integrity_check", verdict,
	              sizeof(verdict));
	if (strcmp(verdict, "ok") != 0)
		database_fail(load->db, verdict);
	return 1;
}

long load_delete(struct load *load)
{
	database_do(load->db, "DELETE FROM item WHERE key % 2 = 0; VACUUM");
	if (database_number(load->db, "SELECT count(*) FROM item") !=
	    load->rows / 2)
		database_fail(load->db, "a row was not deleted");
	if (sqlite3_close(load->db) != SQLITE_OK)
		database_fail(load->db, "close");
	return load->rows / 2;
}
