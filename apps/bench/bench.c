/* SPDX-License-Identifier: MIT */
/*
 * Which rows there are and which of them a pattern means.
 *
 * A pattern is a row's name, the part of it before a slash, or a wildcard in
 * which `*` also matches slashes. Curves take minutes and answer another
 * question (does it grow?), so only a pattern that begins with `curve` means
 * them.
 */
#include "bench.h"

#include <fnmatch.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/compiler.h"
#include "measure.h"
#include "rows.h"
#include "show.h"

#define CURVE "curve"

/* In the order of targets.tsv. */
static const struct bench_table *const tables[] = {
	&rows_vmalloc,      &rows_vmap,   &rows_pages, &rows_memory,
	&rows_test_vmalloc, &rows_time,   &rows_boot,  &rows_threads,
	&rows_pipe,         &rows_files,  &rows_heap,  &rows_heap_threads,
	&rows_sched,        &rows_curves,
};

typedef void row_visit(const struct bench_row *row, void *context);

static bool is_curve(const char *text)
{
	return !strncmp(text, CURVE, strlen(CURVE));
}

static bool matches(const char *pattern, const char *name)
{
	const size_t length = strlen(pattern);

	if (is_curve(name) && !is_curve(pattern))
		return false;
	if (!strncmp(pattern, name, length) && name[length] == '/')
		return true;
	return fnmatch(pattern, name, 0) == 0;
}

static bool selected(const struct bench_options *options, const char *name)
{
	for (unsigned int i = 0; i < options->nr_patterns; i++) {
		if (matches(options->patterns[i], name))
			return true;
	}
	return options->nr_patterns == 0 && !is_curve(name);
}

static void for_each_selected(const struct bench_options *options,
                              row_visit *visit, void *context)
{
	for (unsigned int t = 0; t < ARRAY_SIZE(tables); t++) {
		for (unsigned int i = 0; i < tables[t]->count; i++) {
			const struct bench_row *row = &tables[t]->rows[i];

			if (selected(options, row->name))
				visit(row, context);
		}
	}
}

const char *bench_name(unsigned int index)
{
	for (unsigned int t = 0; t < ARRAY_SIZE(tables); t++) {
		if (index < tables[t]->count)
			return tables[t]->rows[index].name;
		index -= tables[t]->count;
	}
	return NULL;
}

static void count_row(const struct bench_row *row, void *context)
{
	unsigned int *count = context;

	(void)row;
	++*count;
}

static unsigned int count_selected(const struct bench_options *options)
{
	unsigned int count = 0;

	for_each_selected(options, count_row, &count);
	return count;
}

/* Every pattern must mean something; the first that does not is named. */
static bool patterns_good(const struct bench_options *options)
{
	for (unsigned int i = 0; i < options->nr_patterns; i++) {
		const struct bench_options one = {
			.patterns = &options->patterns[i], .nr_patterns = 1
		};

		if (count_selected(&one) > 0)
			continue;
		fprintf(stderr,
		        "bench: no row matches \"%s\"; vmalloc_vfree/1, "
		        "vmap_vunmap or test_* would\n",
		        options->patterns[i]);
		return false;
	}
	return true;
}

struct progress {
	const struct bench_options *options;
	bool instructions;
	unsigned int errors;
};

static void measure_and_show(const struct bench_row *row, void *context)
{
	struct progress *progress = context;
	struct bench_result result;

	measure_row(row, progress->options, progress->instructions, &result);
	progress->errors += result.error != NULL;
	show_row(progress->options->output, row, &result,
	         progress->instructions);
}

static void profile_and_show(const struct bench_row *row, void *context)
{
	struct progress *progress = context;
	struct bench_result result;

	printf("== %s: %s\n", row->name, row->what);
	measure_row(row, progress->options, progress->instructions, &result);
	if (result.error)
		printf("error: %s\n", result.error);
	progress->errors += result.error != NULL;
}

int bench_measure(const struct bench_options *options)
{
	struct progress progress = { .options = options };
	unsigned int rows = count_selected(options);

	if (!patterns_good(options))
		return 1;
	progress.instructions = measure_counts_instructions();
	if (options->profile_us > 0) {
		for_each_selected(options, profile_and_show, &progress);
		return progress.errors > 0;
	}
	show_head(options->output, rows, progress.instructions);
	for_each_selected(options, measure_and_show, &progress);
	show_end(options->output, rows, progress.errors);
	return progress.errors > 0;
}

int bench_run(const char *pattern)
{
	const char *const patterns[] = { pattern };
	struct bench_options options = BENCH_DEFAULTS;

	options.output = BENCH_TABLE;
	options.patterns = patterns;
	options.nr_patterns = pattern != NULL;
	return bench_measure(&options);
}

static void list_row(const struct bench_row *row, void *context)
{
	(void)context;
	printf("%-34s %s\n", row->name, row->what);
}

int bench_list(const struct bench_options *options)
{
	if (!patterns_good(options))
		return 1;
	for_each_selected(options, list_row, NULL);
	return 0;
}
