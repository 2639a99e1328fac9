/* SPDX-License-Identifier: MIT */
/*
 * /proc of the machine, line by line as Linux writes it, so that its parsers
 * work. What a line of Linux counts and this system has not stands as 0.
 */
#include <linux/vmalloc.h>
#include <stdint.h>
#include <string.h>
#include <sys/utsname.h>

#include "core/cmdline.h"
#include "core/hart.h"
#include "core/irq.h"
#include "core/machine.h"
#include "core/thread.h"
#include "core/timer.h"
#include "lib/printf.h"
#include "mm/kmem.h"
#include "mm/vminfo.h"
#include "posix/fs.h"
#include "posix/proc/proc.h"
#include "posix/root.h"
#include "posix/syscalls.h"

#define SECOND_NS 1000000000ul
#define TICK_NS   10000000ul /* USER_HZ is 100 */

static void show_vmallocinfo(struct proc_text *text)
{
	vmallocinfo_show(proc_line, text);
}

static void show_meminfo(struct proc_text *text)
{
	meminfo_show(proc_line, text);
}

static void show_buddyinfo(struct proc_text *text)
{
	buddyinfo_show(proc_line, text);
}

static void show_slabinfo(struct proc_text *text)
{
	proc_line("slabinfo - version: 2.1", text);
	proc_line("# name            <active_objs> <num_objs> <objsize> "
	          "<objperslab> <pagesperslab> : tunables <limit> "
	          "<batchcount> <sharedfactor> : slabdata <active_slabs> "
	          "<num_slabs> <sharedavail>",
	          text);
	kmem_show(proc_line, text);
}

static uint64_t idle_ns(const struct hart *hart)
{
	return thread_run_ns(hart->queue.idle);
}

/* Seconds with two decimals. */
static void say_seconds(struct proc_text *text, uint64_t ns, const char *end)
{
	proc_say(text, "%lu.%02lu%s", ns / SECOND_NS, ns % SECOND_NS / TICK_NS,
	         end);
}

static void show_uptime(struct proc_text *text)
{
	uint64_t idle = 0;
	unsigned int i;

	for (i = 0; i < nr_harts; i++)
		idle += idle_ns(harts[i]);
	say_seconds(text, timer_now_ns(), " ");
	say_seconds(text, idle, "\n");
}

static void show_isa(struct proc_text *text)
{
	unsigned int i;

	proc_say(text, "isa\t\t: rv64imafdc%s", isa_has(ISA_V) ? "v" : "");
	for (i = 0; i < ISA_EXTENSIONS; i++) {
		if (i != ISA_V && isa_has(i))
			proc_say(text, "_%s", isa_extension_name(i));
	}
	proc_say(text, "\n");
}

static void show_cpuinfo(struct proc_text *text)
{
	unsigned int i;

	for (i = 0; i < nr_harts; i++) {
		proc_say(text, "processor\t: %u\nhart\t\t: %u\n", i,
		         harts[i]->id);
		show_isa(text);
		proc_say(text, "mmu\t\t: sv39\n\n");
	}
}

/* As uname() has it. */
static void read_uname(struct utsname *name)
{
	(void)sys_uname((long)name, 0, 0, 0, 0, 0);
}

static void show_version(struct proc_text *text)
{
	struct utsname name;

	read_uname(&name);
	proc_say(text, "%s version %s (%s) %s\n", name.sysname, name.release,
	         name.nodename, name.version);
}

static void show_ostype(struct proc_text *text)
{
	struct utsname name;

	read_uname(&name);
	proc_line(name.sysname, text);
}

static void show_osrelease(struct proc_text *text)
{
	struct utsname name;

	read_uname(&name);
	proc_line(name.release, text);
}

static void show_hostname(struct proc_text *text)
{
	struct utsname name;

	read_uname(&name);
	proc_line(name.nodename, text);
}

/* Memory is given when it is asked for: Linux's "never" without its ratio. */
static void show_overcommit(struct proc_text *text)
{
	proc_line("2", text);
}

static void show_filesystems(struct proc_text *text)
{
	proc_line("nodev\ttmpfs", text);
}

static void show_mounts(struct proc_text *text)
{
	proc_line("tmpfs / tmpfs rw 0 0", text);
}

static void show_cmdline(struct proc_text *text)
{
	proc_line(machine.command_line, text);
}

