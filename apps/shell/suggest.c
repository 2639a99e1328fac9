/* SPDX-License-Identifier: MIT */
/*
 * Nearest by edit distance (insert, delete, replace a letter), one row of the
 * usual table at a time. A word that begins the name counts as near too.
 */
#include "suggest.h"

#include <string.h>

#define LONGEST_WORD 24
#define NEAR_EDITS   2

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[LONGEST_WORD + 1];
	const size_t length = strlen(b);
	size_t i, j;

	for (j = 0; j <= length; j++)
		row[j] = j;
	for (i = 0; a[i]; i++) {
		unsigned int diagonal = row[0];

		row[0] = i + 1;
		for (j = 1; j <= length; j++) {
			const unsigned int above = row[j];

			row[j] = least(least(above, row[j - 1]) + 1,
			               diagonal + (a[i] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[length];
}

const char *suggest(const char *word, argument_names *names)
{
	const char *nearest = NULL;
	unsigned int fewest = NEAR_EDITS + 1;
	const char *name;
	unsigned int i;

	if (strlen(word) > LONGEST_WORD)
		return NULL;
	for (i = 0; (name = names(i)) != NULL; i++) {
		unsigned int edits = distance(word, name);

		if (strncmp(word, name, strlen(word)) == 0)
			edits = 0;
		/* Of a short word nothing may be left. */
		if (edits < fewest && edits < strlen(word)) {
			fewest = edits;
			nearest = name;
		}
	}
	return nearest;
}
