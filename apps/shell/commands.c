/* SPDX-License-Identifier: MIT */
/* The table of commands, and those that need no more than a few lines. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vireo/power.h>

#include "../bench/bench.h"
#include "command.h"
#include "parse.h"
#include "paths.h"
#include "suggest.h"

#define STATUS_USAGE   2
#define STATUS_UNKNOWN 127 /* as a shell of Unix has it */
#define MANY           (PARSE_MAX_WORDS - 1)

static command_function run_help, run_echo, run_bench, run_panic, run_poweroff;

const struct command commands[] = {
	{ "help", "[COMMAND]", "what there is, or one command", run_help, 0, 1,
	  command_name },
	{ "vmallocinfo", "", "every area of the vmalloc window",
	  show_vmallocinfo, 0, 0, NULL },
	{ "meminfo", "", "pages, slabs, page tables, address space",
	  show_meminfo, 0, 0, NULL },
	{ "counters", "", "maps, unmaps, fences, purges, repaired faults",
	  show_counters, 0, 0, NULL },
	{ "map", "[COLUMNS]", "the address space as a picture", show_map, 0, 1,
	  NULL },
	{ "leak", "[mark]", "areas allocated since the last mark", show_leak, 0,
	  1, NULL },
	{ "bootchart", "", "where boot time went", show_bootchart, 0, 0, NULL },
	{ "harts", "", "hardware threads and extensions", show_harts, 0, 0,
	  NULL },
	{ "irq", "", "interrupts, by the hart that took them", show_irq, 0, 0,
	  NULL },
	{ "date", "[SECONDS]", "the time of day, or set it", show_date, 0, 1,
	  NULL },
	{ "threads", "", "every thread: state, time, stack, what it waits for",
	  show_threads, 0, 0, NULL },
	{ "top", "[MS]",
	  "who uses the harts: for MS, or until a key is pressed", show_top, 0,
	  1, NULL },
	{ "timers", "", "what is pending on each hart", show_timers, 0, 0,
	  NULL },
	{ "locks", "", "which locks were waited for", show_locks, 0, 0, NULL },
	{ "ifconfig", "", "network interfaces and their addresses",
	  network_ifconfig, 0, 0, NULL },
	{ "netstat", "[-s|-p]", "connections; with -s counters, -p pools",
	  network_netstat, 0, 1, NULL },
	{ "route", "", "where packets go, and neighbours", network_route, 0, 0,
	  NULL },
	{ "dns", "NAME", "addresses of a host", network_dns, 1, 1, NULL },
	{ "ping", "HOST [COUNT]", "is it there, and how far away", network_ping,
	  1, 2, NULL },
	{ "peek", "ADDRESS [LENGTH]", "bytes in hex; holes do not fault",
	  memory_peek, 1, 2, NULL },
	{ "vmalloc", "BYTES", "allocate an area (4096, 64K, 16M)",
	  memory_vmalloc, 1, 1, NULL },
	{ "vfree", "ADDRESS", "free an area; try it twice", memory_vfree, 1, 1,
	  NULL },
	{ "bench", "[PATTERN]", "measure, all or what matches", run_bench, 0, 1,
	  bench_name },
	{ "profile", "[US] COMMAND...", "where a command spends its time",
	  run_profile, 1, MANY, command_name },
	{ "ls", "[-l] [PATH...]", "names in folders, or files", files_ls, 0,
	  MANY, path_name },
	{ "cat", "FILE...", "what is in files", files_cat, 1, MANY, path_name },
	{ "hexdump", "FILE [BYTES]", "the same in hex", files_hexdump, 1, 2,
	  path_name },
	{ "cp", "FROM TO", "copy a file", change_cp, 2, 2, path_name },
	{ "mv", "FROM TO", "another name for a file or folder", change_mv, 2, 2,
	  path_name },
	{ "ln", "[-s] TARGET NAME", "one name more", change_ln, 2, 3,
	  path_name },
	{ "rm", "PATH...", "remove files and empty folders", change_rm, 1, MANY,
	  path_name },
	{ "mkdir", "PATH...", "make folders", change_mkdir, 1, MANY,
	  path_name },
	{ "cd", "[PATH]", "where paths without / begin", change_cd, 0, 1,
	  path_name },
	{ "pwd", "", "where that is", files_pwd, 0, 0, NULL },
	{ "df", "[PATH]", "room for files", files_df, 0, 1, path_name },
	{ "echo", "[WORD...]", "print the words", run_echo, 0, MANY, NULL },
	{ "panic", "[WORD...]", "end with a backtrace", run_panic, 0, MANY,
	  NULL },
	{ "poweroff", "[STATUS]", "end; STATUS becomes QEMU's", run_poweroff, 0,
	  1, NULL },
	{ .name = NULL },
};

