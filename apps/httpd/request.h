/* SPDX-License-Identifier: MIT */
/*
 * request - the head of an HTTP/1 request, as RFC 9112 spells it.
 *
 * Pure: knows bytes, no connection. Slices point into what was parsed and live
 * as long as that stays where it is. Strict where leniency lets requests be
 * smuggled: line ends are CRLF, no blank before a colon, no folded lines, one
 * meaning of a body's length.
 */
#ifndef HTTPD_REQUEST_H
#define HTTPD_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_HEAD_MOST   8192u
#define REQUEST_TARGET_MOST 4096u
#define REQUEST_FIELDS_MOST 100u

enum method {
	METHOD_GET,
	METHOD_HEAD,
	METHOD_OPTIONS,
	METHOD_OTHER, /* known, and allowed nowhere */
	METHOD_UNKNOWN,
};

/* Fields that mean something here, by length of name. Each may stand once. */
enum field {
	FIELD_HOST,
	FIELD_RANGE,
	FIELD_EXPECT,
	FIELD_IF_MATCH,
	FIELD_IF_RANGE,
	FIELD_CONNECTION,
	FIELD_IF_NONE_MATCH,
	FIELD_CONTENT_LENGTH,
	FIELD_IF_MODIFIED_SINCE,
	FIELD_TRANSFER_ENCODING,
	FIELD_IF_UNMODIFIED_SINCE,
	FIELDS
};

struct slice {
	const char *at; /* NULL: not there */
	size_t length;
};

struct request {
	enum method method;
	struct slice target; /* path and query; "*" with OPTIONS */
	bool http10;
	bool keep_alive;
	bool expects_continue;
	bool chunked;
	unsigned int present;   /* a bit for each field that is there */
	uint64_t content_bytes; /* 0 with chunked */
	size_t head_bytes;      /* with the empty line */
	struct slice fields[FIELDS];
};

#define REQUEST_WHOLE      0
#define REQUEST_INCOMPLETE 1

/*
 * pre: text[length] and text[length + 1] may be read, and text[length] is NUL
 *
 * Returns REQUEST_WHOLE; REQUEST_INCOMPLETE when nothing is wrong so far; or the
 * status to refuse it with. method and http10 are then set if they were read.
 * cost: about 6 instructions a byte
 */
int request_parse(struct request *request, const char *text, size_t length);

static inline bool request_has(const struct request *request, enum field field)
{
	return request->present >> field & 1;
}

/* Is @word one of a list with commas, in any case? */
bool slice_lists(struct slice list, const char *word);
bool slice_is(struct slice slice, const char *word); /* in any case */

#endif /* HTTPD_REQUEST_H */
