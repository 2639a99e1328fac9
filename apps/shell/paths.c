/* SPDX-License-Identifier: MIT */
/*
 * The folder of the word is read once, when Tab is pressed; what does not fit into
 * the pool is left out.
 */
#include "paths.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "complete.h"

#define POOL_BYTES   8192u
#define FOLDER_BYTES 256u

static char pool[POOL_BYTES];
static size_t used;
static const char *names[COMPLETE_MAX + 1];
static unsigned int count;

/* Up to and with the last slash. */
static size_t folder_length(const char *word, size_t length)
{
	while (length > 0 && word[length - 1] != '/')
		length--;
	return length;
}

static void add(const char *folder, const char *name)
{
	char *path = pool + used;
	struct stat status;
	int length;

	if (count == COMPLETE_MAX)
		return;
	length = snprintf(path, POOL_BYTES - used, "%s%s", folder, name);
	if (used + (size_t)length + 2 > POOL_BYTES)
		return;
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		path[length++] = '/';
	path[length] = '\0';
	used += (size_t)length + 1;
	names[count++] = path;
}

static bool is_wanted(const char *name, const char *start, size_t length)
{
	if (name[0] == '.' && (length == 0 || start[0] != '.'))
		return false;
	return strncmp(name, start, length) == 0;
}

static void add_folder(const char *folder, const char *start, size_t length)
{
	DIR *reader = opendir(folder[0] ? folder : ".");
	struct dirent *entry;

	if (!reader)
		return;
	while ((entry = readdir(reader))) {
		if (is_wanted(entry->d_name, start, length))
			add(folder, entry->d_name);
	}
	closedir(reader);
}

void path_names_begin(const char *word, size_t length)
{
	const size_t head = folder_length(word, length);
	char folder[FOLDER_BYTES];

	count = 0;
	used = 0;
	if (head < sizeof(folder)) {
		memcpy(folder, word, head);
		folder[head] = '\0';
		add_folder(folder, word + head, length - head);
	}
	names[count] = NULL;
}

const char *path_name(unsigned int index)
{
	return names[index];
}
