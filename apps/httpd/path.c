/* SPDX-License-Identifier: MIT */
/*
 * Escapes are decoded before dot segments are looked for, so that none hides
 * behind an escape; nothing is decoded twice.
 */
#include "path.h"

#include <stdbool.h>
#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte of an escape at @at, or -1. */
static int unescape(const char *at, const char *end)
{
	if (end - at < 3 || hex_digit(at[1]) < 0 || hex_digit(at[2]) < 0)
		return -1;
	return hex_digit(at[1]) << 4 | hex_digit(at[2]);
}

static int decode(struct slice target, char path[PATH_MOST])
{
	const char *const end = target.at + target.length;
	const char *at = target.at;
	size_t length = 0;

	for (; at < end && *at != '?'; at++) {
		int c = (unsigned char)*at;

		if (c == '%') {
			c = unescape(at, end);
			at += 2;
		}
		if (c < ' ' || c == 0x7f)
			return 400;
		if (length == PATH_MOST - 1)
			return 414;
		path[length++] = (char)c;
	}
	path[length] = '\0';
	return path[0] == '/' ? 0 : 400;
}

static bool segment_is(const char *segment, size_t length, const char *word)
{
	return length == strlen(word) && memcmp(segment, word, length) == 0;
}

/* Cut the last segment; false: there is none. */
static bool cut_segment(const char *path, char **write)
{
	if (*write == path)
		return false;
	do {
		--*write;
	} while (**write != '/');
	return true;
}

/* In place: what is written never overtakes what is read. */
static int drop_dots(char *path)
{
	const char *read = path;
	char *write = path;
	bool folder = false;

	while (*read) {
		const size_t length = strcspn(++read, "/");
		const bool up = segment_is(read, length, "..");

		folder = length == 0 || up || segment_is(read, length, ".");
		if (up && !cut_segment(path, &write))
			return 400;
		if (!folder) {
			*write++ = '/';
			memmove(write, read, length);
			write += length;
		}
		read += length;
	}
	if (folder)
		*write++ = '/';
	*write = '\0';
	return 0;
}

int path_from_target(struct slice target, char path[PATH_MOST])
{
	int err = decode(target, path);

	return err ? err : drop_dots(path);
}

size_t path_escape(const char *path, char *out)
{
	static const char digits[] = "0123456789ABCDEF";
	static const char plain[] = "-._~!$()*+,;=:@/";
	char *at = out;

	for (; *path; path++) {
		const unsigned char c = (unsigned char)*path;
		const bool letter = (c >= '0' && c <= '9') ||
		                    ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');

		if (letter || strchr(plain, c)) {
			*at++ = (char)c;
			continue;
		}
		*at++ = '%';
		*at++ = digits[c >> 4];
		*at++ = digits[c & 15];
	}
	*at = '\0';
	return (size_t)(at - out);
}
