/* SPDX-License-Identifier: MIT */
/*
 * text - a text that grows, for pages that are made when they are asked for.
 * What does not fit into memory makes it failed, and whoever made it looks once,
 * at the end.
 */
#ifndef HTTPD_TEXT_H
#define HTTPD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *data; /* no NUL at its end */
	size_t length;
	size_t room;
	bool failed;
};

void text_add(struct text *text, const char *bytes, size_t length);
void text_string(struct text *text, const char *string);
void text_say(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void text_html(struct text *text, const char *string); /* & < > " escaped */
void text_json(struct text *text, const char *string); /* quotes, and in them */
void text_free(struct text *text);

#endif /* HTTPD_TEXT_H */
