/* SPDX-License-Identifier: MIT */
#include "lib/number.h"

#include <stddef.h>

#define NO_DIGIT 16u

static unsigned int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	c |= 'a' ^ 'A';
	return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10 : NO_DIGIT;
}

const char *number_read(const char *text, unsigned long *number_out)
{
	bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *first = is_hex ? text + 2 : text;
	const char *at = first;
	unsigned long number = 0;
	unsigned int base = is_hex ? 16 : 10;

	for (; digit_of(*at) < base; at++) {
		if (__builtin_mul_overflow(number, base, &number) ||
		    __builtin_add_overflow(number, digit_of(*at), &number))
			return NULL;
	}
	if (at == first)
		return NULL;
	*number_out = number;
	return at;
}

bool number_parse(const char *text, unsigned long *number_out)
{
	unsigned long number;
	const char *end = number_read(text, &number);

	if (!end || *end != '\0')
		return false;
	*number_out = number;
	return true;
}
