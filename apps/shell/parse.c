/* SPDX-License-Identifier: MIT */
/*
 * Words are copied behind one another. A word and its end take no more room than
 * in the line, where a blank, a `;` or the end followed it.
 */
#include "parse.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>

static bool ends_word(char c)
{
	return isblank((unsigned char)c) || c == ';';
}

/* Copy one word to *@to and return what follows it. */
static const char *copy_word(const char *in, char **to)
{
	char quote = '\0';

	for (; *in && (quote || !ends_word(*in)); in++) {
		if (quote ? *in == quote : *in == '\'' || *in == '"')
			quote = quote ? '\0' : *in;
		else
			*(*to)++ = *in;
	}
	*(*to)++ = '\0';
	return in;
}

static const char *skip_blanks(const char *line)
{
	while (isblank((unsigned char)*line))
		line++;
	return line;
}

/* Behind a > that is there. */
static const char *take_output(const char *line, struct parsed_command *out,
                               char **to)
{
	out->append = *line == '>';
	line = skip_blanks(line + out->append);
	out->output = *to;
	return copy_word(line, to);
}

const char *parse_command(const char *line, struct parsed_command *out)
{
	char *to = out->text;

	out->argc = 0;
	out->output = NULL;
	out->append = false;
	for (;;) {
		line = skip_blanks(line);
		if (*line == ';')
			return line + 1;
		if (*line == '\0')
			return line;
		if (*line == '>') {
			line = take_output(line + 1, out, &to);
			continue;
		}
		if (out->argc < PARSE_MAX_WORDS)
			out->argv[out->argc++] = to;
		line = copy_word(line, &to);
	}
}
