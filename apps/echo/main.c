/* SPDX-License-Identifier: MIT */
/*
 * echo - TCP and UDP on one port, back to where it came from.
 *
 * One thread, one epoll. What a TCP connection has sent and could not be sent back
 * yet is kept in a buffer of its own, and while that is full nothing is read from
 * it: whoever does not read his echo stops himself. A connection whose other end
 * has said all is closed when its last byte is back.
 */
#define _GNU_SOURCE /* accept4() */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_BYTES   16384u
#define DATAGRAM_BYTES 65536u
#define EVENTS_A_TURN  64
#define BACKLOG        1024
#define PAUSE_MS       1000

struct peer {
	int fd;
	bool ended;       /* it sends no more */
	uint32_t watches; /* epoll's events */
	size_t start, end;
	char buffer[BUFFER_BYTES];
};

static int epoll = -1;
static int listener = -1;
static int datagrams = -1;
static bool paused; /* no connection is accepted for now */

static int watch(int action, int fd, uint32_t events, void *what)
{
	struct epoll_event event = { .events = events };

	event.data.ptr = what;
	return epoll_ctl(epoll, action, fd, &event);
}

/* --- TCP ----------------------------------------------------------------- */

static void end_peer(struct peer *peer)
{
	close(peer->fd);
	free(peer);
	if (paused)
		paused = watch(EPOLL_CTL_ADD, listener, EPOLLIN, &listener);
}

static bool would_wait(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* false: the connection is of no more use. */
static bool send_back(struct peer *peer)
{
	while (peer->start < peer->end) {
		const ssize_t sent =
			send(peer->fd, peer->buffer + peer->start,
		             peer->end - peer->start, MSG_NOSIGNAL);

		if (sent < 0)
			return would_wait();
		peer->start += (size_t)sent;
	}
	peer->start = 0;
	peer->end = 0;
	return !peer->ended;
}

static bool take_in(struct peer *peer)
{
	const ssize_t got = recv(peer->fd, peer->buffer + peer->end,
	                         BUFFER_BYTES - peer->end, 0);

	if (got < 0)
		return would_wait();
	peer->ended = got == 0;
	peer->end += (size_t)got;
	return send_back(peer);
}

static void run_peer(struct peer *peer, uint32_t events)
{
	uint32_t watches = 0;
	bool alive = !(events & EPOLLERR);

	if (alive && events & EPOLLOUT)
		alive = send_back(peer);
	if (alive && events & (EPOLLIN | EPOLLHUP) &&
	    peer->end < BUFFER_BYTES && !peer->ended)
		alive = take_in(peer);
	if (!alive) {
		end_peer(peer);
		return;
	}
	if (!peer->ended && peer->end < BUFFER_BYTES)
		watches |= EPOLLIN;
	if (peer->start < peer->end)
		watches |= EPOLLOUT;
	if (watches != peer->watches)
		(void)watch(EPOLL_CTL_MOD, peer->fd, watches, peer);
	peer->watches = watches;
}

/* Without a descriptor or memory: wait until some connection ends. */
static void pause_accepting(const char *why)
{
	paused = watch(EPOLL_CTL_DEL, listener, 0, NULL) == 0;
	fprintf(stderr, "echo: %s: no connection is accepted for now\n", why);
}

static void add_peer(int fd)
{
	struct peer *peer = malloc(sizeof(*peer));

	if (peer) {
		peer->fd = fd;
		peer->ended = false;
		peer->watches = EPOLLIN;
		peer->start = 0;
		peer->end = 0;
		if (watch(EPOLL_CTL_ADD, fd, EPOLLIN, peer) == 0)
			return;
	}
	free(peer);
	close(fd);
	pause_accepting("no memory");
}

static void accept_peers(void)
{
	int i;

	for (i = 0; i < EVENTS_A_TURN && !paused; i++) {
		const int fd = accept4(listener, NULL, NULL,
		                       SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0)
			add_peer(fd);
		else if (would_wait())
			return;
		else if (errno != ECONNABORTED && errno != EPROTO)
			pause_accepting(strerror(errno));
	}
}

/* --- UDP ----------------------------------------------------------------- */

/* What cannot be sent at once is lost, as datagrams are. */
static void echo_datagrams(void)
{
	static char bytes[DATAGRAM_BYTES];
	int i;

	for (i = 0; i < EVENTS_A_TURN; i++) {
		struct sockaddr_storage from;
		socklen_t length = sizeof(from);
		const ssize_t got = recvfrom(datagrams, bytes, sizeof(bytes), 0,
		                             (struct sockaddr *)&from, &length);

		if (got < 0)
			return;
		(void)!sendto(datagrams, bytes, (size_t)got, 0,
		              (struct sockaddr *)&from, length);
	}
}

/* --- start --------------------------------------------------------------- */

static int bind_port(int fd, int family, int port)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
		                   .sin6_port = htons((in_port_t)port) };
	struct sockaddr_in v4 = { .sin_family = AF_INET,
		                  .sin_port = htons((in_port_t)port) };
	const int no = 0;

	if (family == AF_INET)
		return bind(fd, (struct sockaddr *)&v4, sizeof(v4));
	(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	return bind(fd, (struct sockaddr *)&v6, sizeof(v6));
}

