/* SPDX-License-Identifier: MIT */
/* TCP over loopback: beginning, bytes, both ends' ends, refusals, lack of memory. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "beside.h"
#include "mm/fault_inject.h"
#include "posix/syscalls.h"
#include "sockets.h"

#define BYTES 600000u

static void *const volatile nowhere = (void *)8;
static unsigned char out[BYTES], in[BYTES];
static int ends[2];

static void make_bytes(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(out); i++)
		out[i] = i * 7 + i / 251;
}

static void close_ends(void)
{
	CHECK_EQ(close(ends[0]), 0);
	CHECK_EQ(close(ends[1]), 0);
	settle();
}

TEST(socket_refuses_what_linux_refuses)
{
	FAILS(socket(AF_INET, SOCK_STREAM, IPPROTO_UDP), EPROTONOSUPPORT);
	FAILS(socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP), EPROTONOSUPPORT);
	FAILS(socket(AF_INET, SOCK_SEQPACKET, 0), ESOCKTNOSUPPORT);
	FAILS(socketpair(AF_INET, SOCK_STREAM, 0, ends), EOPNOTSUPP);
}

TEST(bytes_go_both_ways)
{
	struct sockaddr_in name, peer;
	socklen_t bytes = sizeof(name);
	int waiting;

	connected(ends);
	CHECK_EQ(write(ends[0], "hello", 5), 5);
	CHECK_EQ(recv(ends[1], in, 10, MSG_PEEK), 5);
	CHECK_EQ(ioctl(ends[1], FIONREAD, &waiting), 0);
	CHECK_EQ(waiting, 5);
	CHECK_EQ(read(ends[1], in, 2), 2);
	CHECK_EQ(read(ends[1], in + 2, 10), 3);
	CHECK_EQ(memcmp(in, "hello", 5), 0);
	CHECK_EQ(write(ends[1], "back", 4), 4);
	CHECK_EQ(read(ends[0], in, 10), 4);
	CHECK_EQ(getsockname(ends[0], (void *)&name, &bytes), 0);
	CHECK_EQ(getpeername(ends[1], (void *)&peer, &bytes), 0);
	CHECK_EQ(memcmp(&name, &peer, sizeof(name)), 0);
	CHECK_EQ(peer.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	close_ends();
}

TEST(end_of_one_side_leaves_the_other_open)
{
	connected(ends);
	CHECK_EQ(write(ends[0], "last", 4), 4);
	CHECK_EQ(shutdown(ends[0], SHUT_WR), 0);
	CHECK_EQ(ready_now(ends[1]), POLLIN | POLLOUT | POLLRDHUP);
	CHECK_EQ(read(ends[1], in, 10), 4);
	CHECK_EQ(read(ends[1], in, 10), 0);
	CHECK_EQ(read(ends[1], in, 10), 0);
	FAILS(send(ends[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_EQ(write(ends[1], "still", 5), 5);
	CHECK_EQ(read(ends[0], in, 10), 5);
	CHECK_EQ(shutdown(ends[1], SHUT_RDWR), 0);
	CHECK_EQ(read(ends[0], in, 10), 0);
	CHECK_EQ(ready_now(ends[0]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	settle();
	/* Its pcb is long gone. */
	CHECK_EQ(read(ends[0], in, 10), 0);
	FAILS(send(ends[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	close_ends();
}

TEST(a_reset_is_told_once)
{
	const struct linger now = { .l_onoff = 1 };

	connected(ends);
	CHECK_EQ(write(ends[1], "before", 6), 6);
	CHECK_EQ(setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &now, sizeof(now)),
	         0);
	CHECK_EQ(close(ends[1]), 0);
	CHECK_EQ(ready_now(ends[0]),
	         POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	/* As on Linux the error comes first where it was asked for. */
	CHECK_EQ(error_of(ends[0]), ECONNRESET);
	CHECK_EQ(error_of(ends[0]), 0);
	CHECK_EQ(read(ends[0], in, 10), 6);
	CHECK_EQ(read(ends[0], in, 10), 0);
	FAILS(send(ends[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_EQ(close(ends[0]), 0);
	connected(ends);
	CHECK_EQ(setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &now, sizeof(now)),
	         0);
	CHECK_EQ(close(ends[1]), 0);
	FAILS(read(ends[0], in, 10), ECONNRESET);
	CHECK_EQ(read(ends[0], in, 10), 0);
	CHECK_EQ(close(ends[0]), 0);
	settle();
}

TEST(bytes_left_unread_reset_the_peer)
{
	connected(ends);
	CHECK_EQ(write(ends[0], "lost", 4), 4);
	CHECK_EQ(close(ends[1]), 0);
	FAILS(read(ends[0], in, 10), ECONNRESET);
	CHECK_EQ(close(ends[0]), 0);
	settle();
}

TEST(nobody_listens_is_refused)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK_EQ(ready_now(fd), POLLOUT | POLLHUP);
	FAILS(connect_to(fd, loopback(9)), ECONNREFUSED);
	FAILS(read(fd, in, 1), ENOTCONN);
	FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
	FAILS(shutdown(fd, SHUT_WR), ENOTCONN);
	FAILS(getpeername(fd, (void *)in, &(socklen_t){ 16 }), ENOTCONN);
	FAILS(accept(fd, NULL, NULL), EINVAL);
	CHECK_EQ(close(fd), 0);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	FAILS(connect_to(fd, loopback(9)), EINPROGRESS);
	CHECK_EQ(ready_now(fd),
	         POLLIN | POLLOUT | POLLRDHUP | POLLHUP | POLLERR);
	CHECK_EQ(error_of(fd), ECONNREFUSED);
	FAILS(connect_to(fd, loopback(9)), ECONNABORTED);
	FAILS(connect_to(fd, loopback(9)), EINPROGRESS);
	CHECK_EQ(close(fd), 0);
}

TEST(no_route_is_told)
{
	struct sockaddr_in far = loopback(80);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	far.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1 */
	if (!netif_default)
		FAILS(connect_to(fd, far), ENETUNREACH);
	FAILS(bind_to(fd, far), EADDRNOTAVAIL);
	far.sin_family = AF_INET6;
	FAILS(connect_to(fd, far), EAFNOSUPPORT);
	FAILS(connect(fd, (void *)&far, 4), EINVAL);
	CHECK_EQ(close(fd), 0);
}

TEST(a_port_in_use_is_refused)
{
	int first = listener(1), second = socket(AF_INET, SOCK_STREAM, 0);
	const int port = port_of(first), on = 1;

	FAILS(bind_to(second, loopback(port)), EADDRINUSE);
	CHECK_EQ(setsockopt(second, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)),
	         0);
	FAILS(bind_to(second, loopback(port)), EADDRINUSE);
	CHECK_EQ(close(first), 0);
	CHECK_EQ(bind_to(second, loopback(port)), 0);
	FAILS(bind_to(second, loopback(port + 1)), EINVAL);
	CHECK_EQ(listen(second, 1), 0);
	CHECK_EQ(listen(second, 5), 0);
	CHECK_EQ(ready_now(second), 0);
	FAILS(connect_to(second, loopback(port)), EISCONN);
	FAILS(read(second, in, 1), ENOTCONN);
	CHECK_EQ(close(second), 0);
}

TEST(a_connect_that_does_not_wait_is_told_by_poll)
{
	int from = listener(1), fd, on = 1;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK_EQ(ioctl(from, FIONBIO, &on), 0);
	FAILS(accept(from, NULL, NULL), EAGAIN);
	FAILS(connect_to(fd, loopback(port_of(from))), EINPROGRESS);
	CHECK_EQ(ready_now(fd), POLLOUT);
	CHECK_EQ(error_of(fd), 0);
	FAILS(connect_to(fd, loopback(port_of(from))), EISCONN);
	CHECK_EQ(ready_now(from), POLLIN);
	ends[0] = fd;
	ends[1] = accept(from, NULL, NULL);
	CHECK(ends[1] >= 0);
	FAILS(read(fd, in, 1), EAGAIN);
	CHECK_EQ(close(from), 0);
	close_ends();
}

TEST(a_backlog_has_its_limit)
{
	int from = listener(1), clients[4], i;

	for (i = 0; i < 4; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		FAILS(connect_to(clients[i], loopback(port_of(from))),
		      EINPROGRESS);
	}
	CHECK_EQ(ready_now(clients[1]), POLLOUT);
	CHECK_EQ(ready_now(clients[2]), 0);
	FAILS(connect_to(clients[2], loopback(port_of(from))), EALREADY);
	CHECK_EQ(close(from), 0);
	FAILS(read(clients[0], in, 1), ECONNRESET);
	for (i = 0; i < 4; i++)
		CHECK_EQ(close(clients[i]), 0);
	settle();
}

static long write_all(void *argument)
{
	(void)argument;
	return sys_write(ends[0], (long)out, sizeof(out), 0, 0, 0);
}

/* Every byte, in reads of all sizes; the writer waits for room. */
TEST(much_goes_through_a_small_window)
{
	struct beside *writer;
	size_t got = 0;

	make_bytes();
	connected(ends);
	writer = beside_start(write_all, NULL);
	while (got < sizeof(in)) {
		const long n =
			read(ends[1], in + got, test_random() % 200000 + 1);

		CHECK(n > 0);
		got += n;
	}
	CHECK_EQ(beside_join(writer), sizeof(out));
	CHECK_EQ(memcmp(in, out, sizeof(out)), 0);
	close_ends();
}

/* @out again and again, until no more fits; how many bytes. */
static size_t fill(int fd)
{
	size_t bytes = 0;

	for (;;) {
		const size_t at = bytes % sizeof(out);
		const long some = write(fd, out + at, sizeof(out) - at);

		if (some < 0)
			return bytes;
		bytes += some;
	}
}

TEST(what_was_written_arrives_after_close)
{
	size_t bytes, got = 0;

	make_bytes();
	connected(ends);
	CHECK_EQ(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	bytes = fill(ends[0]);
	CHECK(bytes > 100000 && bytes % sizeof(out) != 0);
	FAILS(write(ends[0], out, sizeof(out)), EAGAIN);
	CHECK_EQ(ready_now(ends[0]) & POLLOUT, 0);
	CHECK_EQ(close(ends[0]), 0);
	for (;;) {
		const size_t at = got % sizeof(out);
		const long some = read(ends[1], in, sizeof(out) - at);

		CHECK(some >= 0);
		if (some == 0)
			break;
		CHECK_EQ(memcmp(in, out + at, some), 0);
		got += some;
	}
	CHECK_EQ(got, bytes);
	CHECK_EQ(close(ends[1]), 0);
	settle();
}

TEST(a_bad_pointer_loses_no_bytes)
{
	connected(ends);
	FAILS(write(ends[0], nowhere, 10), EFAULT);
	FAILS(write(ends[0], nowhere, 100000), EFAULT);
	CHECK_EQ(write(ends[0], "abc", 3), 3);
	FAILS(read(ends[1], nowhere, 3), EFAULT);
	CHECK_EQ(read(ends[1], in, 10), 3);
	close_ends();
}

static long receive_all(void *argument)
{
	(void)argument;
	return sys_recvfrom(ends[1], (long)in, 10, MSG_WAITALL, 0, 0);
}

TEST(flags_do_what_they_say)
{
	struct timeval time = { .tv_usec = 20000 };
	struct beside *reader;

	connected(ends);
	FAILS(recv(ends[1], in, 1, MSG_DONTWAIT), EAGAIN);
	FAILS(send(ends[0], "x", 1, MSG_OOB), EOPNOTSUPP);
	reader = beside_start(receive_all, NULL);
	beside_waits(reader);
	CHECK_EQ(write(ends[0], "12345", 5), 5);
	CHECK_EQ(write(ends[0], "67890", 5), 5);
	CHECK_EQ(beside_join(reader), 10);
	CHECK_EQ(memcmp(in, "1234567890", 10), 0);
	CHECK_EQ(write(ends[0], "thrown", 6), 6);
	CHECK_EQ(recv(ends[1], NULL, 4, MSG_TRUNC), 4);
	CHECK_EQ(recv(ends[1], in, 4, 0), 2);
	reader = beside_start(receive_all, NULL);
	beside_waits(reader);
	beside_interrupt(reader);
	CHECK_EQ(beside_join(reader), -EINTR);
	CHECK_EQ(setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &time,
	                    sizeof(time)),
	         0);
	FAILS(read(ends[1], in, 1), EAGAIN);
	close_ends();
}

TEST(a_corked_stream_waits_for_more)
{
	int on = 1, off = 0;

	connected(ends);
	CHECK_EQ(setsockopt(ends[0], IPPROTO_TCP, TCP_CORK, &on, 4), 0);
	CHECK_EQ(write(ends[0], "head", 4), 4);
	CHECK_EQ(ready_now(ends[1]), POLLOUT);
	CHECK_EQ(setsockopt(ends[0], IPPROTO_TCP, TCP_CORK, &off, 4), 0);
	CHECK_EQ(ready_now(ends[1]), POLLIN | POLLOUT);
	CHECK_EQ(read(ends[1], in, 10), 4);
	CHECK_EQ(send(ends[0], "a", 1, MSG_MORE), 1);
	CHECK_EQ(ready_now(ends[1]), POLLOUT);
	CHECK_EQ(send(ends[0], "b", 1, 0), 1);
	CHECK_EQ(read(ends[1], in, 10), 2);
	close_ends();
}

TEST(edge_triggered_epoll_tells_each_datum)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(0);

	connected(ends);
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[1], &event), 0);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
	CHECK_EQ(write(ends[0], "a", 1), 1);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 1000), 1);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
	CHECK_EQ(write(ends[0], "b", 1), 1);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 1000), 1);
	CHECK_EQ(read(ends[1], in, 1), 1);
	CHECK_EQ(read(ends[1], in, 1), 1);
	CHECK_EQ(close(ends[0]), 0);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 1000), 1);
	CHECK_EQ(close(ends[1]), 0);
	CHECK_EQ(close(epoll), 0);
	settle();
}

