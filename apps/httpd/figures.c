/* SPDX-License-Identifier: MIT */
#include "figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel.h"
#include "server.h"
#include "worker.h"

#define NAME_BYTES 64u

struct visitor {
	figure_visit *visit;
	void *context;
};

/* `name value`, `name: value` or `name: value kB` */
static void read_line(const char *line, void *context)
{
	const struct visitor *visitor = context;
	const size_t length = strcspn(line, ": \t");
	char name[NAME_BYTES];
	uint64_t value;
	char *end;

	if (length == 0 || length >= sizeof(name) || !line[length])
		return;
	memcpy(name, line, length);
	name[length] = '\0';
	line += length + (line[length] == ':');
	value = strtoull(line, &end, 10);
	if (end == line)
		return;
	if (strncmp(end, " kB", 3) == 0)
		value *= 1024;
	visitor->visit(name, value, visitor->context);
}

void figures_memory(figure_visit *visit, void *context)
{
	struct visitor visitor = { visit, context };

	kernel_meminfo(read_line, &visitor);
}

void figures_counters(figure_visit *visit, void *context)
{
	struct visitor visitor = { visit, context };

	kernel_counters(read_line, &visitor);
}

void figures_network(figure_visit *visit, void *context)
{
	struct visitor visitor = { visit, context };
	FILE *file = fopen(kernel_net_counters(), "re");
	char line[160];

	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		read_line(line, &visitor);
	fclose(file);
}

static void add(count_t *sum, const count_t *count)
{
	count_add(sum, count_read(count));
}

void figures_server(struct stats *sums)
{
	unsigned int i, k;

	memset(sums, 0, sizeof(*sums));
	for (i = 0; i < server.workers; i++) {
		const struct stats *stats = &server.worker[i]->stats;

		for (k = 0; k < STATUSES_MOST; k++)
			add(&sums->requests[k], &stats->requests[k]);
		add(&sums->bytes_sent, &stats->bytes_sent);
		add(&sums->bytes_received, &stats->bytes_received);
		add(&sums->accepted, &stats->accepted);
		add(&sums->closed, &stats->closed);
		add(&sums->timeouts, &stats->timeouts);
		add(&sums->pauses, &stats->pauses);
		add(&sums->handshakes, &stats->handshakes);
		add(&sums->handshakes_failed, &stats->handshakes_failed);
		add(&sums->cache_hits, &stats->cache_hits);
	}
}

double figures_uptime(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}
