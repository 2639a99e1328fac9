/* SPDX-License-Identifier: MIT */
/*
 * bench [pattern ...] [--list] [--loops N] [--repeats N] [--harts N]
 *       [--json | --table] [--profile] [--period US]
 *
 * Exit status: 0; 1 when a pattern means no row or a row failed; 2 for options
 * that cannot be understood.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "core/bootchart.h"
#include "core/hart.h"
#include "core/thread.h"
#include "profiled.h"

#define STATUS_USAGE 2
#define LOOPS_MAX    1000000000ul

struct command {
	struct bench_options options;
	bool list;
};

static bool take_flag(const char *word, struct command *command)
{
	if (!strcmp(word, "--list"))
		command->list = true;
	else if (!strcmp(word, "--json"))
		command->options.output = BENCH_JSON;
	else if (!strcmp(word, "--table"))
		command->options.output = BENCH_TABLE;
	else if (!strcmp(word, "--profile"))
		command->options.profile_us = PROFILED_PERIOD_US;
	else
		return false;
	return true;
}

/* The number behind option @word, at most @max; 0 and a line when it is none. */
static unsigned long number(const char *word, const char *text,
                            unsigned long max)
{
	unsigned long value = 0;
	char *end = NULL;

	errno = 0;
	if (text && *text >= '0' && *text <= '9')
		value = strtoul(text, &end, 0);
	if (value > 0 && value <= max && errno == 0 && *end == '\0')
		return value;
	fprintf(stderr, "bench: %s %s: must be a number from 1 to %lu\n", word,
	        text ? text : "(nothing)", max);
	return 0;
}

static bool take_number(const char *word, const char *text,
                        struct bench_options *options)
{
	if (!strcmp(word, "--loops")) {
		options->loops = number(word, text, LOOPS_MAX);
		return options->loops > 0;
	}
	if (!strcmp(word, "--repeats")) {
		options->repeats = number(word, text, BENCH_MAX_REPEATS);
		return options->repeats > 0;
	}
	if (!strcmp(word, "--harts")) {
		options->harts = number(word, text, nr_harts);
		return options->harts > 0;
	}
	if (!strcmp(word, "--period")) {
		options->profile_us =
			number(word, text, PROFILED_PERIOD_US_MAX);
		return options->profile_us > 0;
	}
	fprintf(stderr,
	        "bench: there is no option %s; there are --list --loops N "
	        "--repeats N --harts N --json --table --profile --period US\n",
	        word);
	return false;
}

/* Patterns are moved to the front of @words, which NULL ends. */
static bool parse(char **words, struct command *command)
{
	struct bench_options *options = &command->options;

	options->patterns = (const char *const *)words;
	for (char **word = words; *word; word++) {
		if (strncmp(*word, "--", 2) != 0)
			words[options->nr_patterns++] = *word;
		else if (take_flag(*word, command))
			continue;
		else if (!take_number(*word, word[1], options))
			return false;
		else
			word++;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct command command = { .options = BENCH_DEFAULTS };

	bootchart_mark("main");
	(void)thread_set_allowed_harts(current_thread(), 1);
	if (!parse(argc > 0 ? argv + 1 : argv, &command))
		return STATUS_USAGE;
	if (command.list)
		return bench_list(&command.options);
	return bench_measure(&command.options);
}
