/* SPDX-License-Identifier: MIT */
/* A folder without an index: its names in order, folders first. */
#define _GNU_SOURCE /* scandir() and fdopendir() */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer.h"
#include "date.h"
#include "path.h"
#include "serve.h"

#define NAMES_MOST 10000u

struct item {
	bool folder;
	uint64_t size;
	time_t modified;
	char name[256];
};

struct items {
	struct item *list;
	size_t count;
	size_t room;
};

static const char page_start[] =
	"<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
	"<meta name=viewport content=\"width=device-width\">\n"
	"<style>:root{color-scheme:light dark;font:16px/1.5 system-ui}"
	"body{max-width:50rem;margin:2rem auto;padding:0 1rem}"
	"td,th{padding:.15rem 1rem .15rem 0;text-align:left}"
	"td+td{text-align:right;white-space:nowrap}</style>\n";

static bool add_item(struct items *items, int folder, const char *name)
{
	const size_t length = strlen(name);
	struct stat stat;

	if (name[0] == '.' || length >= sizeof(items->list->name) ||
	    items->count == NAMES_MOST || fstatat(folder, name, &stat, 0) != 0)
		return true;
	if (items->count == items->room) {
		const size_t room = items->room ? 2 * items->room : 64;
		struct item *list = realloc(items->list, room * sizeof(*list));

		if (!list)
			return false;
		items->list = list;
		items->room = room;
	}
	items->list[items->count] = (struct item){
		.folder = S_ISDIR(stat.st_mode),
		.size = (uint64_t)stat.st_size,
		.modified = stat.st_mtime,
	};
	memcpy(items->list[items->count++].name, name, length + 1);
	return true;
}

static int compare(const void *one, const void *other)
{
	const struct item *a = one;
	const struct item *b = other;

	if (a->folder != b->folder)
		return a->folder ? -1 : 1;
	return strcmp(a->name, b->name);
}

static void say_item(struct text *text, const struct item *item)
{
	char escaped[3 * sizeof(item->name)];
	char date[DATE_BYTES + 1];

	path_escape(item->name, escaped);
	date_format(item->modified, date);
	/* "./": a name with a colon is no scheme. */
	text_string(text, "<tr><td><a href=\"./");
	text_string(text, escaped);
	text_string(text, item->folder ? "/\">" : "\">");
	text_html(text, item->name);
	text_string(text, item->folder ? "/</a><td><td>" : "</a><td>");
	if (!item->folder)
		text_say(text, "%llu<td>", (unsigned long long)item->size);
	text_say(text, "%s\n", date);
}

static void say_page(struct text *text, const struct items *items,
                     const char *path)
{
	size_t i;

	text_string(text, page_start);
	text_string(text, "<title>");
	text_html(text, path);
	text_string(text, "</title>\n<h1>");
	text_html(text, path);
	text_string(text, "</h1>\n<table>\n");
	if (path[1])
		text_string(text, "<tr><td><a href=\"../\">../</a>\n");
	for (i = 0; i < items->count; i++)
		say_item(text, &items->list[i]);
	text_string(text, "</table>\n</html>\n");
}

void serve_listing(struct conn *conn, int fd, const char *path)
{
	DIR *folder = fdopendir(fd);
	struct items items = { 0 };
	struct text text = { 0 };
	const struct dirent *entry;

	if (!folder) {
		close(fd);
		answer_status(conn, 503);
		return;
	}
	while ((entry = readdir(folder)))
		if (!add_item(&items, fd, entry->d_name))
			text.failed = true;
	if (items.count > 0)
		qsort(items.list, items.count, sizeof(items.list[0]), compare);
	say_page(&text, &items, path);
	free(items.list);
	closedir(folder);
	answer_text(conn, "text/html; charset=utf-8", &text);
}
