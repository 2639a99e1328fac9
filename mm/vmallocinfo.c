/* SPDX-License-Identifier: MIT */
/*
 * /proc/vmallocinfo without a /proc: Linux's line for each area, ascending, so
 * that its parsers work; vm_map_ram() blocks in their places; totals at the end.
 * Areas are copied a few at a time, so whoever prints a line may take its time.
 */
#include <linux/vmalloc.h>
#include <stdarg.h>

#include "core/backtrace.h"
#include "core/lock.h"
#include "lib/printf.h"
#include "mm/pgtable.h"
#include "mm/vm_area.h"
#include "mm/vm_walk.h"
#include "mm/vspace.h"

#define BATCH      8u
#define LINE_BYTES 224u

struct line {
	char text[LINE_BYTES];
	size_t length;
};

static void add(struct line *line, const char *format, ...) __printf_like(2, 3);

static void add(struct line *line, const char *format, ...)
{
	size_t room = sizeof(line->text) - line->length;
	va_list args;
	int wanted;

	va_start(args, format);
	wanted = kvsnprintf(line->text + line->length, room, format, args);
	va_end(args);
	if (wanted > 0)
		line->length +=
			(size_t)wanted < room ? (size_t)wanted : room - 1;
}

static void add_flags(struct line *line, const struct area_note *note)
{
	static const struct {
		unsigned long flag;
		const char *word;
	} words[] = {
		{ VM_IOREMAP, "ioremap" },
		{ VM_ALLOC, "vmalloc" },
		{ VM_MAP, "vmap" },
		{ VM_USERMAP, "user" },
		{ VM_DMA_COHERENT, "dma-coherent" },
		{ VM_SPARSE, "sparse" },
		{ VM_VPAGES, "vpages" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (note->flags & words[i].flag)
			add(line, " %s", words[i].word);
}

static void format_area(struct line *line, const struct area_note *note)
{
	line->length = 0;
	add(line, "0x%016lx-0x%016lx %7lu", note->start, note->end,
	    note->end - note->start);
	if (note->kind == KIND_MAP_RAM) {
		add(line, " vm_map_ram pages=%lu", note->pages);
		return;
	}
	if (note->caller) {
		char caller[64];

		symbol_format((uintptr_t)note->caller, caller, sizeof(caller));
		add(line, " %s", caller);
	}
	if (note->pages > 0)
		add(line, " pages=%lu", note->pages);
	if (note->phys)
		add(line, " phys=%lx", note->phys);
	add_flags(line, note);
}

struct totals {
	unsigned long busy_areas;
	unsigned long busy_bytes;
};

static void show_totals(const struct totals *totals, struct line *line,
                        vmallocinfo_emit *emit, void *context)
{
	struct vmap_counters counters;

	vmap_read_counters(&counters);
	line->length = 0;
	add(line,
	    "total: busy %lu areas, %lu bytes; lazy %lu areas, %lu pages; "
	    "free %lu bytes, largest hole %lu; page tables %lu pages",
	    totals->busy_areas, totals->busy_bytes, counters.lazy_areas,
	    counters.lazy_pages, vspace_free_bytes(), vspace_largest(),
	    pgtable_pages());
	emit(line->text, context);
}

void vmallocinfo_show(vmallocinfo_emit *emit, void *context)
{
	struct area_note notes[BATCH];
	struct totals totals = { 0 };
	vaddr_t from = VMALLOC_START;
	struct line line;
	unsigned int count;
	unsigned int i;

	assert_no_lock_held("a dump");
	do {
		count = vm_walk(from, notes, BATCH);
		for (i = 0; i < count; i++) {
			from = notes[i].end;
			if (!notes[i].busy)
				continue;
			format_area(&line, &notes[i]);
			emit(line.text, context);
			totals.busy_areas++;
			totals.busy_bytes += notes[i].end - notes[i].start;
		}
	} while (count == BATCH);
	show_totals(&totals, &line, emit, context);
}
