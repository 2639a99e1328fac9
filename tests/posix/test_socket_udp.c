/* SPDX-License-Identifier: MIT */
/* UDP, ping and raw sockets over loopback. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/ip_icmp.h>
#include <sys/ioctl.h>

#include "beside.h"
#include "posix/syscalls.h"
#include "sockets.h"

static unsigned char out[70000], in[70000];
static void *const volatile nowhere = (void *)8;

static int bound(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	CHECK(fd >= 0);
	CHECK_EQ(bind_to(fd, loopback(0)), 0);
	return fd;
}

static long send_to(int fd, const void *from, size_t bytes, int port)
{
	struct sockaddr_in to = loopback(port);

	return sendto(fd, from, bytes, 0, (void *)&to, sizeof(to));
}

TEST(datagrams_stay_whole_and_say_who_sent_them)
{
	int a = bound(), b = bound();
	struct sockaddr_in from;
	socklen_t bytes = sizeof(from);
	int waiting;

	CHECK_EQ(ready_now(a), POLLOUT);
	CHECK_EQ(send_to(b, "first", 5, port_of(a)), 5);
	CHECK_EQ(send_to(b, "", 0, port_of(a)), 0);
	CHECK_EQ(send_to(b, "second", 6, port_of(a)), 6);
	CHECK_EQ(ready_now(a), POLLIN | POLLOUT);
	CHECK_EQ(ioctl(a, FIONREAD, &waiting), 0);
	CHECK_EQ(waiting, 5);
	CHECK_EQ(recv(a, in, 3, MSG_PEEK), 3);
	CHECK_EQ(recv(a, in, 3, MSG_PEEK | MSG_TRUNC), 5);
	CHECK_EQ(recvfrom(a, in, 100, 0, (void *)&from, &bytes), 5);
	CHECK_EQ(ntohs(from.sin_port), port_of(b));
	CHECK_EQ(recv(a, in, 100, 0), 0);
	CHECK_EQ(recv(a, in, 100, 0), 6);
	FAILS(recv(a, in, 1, MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(close(a), 0);
	CHECK_EQ(close(b), 0);
}

TEST(sizes_from_one_byte_to_the_largest)
{
	int a = bound(), b = bound();
	size_t bytes, i;

	for (i = 0; i < sizeof(out); i++)
		out[i] = i * 7 + i / 251;
	for (bytes = 1; bytes < 65507; bytes = bytes * 3 + 1) {
		CHECK_EQ(send_to(b, out, bytes, port_of(a)), bytes);
		CHECK_EQ(recv(a, in, sizeof(in), 0), bytes);
		CHECK_EQ(memcmp(in, out, bytes), 0);
	}
	CHECK_EQ(send_to(b, out, 65507, port_of(a)), 65507);
	CHECK_EQ(recv(a, in, sizeof(in), 0), 65507);
	FAILS(send_to(b, out, 65508, port_of(a)), EMSGSIZE);
	CHECK_EQ(close(a), 0);
	CHECK_EQ(close(b), 0);
}

TEST(connect_chooses_a_peer)
{
	int a = bound(), b = bound(), c = bound();
	struct sockaddr_in none = { .sin_family = AF_UNSPEC };

	FAILS(send(a, "x", 1, 0), EDESTADDRREQ);
	CHECK_EQ(connect_to(a, loopback(port_of(b))), 0);
	CHECK_EQ(send(a, "x", 1, 0), 1);
	CHECK_EQ(recv(b, in, 10, 0), 1);
	CHECK_EQ(send_to(c, "foreign", 7, port_of(a)), 7);
	FAILS(recv(a, in, 10, MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(send_to(b, "own", 3, port_of(a)), 3);
	CHECK_EQ(recv(a, in, 10, 0), 3);
	CHECK_EQ(connect(a, (void *)&none, sizeof(none)), 0);
	FAILS(send(a, "x", 1, 0), EDESTADDRREQ);
	FAILS(listen(a, 1), EOPNOTSUPP);
	/* As Linux: it is refused and done all the same. */
	FAILS(shutdown(a, SHUT_RD), ENOTCONN);
	CHECK_EQ(recv(a, in, 10, 0), 0);
	CHECK_EQ(close(a), 0);
	CHECK_EQ(close(b), 0);
	CHECK_EQ(close(c), 0);
}