TEST(an_ipv6_listener_takes_ipv4_unless_told_not_to)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6 }, peer;
	socklen_t bytes = sizeof(peer);
	int from = socket(AF_INET6, SOCK_STREAM, 0), fd, on = 1;

	CHECK_EQ(bind(from, (void *)&any, sizeof(any)), 0);
	CHECK_EQ(listen(from, 5), 0);
	ends[0] = socket(AF_INET, SOCK_STREAM, 0);
	CHECK_EQ(getsockname(from, (void *)&any, &bytes), 0);
	CHECK_EQ(connect_to(ends[0], loopback(ntohs(any.sin6_port))), 0);
	ends[1] = accept(from, (void *)&peer, &bytes);
	CHECK(ends[1] >= 0);
	CHECK(IN6_IS_ADDR_V4MAPPED(&peer.sin6_addr));
	close_ends();
	ends[0] = socket(AF_INET6, SOCK_STREAM, 0);
	peer = loopback6(ntohs(any.sin6_port));
	CHECK_EQ(connect(ends[0], (void *)&peer, sizeof(peer)), 0);
	ends[1] = accept(from, NULL, NULL);
	CHECK_EQ(write(ends[0], "six", 3), 3);
	CHECK_EQ(read(ends[1], in, 10), 3);
	close_ends();
	CHECK_EQ(close(from), 0);
	from = socket(AF_INET6, SOCK_STREAM, 0);
	CHECK_EQ(setsockopt(from, IPPROTO_IPV6, IPV6_V6ONLY, &on, 4), 0);
	any.sin6_port = 0;
	CHECK_EQ(bind(from, (void *)&any, sizeof(any)), 0);
	CHECK_EQ(listen(from, 5), 0);
	CHECK_EQ(getsockname(from, (void *)&any, &bytes), 0);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	FAILS(connect_to(fd, loopback(ntohs(any.sin6_port))), ECONNREFUSED);
	CHECK_EQ(close(fd), 0);
	CHECK_EQ(close(from), 0);
}

