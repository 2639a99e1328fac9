/* SPDX-License-Identifier: MIT */
/*
 * A table says what each figure of the system means. One that the table does not
 * know is left out, but for those of the network, which are the system's to name.
 */
#include "metrics.h"

#include <ctype.h>
#include <string.h>

#include "figures.h"
#include "status.h"

struct meaning {
	const char *figure; /* as the system names it */
	const char *name;
	const char *type;
	const char *help;
};

static const struct meaning memory[] = {
	{ "MemTotal", "memory_total_bytes", "gauge", "RAM that can be given." },
	{ "MemFree", "memory_free_bytes", "gauge", "RAM that is free." },
	{ "MemUsed", "memory_used_bytes", "gauge",
	  "RAM that is put to use, the image included." },
	{ "Slab", "memory_slab_bytes", "gauge",
	  "Memory of the kernel's small objects." },
	{ "PageTables", "memory_page_tables_bytes", "gauge",
	  "Memory of page tables." },
	{ "VmallocTotal", "vmalloc_window_bytes", "gauge",
	  "Addresses of the vmalloc window." },
	{ "VmallocUsed", "vmalloc_used_bytes", "gauge",
	  "Addresses of the window that are taken." },
	{ "VmallocChunk", "vmalloc_largest_hole_bytes", "gauge",
	  "The largest free range of the window." },
	{ "VmallocPages", "vmalloc_backed_bytes", "gauge",
	  "Memory behind areas of vmalloc." },
	{ "VmallocLazy", "vmalloc_lazy_bytes", "gauge",
	  "Freed addresses that wait for a purge." },
	{ "VmallocAreas", "vmalloc_areas", "gauge", "Areas in use." },
	{ "VmallocLazyAreas", "vmalloc_lazy_areas", "gauge",
	  "Freed areas that wait for a purge." },
	{ "VmallocHoles", "vmalloc_holes", "gauge",
	  "Free ranges of the window." },
	{ "MapRam", "map_ram_live_bytes", "gauge",
	  "Memory that is mapped by vm_map_ram." },
	{ "MapRamDirty", "map_ram_dirty_bytes", "gauge",
	  "Addresses of vm_map_ram that wait for a purge." },
	{ "MapRamBlocks", "map_ram_blocks", "gauge", "Blocks of vm_map_ram." },
	{ "MapRamMappings", "map_ram_mappings", "gauge",
	  "Mappings of vm_map_ram." },
};

static const struct meaning counters[] = {
	{ "maps", "maps_total", "counter", "Areas mapped." },
	{ "unmaps", "unmaps_total", "counter", "Areas unmapped." },
	{ "map_ram_maps", "map_ram_maps_total", "counter",
	  "Mappings made by vm_map_ram." },
	{ "map_ram_unmaps", "map_ram_unmaps_total", "counter",
	  "Mappings of vm_map_ram undone." },
	{ "purges", "purges_total", "counter", "Purges of freed areas." },
	{ "purged_pages", "purged_pages_total", "counter",
	  "Pages of addresses that purges gave back." },
	{ "deferred_frees", "deferred_frees_total", "counter",
	  "Frees that were put off to a thread." },
	{ "lazy_pages", "lazy_pages", "gauge",
	  "Pages of freed addresses that wait for a purge." },
	{ "fences", "fences_total", "counter",
	  "Fences of the whole address space, of all harts." },
	{ "page_fences", "page_fences_total", "counter",
	  "Fences of single pages, of all harts." },
	{ "remote_fences", "remote_fences_total", "counter",
	  "Requests for fences of other harts." },
	{ "flushes", "flushes_total", "counter", "Flushes of all harts." },
	{ "repaired_faults", "repaired_faults_total", "counter",
	  "Faults by stale translations, repaired by one fence." },
	{ "reports", "reports_total", "counter",
	  "Mistakes of callers that were reported." },
};

struct writer {
	struct text *text;
	const struct meaning *meanings;
	size_t count;
};

