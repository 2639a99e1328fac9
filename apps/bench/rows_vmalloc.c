/* SPDX-License-Identifier: MIT */
/* vmalloc() and vfree(), with free memory in one piece and in single pages. */
#include "fragment.h"
#include "rows.h"

static const char *fragment_memory(const struct bench_row *row)
{
	(void)row;
	return fragment_every_other();
}

static bool body_vmalloc(const struct bench_row *row, unsigned long loops)
{
	return vmalloc_vfree_loop(row->argument << PAGE_SHIFT, loops);
}

static bool body_vzalloc(const struct bench_row *row, unsigned long loops)
{
	const unsigned long size = row->argument << PAGE_SHIFT;

	for (unsigned long i = 0; i < loops; i++) {
		void *area = vzalloc(size);

		if (!area)
			return false;
		bench_touch(area);
		vfree(area);
	}
	return true;
}

#define VMALLOC(pages, turns)                                               \
	{                                                                   \
		.name = "vmalloc_vfree/" #pages,                            \
		.what = "vmalloc of " #pages " pages, write, vfree",        \
		.loops = (turns), .argument = (pages), .body = body_vmalloc \
	}
#define FRAGMENTED(pages, turns)                                             \
	{                                                                    \
		.name = "vmalloc_vfree_fragmented/" #pages,                  \
		.what = "the same, every other frame of memory being taken", \
		.loops = (turns), .argument = (pages), .body = body_vmalloc, \
		.setup = fragment_memory, .teardown = fragment_end           \
	}
#define VZALLOC(pages, turns)                                               \
	{                                                                   \
		.name = "vzalloc_vfree/" #pages,                            \
		.what = "vzalloc of " #pages " pages, write, vfree",        \
		.loops = (turns), .argument = (pages), .body = body_vzalloc \
	}

static const struct bench_row rows[] = {
	VMALLOC(1, 50000),     VMALLOC(4, 50000),     VMALLOC(16, 20000),
	VMALLOC(64, 10000),    VMALLOC(256, 4000),    VMALLOC(512, 4000),
	VMALLOC(4096, 500),    FRAGMENTED(16, 10000), FRAGMENTED(64, 4000),
	FRAGMENTED(256, 1000), VZALLOC(1, 20000),     VZALLOC(16, 4000),
	VZALLOC(256, 200),
};

const struct bench_table rows_vmalloc = BENCH_TABLE_OF(rows);
