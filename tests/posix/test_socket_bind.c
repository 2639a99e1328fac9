/* SPDX-License-Identifier: MIT */
/*
 * Who may have a port beside whom: every pair of addresses in both orders, TCP and
 * UDP; sharing by SO_REUSEADDR and SO_REUSEPORT.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "sockets.h"

enum place { V4_ANY, V4_HOST, V6_BOTH, V6_ANY, V6_HOST, V6_MAPPED, NR_PLACES };

/* Bit N: not beside place N. */
static const unsigned int conflicts[NR_PLACES] = {
	[V4_ANY] = 1 << V4_ANY | 1 << V4_HOST | 1 << V6_BOTH | 1 << V6_MAPPED,
	[V4_HOST] = 1 << V4_ANY | 1 << V4_HOST | 1 << V6_BOTH | 1 << V6_MAPPED,
	[V6_BOTH] = (1 << NR_PLACES) - 1,
	[V6_ANY] = 1 << V6_ANY | 1 << V6_HOST | 1 << V6_BOTH,
	[V6_HOST] = 1 << V6_ANY | 1 << V6_HOST | 1 << V6_BOTH,
	[V6_MAPPED] =
		1 << V4_ANY | 1 << V4_HOST | 1 << V6_BOTH | 1 << V6_MAPPED,
};

static int make(enum place place, int type)
{
	const int fd = socket(place < V6_BOTH ? AF_INET : AF_INET6, type, 0);
	const int on = 1;

	CHECK(fd >= 0);
	if (place == V6_ANY) {
		CHECK_EQ(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
		                    sizeof(on)),
		         0);
	}
	return fd;
}

static int bind_at(int fd, enum place place, int port)
{
	struct sockaddr_in6 name6 = loopback6(port);
	struct sockaddr_in name = loopback(port);

	if (place < V6_BOTH) {
		if (place == V4_ANY)
			name.sin_addr.s_addr = htonl(INADDR_ANY);
		return bind_to(fd, name);
	}
	if (place != V6_HOST)
		name6.sin6_addr = in6addr_any;
	if (place == V6_MAPPED) {
		name6.sin6_addr.s6_addr[10] = name6.sin6_addr.s6_addr[11] =
			0xff;
		name6.sin6_addr.s6_addr[12] = 127;
		name6.sin6_addr.s6_addr[15] = 1;
	}
	return bind(fd, (void *)&name6, sizeof(name6));
}

/* A port's number stands at the same place in both kinds of names. */
static int shared_port(int fd)
{
	struct sockaddr_in6 name;
	socklen_t bytes = sizeof(name);

	CHECK_EQ(getsockname(fd, (void *)&name, &bytes), 0);
	return ntohs(name.sin6_port);
}

static void check_pair(enum place first, enum place second, int type)
{
	const int one = make(first, type), other = make(second, type);
	const int not_beside = conflicts[first] >> second & 1;

	CHECK_EQ(bind_at(one, first, 0), 0);
	if (type == SOCK_STREAM)
		CHECK_EQ(listen(one, 1), 0);
	if (not_beside) {
		FAILS(bind_at(other, second, shared_port(one)), EADDRINUSE);
	} else {
		CHECK_EQ(bind_at(other, second, shared_port(one)), 0);
		if (type == SOCK_STREAM)
			CHECK_EQ(listen(other, 1), 0);
	}
	CHECK_EQ(close(one), 0);
	CHECK_EQ(close(other), 0);
}

static void check_pairs(int type)
{
	for (int first = 0; first < NR_PLACES; first++) {
		for (int second = 0; second < NR_PLACES; second++)
			check_pair(first, second, type);
	}
}

TEST(tcp_ports_are_had_beside_each_other_as_on_linux)
{
	check_pairs(SOCK_STREAM);
}

TEST(udp_ports_are_had_beside_each_other_as_on_linux)
{
	check_pairs(SOCK_DGRAM);
}

static int switched_of(int type, int name)
{
	const int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
	const int on = 1;

	CHECK(fd >= 0);
	CHECK_EQ(setsockopt(fd, SOL_SOCKET, name, &on, sizeof(on)), 0);
	return fd;
}

static int switched(int name)
{
	return switched_of(SOCK_STREAM, name);
}

TEST(an_address_is_reused_while_nobody_listens)
{
	const int one = switched(SO_REUSEADDR), other = switched(SO_REUSEADDR),
		  late = switched(SO_REUSEADDR);

	CHECK_EQ(bind_to(one, loopback(0)), 0);
	CHECK_EQ(bind_to(other, loopback(port_of(one))), 0);
	CHECK_EQ(listen(one, 1), 0);
	FAILS(listen(other, 1), EADDRINUSE);
	FAILS(bind_to(late, loopback(port_of(one))), EADDRINUSE);
	CHECK_EQ(close(one), 0);
	CHECK_EQ(listen(other, 1), 0);
	CHECK_EQ(close(other), 0);
	CHECK_EQ(close(late), 0);
}

