/* SPDX-License-Identifier: MIT */
/*
 * sqlite_bench [-n ROWS] [-t READERS] [-j JOURNAL] [FILE] - a load for SQLite:
 * inserts in one transaction, point queries, an index and ranges of it, updates,
 * threads, and what is left to tidy up. One line for each phase; every result is
 * checked, and a wrong one is status 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../coremark/counter.h"
#include "phases.h"

#define ROWS         100000
#define MOST_ROWS    10000000
#define MOST_READERS 16
#define MILLION      1e6

static const struct phase {
	const char *name;
	long (*run)(struct load *load);
	int threads;
} phases[] = {
	{ "create", load_create, 0 },
	{ "insert", load_insert, 0 },
	{ "query by key", load_query, 0 },
	{ "create index", load_index, 0 },
	{ "query ranges", load_ranges, 0 },
	{ "update", load_update, 0 },
	{ "threads", load_threads, 1 },
	{ "checkpoint", load_checkpoint, 0 },
	{ "delete, vacuum", load_delete, 0 },
};

static void usage(void)
{
	fprintf(stderr,
	        "usage: sqlite_bench [-n ROWS] [-t READERS] [-j JOURNAL] "
	        "[FILE]\n"
	        "       %d rows, 3 readers, wal, /tmp/bench.db; "
	        ":memory: has no threads\n",
	        ROWS);
	exit(2);
}

static long number(const char *text, long most)
{
	const long value = strtol(text, NULL, 0);

	if (value < 0 || value > most)
		usage();
	return value;
}

static void read_options(struct load *load, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "n:t:j:")) != -1) {
		if (option == 'n')
			load->rows = number(optarg, MOST_ROWS);
		else if (option == 't')
			load->threads = number(optarg, MOST_READERS);
		else if (option == 'j')
			load->journal = optarg;
		else
			usage();
	}
	if (optind < argc)
		load->name = argv[optind++];
	/* Numbers of rows would not all differ otherwise. */
	if (optind < argc || load->rows == 0 || load->rows % FACTOR == 0)
		usage();
}

static void run(struct load *load, const struct phase *phase)
{
	struct counter counter;
	long operations;

	counter_start(&counter);
	operations = phase->run(load);
	counter_stop(&counter);
	printf("%-16s %8ld %10.1f ms", phase->name, operations,
	       (double)counter.ns / MILLION);
	if (counter_counts())
		printf(" %14lu instructions, %lu each", counter.instructions,
		       counter.instructions / operations);
	putchar('\n');
}

int main(int argc, char **argv)
{
	struct load load = { "/tmp/bench.db", "wal", ROWS, 3, NULL };
	size_t i;

	read_options(&load, argc, argv);
	printf("SQLite %s, %s, journal %s, %ld rows\n", sqlite3_libversion(),
	       load.name, load.journal, load.rows);
	for (i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		if (phases[i].threads &&
		    (load.threads == 0 || load.name[0] == ':'))
			continue;
		run(&load, &phases[i]);
	}
	puts("every result was right");
	return EXIT_SUCCESS;
}
