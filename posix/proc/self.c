/* SPDX-License-Identifier: MIT */
/*
 * /proc/self: the one process, whose program is the image. Its threads' times are
 * summed; kernel threads count, since they work for it.
 */
#include <linux/mm.h>
#include <stdint.h>
#include <string.h>

#include "arch/sections.h"
#include "core/cmdline.h"
#include "core/hart.h"
#include "core/thread.h"
#include "lib/printf.h"
#include "posix/fs.h"
#include "posix/proc/proc.h"
#include "posix/process.h"
#include "posix/root.h"
#include "posix/task.h"

#define COMMAND_BYTES 16 /* with the NUL: TASK_COMM_LEN of Linux */
#define TICK_NS       10000000ul

static void show_cmdline(struct proc_text *text)
{
	int i;

	for (i = 0; i < app_argc; i++)
		proc_bytes(text, app_argv[i], strlen(app_argv[i]) + 1);
}

static const char *command(char name[COMMAND_BYTES])
{
	ksnprintf(name, COMMAND_BYTES, "%s", app_name);
	return name;
}

static void show_comm(struct proc_text *text)
{
	char name[COMMAND_BYTES];

	proc_line(command(name), text);
}

static void show_statm(struct proc_text *text)
{
	struct proc_memory memory;

	proc_read_memory(&memory);
	proc_say(text, "%lu %lu 0 %lu 0 %lu 0\n", memory.size_pages,
	         memory.resident_pages, memory.text_pages, memory.data_pages);
}

static void say_kb(struct proc_text *text, const char *name,
                   unsigned long pages)
{
	proc_say(text, "%s:\t%8lu kB\n", name, pages << (PAGE_SHIFT - 10));
}

static void show_status(struct proc_text *text)
{
	struct proc_memory memory;
	struct proc_threads threads;
	char name[COMMAND_BYTES];

	proc_read_memory(&memory);
	proc_read_threads(&threads);
	proc_say(text,
	         "Name:\t%s\nState:\tR (running)\nTgid:\t%d\nPid:\t%d\n"
	         "PPid:\t0\nTracerPid:\t0\nUid:\t0\t0\t0\t0\n"
	         "Gid:\t0\t0\t0\t0\nGroups:\t\n",
	         command(name), PROCESS_ID, PROCESS_ID);
	say_kb(text, "VmPeak", memory.size_pages);
	say_kb(text, "VmSize", memory.size_pages);
	say_kb(text, "VmHWM", memory.resident_pages);
	say_kb(text, "VmRSS", memory.resident_pages);
	say_kb(text, "VmData", memory.data_pages);
	say_kb(text, "VmStk", (unsigned long)__app_stack_kb >> 2);
	say_kb(text, "VmExe", memory.text_pages);
	say_kb(text, "VmSwap", 0);
	proc_say(text,
	         "Threads:\t%u\nCpus_allowed:\t%lx\n"
	         "voluntary_ctxt_switches:\t%lu\n"
	         "nonvoluntary_ctxt_switches:\t%lu\n",
	         tasks_alive(), (1ul << nr_harts) - 1,
	         threads.switches - threads.preemptions, threads.preemptions);
}

/* The 52 fields of Linux; those that mean nothing here are 0. */
static void show_stat(struct proc_text *text)
{
	struct proc_memory memory;
	struct proc_threads threads;
	char name[COMMAND_BYTES];

	proc_read_memory(&memory);
	proc_read_threads(&threads);
	proc_say(text, "%d (%s) R 0 %d %d 0 -1 0 0 0 0 0 %lu 0 0 0 20 0 %u 0 0",
	         PROCESS_ID, command(name), PROCESS_ID, PROCESS_ID,
	         threads.run_ns / TICK_NS, tasks_alive());
	proc_say(text,
	         " %lu %lu %lu %lu %lu 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0",
	         memory.size_pages << PAGE_SHIFT, memory.resident_pages, ~0ul,
	         (unsigned long)__text_start, (unsigned long)__text_end);
	proc_say(text, " %lu %lu 0 0 0 0 0 0\n", (unsigned long)__data_start,
	         (unsigned long)__data_end);
}

static const struct proc_file files[] = {
	{ "/proc/1/cmdline", 0444, show_cmdline },
	{ "/proc/1/comm", 0644, show_comm },
	{ "/proc/1/maps", 0444, proc_show_maps },
	{ "/proc/1/stat", 0444, show_stat },
	{ "/proc/1/statm", 0444, show_statm },
	{ "/proc/1/status", 0444, show_status },
};

void proc_populate_self(void)
{
	char target[64];

	proc_make(files, ARRAY_SIZE(files));
	ksnprintf(target, sizeof(target), "/%s", app_name);
	root_made("/proc/1/exe", fs_symlink(target, "/proc/1/exe"));
	root_made("/proc/1/root", fs_symlink("/", "/proc/1/root"));
}
