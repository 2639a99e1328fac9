/* SPDX-License-Identifier: MIT */
/*
 * Calls of SQLite that this load may take for granted: what fails is said with
 * SQLite's words, and ends the program.
 */
#ifndef SQLITE_BENCH_DATABASE_H
#define SQLITE_BENCH_DATABASE_H

#include <sqlite3.h>

/* A connection that waits for others as long as it takes. */
sqlite3 *database_open(const char *name);

void database_do(sqlite3 *db, const char *sql);

/* The number, or the text, in the first row of what @sql gives. */
long database_number(sqlite3 *db, const char *sql);
void database_text(sqlite3 *db, const char *sql, char *text, int size);

sqlite3_stmt *database_prepare(sqlite3 *db, const char *sql);

/* Next row of a statement; 0: there is none, and it can be used again. */
int database_step(sqlite3_stmt *statement);

void database_fail(sqlite3 *db, const char *what);

#endif /* SQLITE_BENCH_DATABASE_H */
