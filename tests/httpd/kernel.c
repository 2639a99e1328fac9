/* SPDX-License-Identifier: MIT */
/*
 * An address space that nobody has, for the web server on the host: areas of every
 * kind, holes, freed areas that wait, and figures that grow from call to call. The
 * network's counters come from the file that HTTPD_NET_COUNTERS names.
 */
#include "apps/httpd/kernel.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define WINDOW_START 0xffffffc28da00000ul
#define WINDOW_BYTES (64ul << 30)
#define PAGE         4096ul

static _Atomic unsigned long calls;

void kernel_window(struct kernel_window *out)
{
	out->start = WINDOW_START;
	out->end = WINDOW_START + WINDOW_BYTES;
}

static unsigned int scramble(unsigned int x)
{
	x ^= x >> 16;
	x *= 0x7feb352du;
	x ^= x >> 15;
	x *= 0x846ca68bu;
	return x ^ x >> 16;
}

struct sort {
	const char *kind;
	const char *caller;
	unsigned long pages;
};

static const struct sort sorts[] = {
	{ "vmalloc", "load_table+0x3c", 1 },
	{ "vmalloc", "virtio_net_init+0x1f0", 64 },
	{ "vmap", "queue_map+0x44", 16 },
	{ "vm_map_ram", "", 512 },
	{ "mmap", "mmap+0x1e", 256 },
	{ "mmap", "arena_reserve+0x90", 8192 },
	{ "stack", "thread_new+0x88", 33 },
	{ "lazy", "", 9 },
	{ "reserved", "get_vm_area+0x2a", 4 },
	{ "per-CPU", "percpu_alloc+0x12", 8 },
	{ "vmalloc", "inode_data_grow+0xb2", 5 },
};

static unsigned int areas_at_most(void)
{
	const char *number = getenv("HTTPD_SAMPLE_AREAS");

	return number ? (unsigned int)atoi(number) : 220;
}

/* Registers of devices first, as a boot makes them; then a sort for each place. */
static const struct sort *sort_of(unsigned int index)
{
	static const struct sort device = { "ioremap", "ns16550_init+0x2e", 1 };

	return index < 6 ? &device
	                 : &sorts[scramble(index) %
	                          (sizeof(sorts) / sizeof(sorts[0]))];
}

/* What lies in a place comes and goes; where nothing lies is a hole. */
static bool is_there(unsigned int index, unsigned int turn)
{
	return index < 6 || scramble(index + (turn + index) / 16 * 31) % 5 != 0;
}

static void fill(unsigned int index, unsigned int turn, uint64_t start,
                 struct kernel_area *area)
{
	const struct sort *sort = sort_of(index);

	*area = (struct kernel_area){
		.start = start,
		.end = start + (sort->pages + 1) * PAGE,
		.guarded = true,
		.kind = sort->kind,
		.pages = sort->pages,
	};
	snprintf(area->caller, sizeof(area->caller), "%s", sort->caller);
	if (strcmp(sort->kind, "stack") == 0)
		snprintf(area->owner, sizeof(area->owner), "worker-%u", index);
	if (strcmp(sort->kind, "vm_map_ram") == 0) {
		area->end = start + sort->pages * PAGE;
		area->guarded = false;
		area->pages = scramble(index + turn / 4) % 513;
	}
	if (strcmp(sort->kind, "ioremap") == 0) {
		area->pages = 0;
		area->physical = 0x10000000ul + index * PAGE;
	}
}

/* Places do not move, so that a walk sees each once. */
unsigned int kernel_areas(uint64_t from, struct kernel_area *areas,
                          unsigned int most)
{
	const unsigned int turn = (unsigned int)atomic_load(&calls);
	const unsigned int all = areas_at_most();
	uint64_t start = WINDOW_START + PAGE;
	unsigned int count = 0;
	unsigned int index;

	for (index = 0; index < all && count < most; index++) {
		if (index == all / 2)
			start += 48ul << 20;
		if (index == all - all / 8)
			start += 9ul << 30;
		if (start >= from && is_there(index, turn))
			fill(index, turn, start, &areas[count++]);
		start += (sort_of(index)->pages + 1 + scramble(index) % 3) *
		         PAGE;
	}
	return count;
}

static void say(kernel_line *line, void *context, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void say(kernel_line *line, void *context, const char *format, ...)
{
	char text[160];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	line(text, context);
}

void kernel_meminfo(kernel_line *line, void *context)
{
	const unsigned long turn = atomic_load(&calls);
	const unsigned long used = 40000 + turn * 37 % 9000;

	say(line, context, "MemTotal:         523080 kB");
	say(line, context, "MemFree: %14lu kB", 523080 - used);
	say(line, context, "MemUsed: %14lu kB", used);
	say(line, context, "Slab:                  456 kB");
	say(line, context, "PageTables:             96 kB");
	say(line, context, "VmallocTotal:   67108864 kB");
	say(line, context, "VmallocUsed:       32976 kB");
	say(line, context, "VmallocChunk:   67069948 kB");
	say(line, context, "VmallocLazy: %10lu kB", turn * 8 % 900);
	say(line, context, "VmallocAreas: %9u", areas_at_most());
	say(line, context, "VmallocLazyAreas: %5lu", turn % 90);
	say(line, context, "VmallocHoles:         41");
}

/* The only ones that count calls: every page asks for them once. */
void kernel_counters(kernel_line *line, void *context)
{
	const unsigned long turn = atomic_fetch_add(&calls, 1);

	say(line, context, "maps                     %lu", turn * 210);
	say(line, context, "unmaps                   %lu", turn * 200);
	say(line, context, "purges                   %lu", turn / 3);
	say(line, context, "purged_pages             %lu", turn * 700);
	say(line, context, "fences                   %lu",
	    turn * 6 + turn * turn % 17);
	say(line, context, "page_fences              %lu", turn);
	say(line, context, "remote_fences            %lu", turn * 2);
	say(line, context, "flushes                  %lu", turn / 3);
	say(line, context, "repaired_faults          %lu", turn * 4);
	say(line, context, "lazy_pages               %lu", turn * 2 % 900);
	say(line, context, "reports                  0");
	say(line, context, "pages_per_purge          2100");
}

void kernel_vmallocinfo(kernel_line *line, void *context)
{
	struct kernel_area area;
	uint64_t from = WINDOW_START;
	unsigned int all = 0;

	for (; kernel_areas(from, &area, 1) == 1; from = area.end, all++) {
		say(line, context, "%#018lx-%#018lx %7lu %s pages=%lu %s",
		    (unsigned long)area.start, (unsigned long)area.end,
		    (unsigned long)(area.end - area.start), area.caller,
		    (unsigned long)area.pages, area.kind);
	}
	say(line, context, "total: busy %u areas", all);
}

const char *kernel_net_counters(void)
{
	const char *path = getenv("HTTPD_NET_COUNTERS");

	return path ? path : KERNEL_NET_COUNTERS;
}
