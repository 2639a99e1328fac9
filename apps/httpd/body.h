/* SPDX-License-Identifier: MIT */
/*
 * body - the body of a request, which nobody here wants: it is read to its end
 * and thrown away, so that the next request is found where it begins. Pure.
 */
#ifndef HTTPD_BODY_H
#define HTTPD_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BODY_MOST 65536u /* more is refused */

enum chunk_state {
	CHUNK_SIZE, /* at least one digit */
	CHUNK_SIZE_MORE,
	CHUNK_EXTENSION,
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	CHUNK_TRAILER, /* at the start of a line */
	CHUNK_TRAILER_LINE,
	CHUNK_TRAILER_LF,
	CHUNK_END_LF,
	CHUNK_DONE,
};

struct body {
	bool chunked;
	enum chunk_state state;
	uint64_t left;      /* of the body, or of a chunk */
	unsigned int taken; /* bytes of everything, to refuse too much */
};

/* @bytes: of a body that is not chunked. */
void body_start(struct body *body, bool chunked, uint64_t bytes);

/*
 * Pass over what of @text belongs to the body; *taken_out: how much. Returns 0 at
 * its end, 1 when there is more to come, 400 or 413.
 */
int body_take(struct body *body, const char *text, size_t length,
              size_t *taken_out);

#endif /* HTTPD_BODY_H */
