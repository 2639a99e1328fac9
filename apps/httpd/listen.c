/* SPDX-License-Identifier: MIT */
/*
 * One socket for both families where the system has IPv6, else one for IPv4.
 * SO_REUSEADDR: connections of an earlier run that are in TIME_WAIT do not keep
 * the port.
 */
#define _GNU_SOURCE /* SOCK_NONBLOCK */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server.h"

#define BACKLOG 1024

static int bind_any(int fd, int family, int port)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };

	if (family == AF_INET6) {
		v6.sin6_port = htons((in_port_t)port);
		return bind(fd, (struct sockaddr *)&v6, sizeof(v6));
	}
	v4.sin_port = htons((in_port_t)port);
	return bind(fd, (struct sockaddr *)&v4, sizeof(v4));
}

/* The port's place is the same in both kinds of addresses. */
static int bound_port(int fd)
{
	struct sockaddr_in6 address = { 0 };
	socklen_t length = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &length) != 0)
		return -1;
	return ntohs(address.sin6_port);
}

static int open_family(int family, int port, int *port_out)
{
	const int fd =
		socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int yes = 1;
	const int no = 0;
	int err;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) != 0)
		goto out_close;
	if (bind_any(fd, family, port) != 0 || listen(fd, BACKLOG) != 0)
		goto out_close;
	*port_out = bound_port(fd);
	return fd;

out_close:
	err = -errno;
	close(fd);
	return err;
}

int listener_open(int port, bool ipv4_only, int *port_out)
{
	int fd = -EAFNOSUPPORT;

	if (!ipv4_only)
		fd = open_family(AF_INET6, port, port_out);
	if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL || fd == -ENOPROTOOPT)
		fd = open_family(AF_INET, port, port_out);
	return fd;
}