TEST(thousands_of_connections_leave_nothing)
{
	int from = listener(16), i;

	for (i = 0; i < 2000; i++) {
		ends[0] = socket(AF_INET, SOCK_STREAM, 0);
		CHECK_EQ(connect_to(ends[0], loopback(port_of(from))), 0);
		ends[1] = accept(from, NULL, NULL);
		CHECK_EQ(write(ends[0], "?", 1), 1);
		CHECK_EQ(read(ends[1], in, 1), 1);
		CHECK_EQ(write(ends[1], "!", 1), 1);
		CHECK_EQ(read(ends[0], in, 1), 1);
		CHECK_EQ(close(ends[0]), 0);
		CHECK_EQ(read(ends[1], in, 1), 0);
		CHECK_EQ(close(ends[1]), 0);
	}
	CHECK_EQ(close(from), 0);
	settle();
}

TEST(a_file_is_sent_and_may_shrink_meanwhile)
{
	int file = open("/sent", O_CREAT | O_RDWR, 0600);
	off_t offset = 100;
	size_t got = 0;

	make_bytes();
	CHECK_EQ(write(file, out, 200000), 200000);
	connected(ends);
	CHECK_EQ(sendfile(ends[0], file, &offset, 150000), 150000);
	CHECK_EQ(offset, 150100);
	CHECK_EQ(ftruncate(file, 0), 0);
	while (got < 150000) {
		const long n = read(ends[1], in + got, sizeof(in) - got);

		CHECK(n > 0);
		got += n;
	}
	CHECK_EQ(memcmp(in, out + 100, 150000), 0);
	CHECK_EQ(sendfile(ends[0], file, NULL, 10), 0);
	CHECK_EQ(close(file), 0);
	CHECK_EQ(unlink("/sent"), 0);
	close_ends();
}

