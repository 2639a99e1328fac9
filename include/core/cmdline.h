/* SPDX-License-Identifier: MIT */
/*
 * The kernel command line: `key=value` options for the system, then `--`, then
 * the app's argv. Options are one table in core/cmdline.c; a module asks for
 * its own. An unknown key, or a value an option cannot take, refuses to boot
 * with one line that names it and lists what is known. A word in "double
 * quotes" may hold blanks. Context: any after cmdline_init().
 */
#ifndef CORE_CMDLINE_H
#define CORE_CMDLINE_H

#include <stdbool.h>

#define CMDLINE_MAX_ARGS 64

/* Parses machine.command_line; refuses to boot as above. */
void cmdline_init(void);

/* The value of @key (which must be in the table), or NULL when not given. */
const char *cmdline_get(const char *key);

/* The same as a number (decimal or 0x), or @otherwise. */
unsigned long cmdline_number(const char *key, unsigned long otherwise);

/* A line of help for each option. */
typedef void cmdline_emit(const char *line, void *context);
void cmdline_help(cmdline_emit *emit, void *context);

/* argv of the app: argv[0] is the app's name, argv[argc] is NULL. */
extern char app_name[]; /* the app's folder: made with each image */
extern int app_argc;
extern char *app_argv[CMDLINE_MAX_ARGS + 1];

#endif /* CORE_CMDLINE_H */
