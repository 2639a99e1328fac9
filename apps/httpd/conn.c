/* SPDX-License-Identifier: MIT */
/*
 * A connection goes round: send what is to be sent, then look at what was
 * received, until one of them has to wait. While the other end does not read,
 * nothing is read from it either.
 *
 * After a last answer the other end may still be sending; closing at once would
 * reset the connection and could destroy the answer on its way (RFC 9112, 9.6). So
 * only this direction is closed, and what comes is thrown away for a while.
 */
#include "conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "answer.h"
#include "io.h"
#include "send.h"
#include "serve.h"
#include "server.h"
#include "tls.h"
#include "worker.h"

#define LINGER_MS   2000u
#define SPARES_MOST 64u

/* What the socket has to give before it goes on. */
enum outcome { GO_ON, WAIT_IN, WAIT_OUT, OVER };

static void set_time(struct conn *conn, unsigned int seconds)
{
	conn->until_ms = conn->worker->now_ms + seconds * 1000ul;
}

/* --- life ---------------------------------------------------------------- */

static struct conn *take_spare(struct worker *worker)
{
	struct conn *conn = worker->spare;

	if (!conn)
		return malloc(sizeof(*conn));
	worker->spare = conn->next;
	worker->spares--;
	return conn;
}

static void give_spare(struct worker *worker, struct conn *conn)
{
	if (worker->spares == SPARES_MOST) {
		free(conn);
		return;
	}
	conn->next = worker->spare;
	worker->spare = conn;
	worker->spares++;
}

static void link_in(struct worker *worker, struct conn *conn)
{
	conn->previous = NULL;
	conn->next = worker->conns;
	if (conn->next)
		conn->next->previous = conn;
	worker->conns = conn;
	worker->conns_open++;
}

static void unlink_from(struct worker *worker, struct conn *conn)
{
	if (conn->next)
		conn->next->previous = conn->previous;
	if (conn->previous)
		conn->previous->next = conn->next;
	else
		worker->conns = conn->next;
	worker->conns_open--;
}

struct conn *conn_open(struct worker *worker, int fd, bool tls)
{
	struct conn *conn = take_spare(worker);
	const int yes = 1;

	if (!conn)
		goto out_close;
	/* All but the buffers. */
	memset(conn, 0, offsetof(struct conn, in));
	conn->watched.kind = WATCHED_CONN;
	conn->fd = fd;
	conn->worker = worker;
	conn->state = tls ? CONN_HANDSHAKE : CONN_HEAD;
	if (tls) {
		conn->tls = tls_conn_open(server.tls, worker->number, fd);
		if (!conn->tls)
			goto out_spare;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	set_time(conn, server.options.request_seconds);
	link_in(worker, conn);
	count_add(&worker->stats.accepted, 1);
	return conn;

out_spare:
	give_spare(worker, conn);
out_close:
	close(fd);
	return NULL;
}

void conn_close(struct conn *conn)
{
	struct worker *worker = conn->worker;

	sending_end(conn);
	if (conn->tls)
		tls_conn_close(conn->tls);
	close(conn->fd);
	unlink_from(worker, conn);
	give_spare(worker, conn);
	count_add(&worker->stats.closed, 1);
	worker_resume(worker);
}

/* --- what comes in ------------------------------------------------------- */

/* Room behind in_end; what was passed over makes room. */
static size_t make_room(struct conn *conn)
{
	if (conn->in_start == conn->in_end) {
		conn->in_start = 0;
		conn->in_end = 0;
	} else if (conn->in_start > 0 && conn->in_end == IN_BYTES) {
		memmove(conn->in, conn->in + conn->in_start,
		        conn->in_end - conn->in_start);
		conn->in_end -= conn->in_start;
		conn->in_start = 0;
	}
	return IN_BYTES - conn->in_end;
}

/* GO_ON: there is more in `in`. */
static enum outcome receive(struct conn *conn)
{
	const size_t room = make_room(conn);
	const ssize_t got = io_receive(conn, conn->in + conn->in_end, room);

