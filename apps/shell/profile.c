/* SPDX-License-Identifier: MIT */
/* `profile COMMAND...`: any command of the shell, and where its time went. */
#include <stdio.h>
#include <stdlib.h>

#include "../bench/profiled.h"
#include "command.h"

/* The period when the first word is one; 0 when it is a command. */
static unsigned long period_us(const char *word)
{
	char *end;
	unsigned long us = strtoul(word, &end, 10);

	return end == word || *end != '\0' ? 0 : us;
}

int run_profile(int argc, char **argv)
{
	unsigned long us = period_us(argv[1]);
	const unsigned int skip = us > 0 ? 2 : 1;
	const char *problem;
	int status;

	if (skip == (unsigned int)argc) {
		puts("profile: of which command?");
		return 2;
	}
	problem = profiled_begin(us > 0 ? us : PROFILED_PERIOD_US);
	if (problem) {
		printf("profile: %s\n", problem);
		return 1;
	}
	status = command_run_words(argc - (int)skip, argv + skip);
	profiled_end();
	return status;
}
