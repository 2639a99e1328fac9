/* SPDX-License-Identifier: MIT */
/*
 * The default image: a look around. Lines come from the console until poweroff
 * or Ctrl-D; `-c COMMANDS` runs those instead and ends with the last one's
 * status.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vireo/boot.h>
#include <vireo/machine.h>

#include "command.h"
#include "line.h"
#include "parse.h"

#define PROMPT "vireo> "

static void print_welcome(void)
{
	const struct boot_mark *marks;
	const unsigned int count = bootchart_marks(&marks);

	printf("\nThe shell of Vireo, on %s.", machine.model);
	if (count > 0)
		printf(" main() began %.1f ms after the first instruction.",
		       (double)marks[count - 1].ns / 1e6);
	puts("\nType help for the commands, or try one: "
	     "map; vmallocinfo; bench vmalloc_vfree/1\n");
}

/* `-c` and what follows it, as one line. */
static int run_arguments(int argc, char **argv)
{
	char line[PARSE_BYTES];
	size_t length = 0;
	int i;

	for (i = 2; i < argc && length < sizeof(line); i++)
		length += snprintf(line + length, sizeof(line) - length, "%s%s",
		                   i > 2 ? " " : "", argv[i]);
	if (length >= sizeof(line)) {
		fputs("shell: -c: the line is too long\n", stderr);
		return EXIT_FAILURE;
	}
	return command_run_line(line);
}

static int run_console(void)
{
	char line[LINE_BYTES];
	enum line_result result;
	int status = 0;

	if (isatty(STDIN_FILENO))
		print_welcome();
	while ((result = line_read(PROMPT, line)) != LINE_END)
		if (result == LINE_DONE)
			status = command_run_line(line);
	return status;
}

int main(int argc, char **argv)
{
	if (argc == 1)
		return run_console();
	if (argc >= 3 && strcmp(argv[1], "-c") == 0)
		return run_arguments(argc, argv);

	fprintf(stderr, "shell: usage: %s [-c COMMANDS]\n", argv[0]);
	return EXIT_FAILURE;
}
