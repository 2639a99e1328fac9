/* SPDX-License-Identifier: MIT */
/* range - which bytes a Range field asks for (RFC 9110, 14). Pure. */
#ifndef HTTPD_RANGE_H
#define HTTPD_RANGE_H

#include <stdint.h>

#include "request.h"

#define RANGES_MOST 16u

struct range {
	uint64_t start;
	uint64_t bytes; /* > 0 */
};

/*
 * The ranges of @field in a file of @size bytes, in the order asked. Returns 200
 * when the field is to be ignored: another unit, bad syntax, more than
 * RANGES_MOST, or more bytes than the file has; 206 with ranges; 416 when none
 * can be had.
 */
int range_parse(struct slice field, uint64_t size,
                struct range ranges[RANGES_MOST], unsigned int *count_out);

#endif /* HTTPD_RANGE_H */
