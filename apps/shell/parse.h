/* SPDX-License-Identifier: MIT */
/*
 * From a line of text to words: commands are separated by `;`, words by blanks;
 * '...' and "..." go around what belongs together. A word that begins with > or >>
 * outside of them names a file, or the next word does.
 */
#ifndef SHELL_PARSE_H
#define SHELL_PARSE_H

#include <stdbool.h>

#define PARSE_MAX_WORDS 32
#define PARSE_BYTES     2048

struct parsed_command {
	int argc; /* words beyond PARSE_MAX_WORDS are left out */
	char *argv[PARSE_MAX_WORDS];
	char *output; /* the word behind > or >>; NULL: there is none */
	bool append;  /* >> */
	char text[PARSE_BYTES]; /* what argv points into */
};

/*
 * Take the first command off @line and return what follows it. argc is 0 for an
 * empty one.
 *
 * pre: strlen(line) < PARSE_BYTES
 */
const char *parse_command(const char *line, struct parsed_command *out);

#endif /* SHELL_PARSE_H */
