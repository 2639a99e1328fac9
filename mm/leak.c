/* SPDX-License-Identifier: MIT */
/*
 * Leak finder: what each caller holds now against what it held at the mark. Sums
 * by caller, not areas, are remembered: a program that frees and allocates as
 * much as before has not grown. One table, sorted by nothing: callers are few.
 */
#include <linux/vmalloc.h>
#include <string.h>

#include "core/backtrace.h"
#include "core/lock.h"
#include "lib/printf.h"
#include "mm/vm_walk.h"
#include "mm/vminfo.h"

#define CALLERS 128u
#define BATCH   8u

struct holding {
	const void *caller; /* NULL: all callers that found no row */
	long areas;
	long pages;
};

struct holdings {
	unsigned int count;
	struct holding row[CALLERS];
};

/* One at a time marks or shows: the tables are too large for a stack. */
static unsigned int in_use; /* [A] */
static struct holdings at_mark;
static struct holdings now;

static struct holding *row_of(struct holdings *all, const void *caller)
{
	unsigned int i;

	for (i = 0; i < all->count; i++)
		if (all->row[i].caller == caller)
			return &all->row[i];
	if (all->count < CALLERS - 1) {
		all->row[all->count].caller = caller;
		return &all->row[all->count++];
	}
	return &all->row[CALLERS - 1];
}

static void add_areas(struct holdings *all)
{
	struct area_note notes[BATCH];
	vaddr_t from = VMALLOC_START;
	unsigned int count;
	unsigned int i;

	do {
		count = vm_walk(from, notes, BATCH);
		for (i = 0; i < count; i++) {
			struct holding *row;

			from = notes[i].end;
			if (!notes[i].busy || notes[i].kind == KIND_MAP_RAM)
				continue;
			row = row_of(all, notes[i].caller);
			row->areas++;
			row->pages += (long)((notes[i].end - notes[i].start) >>
			                     PAGE_SHIFT) -
			              notes[i].guarded;
		}
	} while (count == BATCH);
}

static bool tables_take(void)
{
	return __atomic_exchange_n(&in_use, 1, __ATOMIC_ACQUIRE) == 0;
}

static void tables_release(void)
{
	__atomic_store_n(&in_use, 0, __ATOMIC_RELEASE);
}

void leak_mark(void)
{
	if (!tables_take())
		return;
	memset(&at_mark, 0, sizeof(at_mark));
	add_areas(&at_mark);
	tables_release();
}

static void show_row(const struct holding *row, vminfo_emit *emit,
                     void *context)
{
	char caller[64] = "others";
	char line[128];

	if (row->caller)
		symbol_format((uintptr_t)row->caller, caller, sizeof(caller));
	ksnprintf(line, sizeof(line), "%+5ld areas %+8ld pages  %s", row->areas,
	          row->pages, caller);
	emit(line, context);
}

/* What was held at the mark no longer counts. */
static void subtract_mark(void)
{
	unsigned int i;

	for (i = 0; i < CALLERS; i++) {
		const struct holding *then = &at_mark.row[i];
		struct holding *row;

		if (then->areas == 0)
			continue;
		row = then->caller ? row_of(&now, then->caller)
		                   : &now.row[CALLERS - 1];
		row->areas -= then->areas;
		row->pages -= then->pages;
	}
}

void leak_show(vminfo_emit *emit, void *context)
{
	unsigned int grown = 0;
	unsigned int i;

	if (!tables_take()) {
		emit("leak: another hart is at it", context);
		return;
	}
	memset(&now, 0, sizeof(now));
	add_areas(&now);
	subtract_mark();
	for (i = 0; i < CALLERS; i++) {
		if (now.row[i].areas <= 0 && now.row[i].pages <= 0)
			continue;
		show_row(&now.row[i], emit, context);
		grown++;
	}
	if (grown == 0)
		emit("nothing has grown since the mark", context);
	tables_release();
}
