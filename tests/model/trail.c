/* SPDX-License-Identifier: MIT */
/*
 * What was done last, kept as formats and numbers, so that it costs nothing
 * until somebody wants to read it.
 */
#include <stdarg.h>
#include <stdio.h>

#include "model.h"
#include "test.h"

#define NOTES 48u

static struct note {
	const char *format; /* NULL: none yet */
	unsigned long arguments[6];
} notes[NOTES];
static unsigned long nr_notes;
static bool show_each;

static void print_note(const struct note *note)
{
	const unsigned long *a = note->arguments;

	printf("#   ");
	printf(note->format, a[0], a[1], a[2], a[3], a[4], a[5]);
	printf("\n");
}

void trail_add(const char *format, const unsigned long arguments[6])
{
	struct note *note = &notes[nr_notes++ % NOTES];

	note->format = format;
	for (unsigned int i = 0; i < 6; i++)
		note->arguments[i] = arguments[i];
	if (show_each)
		print_note(note);
}

void trail_clear(void)
{
	nr_notes = 0;
}

void trail_show_each(bool show)
{
	show_each = show;
}

void trail_print(void)
{
	unsigned long i = nr_notes > NOTES ? nr_notes - NOTES : 0;

	printf("# the last of %lu notes:\n", nr_notes);
	for (; i < nr_notes; i++)
		print_note(&notes[i % NOTES]);
}

void model_fail(const char *file, int line, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	trail_print();
	test_fail(file, line, "%s", text);
}
