/* SPDX-License-Identifier: MIT */
/*
 * Marks in a fixed array; one too many is dropped, the boot goes on. Ticks
 * become nanoseconds when somebody asks: the first marks are older than the
 * knowledge of the timer's frequency.
 */
#include "core/bootchart.h"

#include "arch/csr.h"
#include "core/compiler.h"
#include "core/timer.h"

#define BOOT_MARKS 32u

static struct boot_mark marks[BOOT_MARKS];
static uint64_t mark_ticks[BOOT_MARKS];
static unsigned int nr_marks;
static uint64_t start_instret;
static uint64_t start_time;

void bootchart_start(uint64_t instret, uint64_t time)
{
	start_instret = instret;
	start_time = time;
}

void bootchart_mark(const char *phase)
{
	if (nr_marks == BOOT_MARKS)
		return;
	marks[nr_marks].phase = phase;
	marks[nr_marks].instructions = read_instret() - start_instret;
	mark_ticks[nr_marks] = read_time() - start_time;
	nr_marks++;
}

unsigned int bootchart_marks(const struct boot_mark **marks_out)
{
	unsigned int i;

	for (i = 0; i < nr_marks; i++)
		marks[i].ns = timer_ticks_to_ns(mark_ticks[i]);
	*marks_out = marks;
	return nr_marks;
}

uint64_t bootchart_firmware_ns(void)
{
	return timer_ticks_to_ns(start_time);
}
