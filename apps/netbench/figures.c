/* SPDX-License-Identifier: MIT */
/*
 * What is counted: the server's own numbers, the instructions that ran (a hart that
 * sleeps runs none), and all lines of /proc/net/counters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vireo/clock.h>
#include <vireo/harts.h>
#include <vireo/net.h>

#include "netbench.h"

struct text {
	char *at;
	size_t length, room;
};

static void add_line(const char *line, void *context)
{
	struct text *text = context;
	const size_t length = strlen(line);

	if (length + 1 > text->room - text->length)
		return;
	memcpy(text->at + text->length, line, length);
	text->length += length;
	text->at[text->length++] = '\n';
}

static void add(struct text *text, const char *name, unsigned long value)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %lu", name, value);
	add_line(line, text);
}

/* A row of the table: name, bytes, used, ... becomes "pool_NAME used". */
static void add_pool(const char *row, void *context)
{
	char line[64];
	char name[32];
	int used = 0;

	if (sscanf(row, "%31s %*u %n", name, &used) != 1 || used == 0)
		return;
	snprintf(line, sizeof(line), "pool_%s %lu", name,
	         strtoul(row + used, NULL, 10));
	add_line(line, context);
}

static unsigned long instructions(void)
{
	unsigned long count = read_instret();
	unsigned int i;

	for (i = 0; i < nr_harts; i++)
		count -= READ_ONCE(harts[i]->asleep_instret);
	return count;
}

size_t netbench_figures(char *to, size_t room)
{
	struct text text = { .at = to, .room = room };

	add(&text, "instructions", instructions());
	add(&text, "requests", netbench_requests);
	add(&text, "bytes_in", netbench_bytes_in);
	add(&text, "bytes_out", netbench_bytes_out);
	net_show_counters(add_line, &text);
	net_show_pools(add_pool, &text);
	return text.length;
}
