/* SPDX-License-Identifier: MIT */
/*
 * Files of the in-memory file system, by the calls of the C library: what a
 * program pays for one.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rows.h"

#define NAME "/tmp/x"

static char buffer[4096] __aligned(4096);
static int file;

static const char *take_file(const struct bench_row *row)
{
	(void)row;
	file = open(NAME, O_RDWR | O_CREAT, 0644);
	if (file < 0)
		return "cannot make " NAME;
	if (pwrite(file, buffer, sizeof(buffer), 0) == sizeof(buffer))
		return NULL;
	close(file);
	unlink(NAME);
	return "cannot write " NAME;
}

static void drop_file(const struct bench_row *row)
{
	(void)row;
	close(file);
	unlink(NAME);
}

static bool body_pwrite(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		if (pwrite(file, buffer, sizeof(buffer), 0) < 0)
			return false;
	}
	return true;
}

static bool body_pread(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		if (pread(file, buffer, sizeof(buffer), 0) < 0)
			return false;
	}
	return true;
}

static bool body_open_close(const struct bench_row *row, unsigned long loops)
{
	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		int fd = open(NAME, O_RDONLY);

		if (fd < 0)
			return false;
		close(fd);
	}
	return true;
}

static bool body_stat(const struct bench_row *row, unsigned long loops)
{
	struct stat status;

	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		if (stat(NAME, &status) < 0)
			return false;
	}
	return true;
}

#define FILE_ROW(name_, what_, body_)                                       \
	{                                                                   \
		.name = "files/" name_, .what = (what_), .loops = 20000,    \
		.setup = take_file, .body = (body_), .teardown = drop_file, \
	}

static const struct bench_row rows[] = {
	FILE_ROW("pwrite_4096", "4,096 bytes at offset 0", body_pwrite),
	FILE_ROW("pread_4096", "4,096 bytes at offset 0", body_pread),
	FILE_ROW("open_close", "open and close " NAME, body_open_close),
	FILE_ROW("stat", "stat of " NAME, body_stat),
};

const struct bench_table rows_files = BENCH_TABLE_OF(rows);
