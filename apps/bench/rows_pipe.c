/* SPDX-License-Identifier: MIT */
/*
 * Two threads and two pipes: a byte goes there and comes back. Both threads are
 * on one hart in a row's loop of one, so each way is a switch.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "rows.h"

static int there[2], back[2];
static pthread_t echo;

/* Until the other end is closed. */
static void *echo_bytes(void *unused)
{
	char byte;

	(void)unused;
	while (read(there[0], &byte, 1) == 1) {
		if (write(back[1], &byte, 1) != 1)
			break;
	}
	return NULL;
}

static const char *setup_pingpong(const struct bench_row *row)
{
	(void)row;
	if (pipe(there) != 0 || pipe(back) != 0)
		return "no pipe";
	if (pthread_create(&echo, NULL, echo_bytes, NULL) != 0)
		return "no thread";
	return NULL;
}

static bool body_pingpong(const struct bench_row *row, unsigned long loops)
{
	char byte = 0;

	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		if (write(there[1], &byte, 1) != 1 ||
		    read(back[0], &byte, 1) != 1)
			return false;
	}
	return true;
}

static void teardown_pingpong(const struct bench_row *row)
{
	(void)row;
	close(there[1]);
	pthread_join(echo, NULL);
	close(there[0]);
	close(back[0]);
	close(back[1]);
}

/* The same without the other thread: what the calls themselves cost. */
static const char *setup_self(const struct bench_row *row)
{
	(void)row;
	return pipe(there) == 0 ? NULL : "no pipe";
}

static bool body_self(const struct bench_row *row, unsigned long loops)
{
	char byte = 0;

	(void)row;
	for (unsigned long i = 0; i < loops; i++) {
		if (write(there[1], &byte, 1) != 1 ||
		    read(there[0], &byte, 1) != 1)
			return false;
	}
	return true;
}

static void teardown_self(const struct bench_row *row)
{
	(void)row;
	close(there[0]);
	close(there[1]);
}

static const struct bench_row rows[] = {
	{ .name = "threads/pipe_pingpong",
	  .what = "one byte there and back through two pipes, two threads",
	  .loops = 20000,
	  .harts = 1,
	  .setup = setup_pingpong,
	  .body = body_pingpong,
	  .teardown = teardown_pingpong },
	{ .name = "threads/pipe_self",
	  .what = "one byte into a pipe and out of it again, one thread",
	  .loops = 50000,
	  .harts = 1,
	  .setup = setup_self,
	  .body = body_self,
	  .teardown = teardown_self },
};

const struct bench_table rows_pipe = BENCH_TABLE_OF(rows);
