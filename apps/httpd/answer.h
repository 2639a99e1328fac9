/* SPDX-License-Identifier: MIT */
/*
 * answer - heads of answers, written into a connection's `out`, which has
 * ANSWER_MOST bytes of room when a request is looked at.
 */
#ifndef HTTPD_ANSWER_H
#define HTTPD_ANSWER_H

#include <stdint.h>

#include "conn.h"
#include "text.h"

/* The status line and the fields that every answer has. Counts it. */
void answer_start(struct conn *conn, unsigned int status);
void answer_field(struct conn *conn, const char *name, const char *value);
void answer_length(struct conn *conn, uint64_t bytes);
void answer_end(struct conn *conn);
void answer_raw(struct conn *conn, const char *bytes, size_t length);

/* A whole answer with a small page that says @status. */
void answer_status(struct conn *conn, unsigned int status);

/* The same for a request that makes no sense; the connection ends with it. */
void answer_refuse(struct conn *conn, unsigned int status);

void answer_redirect(struct conn *conn, const char *path);

/* A whole answer from @text, which is taken over. */
void answer_text(struct conn *conn, const char *type, struct text *text);

#endif /* HTTPD_ANSWER_H */