TEST(a_connected_socket_learns_that_nobody_is_there)
{
	int a = bound(), b = socket(AF_INET6, SOCK_DGRAM, 0);
	struct sockaddr_in6 nobody = loopback6(9);

	CHECK_EQ(connect_to(a, loopback(9)), 0);
	CHECK_EQ(send(a, "x", 1, 0), 1);
	CHECK_EQ(ready_now(a), POLLOUT | POLLERR);
	FAILS(recv(a, in, 10, 0), ECONNREFUSED);
	CHECK_EQ(ready_now(a), POLLOUT);
	CHECK_EQ(send(a, "x", 1, 0), 1);
	FAILS(send(a, "x", 1, 0), ECONNREFUSED);
	CHECK_EQ(connect(b, (void *)&nobody, sizeof(nobody)), 0);
	CHECK_EQ(send(b, "x", 1, 0), 1);
	FAILS(recv(b, in, 10, 0), ECONNREFUSED);
	/* Who is not connected hears nothing. */
	CHECK_EQ(close(a), 0);
	a = bound();
	CHECK_EQ(send_to(a, "x", 1, 9), 1);
	FAILS(recv(a, in, 10, MSG_DONTWAIT), EAGAIN);
	CHECK_EQ(close(a), 0);
	CHECK_EQ(close(b), 0);
}

TEST(refusals_are_linuxs)
{
	int a = bound(), b = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
	struct sockaddr_in far = loopback(53), all = loopback(9);

	FAILS(bind_to(b, loopback(port_of(a))), EADDRINUSE);
	far.sin_addr.s_addr = htonl(0xc0000201);
	FAILS(bind_to(b, far), EADDRNOTAVAIL);
	if (!netif_default)
		FAILS(connect_to(b, far), ENETUNREACH);
	all.sin_addr.s_addr = INADDR_BROADCAST;
	FAILS(sendto(b, "x", 1, 0, (void *)&all, sizeof(all)), EACCES);
	CHECK_EQ(setsockopt(b, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)), 0);
	FAILS(sendto(b, nowhere, 1, 0, (void *)&far, 4), EINVAL);
	CHECK_EQ(sys_sendto(b, (long)nowhere, 1, 0, 0, 0), -EDESTADDRREQ);
	far = loopback(9);
	FAILS(sendto(b, nowhere, 1, 0, (void *)&far, sizeof(far)), EFAULT);
	CHECK_EQ(close(a), 0);
	CHECK_EQ(close(b), 0);
}

static long receive_one(void *argument)
{
	return sys_recvfrom(*(int *)argument, (long)in, 10, 0, 0, 0);
}

TEST(a_receiver_waits_and_an_interrupt_ends_it)
{
	int a = bound(), b = bound();
	struct beside *reader = beside_start(receive_one, &a);

	beside_waits(reader);
	CHECK_EQ(send_to(b, "x", 1, port_of(a)), 1);
	CHECK_EQ(beside_join(reader), 1);
	reader = beside_start(receive_one, &a);
	beside_waits(reader);
	beside_interrupt(reader);
	CHECK_EQ(beside_join(reader), -EINTR);
	CHECK_EQ(close(a), 0);
	CHECK_EQ(close(b), 0);
}

TEST(a_full_receive_buffer_drops)
{
	int a = bound(), b = bound(), room = 4000, i, got = 0;

	CHECK_EQ(setsockopt(a, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)), 0);
	for (i = 0; i < 20; i++)
		CHECK_EQ(send_to(b, out, 1000, port_of(a)), 1000);
	while (recv(a, in, 2000, MSG_DONTWAIT) == 1000)
		got++;
	CHECK_EQ(got, 8);
	CHECK_EQ(close(a), 0);
	CHECK_EQ(close(b), 0);
}

