/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people write them, decimal or 0x. Unlike strtoul(): no sign, no
 * space, no octal, what does not fit is no number, and no errno, which belongs to
 * a thread: at boot there is none. Pure. The number is untouched on failure.
 */
#ifndef LIB_NUMBER_H
#define LIB_NUMBER_H

#include <stdbool.h>

/* What follows the number that @text begins with; NULL: it begins with none. */
const char *number_read(const char *text, unsigned long *number_out);

/* Is all of @text one number? */
bool number_parse(const char *text, unsigned long *number_out);

#endif /* LIB_NUMBER_H */
