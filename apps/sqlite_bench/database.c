/* SPDX-License-Identifier: MIT */
/* One place that looks at SQLite's results. */
#include "database.h"

#include <stdio.h>
#include <stdlib.h>

#define BUSY_MS 20000

void database_fail(sqlite3 *db, const char *what)
{
	fprintf(stderr, "sqlite_bench: %s: %s\n", what, sqlite3_errmsg(db));
	exit(EXIT_FAILURE);
}

sqlite3 *database_open(const char *name)
{
	sqlite3 *db;

	if (sqlite3_open(name, &db) != SQLITE_OK)
		database_fail(db, name);
	sqlite3_busy_timeout(db, BUSY_MS);
	return db;
}

void database_do(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		database_fail(db, sql);
}

sqlite3_stmt *database_prepare(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement;

	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		database_fail(db, sql);
	return statement;
}

int database_step(sqlite3_stmt *statement)
{
	const int result = sqlite3_step(statement);

	if (result == SQLITE_ROW)
		return 1;
	if (result != SQLITE_DONE || sqlite3_reset(statement) != SQLITE_OK)
		database_fail(sqlite3_db_handle(statement),
		              sqlite3_sql(statement));
	return 0;
}

long database_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = database_prepare(db, sql);
	long number;

	if (!database_step(statement))
		database_fail(db, sql);
	number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return number;
}

void database_text(sqlite3 *db, const char *sql, char *text, int size)
{
	sqlite3_stmt *statement = database_prepare(db, sql);

	if (!database_step(statement))
		database_fail(db, sql);
	snprintf(text, size, "%s", sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
}
