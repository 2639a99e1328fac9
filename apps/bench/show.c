/* SPDX-License-Identifier: MIT */
/*
 * Figures are kept in hundredths and counters shown in millionths, all as
 * integers: printf's floating point would be the largest part of the image.
 */
#include "show.h"

#include <stdio.h>

#include "core/compiler.h"
#include "core/hart.h"
#include "core/machine.h"
#include "targets.h"

#define FIGURE_LENGTH 24u

static const char *unit_name(bool instructions)
{
	return instructions ? "instructions" : "ns";
}

static void json_figure(const char *key, uint64_t hundredths)
{
	printf(", \"%s\": %lu.%02lu", key, (unsigned long)(hundredths / 100),
	       (unsigned long)(hundredths % 100));
}

/* @events for each of @base; of nothing it is 0. */
static void json_share(const char *key, uint64_t events, uint64_t base)
{
	uint64_t millionths = base ? events * 1000000 / base : 0;

	printf(", \"%s\": %lu.%06lu", key,
	       (unsigned long)(millionths / 1000000),
	       (unsigned long)(millionths % 1000000));
}

static void json_events(const struct bench_result *result)
{
	const struct bench_events *events = &result->events;
	const struct {
		const char *key;
		unsigned long count;
	} all[] = {
		{ "maps_per_op", events->maps },
		{ "unmaps_per_op", events->unmaps },
		{ "fences_per_op", events->fences },
		{ "remote_fences_per_op", events->remote_fences },
		{ "purges_per_op", events->purges },
		{ "purged_pages_per_op", events->purged_pages },
		{ "repaired_faults_per_op", events->repaired_faults },
		{ "tables_reclaimed_per_op", events->tables_reclaimed },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++)
		json_share(all[i].key, all[i].count, result->operations);
	json_share("pages_per_purge", events->purged_pages, events->purges);
}

static void json_row(const struct bench_row *row,
                     const struct bench_result *result, bool instructions)
{
	printf("@bench {\"name\": \"%s\"", row->name);
	if (result->error) {
		printf(", \"error\": \"%s\"}\n", result->error);
		return;
	}
	printf(", \"unit\": \"%s\", \"runs\": %u", unit_name(instructions),
	       result->runs);
	json_figure("min", result->min);
	json_figure("median", result->median);
	json_figure("max", result->max);
	printf(", \"loops\": %lu, \"harts\": %u, \"operations\": %lu",
	       result->loops, result->harts, (unsigned long)result->operations);
	json_events(result);
	if (!instructions)
		json_figure("ns_per_op", result->median);
	printf("}\n");
}

static void json_machine(unsigned int rows, bool instructions)
{
	const char *separator = "";

	printf("@machine {\"harts\": %u, \"memory_bytes\": %lu, "
	       "\"icount\": %s, \"rows\": %u, \"isa\": [",
	       nr_harts, (unsigned long)machine.memory_bytes,
	       instructions ? "true" : "false", rows);
	for (unsigned int i = 0; i < ISA_EXTENSIONS; i++) {
		if (!isa_has(i))
			continue;
		printf("%s\"%s\"", separator, isa_extension_name(i));
		separator = ", ";
	}
	printf("]}\n");
}

/* Hundredths as text: two places below 100 units, else none. */
static const char *figure(uint64_t hundredths, char text[FIGURE_LENGTH])
{
	unsigned long whole = hundredths / 100;
	unsigned long rest = hundredths % 100;

	if (whole < 100)
		snprintf(text, FIGURE_LENGTH, "%lu.%02lu", whole, rest);
	else
		snprintf(text, FIGURE_LENGTH, "%lu", whole + (rest >= 50));
	return text;
}

/* Linux's figure divided by ours, as text. */
static const char *ratio(unsigned long on_linux, uint64_t median,
                         char text[FIGURE_LENGTH])
{
	if (on_linux == 0 || median == 0)
		return "-";
	return figure(on_linux * 10000 / median, text);
}

static void table_targets(const struct bench_row *row, uint64_t median)
{
	struct bench_target known = { 0 };
	char on_linux[FIGURE_LENGTH] = "-";
	char times[FIGURE_LENGTH];

	if (!targets_find(row->name, &known))
		return;
	if (known.on_linux)
		figure(known.on_linux * 100, on_linux);
	printf(" %10s %10lu %8s%s", on_linux, known.target,
	       ratio(known.on_linux, median, times),
	       median <= known.target * 100 ? "  met" : "");
}

static void table_row(const struct bench_row *row,
                      const struct bench_result *result, bool instructions)
{
	char min[FIGURE_LENGTH];
	char median[FIGURE_LENGTH];
	char max[FIGURE_LENGTH];

	printf("%-34s", row->name);
	if (result->error) {
		printf(" error: %s\n", result->error);
		return;
	}
	printf(" %10s %10s %10s", figure(result->min, min),
	       figure(result->median, median), figure(result->max, max));
	if (instructions)
		table_targets(row, result->median);
	printf("\n");
}

static void table_head(bool instructions)
{
	printf("%-34s %10s %10s %10s", unit_name(instructions), "min", "median",
	       "max");
	if (instructions)
		printf(" %10s %10s %8s", "Linux", "target", "ratio");
	printf("\n");
}

void show_head(enum bench_output output, unsigned int rows, bool instructions)
{
	if (output == BENCH_JSON)
		json_machine(rows, instructions);
	else
		table_head(instructions);
	fflush(stdout);
}

void show_row(enum bench_output output, const struct bench_row *row,
              const struct bench_result *result, bool instructions)
{
	if (output == BENCH_JSON)
		json_row(row, result, instructions);
	else
		table_row(row, result, instructions);
	fflush(stdout);
}

void show_end(enum bench_output output, unsigned int rows, unsigned int errors)
{
	if (output == BENCH_JSON)
		printf("@end %u rows, %u errors\n", rows, errors);
	else if (errors > 0)
		printf("%u of %u rows failed\n", errors, rows);
	fflush(stdout);
}
