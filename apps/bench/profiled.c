/* SPDX-License-Identifier: MIT */
/*
 * Some hundred stacks are distinct in a run of one row, some thousand when the
 * shell runs everything: the table has room for 8,192, shared by the harts.
 */
#include "profiled.h"

#include <errno.h>
#include <linux/vmalloc.h>
#include <stdio.h>
#include <vireo/profile.h>

#define TABLE_BYTES     (1ul << 20)
#define FUNCTIONS_SHOWN 30u

static void *table;

static const char *reason(int err)
{
	if (err == -EINVAL)
		return "the period must be 1 us to 1 s";
	return err == -ENOTSUP ? "the image has no names (CONFIG_SYMBOLS)"
	                       : "a profile is being taken already";
}

const char *profiled_begin(unsigned long period_us)
{
	void *room = vmalloc(TABLE_BYTES);
	int err;

	if (!room)
		return "no memory for the table";
	err = profile_start(room, TABLE_BYTES, period_us * 1000);
	if (err) {
		vfree(room);
		return reason(err);
	}
	table = room;
	return NULL;
}

static void print_line(const char *line, void *context)
{
	(void)context;
	puts(line);
}

void profiled_end(void)
{
	profile_stop();
	puts("Stacks, innermost function last:");
	profile_show_stacks(print_line, NULL);
	puts("\nFunctions:");
	profile_show_functions(FUNCTIONS_SHOWN, print_line, NULL);
	puts("");
	profile_show_totals(print_line, NULL);
	fflush(stdout);
	vfree(table);
	table = NULL;
}