TEST(a_port_is_shared_by_those_who_all_say_so)
{
	const int one = switched(SO_REUSEPORT), reuses = switched(SO_REUSEADDR),
		  plain = socket(AF_INET, SOCK_STREAM, 0);

	CHECK_EQ(bind_to(one, loopback(0)), 0);
	FAILS(bind_to(reuses, loopback(port_of(one))), EADDRINUSE);
	FAILS(bind_to(plain, loopback(port_of(one))), EADDRINUSE);
	CHECK_EQ(close(one), 0);
	CHECK_EQ(close(reuses), 0);
	CHECK_EQ(close(plain), 0);
}

static unsigned int accept_all(int fd)
{
	unsigned int count = 0;
	int taken;

	while ((taken = accept(fd, NULL, NULL)) >= 0) {
		CHECK_EQ(close(taken), 0);
		count++;
	}
	CHECK_EQ(errno, EAGAIN);
	return count;
}

static void connect_many(int port, unsigned int count)
{
	while (count-- > 0) {
		const int fd = socket(AF_INET, SOCK_STREAM, 0);

		CHECK_EQ(connect_to(fd, loopback(port)), 0);
		CHECK_EQ(close(fd), 0);
	}
}

TEST(connections_are_spread_over_those_who_share_a_port)
{
	const int one = switched(SO_REUSEPORT), other = switched(SO_REUSEPORT);
	unsigned int by_one;

	CHECK_EQ(bind_to(one, loopback(0)), 0);
	CHECK_EQ(listen(one, 64), 0);
	CHECK_EQ(bind_to(other, loopback(port_of(one))), 0);
	CHECK_EQ(listen(other, 64), 0);
	connect_many(port_of(one), 60);
	by_one = accept_all(one);
	CHECK(by_one > 5 && by_one < 55);
	CHECK_EQ(accept_all(other), 60 - by_one);
	CHECK_EQ(close(one), 0);
	connect_many(port_of(other), 20);
	CHECK_EQ(accept_all(other), 20);
	CHECK_EQ(close(other), 0);
	settle();
}

TEST(a_udp_port_is_shared_by_those_who_all_say_the_same)
{
	const int one = switched_of(SOCK_DGRAM, SO_REUSEPORT),
		  reuses = switched_of(SOCK_DGRAM, SO_REUSEADDR),
		  also_reuses = switched_of(SOCK_DGRAM, SO_REUSEADDR),
		  plain = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK_EQ(bind_to(one, loopback(0)), 0);
	FAILS(bind_to(reuses, loopback(port_of(one))), EADDRINUSE);
	FAILS(bind_to(plain, loopback(port_of(one))), EADDRINUSE);
	CHECK_EQ(close(one), 0);
	CHECK_EQ(bind_to(reuses, loopback(0)), 0);
	CHECK_EQ(bind_to(also_reuses, loopback(port_of(reuses))), 0);
	CHECK_EQ(close(reuses), 0);
	CHECK_EQ(close(also_reuses), 0);
	CHECK_EQ(close(plain), 0);
}

static unsigned int receive_all(int fd)
{
	unsigned int count = 0;
	char byte;

	while (recv(fd, &byte, 1, 0) == 1)
		count++;
	CHECK_EQ(errno, EAGAIN);
	return count;
}

/* @count datagrams each of @senders sockets. */
static void send_many(int port, unsigned int senders, unsigned int count)
{
	const struct sockaddr_in to = loopback(port);

	while (senders-- > 0) {
		const int fd = socket(AF_INET, SOCK_DGRAM, 0);
		unsigned int i;

		for (i = 0; i < count; i++)
			CHECK_EQ(sendto(fd, "x", 1, 0, (void *)&to, sizeof(to)),
			         1);
		CHECK_EQ(close(fd), 0);
	}
}

TEST(datagrams_are_spread_by_sender_over_those_who_share_a_port)
{
	int fds[3];
	unsigned int sum = 0;

	for (int i = 0; i < 3; i++) {
		fds[i] = switched_of(SOCK_DGRAM, SO_REUSEPORT);
		CHECK_EQ(bind_to(fds[i], loopback(i ? port_of(fds[0]) : 0)), 0);
	}
	/* Each has its part, and all of a sender. */
	send_many(port_of(fds[0]), 40, 2);
	for (int i = 0; i < 3; i++) {
		const unsigned int count = receive_all(fds[i]);

		CHECK(count > 0 && count < 80);
		CHECK_EQ(count % 2, 0);
		sum += count;
	}
	CHECK_EQ(sum, 80);
	/* One that left has none of it. */
	CHECK_EQ(close(fds[1]), 0);
	send_many(port_of(fds[0]), 20, 1);
	CHECK_EQ(receive_all(fds[0]) + receive_all(fds[2]), 20);
	CHECK_EQ(close(fds[0]), 0);
	CHECK_EQ(close(fds[2]), 0);
}
