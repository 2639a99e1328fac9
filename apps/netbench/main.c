/* SPDX-License-Identifier: MIT */
/*
 * The server that `make bench-net` loads: one thread, one epoll, level-triggered,
 * blocking in nothing else. Each port is one kind of work; what is counted stands on
 * the port of figures. The same source runs on Linux.
 *
 *     80  HTTP: every request is answered with a page of 600 bytes
 *      7  echo
 *      9  discard: what comes is read into a buffer
 *     19  source: as much is written from a buffer as goes
 *      1  figures: a line "name value" for each, then the end
 */
#define _GNU_SOURCE /* accept4() */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netbench.h"

#define CONNECTIONS 4096
#define EVENTS      64
#define BUFFER      (256 * 1024)
#define PAGE_BYTES  600
#define BACKLOG     1024

enum kind { HTTP, ECHO, DISCARD, SOURCE, FIGURES, KINDS };

static const unsigned short ports[KINDS] = { 80, 7, 9, 19, 1 };

/* Of a descriptor: what it is. */
static struct {
	unsigned char kind;
	unsigned char listens;
	unsigned char line_ends; /* of the four that end a request, seen */
} connections[CONNECTIONS];

static char buffer[BUFFER];
static char answer[PAGE_BYTES + 256];
static size_t answer_bytes;
static int epoll_fd;

unsigned long netbench_requests, netbench_bytes_in, netbench_bytes_out;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int watch(int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void listen_at(enum kind kind, const void *address, socklen_t size)
{
	const struct sockaddr *any = address;
	const int fd = socket(any->sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	const int on = 1;

	if (fd < 0)
		fail("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (any->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, any, size) != 0 || listen(fd, BACKLOG) != 0)
		fail("bind");
	connections[fd].kind = kind;
	connections[fd].listens = 1;
	if (watch(fd, EPOLLIN) != 0)
		fail("epoll_ctl");
}

static void listen_on(enum kind kind)
{
	const struct sockaddr_in ip4 = { .sin_family = AF_INET,
		                         .sin_port = htons(ports[kind]) };
	const struct sockaddr_in6 ip6 = { .sin6_family = AF_INET6,
		                          .sin6_port = htons(ports[kind]) };

	listen_at(kind, &ip4, sizeof(ip4));
	listen_at(kind, &ip6, sizeof(ip6));
}

static void drop(int fd)
{
	close(fd);
}

static void figures(int fd)
{
	char text[8192];
	size_t length = netbench_figures(text, sizeof(text));

	if (write(fd, text, length) < 0)
		perror("figures");
	drop(fd);
}

static void take_connections(int listener)
{
	const enum kind kind = connections[listener].kind;
	const int on = 1;
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		if (fd >= CONNECTIONS) {
			drop(fd);
			continue;
		}
		connections[fd].kind = kind;
		connections[fd].listens = 0;
		connections[fd].line_ends = 0;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (kind == FIGURES)
			figures(fd);
		else if (watch(fd, kind == SOURCE ? EPOLLOUT : EPOLLIN) != 0)
			drop(fd);
	}
}

/* All of it, or the connection is closed: nobody here sends faster than he reads. */
static int put(int fd, const char *from, size_t count)
{
	const ssize_t done = write(fd, from, count);

	if (done != (ssize_t)count)
		return -1;
	netbench_bytes_out += count;
	return 0;
}

/* How many requests end in what came: each in an empty line. */
static unsigned int requests_in(int fd, const char *text, size_t count)
{
	static const char end[] = "\r\n\r\n";
	static char last[512]; /* one request, whole */
	static size_t last_bytes;
	unsigned int seen = connections[fd].line_ends;
	unsigned int requests = 0;
	size_t i;

	/* A load generator says the same again and again. */
	if (seen == 0 && count == last_bytes && memcmp(text, last, count) == 0)
		return 1;
	for (i = 0; i < count; i++) {
		seen = text[i] == end[seen] ? seen + 1 : text[i] == '\r';
		if (seen == 4) {
			requests++;
			seen = 0;
		}
	}
	if (requests == 1 && seen == 0 && count <= sizeof(last) &&
	    connections[fd].line_ends == 0) {
		memcpy(last, text, count);
		last_bytes = count;
	}
	connections[fd].line_ends = (unsigned char)seen;
	return requests;
}

static int serve_http(int fd, size_t count)
{
	unsigned int requests = requests_in(fd, buffer, count);

	netbench_requests += requests;
	while (requests-- > 0) {
		if (put(fd, answer, answer_bytes) != 0)
			return -1;
	}
	return 0;
}

static void serve_input(int fd)
{
	const ssize_t count = read(fd, buffer, sizeof(buffer));
	int err = 0;

	if (count < 0 && errno == EAGAIN)
		return;
	if (count <= 0) {
		drop(fd);
		return;
	}
	netbench_bytes_in += (size_t)count;
	if (connections[fd].kind == HTTP) {
		err = serve_http(fd, (size_t)count);
	} else if (connections[fd].kind == ECHO) {
		netbench_requests++;
		err = put(fd, buffer, (size_t)count);
	}
	if (err)
		drop(fd);
}

static void serve_output(int fd)
{
	const ssize_t count = write(fd, buffer, sizeof(buffer));

	if (count < 0 && errno != EAGAIN)
		drop(fd);
	else if (count > 0)
		netbench_bytes_out += (size_t)count;
}

static void serve(const struct epoll_event *event)
{
	const int fd = event->data.fd;

	if (connections[fd].listens)
		take_connections(fd);
	else if (event->events & EPOLLIN)
		serve_input(fd);
	else if (event->events & (EPOLLHUP | EPOLLERR))
		drop(fd);
	else
		serve_output(fd);
}

static void make_answer(void)
{
	char page[PAGE_BYTES + 1];

	memset(page, 'x', PAGE_BYTES);
	page[PAGE_BYTES] = '\0';
	answer_bytes = (size_t)snprintf(answer, sizeof(answer),
	                                "HTTP/1.1 200 OK\r\n"
	                                "Content-Type: text/plain\r\n"
	                                "Connection: keep-alive\r\n"
	                                "Content-Length: %d\r\n\r\n%s",
	                                PAGE_BYTES, page);
}

int main(void)
{
	int kind;

	signal(SIGPIPE, SIG_IGN);
	make_answer();
	epoll_fd = epoll_create1(0);
	if (epoll_fd < 0)
		fail("epoll_create1");
	for (kind = 0; kind < KINDS; kind++)
		listen_on((enum kind)kind);
	puts("netbench: ready");
	fflush(stdout);
	for (;;) {
		struct epoll_event events[EVENTS];
		const int count = epoll_wait(epoll_fd, events, EVENTS, -1);
		int i;

		if (count < 0 && errno != EINTR)
			fail("epoll_wait");
		for (i = 0; i < count; i++)
			serve(&events[i]);
	}
}