TEST(ipv6_and_the_destination_that_was_meant)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6 };
	socklen_t bytes = sizeof(any);
	int a = socket(AF_INET6, SOCK_DGRAM, 0), b = bound(), on = 1;
	struct iovec piece = { .iov_base = in, .iov_len = 10 };
	char control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct in6_pktinfo info;

	CHECK_EQ(bind(a, (void *)&any, sizeof(any)), 0);
	CHECK_EQ(getsockname(a, (void *)&any, &bytes), 0);
	CHECK_EQ(setsockopt(a, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, 4), 0);
	CHECK_EQ(send_to(b, "four", 4, ntohs(any.sin6_port)), 4);
	CHECK_EQ(recvmsg(a, &message, 0), 4);
	CHECK(CMSG_FIRSTHDR(&message));
	CHECK_EQ(CMSG_FIRSTHDR(&message)->cmsg_type, IPV6_PKTINFO);
	memcpy(&info, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(info));
	CHECK(IN6_IS_ADDR_V4MAPPED(&info.ipi6_addr));
	CHECK_EQ(close(b), 0);
	b = socket(AF_INET6, SOCK_DGRAM, 0);
	any = loopback6(ntohs(any.sin6_port));
	CHECK_EQ(sendto(b, "six", 3, 0, (void *)&any, sizeof(any)), 3);
	CHECK_EQ(recv(a, in, 10, 0), 3);
	CHECK_EQ(close(a), 0);
	CHECK_EQ(close(b), 0);
}

TEST(ping_is_answered)
{
	int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
	struct icmphdr request = { .type = ICMP_ECHO,
		                   .un.echo.sequence = htons(7) };
	struct icmphdr answer;
	struct sockaddr_in to = loopback(0);

	CHECK(fd >= 0);
	CHECK_EQ(sendto(fd, &request, sizeof(request), 0, (void *)&to,
	                sizeof(to)),
	         sizeof(request));
	CHECK_EQ(recv(fd, in, 100, 0), sizeof(answer));
	memcpy(&answer, in, sizeof(answer));
	CHECK_EQ(answer.type, ICMP_ECHOREPLY);
	CHECK_EQ(answer.un.echo.sequence, htons(7));
	request.type = ICMP_ECHOREPLY;
	FAILS(sendto(fd, &request, sizeof(request), 0, (void *)&to, sizeof(to)),
	      EINVAL);
	CHECK_EQ(close(fd), 0);
}

TEST(a_raw_socket_sees_the_header)
{
	int fd = socket(AF_INET, SOCK_RAW, 200);
	struct sockaddr_in to = loopback(0);

	CHECK(fd >= 0);
	CHECK_EQ(sendto(fd, "raw", 3, 0, (void *)&to, sizeof(to)), 3);
	CHECK_EQ(recv(fd, in, 100, 0), 23);
	CHECK_EQ(in[0], 0x45);
	CHECK_EQ(memcmp(in + 20, "raw", 3), 0);
	CHECK_EQ(close(fd), 0);
	FAILS(socket(AF_INET, SOCK_RAW, 0), EPROTONOSUPPORT);
}

TEST(interfaces_have_names_and_numbers)
{
	char name[IF_NAMESIZE];
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	const unsigned int index = if_nametoindex("lo");

	CHECK(index > 0);
	CHECK(if_indextoname(index, name) == name);
	CHECK_EQ(strcmp(name, "lo"), 0);
	CHECK_EQ(if_nametoindex("none"), 0);
	CHECK_EQ(ioctl(fd, SIOCGIFADDR, &request), 0);
	CHECK_EQ(((struct sockaddr_in *)(void *)&request.ifr_addr)
	                 ->sin_addr.s_addr,
	         htonl(INADDR_LOOPBACK));
	CHECK_EQ(ioctl(fd, SIOCGIFFLAGS, &request), 0);
	CHECK_EQ(request.ifr_flags & (IFF_UP | IFF_LOOPBACK),
	         IFF_UP | IFF_LOOPBACK);
	CHECK_EQ(close(fd), 0);
}

TEST(numbers_are_resolved_without_a_network)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		                  .ai_flags = AI_NUMERICHOST };
	struct addrinfo *list;

	CHECK_EQ(getaddrinfo("127.0.0.1", "80", &hints, &list), 0);
	CHECK_EQ(list->ai_family, AF_INET);
	freeaddrinfo(list);
}
