/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 4096u
#define SAY_BYTES   512u

static bool make_room(struct text *text, size_t length)
{
	size_t room = text->room ? text->room : FIRST_BYTES;
	char *data;

	if (text->failed)
		return false;
	while (room - text->length < length)
		room *= 2;
	if (room == text->room)
		return true;
	data = realloc(text->data, room);
	if (!data) {
		text->failed = true;
		return false;
	}
	text->data = data;
	text->room = room;
	return true;
}

void text_add(struct text *text, const char *bytes, size_t length)
{
	if (!make_room(text, length))
		return;
	memcpy(text->data + text->length, bytes, length);
	text->length += length;
}

void text_string(struct text *text, const char *string)
{
	text_add(text, string, strlen(string));
}

void text_say(struct text *text, const char *format, ...)
{
	char line[SAY_BYTES];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof(line))
		text->failed = true;
	else
		text_add(text, line, (size_t)length);
}

void text_html(struct text *text, const char *string)
{
	for (; *string; string++) {
		switch (*string) {
		case '&':
			text_string(text, "&amp;");
			break;
		case '<':
			text_string(text, "&lt;");
			break;
		case '>':
			text_string(text, "&gt;");
			break;
		case '"':
			text_string(text, "&quot;");
			break;
		default:
			text_add(text, string, 1);
		}
	}
}

void text_json(struct text *text, const char *string)
{
	text_add(text, "\"", 1);
	for (; *string; string++) {
		const unsigned char c = (unsigned char)*string;

		if (c < ' ')
			text_say(text, "\\u%04x", c);
		else if (c == '"' || c == '\\')
			text_say(text, "\\%c", c);
		else
			text_add(text, string, 1);
	}
	text_add(text, "\"", 1);
}

void text_free(struct text *text)
{
	free(text->data);
	*text = (struct text){ 0 };
}
