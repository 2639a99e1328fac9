/* SPDX-License-Identifier: MIT */
/* Options of Internet sockets, and what programs ask about interfaces. */
#define _GNU_SOURCE
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sys/time.h>

#include "sockets.h"

static int sock;

static int get(int level, int name)
{
	int value = -1;
	socklen_t bytes = sizeof(value);

	CHECK_EQ(getsockopt(sock, level, name, &value, &bytes), 0);
	CHECK_EQ(bytes, sizeof(value));
	return value;
}

static int set(int level, int name, int value)
{
	return setsockopt(sock, level, name, &value, sizeof(value));
}

TEST(switches_are_kept)
{
	static const int names[] = { SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE,
		                     SO_BROADCAST, SO_OOBINLINE };
	unsigned int i;

	sock = socket(AF_INET, SOCK_STREAM, 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		CHECK_EQ(get(SOL_SOCKET, names[i]), 0);
		CHECK_EQ(set(SOL_SOCKET, names[i], 7), 0);
		CHECK_EQ(get(SOL_SOCKET, names[i]), 1);
		CHECK_EQ(set(SOL_SOCKET, names[i], 0), 0);
		CHECK_EQ(get(SOL_SOCKET, names[i]), 0);
	}
	CHECK_EQ(get(SOL_SOCKET, SO_TYPE), SOCK_STREAM);
	CHECK_EQ(get(SOL_SOCKET, SO_PROTOCOL), IPPROTO_TCP);
	CHECK_EQ(get(SOL_SOCKET, SO_DOMAIN), AF_INET);
	CHECK_EQ(get(SOL_SOCKET, SO_ACCEPTCONN), 0);
	CHECK_EQ(listen(sock, 1), 0);
	CHECK_EQ(get(SOL_SOCKET, SO_ACCEPTCONN), 1);
	CHECK_EQ(close(sock), 0);
}

TEST(tcp_options_are_kept_checked_and_inherited)
{
	int from = listener(1);

	sock = from;
	CHECK_EQ(set(IPPROTO_TCP, TCP_NODELAY, 1), 0);
	CHECK_EQ(set(IPPROTO_TCP, TCP_KEEPIDLE, 33), 0);
	CHECK_EQ(set(SOL_SOCKET, SO_KEEPALIVE, 1), 0);
	FAILS(set(IPPROTO_TCP, TCP_KEEPIDLE, 0), EINVAL);
	FAILS(set(IPPROTO_TCP, TCP_KEEPCNT, 200), EINVAL);
	FAILS(set(IPPROTO_TCP, 999, 1), ENOPROTOOPT);
	FAILS(set(IPPROTO_UDP, 1, 1), ENOPROTOOPT);
	sock = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(get(IPPROTO_TCP, TCP_NODELAY), 0);
	CHECK_EQ(get(IPPROTO_TCP, TCP_KEEPINTVL), 75);
	CHECK_EQ(connect_to(sock, loopback(port_of(from))), 0);
	CHECK(get(IPPROTO_TCP, TCP_MAXSEG) > 500);
	CHECK_EQ(close(sock), 0);
	sock = accept(from, NULL, NULL);
	CHECK_EQ(get(IPPROTO_TCP, TCP_NODELAY), 1);
	CHECK_EQ(get(IPPROTO_TCP, TCP_KEEPIDLE), 33);
	CHECK_EQ(get(SOL_SOCKET, SO_KEEPALIVE), 1);
	CHECK_EQ(close(sock), 0);
	CHECK_EQ(close(from), 0);
	settle();
}

TEST(tcp_info_tells_the_state)
{
	struct tcp_info info;
	socklen_t bytes = sizeof(info);
	int ends[2];

	connected(ends);
	CHECK_EQ(getsockopt(ends[0], IPPROTO_TCP, TCP_INFO, &info, &bytes), 0);
	CHECK_EQ(info.tcpi_state, TCP_ESTABLISHED);
	CHECK(info.tcpi_snd_mss > 500);
	CHECK_EQ(shutdown(ends[1], SHUT_WR), 0);
	CHECK_EQ(getsockopt(ends[0], IPPROTO_TCP, TCP_INFO, &info, &bytes), 0);
	CHECK_EQ(info.tcpi_state, TCP_CLOSE_WAIT);
	CHECK_EQ(close(ends[0]), 0);
	CHECK_EQ(close(ends[1]), 0);
	settle();
}

