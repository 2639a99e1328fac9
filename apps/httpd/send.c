/* SPDX-License-Identifier: MIT */
/*
 * First `out`, then what follows it: one piece of a file or of memory, or piece by
 * piece the ranges of an answer in parts, whose heads go through `out` again.
 */
#include "send.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "answer.h"
#include "cache.h"
#include "io.h"
#include "server.h"
#include "worker.h"

bool sending_active(const struct conn *conn)
{
	return conn->sending.memory || conn->sending.entry;
}

void sending_end(struct conn *conn)
{
	if (conn->sending.entry)
		entry_put(conn->sending.entry);
	free(conn->sending.owned);
	conn->sending.entry = NULL;
	conn->sending.owned = NULL;
	conn->sending.memory = NULL;
	conn->sending.left = 0;
	conn->sending.ranges = 0;
}

static void progress(struct conn *conn)
{
	conn->until_ms =
		conn->worker->now_ms + server.options.stall_seconds * 1000ul;
}

static int send_out(struct conn *conn)
{
	while (conn->out_start < conn->out_end) {
		const ssize_t sent = io_send(conn, conn->out + conn->out_start,
		                             conn->out_end - conn->out_start,
		                             conn->sending.left > 0);

		if (sent < 0)
			return (int)sent;
		conn->out_start += (size_t)sent;
		progress(conn);
	}
	conn->out_start = 0;
	conn->out_end = 0;
	return 0;
}

size_t send_part_head(const struct sending *sending, unsigned int range,
                      char out[PART_HEAD_MOST])
{
	const struct entry *entry = sending->entry;
	const struct range *part = &sending->range_list[range];
	int length;

	if (range == sending->ranges) {
		length = snprintf(out, PART_HEAD_MOST, "\r\n--%s--\r\n",
		                  server.boundary);
	} else {
		length = snprintf(
			out, PART_HEAD_MOST,
			"%s--%s\r\nContent-Type: %s\r\n"
			"Content-Range: bytes %llu-%llu/%llu\r\n\r\n",
			range ? "\r\n" : "", server.boundary, entry->type,
			(unsigned long long)part->start,
			(unsigned long long)(part->start + part->bytes - 1),
			(unsigned long long)entry->size);
	}
	return (size_t)length;
}

/* The next range, or the end of all. */
static void next_piece(struct conn *conn)
{
	struct sending *sending = &conn->sending;
	char head[PART_HEAD_MOST];

	if (sending->ranges == 0) {
		sending_end(conn);
		return;
	}
	answer_raw(conn, head, send_part_head(sending, sending->range, head));
	if (sending->range == sending->ranges) {
		sending_end(conn);
		return;
	}
	sending->at = sending->range_list[sending->range].start;
	sending->left = sending->range_list[sending->range].bytes;
	sending->range++;
}

static int send_piece(struct conn *conn)
{
	struct sending *sending = &conn->sending;
	const bool last = sending->ranges == 0;
	ssize_t sent;

	if (sending->memory) {
		sent = io_send(conn, sending->memory + sending->at,
		               sending->left, !last);
	} else {
		sent = io_send_file(conn, sending->entry->fd, sending->at,
		                    sending->left);
	}
	if (sent < 0)
		return (int)sent;
	/* The file has become shorter: what was promised cannot be kept. */
	if (sent == 0)
		return -EPIPE;
	sending->at += (uint64_t)sent;
	sending->left -= (uint64_t)sent;
	progress(conn);
	return 0;
}

int send_pending(struct conn *conn)
{
	int err = 0;

	do {
		if (conn->out_end > 0)
			err = send_out(conn);
		else if (conn->sending.left > 0)
			err = send_piece(conn);
		else if (sending_active(conn))
			next_piece(conn);
		else
			break;
	} while (!err);
	return err;
}
