/* SPDX-License-Identifier: MIT */
/*
 * Text a line at a time, for views that a shell prints and /proc collects. Pure.
 */
#ifndef LIB_LINES_H
#define LIB_LINES_H

#include "core/compiler.h"

#define LINES_BYTES 256u

/* @line has no newline and is the callee's to keep only until it returns. */
typedef void line_emit(const char *line, void *context);

struct lines {
	line_emit *emit;
	void *context;
};

/* One line; cut at LINES_BYTES - 1. */
void lines_say(const struct lines *to, const char *format, ...)
	__printf_like(2, 3);

#endif /* LIB_LINES_H */
