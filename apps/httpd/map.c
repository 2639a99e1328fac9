/* SPDX-License-Identifier: MIT */
#include "map.h"

#include "figures.h"
#include "kernel.h"
#include "status.h"

#define BATCH 16u

static void say_area(struct text *text, const struct kernel_area *area,
                     const struct kernel_window *window)
{
	text_say(text, "[%llu,%llu,",
	         (unsigned long long)(area->start - window->start),
	         (unsigned long long)(area->end - area->start));
	text_json(text, area->kind);
	text_string(text, ",");
	text_json(text, area->caller);
	text_say(text, ",%llu,%d,", (unsigned long long)area->pages,
	         area->guarded);
	if (area->physical)
		text_say(text, "\"%#llx\"", (unsigned long long)area->physical);
	else
		text_string(text, "0");
	text_string(text, ",");
	text_json(text, area->owner);
	text_string(text, "]");
}

static void say_areas(struct text *text)
{
	struct kernel_area areas[BATCH];
	struct kernel_window window;
	unsigned long all = 0;
	unsigned int count;
	uint64_t from;

	kernel_window(&window);
	from = window.start;
	text_say(text, "\"window\":[\"%#llx\",%llu],\"areas\":[",
	         (unsigned long long)window.start,
	         (unsigned long long)(window.end - window.start));
	do {
		unsigned int i;

		count = kernel_areas(from, areas, BATCH);
		for (i = 0; i < count; i++) {
			from = areas[i].end;
			if (all++ >= MAP_AREAS_MOST)
				continue;
			text_string(text, all > 1 ? ",\n" : "\n");
			say_area(text, &areas[i], &window);
		}
	} while (count == BATCH);
	text_say(text, "],\"left_out\":%lu,",
	         all > MAP_AREAS_MOST ? all - MAP_AREAS_MOST : 0);
}

/* A figure as a member of an object; a comma goes before all but the first. */
struct members {
	struct text *text;
	bool later;
};

static void say_member(const char *name, uint64_t value, void *context)
{
	struct members *members = context;

	text_string(members->text, members->later ? "," : "");
	members->later = true;
	text_json(members->text, name);
	text_say(members->text, ":%llu", (unsigned long long)value);
}

static void say_object(struct text *text, const char *name,
                       void (*figures)(figure_visit *visit, void *context))
{
	struct members members = { text, false };

	text_say(text, "\"%s\":{", name);
	figures(say_member, &members);
	text_string(text, "},\n");
}

static void say_server(struct text *text)
{
	unsigned long requests = 0;
	unsigned long errors = 0;
	struct stats sums;
	unsigned int i;

	figures_server(&sums);
	for (i = 0; status_at(i); i++) {
		const unsigned long count = count_read(&sums.requests[i]);

		requests += count;
		errors += status_at(i) >= 400 ? count : 0;
	}
	text_say(text,
	         "\"server\":{\"requests\":%lu,\"errors\":%lu,"
	         "\"accepted\":%lu,\"connections\":%lu,"
	         "\"sent_bytes\":%lu,\"received_bytes\":%lu}",
	         requests, errors, count_read(&sums.accepted),
	         count_read(&sums.accepted) - count_read(&sums.closed),
	         count_read(&sums.bytes_sent),
	         count_read(&sums.bytes_received));
}

void map_write(struct text *text)
{
	text_say(text, "{\"uptime\":%.3f,", figures_uptime());
	say_areas(text);
	say_object(text, "memory", figures_memory);
	say_object(text, "counters", figures_counters);
	say_object(text, "network", figures_network);
	say_server(text);
	text_string(text, "}\n");
}