static void add_thread(struct thread *thread, void *context)
{
	const unsigned int state = READ_ONCE(thread->state);
	struct proc_threads *threads = context;
	unsigned int i;

	for (i = 0; i < nr_harts; i++)
		if (thread == harts[i]->queue.idle)
			return;
	threads->all++;
	threads->running += state == THREAD_READY || state == THREAD_RUNNING;
	threads->switches += READ_ONCE(thread->switches);
	threads->preemptions += READ_ONCE(thread->preemptions);
	threads->run_ns += thread_run_ns(thread);
}

void proc_read_threads(struct proc_threads *threads_out)
{
	*threads_out = (struct proc_threads){ 0 };
	threads_visit(add_thread, threads_out);
}

/* No averages are kept: what runs now stands for all three. */
static void show_loadavg(struct proc_text *text)
{
	struct proc_threads threads;
	unsigned int i;

	proc_read_threads(&threads);
	for (i = 0; i < 3; i++)
		proc_say(text, "%u.00 ", threads.running);
	proc_say(text, "%u/%u 1\n", threads.running, threads.all);
}

/* Fields of Linux: user nice system idle iowait irq softirq steal guest ... */
static void say_cpu(struct proc_text *text, const char *name, uint64_t busy,
                    uint64_t idle)
{
	proc_say(text, "%s %lu 0 0 %lu 0 0 0 0 0 0\n", name, busy / TICK_NS,
	         idle / TICK_NS);
}

static void show_cpus(struct proc_text *text)
{
	const uint64_t now = timer_now_ns();
	uint64_t idle = 0;
	char name[16];
	unsigned int i;

	for (i = 0; i < nr_harts; i++)
		idle += idle_ns(harts[i]);
	say_cpu(text, "cpu ", now * nr_harts - idle, idle);
	for (i = 0; i < nr_harts; i++) {
		const uint64_t own = idle_ns(harts[i]);

		ksnprintf(name, sizeof(name), "cpu%u", i);
		say_cpu(text, name, own < now ? now - own : 0, own);
	}
}

static void show_stat(struct proc_text *text)
{
	struct proc_threads threads;
	unsigned long interrupts = 0;
	struct timespec real = { 0 };
	unsigned int i;

	proc_read_threads(&threads);
	for (i = 0; i < nr_harts; i++)
		interrupts += harts[i]->timer_ticks + harts[i]->ipis;
	(void)sys_clock_gettime(CLOCK_REALTIME, (long)&real, 0, 0, 0, 0);
	show_cpus(text);
	proc_say(text, "intr %lu\nctxt %lu\nbtime %lu\n", interrupts,
	         threads.switches,
	         (uint64_t)real.tv_sec - timer_now_ns() / SECOND_NS);
	proc_say(text, "processes 1\nprocs_running %u\nprocs_blocked 0\n",
	         threads.running);
}

static void say_piece(const char *piece, void *text)
{
	proc_bytes(text, piece, strlen(piece));
}

static void show_interrupts(struct proc_text *text)
{
	irq_show(say_piece, text);
}

static const struct proc_file files[] = {
	{ "/proc/buddyinfo", 0444, show_buddyinfo },
	{ "/proc/cmdline", 0444, show_cmdline },
	{ "/proc/cpuinfo", 0444, show_cpuinfo },
	{ "/proc/filesystems", 0444, show_filesystems },
	{ "/proc/interrupts", 0444, show_interrupts },
	{ "/proc/loadavg", 0444, show_loadavg },
	{ "/proc/meminfo", 0444, show_meminfo },
	{ "/proc/slabinfo", 0444, show_slabinfo },
	{ "/proc/stat", 0444, show_stat },
	{ "/proc/uptime", 0444, show_uptime },
	{ "/proc/version", 0444, show_version },
	{ "/proc/vmallocinfo", 0444, show_vmallocinfo },
	{ "/proc/sys/kernel/hostname", 0444, show_hostname },
	{ "/proc/sys/kernel/osrelease", 0444, show_osrelease },
	{ "/proc/sys/kernel/ostype", 0444, show_ostype },
	{ "/proc/sys/vm/overcommit_memory", 0444, show_overcommit },
	{ "/proc/1/mounts", 0444, show_mounts },
};

void proc_populate_system(void)
{
	static const char *const folders[] = {
		"/proc/sys",
		"/proc/sys/kernel",
		"/proc/sys/vm",
		"/proc/1",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(folders); i++)
		root_made(folders[i], fs_mkdir(folders[i], 0555));
	proc_make(files, ARRAY_SIZE(files));
	root_made("/proc/mounts", fs_symlink("self/mounts", "/proc/mounts"));
	root_made("/proc/self", fs_symlink("1", "/proc/self"));
}
