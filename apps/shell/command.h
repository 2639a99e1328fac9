/* SPDX-License-Identifier: MIT */
/*
 * A command is one row of the table in commands.c. Its function gets the words
 * of the line, argv[0] being its name, and returns an exit status: 0 is good.
 */
#ifndef SHELL_COMMAND_H
#define SHELL_COMMAND_H

typedef int command_function(int argc, char **argv);

/* Gives the @index-th name an argument may have; NULL after the last. */
typedef const char *argument_names(unsigned int index);

struct command {
	const char *name;
	const char *arguments; /* as help shows them */
	const char *help;      /* one line */
	command_function *run;
	unsigned int least; /* words after the name */
	unsigned int most;
	argument_names *names; /* for completion, or NULL */
};

/* Ends with a row whose name is NULL. */
extern const struct command commands[];

const struct command *command_find(const char *name);

/* Names of all commands, as argument_names. */
const char *command_name(unsigned int index);

/* Run the commands of a line, as parse.h cuts it; the last one's status. */
int command_run_line(const char *line);

/* Run one command, already cut into words; its status. */
int command_run_words(int argc, char **argv);

/* In show.c */
command_function show_vmallocinfo, show_meminfo, show_counters, show_bootchart;
command_function show_harts, show_map, show_leak, show_irq;
/* In date.c */
command_function show_date;
/* In threads.c */
command_function show_threads, show_top, show_timers, show_locks;
/* In profile.c */
command_function run_profile;
/* In memory.c */
command_function memory_peek, memory_vmalloc, memory_vfree;
/* In network.c and ping.c */
command_function network_ifconfig, network_netstat, network_route, network_dns;
command_function network_ping;
/* In files.c and change.c */
command_function files_ls, files_cat, files_hexdump, files_df, files_pwd;
command_function change_cp, change_mv, change_ln, change_rm, change_mkdir;
command_function change_cd;

/* Say what errno says of @path; returns 1. In files.c */
int file_error(const char *path);

/*
 * One row of a hex dump: up to 16 bytes, those readable whose bit is set. In
 * memory.c
 */
void dump_row(unsigned long address, const unsigned char *bytes,
              unsigned int readable, unsigned int count);

#endif /* SHELL_COMMAND_H */
