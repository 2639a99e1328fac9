/* SPDX-License-Identifier: MIT */
/* A ring: the oldest line makes room for the newest. */
#include "history.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "line.h"

#define HISTORY_LINES 64

static char lines[HISTORY_LINES][LINE_BYTES];
static unsigned int added;

const char *history_get(unsigned int age)
{
	if (age == 0 || age > added || age > HISTORY_LINES)
		return NULL;
	return lines[(added - age) % HISTORY_LINES];
}

void history_add(const char *line)
{
	const char *newest = history_get(1);

	if (line[0] == '\0' || (newest && strcmp(newest, line) == 0))
		return;
	snprintf(lines[added % HISTORY_LINES], LINE_BYTES, "%s", line);
	added++;
}