	if (got == -EAGAIN)
		return WAIT_IN;
	if (got <= 0)
		return OVER;
	if (conn->state == CONN_LINGER)
		return WAIT_IN;
	conn->grown = !conn->partial ||
	              memchr(conn->in + conn->in_end, '\n', (size_t)got);
	conn->in_end += (size_t)got;
	return GO_ON;
}

/* A request's head does not fit. */
static unsigned int too_long(const struct conn *conn)
{
	/* The line itself is what does not end. */
	return memchr(conn->in + conn->in_start + 2, '\n',
	              conn->in_end - conn->in_start - 2)
	               ? 431
	               : 414;
}

static enum outcome wait_for_more(struct conn *conn)
{
	if (conn->in_end - conn->in_start >= REQUEST_HEAD_MOST) {
		answer_refuse(conn, too_long(conn));
		return GO_ON;
	}
	if (!conn->partial)
		set_time(conn, server.options.request_seconds);
	conn->partial = true;
	return WAIT_IN;
}

static int parse(struct conn *conn)
{
	conn->in[conn->in_end] = '\0';
	return request_parse(&conn->request, conn->in + conn->in_start,
	                     conn->in_end - conn->in_start);
}

/* The head stays where it is while its body passes behind it. */
static void begin_body(struct conn *conn)
{
	struct request *request = &conn->request;

	memmove(conn->in, conn->in + conn->in_start,
	        conn->in_end - conn->in_start);
	conn->in_end -= conn->in_start;
	conn->in_start = 0;
	(void)parse(conn);
	body_start(&conn->body, request->chunked, request->content_bytes);
	conn->state = CONN_BODY;
	conn->partial = true;
	set_time(conn, server.options.request_seconds);
}

static enum outcome pass_body(struct conn *conn)
{
	char *const start = conn->in + conn->request.head_bytes;
	const size_t length = conn->in_end - conn->request.head_bytes;
	size_t taken = 0;
	const int status = body_take(&conn->body, start, length, &taken);

	if (status > 1) {
		answer_refuse(conn, (unsigned int)status);
		return GO_ON;
	}
	memmove(start, start + taken, length - taken);
	conn->in_end -= taken;
	if (status == 1)
		return WAIT_IN;
	conn->state = CONN_HEAD;
	return GO_ON;
}

static void serve(struct conn *conn)
{
	struct request *request = &conn->request;

	conn->partial = false;
	conn->in_start += request->head_bytes;
	conn->closes = !request->keep_alive;
	serve_request(conn);
	set_time(conn, server.options.idle_seconds);
}

/*
 * A client that waits for our leave to send a body gets its answer instead, which
 * it may have at any time; whether the body comes then is unknown.
 */
static void skip_body(struct conn *conn)
{
	if (conn->request.expects_continue) {
		conn->request.keep_alive = false;
		serve(conn);
	} else {
		begin_body(conn);
	}
}

static enum outcome look_at_head(struct conn *conn)
{
	const struct request *request = &conn->request;
	int status;

	if (conn->partial && !conn->grown)
		return wait_for_more(conn);
	conn->grown = false;
	status = parse(conn);
	if (status == REQUEST_INCOMPLETE)
		return wait_for_more(conn);
	if (status != REQUEST_WHOLE ||
	    request->head_bytes > REQUEST_HEAD_MOST) {
		answer_refuse(conn, status ? (unsigned int)status : 431);
		return GO_ON;
	}
	if (request->content_bytes > BODY_MOST)
		answer_refuse(conn, 413);
	else if (request->chunked || request->content_bytes > 0)
		skip_body(conn);
	else
		serve(conn);
	return GO_ON;
}

/* Every request that is there, as long as its answer has a place. */
static enum outcome look(struct conn *conn)
{
	enum outcome outcome = GO_ON;