/* One request and its answer; false: something had no memory. */
static bool exchange(void)
{
	const struct linger now = { .l_onoff = 1 };
	int from = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int server = -1;
	bool done;

	done = from >= 0 && client >= 0 && bind_to(from, loopback(0)) == 0 &&
	       listen(from, 1) == 0 &&
	       (connect_to(client, loopback(port_of(from))) == 0 ||
	        errno == EINPROGRESS) &&
	       (server = accept(from, NULL, NULL)) >= 0 &&
	       write(client, out, 3000) == 3000 &&
	       recv(server, in, 3000, MSG_DONTWAIT) > 0 &&
	       write(server, out, 100) == 100 && read(client, in, 100) == 100;
	if (client >= 0)
		setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	if (server >= 0)
		setsockopt(server, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	if (server >= 0)
		CHECK_EQ(close(server), 0);
	if (client >= 0)
		CHECK_EQ(close(client), 0);
	if (from >= 0)
		CHECK_EQ(close(from), 0);
	return done;
}

TEST(memory_that_fails_leaves_nothing_behind)
{
	unsigned int nth, failed = 0;
	unsigned long seen;

	CHECK(exchange());
	settle();
	(void)net_give_back(); /* what is kept would do without a slab */
	fault_inject_set(FAULT_SLAB, 100000);
	CHECK(exchange());
	seen = fault_inject_seen(FAULT_SLAB);
	fault_inject_set(FAULT_SLAB, 0);
	settle();
	CHECK(seen > 10);
	for (nth = 1; nth <= seen; nth++) {
		(void)net_give_back();
		fault_inject_set(FAULT_SLAB, nth);
		failed += !exchange();
		fault_inject_set(FAULT_SLAB, 0);
		settle();
	}
	CHECK(failed > 5);
	CHECK(exchange());
	settle();
}
