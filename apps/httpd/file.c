/* SPDX-License-Identifier: MIT */
/*
 * The short way is for what is asked most: a small file, all of it, from a client
 * that stays. Its answer lies there whole and goes to the socket from where it
 * lies, unless others wait before it.
 */
#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "answer.h"
#include "cache.h"
#include "condition.h"
#include "conn.h"
#include "io.h"
#include "range.h"
#include "send.h"
#include "server.h"
#include "status.h"
#include "worker.h"

#define CONDITIONS                                                         \
	(1u << FIELD_RANGE | 1u << FIELD_IF_MATCH | 1u << FIELD_IF_RANGE | \
	 1u << FIELD_IF_NONE_MATCH | 1u << FIELD_IF_MODIFIED_SINCE |       \
	 1u << FIELD_IF_UNMODIFIED_SINCE)

static bool is_plain(const struct conn *conn, const struct entry *entry)
{
	const struct request *request = &conn->request;

	return entry->answer && request->method == METHOD_GET &&
	       !(request->present & CONDITIONS) && !request->http10 &&
	       !conn->closes;
}

static void send_memory(struct conn *conn, struct entry *entry,
                        const char *memory, uint64_t length)
{
	entry->uses++;
	conn->sending.entry = entry;
	conn->sending.memory = memory;
	conn->sending.at = 0;
	conn->sending.left = length;
}

/* At once; what the socket does not take waits. */
static void send_now(struct conn *conn, struct entry *entry)
{
	const ssize_t sent =
		io_send(conn, entry->answer, entry->answer_length, false);
	const size_t taken = sent > 0 ? (size_t)sent : 0;

	if (taken < entry->answer_length)
		send_memory(conn, entry, entry->answer + taken,
		            entry->answer_length - taken);
}

/* Into `out` where others wait or follow, so that one send takes them all. */
static void answer_plain(struct conn *conn, struct entry *entry)
{
	const bool alone = conn->out_end == 0 && conn->in_start == conn->in_end;

	count_add(&conn->worker->stats.requests[0], 1);
	entry_set_date(entry, conn->worker);
	if (alone)
		send_now(conn, entry);
	else if (entry->answer_length <= OUT_BYTES - conn->out_end)
		answer_raw(conn, entry->answer, entry->answer_length);
	else
		send_memory(conn, entry, entry->answer, entry->answer_length);
}

static void add_file_fields(struct conn *conn, const struct entry *entry)
{
	answer_field(conn, "Last-Modified", entry->date);
	answer_field(conn, "ETag", entry->tag);
	answer_field(conn, "Accept-Ranges", "bytes");
}

/* Bytes [start, start + bytes) behind the head that is in `out`. */
static void send_content(struct conn *conn, struct entry *entry, uint64_t start,
                         uint64_t bytes)
{
	if (conn->request.method == METHOD_HEAD || bytes == 0)
		return;
	if (entry->answer) {
		send_memory(conn, entry,
		            entry->answer + entry->head_length + start, bytes);
		return;
	}
	entry->uses++;
	conn->sending.entry = entry;
	conn->sending.at = start;
	conn->sending.left = bytes;
}

static void answer_whole(struct conn *conn, struct entry *entry)
{
	answer_start(conn, 200);
	answer_field(conn, "Content-Type", entry->type);
	answer_length(conn, entry->size);
	add_file_fields(conn, entry);
	answer_end(conn);
	send_content(conn, entry, 0, entry->size);
}

static void add_content_range(struct conn *conn, const struct entry *entry,
                              const struct range *range)
{
	char value[80];

	if (range) {
		snprintf(value, sizeof(value), "bytes %llu-%llu/%llu",
		         (unsigned long long)range->start,
		         (unsigned long long)(range->start + range->bytes - 1),
		         (unsigned long long)entry->size);
	} else {
		snprintf(value, sizeof(value), "bytes */%llu",
		         (unsigned long long)entry->size);
	}
	answer_field(conn, "Content-Range", value);
}

static void answer_range(struct conn *conn, struct entry *entry,
                         const struct range *range)
{
	answer_start(conn, 206);
	answer_field(conn, "Content-Type", entry->type);
	answer_length(conn, range->bytes);
	add_content_range(conn, entry, range);
	add_file_fields(conn, entry);
	answer_end(conn);
	send_content(conn, entry, range->start, range->bytes);
}

/* The sending is set up first: heads of parts tell how long all will be. */
static void answer_parts(struct conn *conn, struct entry *entry,
                         const struct range *ranges, unsigned int count)
{
	struct sending *sending = &conn->sending;
	char buffer[PART_HEAD_MOST];
	uint64_t length = 0;
	unsigned int i;

	entry->uses++;
	sending->entry = entry;
	sending->ranges = count;
	sending->range = 0;
	if (entry->answer)
		sending->memory = entry->answer + entry->head_length;
	memcpy(sending->range_list, ranges, count * sizeof(ranges[0]));
	for (i = 0; i <= count; i++)
		length += send_part_head(sending, i, buffer) +
		          (i < count ? ranges[i].bytes : 0);

	answer_start(conn, 206);
	snprintf(buffer, sizeof(buffer), "multipart/byteranges; boundary=%s",
	         server.boundary);
	answer_field(conn, "Content-Type", buffer);
	answer_length(conn, length);
	add_file_fields(conn, entry);
	answer_end(conn);
}

static void answer_unsatisfiable(struct conn *conn, const struct entry *entry)
{
	answer_start(conn, 416);
	add_content_range(conn, entry, NULL);
	answer_length(conn, 0);
	answer_end(conn);
}

static void answer_unchanged(struct conn *conn, const struct entry *entry)
{
	answer_start(conn, 304);
	add_file_fields(conn, entry);
	answer_end(conn);
}

static void answer_content(struct conn *conn, struct entry *entry)
{
	const struct request *request = &conn->request;
	struct range ranges[RANGES_MOST];
	unsigned int count = 0;
	int status = 200;

	if (request->method == METHOD_GET &&
	    request_has(request, FIELD_RANGE) &&
	    condition_range(request, entry))
		status = range_parse(request->fields[FIELD_RANGE], entry->size,
		                     ranges, &count);
	if (status == 416)
		answer_unsatisfiable(conn, entry);
	else if (status == 200)
		answer_whole(conn, entry);
	else if (count == 1)
		answer_range(conn, entry, &ranges[0]);
	else
		answer_parts(conn, entry, ranges, count);
}

void file_answer(struct conn *conn, struct entry *entry)
{
	unsigned int status;

	if (is_plain(conn, entry)) {
		answer_plain(conn, entry);
		return;
	}
	status = condition_status(&conn->request, entry);
	if (status == 304)
		answer_unchanged(conn, entry);
	else if (status != 200)
		answer_status(conn, status);
	else
		answer_content(conn, entry);
}