const struct command *command_find(const char *name)
{
	const struct command *command;

	for (command = commands; command->name; command++)
		if (strcmp(command->name, name) == 0)
			return command;
	return NULL;
}

const char *command_name(unsigned int index)
{
	return commands[index].name;
}

static void print_usage(const struct command *command)
{
	printf("  %-12s %-17s %s\n", command->name, command->arguments,
	       command->help);
}

static int unknown(const char *name)
{
	const char *near = suggest(name, command_name);

	if (near)
		printf("%s: no such command; did you mean %s?\n", name, near);
	else
		printf("%s: no such command; type help for a list\n", name);
	return STATUS_UNKNOWN;
}

static int run_help(int argc, char **argv)
{
	const struct command *command;

	if (argc == 2) {
		command = command_find(argv[1]);
		if (!command)
			return unknown(argv[1]);
		print_usage(command);
		return 0;
	}

	for (command = commands; command->name; command++)
		print_usage(command);
	puts("Several commands go on one line with `;` between them; `> FILE` "
	     "and `>> FILE`\nsend what one prints into a file. Tab "
	     "completes.");
	return 0;
}

static void join_words(int argc, char **argv, char *out, size_t size)
{
	size_t length = 0;
	int i;

	out[0] = '\0';
	for (i = 1; i < argc && length < size; i++)
		length += snprintf(out + length, size - length, "%s%s",
		                   i > 1 ? " " : "", argv[i]);
}

static int run_echo(int argc, char **argv)
{
	char text[PARSE_BYTES];

	join_words(argc, argv, text, sizeof(text));
	puts(text);
	return 0;
}

static int run_bench(int argc, char **argv)
{
	return bench_run(argc == 2 ? argv[1] : NULL);
}

static int run_panic(int argc, char **argv)
{
	char text[PARSE_BYTES];

	join_words(argc, argv, text, sizeof(text));
	fflush(stdout);
	panic("shell: %s", argc > 1 ? text : "the command `panic`");
}

static int run_poweroff(int argc, char **argv)
{
	char *end;
	unsigned long status = 0;

	if (argc == 2) {
		status = strtoul(argv[1], &end, 0);
		if (*end != '\0' || end == argv[1] || status > 255) {
			printf("poweroff: %s is not a status (0 to 255)\n",
			       argv[1]);
			return STATUS_USAGE;
		}
	}
	exit((int)status);
}

int command_run_words(int argc, char **argv)
{
	const struct command *command = command_find(argv[0]);
	const unsigned int given = argc - 1;

	if (!command)
		return unknown(argv[0]);
	if (given < command->least || given > command->most) {
		printf("usage: %s %s\n", command->name, command->arguments);
		return STATUS_USAGE;
	}
	return command->run(argc, argv);
}

/* Standard output goes to the file while @parsed runs. */
static int run_into_file(struct parsed_command *parsed)
{
	const int flags =
		O_WRONLY | O_CREAT | (parsed->append ? O_APPEND : O_TRUNC);
	const int file = open(parsed->output, flags, 0666);
	const int console = dup(STDOUT_FILENO);
	int status;

	if (file < 0 || console < 0) {
		close(console);
		return file_error(parsed->output);
	}
	fflush(stdout);
	dup2(file, STDOUT_FILENO);
	close(file);
	status = command_run_words(parsed->argc, parsed->argv);
	if (fflush(stdout) != 0 && status == 0)
		status = 1;
	dup2(console, STDOUT_FILENO);
	close(console);
	if (ferror(stdout)) {
		clearerr(stdout);
		status = file_error(parsed->output);
	}
	return status;
}

static int run_parsed(struct parsed_command *parsed)
{
	if (parsed->output)
		return run_into_file(parsed);
	return command_run_words(parsed->argc, parsed->argv);
}

int command_run_line(const char *line)
{
	struct parsed_command parsed;
	int status = 0;

	while (*line) {
		line = parse_command(line, &parsed);
		if (parsed.argc > 0)
			status = run_parsed(&parsed);
	}
	return status;
}