TEST(ip_options_are_kept_and_checked)
{
	sock = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK_EQ(get(IPPROTO_IP, IP_TTL), 64);
	CHECK_EQ(set(IPPROTO_IP, IP_TTL, 5), 0);
	CHECK_EQ(get(IPPROTO_IP, IP_TTL), 5);
	FAILS(set(IPPROTO_IP, IP_TTL, 0), EINVAL);
	FAILS(set(IPPROTO_IP, IP_TTL, 256), EINVAL);
	CHECK_EQ(set(IPPROTO_IP, IP_TOS, 16), 0);
	CHECK_EQ(get(IPPROTO_IP, IP_TOS), 16);
	CHECK_EQ(set(IPPROTO_IP, IP_MULTICAST_TTL, 9), 0);
	CHECK_EQ(get(IPPROTO_IP, IP_MULTICAST_TTL), 9);
	CHECK_EQ(get(IPPROTO_IP, IP_MULTICAST_LOOP), 1);
	FAILS(set(IPPROTO_IPV6, IPV6_V6ONLY, 1), ENOPROTOOPT);
	CHECK_EQ(close(sock), 0);
	sock = socket(AF_INET6, SOCK_STREAM, 0);
	CHECK_EQ(get(IPPROTO_IPV6, IPV6_V6ONLY), 0);
	CHECK_EQ(set(IPPROTO_IPV6, IPV6_V6ONLY, 1), 0);
	CHECK_EQ(listen(sock, 1), 0);
	FAILS(set(IPPROTO_IPV6, IPV6_V6ONLY, 0), EINVAL);
	CHECK_EQ(close(sock), 0);
}

TEST(timeouts_and_buffers_are_told_as_linux_does)
{
	struct timeval time = { .tv_sec = 2, .tv_usec = 500000 };
	socklen_t bytes = sizeof(time);

	sock = socket(AF_INET, SOCK_DGRAM, 0);
	CHECK_EQ(setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &time, bytes), 0);
	memset(&time, 0, sizeof(time));
	CHECK_EQ(getsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &time, &bytes), 0);
	CHECK_EQ(time.tv_sec, 2);
	CHECK_EQ(time.tv_usec, 500000);
	time.tv_usec = 1000000;
	FAILS(setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &time, bytes), EDOM);
	FAILS(setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &time, 4), EINVAL);
	CHECK_EQ(set(SOL_SOCKET, SO_RCVBUF, 10000), 0);
	CHECK_EQ(get(SOL_SOCKET, SO_RCVBUF), 20000);
	CHECK_EQ(set(SOL_SOCKET, SO_SNDBUF, 1), 0);
	CHECK_EQ(get(SOL_SOCKET, SO_SNDBUF), 4608);
	CHECK_EQ(close(sock), 0);
}

TEST(a_socket_is_bound_to_an_interface_that_is_there)
{
	sock = socket(AF_INET, SOCK_DGRAM, 0);
	FAILS(setsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE, "nope", 5), ENODEV);
	CHECK_EQ(setsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3), 0);
	CHECK_EQ(setsockopt(sock, SOL_SOCKET, SO_BINDTODEVICE, "", 0), 0);
	CHECK_EQ(close(sock), 0);
}

TEST(getifaddrs_finds_loopback)
{
	struct ifaddrs *list, *at;
	bool link = false, four = false, six = false;

	CHECK_EQ(getifaddrs(&list), 0);
	for (at = list; at; at = at->ifa_next) {
		if (strcmp(at->ifa_name, "lo") != 0 || !at->ifa_addr)
			continue;
		CHECK(at->ifa_flags & IFF_LOOPBACK);
		link |= at->ifa_addr->sa_family == AF_PACKET;
		six |= at->ifa_addr->sa_family == AF_INET6;
		if (at->ifa_addr->sa_family != AF_INET)
			continue;
		four = ((struct sockaddr_in *)(void *)at->ifa_addr)
		                       ->sin_addr.s_addr ==
		               htonl(INADDR_LOOPBACK) &&
		       ((struct sockaddr_in *)(void *)at->ifa_netmask)
		                       ->sin_addr.s_addr == htonl(0xff000000);
	}
	freeifaddrs(list);
	CHECK(link);
	CHECK(four);
	CHECK(six);
}

TEST(if_nameindex_lists_loopback)
{
	struct if_nameindex *list = if_nameindex();
	unsigned int i;
	bool found = false;

	CHECK(list);
	for (i = 0; list[i].if_index; i++)
		found |= strcmp(list[i].if_name, "lo") == 0;
	if_freenameindex(list);
	CHECK(found);
}
