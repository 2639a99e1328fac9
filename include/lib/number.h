/* SPDX-License-Identifier: MIT */
/* Numbers as people write them. Pure. */
#ifndef LIB_NUMBER_H
#define LIB_NUMBER_H

#include <stdbool.h>

/* Is all of @text one number, decimal or 0x, that fits? *@value is it then. */
bool number_parse(const char *text, unsigned long *value);

#endif /* LIB_NUMBER_H */
