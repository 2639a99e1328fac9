/* SPDX-License-Identifier: MIT */
/*
 * One line of input, edited in place. On a terminal it is put into raw mode for
 * the time of one line: arrows, Home, End, Delete, Ctrl-A E B F D H K U W L, up
 * and down for history, Tab for completion. From a pipe lines are read as they
 * come, without prompt and echo.
 */
#ifndef SHELL_LINE_H
#define SHELL_LINE_H

#include <stdbool.h>
#include <stddef.h>

#define LINE_BYTES 512

enum line_result {
	LINE_DONE,
	LINE_CANCELLED, /* Ctrl-C */
	LINE_END,       /* end of input, or Ctrl-D on an empty line */
};

/* Read into @line, NUL-terminated and without newline; too much is dropped. */
enum line_result line_read(const char *prompt, char line[LINE_BYTES]);

#endif /* SHELL_LINE_H */
