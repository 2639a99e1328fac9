/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "path.h"
#include "status.h"
#include "worker.h"

#define METHODS_ALLOWED "GET, HEAD, OPTIONS"

/* Room was made sure of; what would not fit is a mistake, and is cut. */
void answer_raw(struct conn *conn, const char *bytes, size_t length)
{
	const size_t room = OUT_BYTES - conn->out_end;

	if (length > room)
		length = room;
	memcpy(conn->out + conn->out_end, bytes, length);
	conn->out_end += length;
}

static void add(struct conn *conn, const char *text)
{
	answer_raw(conn, text, strlen(text));
}

void answer_field(struct conn *conn, const char *name, const char *value)
{
	add(conn, name);
	add(conn, ": ");
	add(conn, value);
	add(conn, "\r\n");
}

void answer_start(struct conn *conn, unsigned int status)
{
	struct worker *worker = conn->worker;

	count_add(&worker->stats.requests[status_index(status)], 1);
	add(conn, "HTTP/1.1 ");
	add(conn, status_line(status));
	add(conn, "\r\n");
	answer_field(conn, "Date", worker->date);
	if (conn->closes)
		answer_field(conn, "Connection", "close");
	else if (conn->request.http10)
		answer_field(conn, "Connection", "keep-alive");
	if (status == 405 || status == 204)
		answer_field(conn, "Allow", METHODS_ALLOWED);
}

void answer_length(struct conn *conn, uint64_t bytes)
{
	char number[24];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)bytes);
	answer_field(conn, "Content-Length", number);
}

void answer_end(struct conn *conn)
{
	add(conn, "\r\n");
}

static void answer_small_page(struct conn *conn, unsigned int status)
{
	char page[256];
	const int length = snprintf(page, sizeof(page),
	                            "<!doctype html>\n<title>%s</title>\n"
	                            "<h1>%s</h1>\n",
	                            status_line(status), status_line(status));

	answer_field(conn, "Content-Type", "text/html; charset=utf-8");
	answer_length(conn, (uint64_t)length);
	answer_end(conn);
	if (conn->request.method != METHOD_HEAD)
		answer_raw(conn, page, (size_t)length);
}

void answer_status(struct conn *conn, unsigned int status)
{
	answer_start(conn, status);
	if (status == 204 || status == 304)
		answer_end(conn);
	else
		answer_small_page(conn, status);
}

void answer_refuse(struct conn *conn, unsigned int status)
{
	conn->closes = true;
	answer_status(conn, status);
}

void answer_redirect(struct conn *conn, const char *path)
{
	const struct slice target = conn->request.target;
	const char *query = memchr(target.at, '?', target.length);
	char location[3 * PATH_MOST + 2];
	size_t length = path_escape(path, location);

	location[length++] = '/';
	location[length] = '\0';
	/* Too long for `out` is too long for a client as well. */
	if (length > ANSWER_MOST / 2) {
		answer_refuse(conn, 414);
		return;
	}
	answer_start(conn, 301);
	add(conn, "Location: ");
	add(conn, location);
	if (query && target.length < ANSWER_MOST / 4)
		answer_raw(conn, query,
		           target.length - (size_t)(query - target.at));
	add(conn, "\r\n");
	answer_small_page(conn, 301);
}

void answer_text(struct conn *conn, const char *type, struct text *text)
{
	if (text->failed) {
		text_free(text);
		answer_status(conn, 503);
		return;
	}
	answer_start(conn, 200);
	answer_field(conn, "Content-Type", type);
	answer_field(conn, "Cache-Control", "no-store");
	answer_length(conn, text->length);
	answer_end(conn);
	if (conn->request.method == METHOD_HEAD || text->length == 0) {
		text_free(text);
		return;
	}
	conn->sending.memory = text->data;
	conn->sending.owned = text->data;
	conn->sending.at = 0;
	conn->sending.left = text->length;
}
