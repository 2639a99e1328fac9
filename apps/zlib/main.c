/* SPDX-License-Identifier: MIT */
/*
 * zlib's own two programs in one image. Without arguments: its test program,
 * then a file there and back through minigzip. `minigzip ...`: that alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* two-programs.patch names them so. */
int example_main(int argc, char **argv);
int minigzip_main(int argc, char **argv);

#define LINES 20000

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void write_lines(const char *name)
{
	FILE *file = fopen(name, "w");
	int i;

	if (!file)
		fail(name);
	for (i = 0; i < LINES; i++)
		fprintf(file, "line %d of %d\n", i, LINES);
	if (fclose(file))
		fail(name);
}

static long size_of(const char *name)
{
	FILE *file = fopen(name, "r");
	long size;

	if (!file || fseek(file, 0, SEEK_END))
		fail(name);
	size = ftell(file);
	fclose(file);
	return size;
}

/* The number of lines that are still what they were. */
static int count_lines(const char *name)
{
	FILE *file = fopen(name, "r");
	char line[64], want[64];
	int i;

	if (!file)
		fail(name);
	for (i = 0; fgets(line, sizeof(line), file); i++) {
		snprintf(want, sizeof(want), "line %d of %d\n", i, LINES);
		if (strcmp(line, want) != 0)
			break;
	}
	fclose(file);
	return i;
}

static int there_and_back(void)
{
	static char name[] = "lines", packed[] = "lines.gz";
	char *pack[] = { "minigzip", name, NULL };
	char *unpack[] = { "minigzip", "-d", packed, NULL };
	long before, after;

	write_lines(name);
	before = size_of(name);
	minigzip_main(2, pack);
	after = size_of(packed);
	minigzip_main(3, unpack);
	printf("minigzip: %ld bytes as %ld, %d of %d lines came back\n", before,
	       after, count_lines(name), LINES);
	return count_lines(name) == LINES ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "minigzip") == 0)
		return minigzip_main(argc - 1, argv + 1);

	return example_main(argc, argv) ?: there_and_back();
}
