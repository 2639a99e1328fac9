/* SPDX-License-Identifier: MIT */
/* Between profile.c, which samples, and profile_report.c, which tells. */
#ifndef CORE_PROFILE_INTERNAL_H
#define CORE_PROFILE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROFILE_DEPTH   28u        /* the outer functions are cut off */
#define PROFILE_UNKNOWN UINT32_MAX /* in functions[]: code without a name */

/* A stack that was seen, and how often. */
struct profile_stack {
	uint32_t samples;     /* 0: free */
	uint32_t of_function; /* profile_report.c's */
	uint16_t depth;
	bool masked; /* seen when interrupts went on again */
	/* Innermost first: starts of functions, from the image's start. */
	uint32_t functions[PROFILE_DEPTH];
};

/* Of all harts, each its own part. */
struct profile_table {
	struct profile_stack *stacks;
	size_t count;
};

extern struct profile_table profile_table;

#endif /* CORE_PROFILE_INTERNAL_H */