	while (outcome == GO_ON) {
		const bool body = conn->state == CONN_BODY;

		if (!body && conn->in_start == conn->in_end) {
			return conn->out_end > 0 || sending_active(conn)
			               ? GO_ON
			               : WAIT_IN;
		}
		if (conn->closes || sending_active(conn) ||
		    OUT_BYTES - conn->out_end < ANSWER_MOST)
			return GO_ON;
		if (!body) {
			outcome = look_at_head(conn);
			continue;
		}
		outcome = pass_body(conn);
		if (outcome == GO_ON && !conn->closes)
			serve(conn);
	}
	return outcome == WAIT_IN && conn->out_end > 0 ? GO_ON : outcome;
}

/* --- going round --------------------------------------------------------- */

static enum outcome begin_linger(struct conn *conn)
{
	if (conn->state == CONN_LINGER)
		return WAIT_IN;
	if (conn->tls)
		tls_finish(conn);
	if (shutdown(conn->fd, SHUT_WR) != 0)
		return OVER;
	conn->state = CONN_LINGER;
	conn->in_start = 0;
	conn->in_end = 0;
	conn->until_ms = conn->worker->now_ms + LINGER_MS;
	return WAIT_IN;
}

static enum outcome advance(struct conn *conn)
{
	enum outcome outcome = GO_ON;

	while (outcome == GO_ON) {
		const int err = send_pending(conn);

		if (err == -EAGAIN)
			return WAIT_OUT;
		if (err)
			return OVER;
		outcome = conn->closes ? begin_linger(conn) : look(conn);
	}
	return outcome;
}

/* TLS may hold bytes that the socket no longer tells of. */
static enum outcome receive_and_advance(struct conn *conn)
{
	enum outcome outcome;

	do {
		outcome = receive(conn);
		if (outcome != GO_ON)
			return outcome;
		outcome = advance(conn);
	} while (outcome == WAIT_IN && conn->tls);
	return outcome;
}

static enum outcome shake_hands(struct conn *conn)
{
	const int err = tls_handshake(conn);

	if (err == -EAGAIN)
		return tls_wants_out(conn) ? WAIT_OUT : WAIT_IN;
	if (err) {
		count_add(&conn->worker->stats.handshakes_failed, 1);
		return OVER;
	}
	count_add(&conn->worker->stats.handshakes, 1);
	conn->state = CONN_HEAD;
	return GO_ON;
}

static void settle(struct conn *conn, enum outcome outcome)
{
	if (outcome == OVER)
		conn_close(conn);
	else if ((outcome == WAIT_OUT) != conn->wants_out)
		worker_watch(conn->worker, conn, outcome == WAIT_OUT);
}

void conn_run(struct conn *conn)
{
	enum outcome outcome = WAIT_IN;

	if (conn->state == CONN_HANDSHAKE)
		outcome = shake_hands(conn);
	else if (conn->wants_out)
		outcome = advance(conn);
	else
		outcome = GO_ON;
	if (outcome == GO_ON || (outcome == WAIT_IN && conn->wants_out &&
	                         conn->state != CONN_HANDSHAKE))
		outcome = receive_and_advance(conn);
	settle(conn, outcome);
}

void conn_timeout(struct conn *conn)
{
	const bool begun = conn->partial && conn->state != CONN_HANDSHAKE &&
	                   conn->state != CONN_LINGER && !conn->wants_out;

	if (begun || conn->wants_out || conn->state == CONN_HANDSHAKE)
		count_add(&conn->worker->stats.timeouts, 1);
	if (!begun) {
		if (conn->tls && conn->state == CONN_HEAD && !conn->wants_out)
			tls_finish(conn);
		conn_close(conn);
		return;
	}
	conn->request.method = METHOD_GET;
	answer_refuse(conn, 408);
	settle(conn, advance(conn));
}
