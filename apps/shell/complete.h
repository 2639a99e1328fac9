/* SPDX-License-Identifier: MIT */
/*
 * What a word may become: names of commands, and for some commands the names
 * that their argument takes.
 */
#ifndef SHELL_COMPLETE_H
#define SHELL_COMPLETE_H

#include <stddef.h>

#define COMPLETE_MAX 128

struct completion {
	size_t word;        /* where the word starts in the line */
	unsigned int count; /* matches; more than MAX are left out */
	const char *matches[COMPLETE_MAX];
	size_t common; /* bytes that all matches begin with */
};

/* For the word that ends at @cursor of @line. */
void complete_find(const char *line, size_t cursor, struct completion *out);

#endif /* SHELL_COMPLETE_H */
