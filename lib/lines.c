/* SPDX-License-Identifier: MIT */
/* A line is made on the stack and handed on. */
#include "lib/lines.h"

#include <stdarg.h>

#include "lib/printf.h"

void lines_say(const struct lines *to, const char *format, ...)
{
	char line[LINES_BYTES];
	va_list args;

	va_start(args, format);
	kvsnprintf(line, sizeof(line), format, args);
	va_end(args);
	to->emit(line, to->context);
}
