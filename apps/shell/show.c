/* SPDX-License-Identifier: MIT */
/*
 * Commands that show what the system knows about itself. The views come line by
 * line from the kernel; only the boot chart and the harts are laid out here.
 */
#include <linux/vmalloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <vireo/boot.h>
#include <vireo/harts.h>
#include <vireo/irq.h>
#include <vireo/machine.h>
#include <vireo/vminfo.h>

#include "command.h"
#include "posix/syscalls.h"

#define MAP_COLUMNS_LEAST 20
#define MAP_COLUMNS_MOST  200

static void print_line(const char *line, void *context)
{
	(void)context;
	puts(line);
}

int show_vmallocinfo(int argc, char **argv)
{
	(void)argc, (void)argv;
	vmallocinfo_show(print_line, NULL);
	return 0;
}

int show_meminfo(int argc, char **argv)
{
	(void)argc, (void)argv;
	meminfo_show(print_line, NULL);
	return 0;
}

static void print_refused(const char *name, unsigned int count, void *unused)
{
	(void)unused;
	printf("refused_calls_%-10s %u\n", name, count);
}

int show_counters(int argc, char **argv)
{
	(void)argc, (void)argv;
	counters_show(print_line, NULL);
	syscalls_visit_refused(print_refused, NULL);
	return 0;
}

int show_map(int argc, char **argv)
{
	struct winsize size;
	long columns = 80;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		columns = size.ws_col;
	if (argc == 2)
		columns = strtol(argv[1], NULL, 10);
	if (columns < MAP_COLUMNS_LEAST || columns > MAP_COLUMNS_MOST) {
		printf("map: %d to %d columns\n", MAP_COLUMNS_LEAST,
		       MAP_COLUMNS_MOST);
		return 2;
	}
	addrmap_show(columns, print_line, NULL);
	return 0;
}

int show_leak(int argc, char **argv)
{
	static bool marked;
	const bool mark = argc == 2 && strcmp(argv[1], "mark") == 0;

	if (argc == 2 && !mark) {
		puts("usage: leak [mark]");
		return 2;
	}
	if (mark || !marked) {
		leak_mark();
		marked = true;
		puts("Marked. `leak` now shows areas that are allocated from "
		     "here on.");
		return 0;
	}
	leak_show(print_line, NULL);
	return 0;
}

int show_bootchart(int argc, char **argv)
{
	const struct boot_mark *marks;
	const unsigned int count = bootchart_marks(&marks);
	struct boot_mark before = { 0 };
	unsigned int i;

	(void)argc, (void)argv;
	printf("%-20s %14s %14s %12s\n", "phase", "instructions", "so far",
	       "us");
	printf("%-20s %14s %14s %12.1f\n", "firmware, until here", "", "",
	       (double)bootchart_firmware_ns() / 1e3);
	for (i = 0; i < count; i++) {
		const struct boot_mark *mark = &marks[i];

		printf("%-20s %14llu %14llu %12.1f\n", mark->phase,
		       (unsigned long long)(mark->instructions -
		                            before.instructions),
		       (unsigned long long)mark->instructions,
		       (double)(mark->ns - before.ns) / 1e3);
		before = *mark;
	}
	printf("%-20s %14s %14llu %12.1f\n", "boot", "",
	       (unsigned long long)before.instructions,
	       (double)before.ns / 1e3);
	puts("Instructions are exact under ICOUNT=1; else QEMU counts the "
	     "host's time.");
	return 0;
}

static const char *hart_state(const struct hart *hart)
{
	if (!hart->online)
		return "offline";
	return hart->idle ? "idle" : "running";
}

int show_harts(int argc, char **argv)
{
	unsigned int i;

	(void)argc, (void)argv;
	printf("%-6s %-6s %-8s %10s %10s\n", "hart", "SBI id", "state",
	       "interrupts", "timer");
	for (i = 0; i < nr_harts; i++) {
		printf("%-6u %-6u %-8s %10lu %10lu\n", harts[i]->index,
		       harts[i]->id, hart_state(harts[i]), harts[i]->ipis,
		       harts[i]->timer_ticks);
	}

	fputs("extensions:", stdout);
	for (i = 0; i < ISA_EXTENSIONS; i++)
		printf(" %c%s", isa_has(i) ? '+' : '-', isa_extension_name(i));
	puts("");
	return 0;
}

static void print_text(const char *text, void *context)
{
	(void)context;
	fputs(text, stdout);
}

int show_irq(int argc, char **argv)
{
	(void)argc, (void)argv;
	irq_show(print_text, NULL);
	return 0;
}