/* Of both families where there is IPv6; -1 with errno set. */
static int open_port(int type, int port)
{
	const int kind = type | SOCK_NONBLOCK | SOCK_CLOEXEC;
	const int yes = 1;
	int family = AF_INET6;
	int fd = socket(family, kind, 0);

	if (fd < 0 && errno == EAFNOSUPPORT) {
		family = AF_INET;
		fd = socket(family, kind, 0);
	}
	if (fd < 0)
		return -1;
	if (type == SOCK_STREAM)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes,
		                 sizeof(yes));
	if (bind_port(fd, family, port) == 0 &&
	    (type == SOCK_DGRAM || listen(fd, BACKLOG) == 0))
		return fd;
	close(fd);
	return -1;
}

static bool open_all(int port)
{
	epoll = epoll_create1(EPOLL_CLOEXEC);
	listener = open_port(SOCK_STREAM, port);
	if (epoll >= 0 && listener >= 0)
		datagrams = open_port(SOCK_DGRAM, port);
	if (epoll >= 0 && listener >= 0 && datagrams >= 0 &&
	    watch(EPOLL_CTL_ADD, listener, EPOLLIN, &listener) == 0 &&
	    watch(EPOLL_CTL_ADD, datagrams, EPOLLIN, &datagrams) == 0)
		return true;
	fprintf(stderr, "echo: port %d: %s\n", port, strerror(errno));
	return false;
}

static void run(void)
{
	struct epoll_event events[EVENTS_A_TURN];

	for (;;) {
		const int count = epoll_wait(epoll, events, EVENTS_A_TURN,
		                             paused ? PAUSE_MS : -1);
		int i;

		for (i = 0; i < count; i++) {
			if (events[i].data.ptr == &listener)
				accept_peers();
			else if (events[i].data.ptr == &datagrams)
				echo_datagrams();
			else
				run_peer(events[i].data.ptr, events[i].events);
		}
		if (count == 0 && paused)
			paused = watch(EPOLL_CTL_ADD, listener, EPOLLIN,
			               &listener) != 0;
	}
}

/* As many descriptors as may be had. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	char *end = "";
	const long port = argc == 2 ? strtol(argv[1], &end, 10) : 7;

	if (argc > 2 || *end || port < 1 || port > 65535) {
		fputs("usage: echo [PORT], a port from 1 to 65535 (7)\n",
		      stderr);
		return 2;
	}
	raise_limit();
	if (!open_all((int)port))
		return 1;
	printf("echo: TCP and UDP on port %ld\n", port);
	fflush(stdout);
	run();
}
