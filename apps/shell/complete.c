/* SPDX-License-Identifier: MIT */
/*
 * The first word of a command completes to the names of commands, a later one
 * by the list that the command names, if any; paths are looked for. `;` starts a new command.
 */
#include "complete.h"

#include <stdbool.h>
#include <string.h>

#include "command.h"
#include "paths.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Start of the command that the cursor is in. */
static size_t command_start(const char *line, size_t cursor)
{
	while (cursor > 0 && line[cursor - 1] != ';')
		cursor--;
	while (is_blank(line[cursor]))
		cursor++;
	return cursor;
}

static size_t word_start(const char *line, size_t cursor)
{
	while (cursor > 0 && !is_blank(line[cursor - 1]) &&
	       line[cursor - 1] != ';')
		cursor--;
	return cursor;
}

/* Names for the word at @word, or NULL. */
static argument_names *names_for(const char *line, size_t start, size_t word)
{
	const struct command *command;
	char name[32];
	size_t length = 0;

	if (word <= start)
		return command_name;
	while (length < sizeof(name) - 1 && start + length < word &&
	       !is_blank(line[start + length])) {
		name[length] = line[start + length];
		length++;
	}
	name[length] = '\0';
	command = command_find(name);
	return command ? command->names : NULL;
}

static size_t common_prefix(const char *a, const char *b, size_t most)
{
	size_t length = 0;

	while (length < most && a[length] && a[length] == b[length])
		length++;
	return length;
}

void complete_find(const char *line, size_t cursor, struct completion *out)
{
	const size_t start = command_start(line, cursor);
	const size_t word = word_start(line, cursor);
	argument_names *names = names_for(line, start, word);
	const char *name;
	unsigned int i;

	*out = (struct completion){ .word = word };
	if (names == path_name)
		path_names_begin(line + word, cursor - word);
	for (i = 0; names && (name = names(i)) != NULL; i++) {
		if (strncmp(name, line + word, cursor - word) != 0)
			continue;
		if (out->count == COMPLETE_MAX)
			break;
		out->common = out->count == 0
		                      ? strlen(name)
		                      : common_prefix(name, out->matches[0],
		                                      out->common);
		out->matches[out->count++] = name;
	}
}
