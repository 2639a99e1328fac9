/* SPDX-License-Identifier: MIT */
/* What the suites about Internet sockets share: loopback, pairs, an end of all. */
#ifndef TESTS_POSIX_SOCKETS_H
#define TESTS_POSIX_SOCKETS_H

#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "files.h"
#include "net/stack.h"
#include "test.h"

#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"

static inline struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static inline struct sockaddr_in6 loopback6(int port)
{
	return (struct sockaddr_in6){
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
}

static inline int bind_to(int fd, struct sockaddr_in name)
{
	return bind(fd, (void *)&name, sizeof(name));
}

static inline int connect_to(int fd, struct sockaddr_in name)
{
	return connect(fd, (void *)&name, sizeof(name));
}

static inline int port_of(int fd)
{
	struct sockaddr_in name;
	socklen_t bytes = sizeof(name);

	CHECK_EQ(getsockname(fd, (void *)&name, &bytes), 0);
	return ntohs(name.sin_port);
}

/* A listener on a port of the stack's choice. */
static inline int listener(int backlog)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK(fd >= 0);
	CHECK_EQ(bind_to(fd, loopback(0)), 0);
	CHECK_EQ(listen(fd, backlog), 0);
	return fd;
}

/* Two ends of a connection over loopback. */
static inline void connected(int ends[2])
{
	int from = listener(1);

	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(connect_to(ends[0], loopback(port_of(from))), 0);
	ends[1] = accept(from, NULL, NULL);
	CHECK(ends[1] >= 0);
	CHECK_EQ(close(from), 0);
}

static inline int ready_now(int fd)
{
	struct pollfd entry = { .fd = fd,
		                .events = POLLIN | POLLOUT | POLLRDHUP };

	CHECK(poll(&entry, 1, 0) >= 0);
	return entry.revents;
}

static inline int error_of(int fd)
{
	int error = -1;
	socklen_t bytes = sizeof(error);

	CHECK_EQ(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes), 0);
	return error;
}

/* Connections that wait for their end have it now: their memory is back. */
static inline void settle(void)
{
	unsigned int ticks;

	for (ticks = 0; ticks < 1000; ticks++) {
		bool done;

		net_lock();
		netif_poll_all();
		tcp_tmr();
		done = !tcp_tw_pcbs && !tcp_active_pcbs;
		net_unlock();
		if (done)
			return;
	}
	CHECK(!"connections end");
}

#endif /* TESTS_POSIX_SOCKETS_H */
