/* SPDX-License-Identifier: MIT */
/*
 * Reports need no memory of their own: the table is closed up (harts may have
 * counted the same stack) and sorted in place, by whatever the report needs side
 * by side. The sum of a function stands in the first of its stacks.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "arch/sections.h"
#include "core/profile.h"
#include "core/profile_internal.h"
#include "core/symbol.h"

#define LINE_BYTES 2048u

/* Where a line is put together. */
static struct {
	char text[LINE_BYTES];
	size_t length;
} line;

static void __printf_like(1, 2) add(const char *format, ...)
{
	size_t room = sizeof(line.text) - line.length;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line.text + line.length, room, format, args);
	va_end(args);
	line.length += (size_t)length < room ? (size_t)length : room - 1;
}

static void end(profile_line *show, void *context)
{
	show(line.text, context);
	line.length = 0;
}

static const char *name_of(uint32_t function)
{
	static char name[128]; /* until the next call */

	if (function == PROFILE_UNKNOWN ||
	    symbol_name((uintptr_t)__image_start + function, name,
	                sizeof(name)) == 0)
		return "[unknown]";
	return name;
}

/* From the outermost function on: relatives stay together. */
static int by_stack(const void *left, const void *right)
{
	const struct profile_stack *a = left;
	const struct profile_stack *b = right;
	unsigned int i;

	for (i = 1; i <= a->depth && i <= b->depth; i++) {
		uint32_t x = a->functions[a->depth - i];
		uint32_t y = b->functions[b->depth - i];

		if (x != y)
			return x < y ? -1 : 1;
	}
	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	return a->masked - b->masked;
}

static int by_innermost(const void *left, const void *right)
{
	const struct profile_stack *a = left;
	const struct profile_stack *b = right;

	if (a->functions[0] != b->functions[0])
		return a->functions[0] < b->functions[0] ? -1 : 1;
	return by_stack(left, right);
}

static int by_sum(const void *left, const void *right)
{
	const struct profile_stack *a = left;
	const struct profile_stack *b = right;

	if (a->of_function != b->of_function)
		return a->of_function > b->of_function ? -1 : 1;
	return by_innermost(left, right);
}

/* Stacks to the front of the table, each once, by_stack(). Returns how many. */
static size_t close_up(void)
{
	struct profile_stack *stacks = profile_table.stacks;
	size_t count = 0;
	size_t kept = 0;
	size_t i;

	for (i = 0; i < profile_table.count; i++) {
		struct profile_stack stack = stacks[i];

		stacks[i].samples = 0;
		if (stack.samples > 0)
			stacks[count++] = stack;
	}
	qsort(stacks, count, sizeof(*stacks), by_stack);
	for (i = 0; i < count; i++) {
		struct profile_stack stack = stacks[i];

		stacks[i].samples = 0;
		if (kept > 0 && by_stack(&stacks[kept - 1], &stack) == 0)
			stacks[kept - 1].samples += stack.samples;
		else
			stacks[kept++] = stack;
	}
	return kept;
}

void profile_show_stacks(profile_line *show, void *context)
{
	size_t count = close_up();
	size_t i;

	for (i = 0; i < count; i++) {
		const struct profile_stack *stack = &profile_table.stacks[i];
		unsigned int at = stack->depth;

		if (at == PROFILE_DEPTH)
			add("[deeper];");
		while (at-- > 0)
			add("%s%s", name_of(stack->functions[at]),
			    at > 0 ? ";" : "");
		add("%s %u", stack->masked ? ";[interrupts off]" : "",
		    stack->samples);
		end(show, context);
	}
}

/* Stacks that are not of the function innermost in their first one count 0. */
static void sum_functions(struct profile_stack *stacks, size_t count)
{
	struct profile_stack *first = stacks;
	size_t i;

	qsort(stacks, count, sizeof(*stacks), by_innermost);
	for (i = 0; i < count; i++) {
		stacks[i].of_function = 0;
		if (stacks[i].functions[0] != first->functions[0])
			first = &stacks[i];
		first->of_function += stacks[i].samples;
	}
	qsort(stacks, count, sizeof(*stacks), by_sum);
}

static bool is_on(const struct profile_stack *stack, uint32_t function)
{
	unsigned int i;

	for (i = 0; i < stack->depth; i++) {
		if (stack->functions[i] == function)
			return true;
	}
	return false;
}

/* Stacks with @function anywhere; those in which it had interrupts off. */
static void count_function(size_t count, uint32_t function,
                           unsigned long *on_stack, unsigned long *masked)
{
	const struct profile_stack *stack = profile_table.stacks;

	*on_stack = 0;
	*masked = 0;
	for (; count > 0; count--, stack++) {
		if (is_on(stack, function))
			*on_stack += stack->samples;
		if (stack->masked && stack->functions[0] == function)
			*masked += stack->samples;
	}
}

static double percent(unsigned long part, unsigned long whole)
{
	return whole == 0 ? 0.0 : 100.0 * (double)part / (double)whole;
}

void profile_show_functions(unsigned int most, profile_line *show,
                            void *context)
{
	struct profile_stack *stacks = profile_table.stacks;
	size_t count = close_up();
	unsigned long all = 0;
	size_t i;

	for (i = 0; i < count; i++)
		all += stacks[i].samples;
	sum_functions(stacks, count);
	add("%8s %7s %10s %13s  %s", "samples", "share", "masked",
	    "with callees", "function");
	end(show, context);
	for (i = 0; i < count && i < most && stacks[i].of_function > 0; i++) {
		uint32_t function = stacks[i].functions[0];
		unsigned long on_stack;
		unsigned long masked;

		count_function(count, function, &on_stack, &masked);
		add("%8u %6.1f%% %10lu %12.1f%%  %s", stacks[i].of_function,
		    percent(stacks[i].of_function, all), masked,
		    percent(on_stack, all), name_of(function));
		end(show, context);
	}
}

void profile_show_totals(profile_line *show, void *context)
{
	struct profile_totals totals;

	profile_read_totals(&totals);
	add("%lu samples: %lu of idle harts, which are left out, %lu lost "
	    "because the table was full",
	    totals.samples, totals.idle, totals.lost);
	end(show, context);
	if (totals.masked == 0)
		return;
	add("%lu came late, when interrupts went on again: %.1f us on average, "
	    "%.1f us at most; they count for the function that did it",
	    totals.masked,
	    (double)totals.masked_ns / 1e3 / (double)totals.masked,
	    (double)totals.masked_max_ns / 1e3);
	end(show, context);
}