static void say_head(struct text *text, const char *name, const char *type,
                     const char *help)
{
	text_say(text, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void say_figure(const char *figure, uint64_t value, void *context)
{
	const struct writer *writer = context;
	size_t i;

	for (i = 0; i < writer->count; i++) {
		const struct meaning *meaning = &writer->meanings[i];

		if (strcmp(meaning->figure, figure) != 0)
			continue;
		text_say(writer->text,
		         "# HELP vireo_%s %s\n# TYPE vireo_%s %s\n"
		         "vireo_%s %llu\n",
		         meaning->name, meaning->help, meaning->name,
		         meaning->type, meaning->name,
		         (unsigned long long)value);
		return;
	}
}

static bool ends_in(const char *name, const char *end)
{
	const size_t length = strlen(name);

	return length >= strlen(end) &&
	       strcmp(name + length - strlen(end), end) == 0;
}

static void say_network(const char *figure, uint64_t value, void *context)
{
	struct text *text = context;
	char name[64];
	size_t i;

	for (i = 0; i < sizeof(name) - 1 && figure[i]; i++)
		name[i] = isalnum((unsigned char)figure[i]) ? figure[i] : '_';
	name[i] = '\0';
	text_say(text,
	         "# HELP vireo_net_%s The network's counter %s.\n"
	         "# TYPE vireo_net_%s %s\nvireo_net_%s %llu\n",
	         name, name, name,
	         ends_in(name, "_total") ? "counter" : "untyped", name,
	         (unsigned long long)value);
}

static void say_requests(struct text *text, const struct stats *sums)
{
	unsigned int i;

	say_head(text, "httpd_requests_total", "counter",
	         "Requests answered, by status.");
	for (i = 0; status_at(i); i++)
		text_say(text, "httpd_requests_total{code=\"%u\"} %lu\n",
		         status_at(i), count_read(&sums->requests[i]));
}

static void say_count(struct text *text, const char *name, const char *help,
                      unsigned long value)
{
	say_head(text, name, "counter", help);
	text_say(text, "%s %lu\n", name, value);
}

static void say_server(struct text *text)
{
	struct stats sums;
	unsigned long accepted;

	figures_server(&sums);
	accepted = count_read(&sums.accepted);
	say_requests(text, &sums);
	say_count(text, "httpd_connections_accepted_total",
	          "Connections accepted.", accepted);
	say_head(text, "httpd_connections", "gauge", "Connections open.");
	text_say(text, "httpd_connections %lu\n",
	         accepted - count_read(&sums.closed));
	say_count(text, "httpd_sent_bytes_total", "Bytes sent.",
	          count_read(&sums.bytes_sent));
	say_count(text, "httpd_received_bytes_total", "Bytes received.",
	          count_read(&sums.bytes_received));
	say_count(text, "httpd_timeouts_total",
	          "Connections whose time was over in the middle.",
	          count_read(&sums.timeouts));
	say_count(text, "httpd_accept_pauses_total",
	          "Times that accepting was paused.", count_read(&sums.pauses));
	say_count(text, "httpd_tls_handshakes_total", "Handshakes of TLS.",
	          count_read(&sums.handshakes));
	say_count(text, "httpd_tls_handshakes_failed_total",
	          "Handshakes of TLS that failed.",
	          count_read(&sums.handshakes_failed));
	say_count(text, "httpd_cache_hits_total",
	          "Requests whose file was in the cache.",
	          count_read(&sums.cache_hits));
}

void metrics_write(struct text *text)
{
	struct writer writer = { text, memory,
		                 sizeof(memory) / sizeof(memory[0]) };

	figures_memory(say_figure, &writer);
	writer.meanings = counters;
	writer.count = sizeof(counters) / sizeof(counters[0]);
	figures_counters(say_figure, &writer);
	say_head(text, "vireo_uptime_seconds", "gauge",
	         "Seconds since the system started.");
	text_say(text, "vireo_uptime_seconds %.3f\n", figures_uptime());
	figures_network(say_network, text);
	say_server(text);
}
