/* SPDX-License-Identifier: MIT */
/*
 * Boot happened once, before there was a harness: its figure is the boot
 * chart's last mark, the one that main() sets with its first statement.
 */
#include <stddef.h>

#include "core/bootchart.h"
#include "rows.h"

static const char *read_entry_to_main(bool instructions, uint64_t *value_out)
{
	const struct boot_mark *marks;
	unsigned int count = bootchart_marks(&marks);

	if (count == 0)
		return "the boot chart is empty";
	*value_out = instructions ? marks[count - 1].instructions
	                          : marks[count - 1].ns;
	return NULL;
}

static const struct bench_row rows[] = {
	{ .name = "boot/entry_to_main",
	  .what = "first instruction in S-mode to main(), once",
	  .loops = 1,
	  .read = read_entry_to_main },
};

const struct bench_table rows_boot = BENCH_TABLE_OF(rows);
