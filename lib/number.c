/* SPDX-License-Identifier: MIT */
/*
 * Unlike strtoul(): the whole text or nothing, no sign, no space, no octal, and
 * what does not fit is no number.
 */
#include "lib/number.h"

static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	c |= 'a' ^ 'A';
	return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10 : 16;
}

bool number_parse(const char *text, unsigned long *value)
{
	unsigned long sum = 0;
	unsigned int base = 10;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if (*text == '\0')
		return false;
	for (; *text; text++) {
		unsigned int digit = digit_value(*text);

		if (digit >= base || __builtin_mul_overflow(sum, base, &sum) ||
		    __builtin_add_overflow(sum, digit, &sum))
			return false;
	}
	*value = sum;
	return true;
}
