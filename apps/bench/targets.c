/* SPDX-License-Identifier: MIT */
/*
 * Looked up by reading the text: a hundred lines, once for each row shown.
 */
#include "targets.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

static bool parse_figures(const char *text, struct bench_target *out)
{
	const char *second = strchr(text, '\t');

	if (!second)
		return false;
	/* `-` reads as 0 */
	out->on_linux = strtoul(text, NULL, 10);
	out->target = strtoul(second, NULL, 10);
	return true;
}

bool targets_find(const char *name, struct bench_target *out)
{
	const size_t length = strlen(name);

	for (const char *line = targets_text; *line; line = next_line(line)) {
		if (!strncmp(line, name, length) && line[length] == '\t')
			return parse_figures(line + length + 1, out);
	}
	return false;
}
