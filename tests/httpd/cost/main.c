/* SPDX-License-Identifier: MIT */
/*
 * What httpd itself executes for a request on a connection that is kept alive, for
 * a small file that is in its cache: from the call that an event of epoll makes to
 * its return. In the socket's place stand functions that copy the request and count
 * the answer. With ICOUNT=1 the clock counts instructions.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "apps/httpd/conn.h"
#include "apps/httpd/io.h"
#include "apps/httpd/kernel.h"
#include "apps/httpd/map.h"
#include "apps/httpd/metrics.h"
#include "apps/httpd/serve.h"
#include "apps/httpd/tls.h"
#include "apps/httpd/worker.h"

#define ROUNDS       1000u
#define BUDGET       1500u
#define ANSWER_LEAST 600u

struct server server = { .options = { .request_seconds = 10,
	                              .idle_seconds = 30,
	                              .stall_seconds = 30 } };

/* As ab sends it. */
static const char request[] = "GET /small.html HTTP/1.1\r\n"
			      "Host: 10.0.0.2\r\n"
			      "User-Agent: ApacheBench/2.3\r\n"
			      "Accept: */*\r\n\r\n";

static struct worker alone;
static size_t answered;

ssize_t io_receive(struct conn *conn, char *to, size_t room)
{
	(void)conn;
	if (room < sizeof(request) - 1)
		return 0;
	memcpy(to, request, sizeof(request) - 1);
	return sizeof(request) - 1;
}

ssize_t io_send(struct conn *conn, const char *from, size_t length, bool more)
{
	(void)conn, (void)from, (void)more;
	answered += length;
	return (ssize_t)length;
}

/* What this request does not need. */

ssize_t io_send_file(struct conn *conn, int fd, uint64_t at, uint64_t length)
{
	(void)conn, (void)fd, (void)at, (void)length;
	return 0;
}

struct tls_conn *tls_conn_open(struct tls_server *tls, unsigned int worker,
                               int fd)
{
	(void)tls, (void)worker, (void)fd;
	return NULL;
}

void tls_conn_close(struct tls_conn *tls)
{
	(void)tls;
}

int tls_handshake(struct conn *conn)
{
	(void)conn;
	return 0;
}

bool tls_wants_out(const struct conn *conn)
{
	(void)conn;
	return false;
}

void tls_finish(struct conn *conn)
{
	(void)conn;
}

void worker_resume(struct worker *worker)
{
	(void)worker;
}

void worker_watch(struct worker *worker, struct conn *conn, bool wants_out)
{
	(void)worker, (void)conn, (void)wants_out;
}

void serve_listing(struct conn *conn, int fd, const char *path)
{
	(void)conn, (void)fd, (void)path;
}

void metrics_write(struct text *text)
{
	(void)text;
}

void map_write(struct text *text)
{
	(void)text;
}

void kernel_vmallocinfo(kernel_line *line, void *context)
{
	(void)line, (void)context;
}

static unsigned long now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (unsigned long)time.tv_sec * 1000000000ul +
	       (unsigned long)time.tv_nsec;
}

int main(void)
{
	struct conn *conn;
	unsigned long begun;
	unsigned int cost, i;

	server.root_fd = open("/www", O_RDONLY | O_DIRECTORY);
	date_format(0, alone.date);
	conn = conn_open(&alone, -1, false);
	if (server.root_fd < 0 || !conn)
		return 2;
	/* The first one opens the file. */
	conn_run(conn);
	answered = 0;
	begun = now_ns();
	for (i = 0; i < ROUNDS; i++)
		conn_run(conn);
	cost = (unsigned int)((now_ns() - begun) / ROUNDS);
	printf("httpd: %u instructions a request, %zu bytes answered\n", cost,
	       answered / ROUNDS);
	return cost <= BUDGET && answered > ROUNDS * ANSWER_LEAST ? 0 : 1;
}
