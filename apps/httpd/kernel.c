/* SPDX-License-Identifier: MIT */
/*
 * An area that holds the stack of a thread is one, whoever made it. Threads are
 * looked at before areas: the list of threads is locked meanwhile, and nothing may
 * wait under that lock.
 */
#include "kernel.h"

#include <linux/vmalloc.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <vireo/symbols.h>
#include <vireo/threads.h>
#include <vireo/vminfo.h>

#include "mm/vm_walk.h"

#define BATCH 16u

struct batch {
	struct kernel_area *areas;
	unsigned int count;
};

void kernel_window(struct kernel_window *out)
{
	out->start = VMALLOC_START;
	out->end = VMALLOC_END;
}

static void name_stack(struct thread *thread, void *context)
{
	struct batch *batch = context;
	unsigned int i;

	for (i = 0; i < batch->count; i++) {
		struct kernel_area *area = &batch->areas[i];

		if (thread->stack_bytes == 0 ||
		    thread->stack_bottom < area->start ||
		    thread->stack_bottom >= area->end)
			continue;
		area->kind = "stack";
		memcpy(area->owner, thread->name, sizeof(thread->name));
		area->owner[sizeof(thread->name) - 1] = '\0';
	}
}

static void describe(const struct area_note *note, struct kernel_area *area)
{
	*area = (struct kernel_area){
		.start = note->start,
		.end = note->end,
		.guarded = note->guarded,
		.kind = area_kind_name(note->kind),
		.pages = note->pages,
		.physical = note->phys,
	};
	if (note->caller)
		symbol_format((uintptr_t)note->caller, area->caller,
		              sizeof(area->caller));
}

unsigned int kernel_areas(uint64_t from, struct kernel_area *areas,
                          unsigned int most)
{
	struct area_note notes[BATCH];
	struct batch batch = { areas, 0 };
	unsigned int count = most < BATCH ? most : BATCH;
	unsigned int i;

	count = vm_walk(from, notes, count);
	for (i = 0; i < count; i++)
		describe(&notes[i], &areas[i]);
	batch.count = count;
	threads_visit(name_stack, &batch);
	return count;
}

void kernel_meminfo(kernel_line *line, void *context)
{
	meminfo_show(line, context);
}

void kernel_counters(kernel_line *line, void *context)
{
	counters_show(line, context);
}

void kernel_vmallocinfo(kernel_line *line, void *context)
{
	vmallocinfo_show(line, context);
}

const char *kernel_net_counters(void)
{
	return KERNEL_NET_COUNTERS;
}
