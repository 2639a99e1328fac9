/* SPDX-License-Identifier: MIT */
/* Unix-domain sockets: joining, names, bytes and messages, passing, ends. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "beside.h"
#include "files.h"
#include "mm/fault_inject.h"
#include "posix/syscalls.h"
#include "test.h"

static void *const volatile nowhere = (void *)8;
static unsigned char out[400000], in[400000];
static int fds[2];

static void make_bytes(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(out); i++)
		out[i] = i * 7 + i / 251;
}

static int ready_now(int fd)
{
	struct pollfd entry = { .fd = fd,
		                .events = POLLIN | POLLOUT | POLLRDHUP };

	CHECK(poll(&entry, 1, 0) >= 0);
	return entry.revents;
}

static void open_pair(int type)
{
	CHECK_EQ(socketpair(AF_UNIX, type, 0, fds), 0);
}

static void close_pair(void)
{
	CHECK_EQ(close(fds[0]), 0);
	CHECK_EQ(close(fds[1]), 0);
}

static struct sockaddr_un name_of(const char *path, socklen_t *bytes)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	strlcpy(name.sun_path, path, sizeof(name.sun_path));
	*bytes = offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
	return name;
}

static int bound(int type, const char *path)
{
	socklen_t bytes;
	const struct sockaddr_un name = name_of(path, &bytes);
	int fd = socket(AF_UNIX, type, 0);

	CHECK(fd >= 0);
	CHECK_EQ(bind(fd, (void *)&name, bytes), 0);
	return fd;
}

static int connect_to(int fd, const char *path)
{
	socklen_t bytes;
	const struct sockaddr_un name = name_of(path, &bytes);

	return connect(fd, (void *)&name, bytes);
}

TEST(socket_refuses_what_linux_refuses)
{
	FAILS(socket(AF_UNIX, SOCK_RDM, 0), ESOCKTNOSUPPORT);
	FAILS(socket(AF_UNIX, SOCK_STREAM, 77), EPROTONOSUPPORT);
	FAILS(socket(AF_APPLETALK, SOCK_DGRAM, 0), EAFNOSUPPORT);
	FAILS(socket(AF_UNIX, 99, 0), EINVAL);
	FAILS(socketpair(AF_UNIX, SOCK_STREAM, 77, fds), EPROTONOSUPPORT);
	CHECK_EQ(sys_socketpair(AF_UNIX, SOCK_STREAM, 0, (long)nowhere, 0, 0),
	         -EFAULT);
}

TEST(bytes_go_both_ways_and_end_with_the_peer)
{
	int waiting = 0;

	open_pair(SOCK_STREAM);
	CHECK_EQ(write(fds[0], "hello", 5), 5);
	CHECK_EQ(send(fds[0], " world", 6, 0), 6);
	CHECK_EQ(ioctl(fds[1], FIONREAD, &waiting), 0);
	CHECK_EQ(waiting, 11);
	CHECK_EQ(recv(fds[1], in, 4, MSG_PEEK), 4);
	CHECK_EQ(recv(fds[1], in, sizeof(in), MSG_PEEK), 11);
	CHECK_EQ(read(fds[1], in, 3), 3);
	CHECK_EQ(read(fds[1], in + 3, sizeof(in)), 8);
	CHECK_EQ(memcmp(in, "hello world", 11), 0);
	CHECK_EQ(write(fds[1], "back", 4), 4);
	CHECK_EQ(close(fds[1]), 0);
	CHECK_EQ(read(fds[0], in, 10), 4);
	CHECK_EQ(read(fds[0], in, 10), 0);
	FAILS(send(fds[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_EQ(close(fds[0]), 0);
}

TEST(a_peer_that_leaves_bytes_unread_resets)
{
	open_pair(SOCK_STREAM);
	CHECK_EQ(write(fds[0], "lost", 4), 4);
	CHECK_EQ(close(fds[1]), 0);
	FAILS(read(fds[0], in, 1), ECONNRESET);
	CHECK_EQ(read(fds[0], in, 1), 0);
	CHECK_EQ(close(fds[0]), 0);
}

static volatile int signals;

static void count_signal(int signal)
{
	(void)signal;
	signals++;
}

TEST(a_write_to_nobody_is_told_by_signal_and_error)
{
	struct sigaction action = { .sa_handler = count_signal }, before;

	signals = 0;
	CHECK_EQ(sigaction(SIGPIPE, &action, &before), 0);
	open_pair(SOCK_STREAM);
	CHECK_EQ(close(fds[1]), 0);
	FAILS(write(fds[0], "x", 1), EPIPE);
	CHECK_EQ(signals, 1);
	FAILS(send(fds[0], "x", 1, MSG_NOSIGNAL), EPIPE);
	CHECK_EQ(signals, 1);
	CHECK_EQ(close(fds[0]), 0);
	CHECK_EQ(sigaction(SIGPIPE, &before, NULL), 0);
}

TEST(readiness_is_what_linux_says)
{
	int alone = socket(AF_UNIX, SOCK_STREAM, 0);

	CHECK_EQ(ready_now(alone), POLLOUT | POLLHUP);
	CHECK_EQ(close(alone), 0);
	open_pair(SOCK_STREAM);
	CHECK_EQ(ready_now(fds[0]), POLLOUT);
	CHECK_EQ(write(fds[1], "x", 1), 1);
	CHECK_EQ(ready_now(fds[0]), POLLIN | POLLOUT);
	CHECK_EQ(shutdown(fds[1], SHUT_WR), 0);
	CHECK_EQ(ready_now(fds[0]), POLLIN | POLLOUT | POLLRDHUP);
	CHECK_EQ(read(fds[0], in, 2), 1);
	CHECK_EQ(read(fds[0], in, 2), 0);
	CHECK_EQ(ready_now(fds[0]), POLLIN | POLLOUT | POLLRDHUP);
	CHECK_EQ(write(fds[0], "y", 1), 1);
	CHECK_EQ(read(fds[1], in, 2), 1);
	CHECK_EQ(close(fds[1]), 0);
	CHECK_EQ(ready_now(fds[0]), POLLIN | POLLOUT | POLLRDHUP | POLLHUP);
	CHECK_EQ(close(fds[0]), 0);
}

static long write_all(void *argument)
{
	(void)argument;
	return sys_write(fds[0], (long)out, sizeof(out), 0, 0, 0);
}

TEST(a_writer_waits_for_room_and_loses_nothing)
{
	struct beside *writer;
	size_t got = 0;

	make_bytes();
	open_pair(SOCK_STREAM);
	writer = beside_start(write_all, NULL);
	beside_waits(writer);
	CHECK_EQ(ready_now(fds[0]), 0);
	while (got < sizeof(in)) {
		const long n =
			read(fds[1], in + got, test_random() % 30000 + 1);

		CHECK(n > 0);
		got += n;
	}
	CHECK_EQ(beside_join(writer), sizeof(out));
	CHECK_EQ(memcmp(in, out, sizeof(out)), 0);
	CHECK_EQ(ready_now(fds[0]), POLLOUT);
	close_pair();
}

static long receive_all(void *argument)
{
	(void)argument;
	return sys_recvfrom(fds[1], (long)in, 10, MSG_WAITALL, 0, 0);
}

TEST(waitall_waits_and_dontwait_does_not)
{
	struct timeval time = { .tv_usec = 20000 };
	struct beside *reader;

	open_pair(SOCK_STREAM);
	FAILS(recv(fds[1], in, 1, MSG_DONTWAIT), EAGAIN);
	reader = beside_start(receive_all, NULL);
	beside_waits(reader);
	CHECK_EQ(write(fds[0], "12345", 5), 5);
	CHECK_EQ(write(fds[0], "67890", 5), 5);
	CHECK_EQ(beside_join(reader), 10);
	CHECK_EQ(memcmp(in, "1234567890", 10), 0);
	CHECK_EQ(setsockopt(fds[1], SOL_SOCKET, SO_RCVTIMEO, &time,
	                    sizeof(time)),
	         0);
	FAILS(read(fds[1], in, 1), EAGAIN);
	reader = beside_start(receive_all, NULL);
	CHECK_EQ(beside_join(reader), -EAGAIN);
	close_pair();
}

TEST(a_bad_pointer_loses_no_bytes)
{
	open_pair(SOCK_STREAM);
	FAILS(write(fds[0], nowhere, 1), EFAULT);
	CHECK_EQ(write(fds[0], "abc", 3), 3);
	FAILS(read(fds[1], nowhere, 3), EFAULT);
	CHECK_EQ(read(fds[1], in, 10), 3);
	CHECK_EQ(sys_sendmsg(fds[0], (long)nowhere, 0, 0, 0, 0), -EFAULT);
	CHECK_EQ(sys_recvmsg(fds[0], (long)nowhere, 0, 0, 0, 0), -EFAULT);
	CHECK_EQ(sys_bind(fds[0], (long)nowhere, 10, 0, 0, 0), -EFAULT);
	CHECK_EQ(sys_getsockname(fds[0], (long)in, (long)nowhere, 0, 0, 0),
	         -EFAULT);
	close_pair();
}

TEST(messages_stay_whole)
{
	open_pair(SOCK_SEQPACKET);
	CHECK_EQ(send(fds[0], "first", 5, 0), 5);
	CHECK_EQ(send(fds[0], "", 0, 0), 0);
	CHECK_EQ(send(fds[0], "second", 6, 0), 6);
	CHECK_EQ(recv(fds[1], in, 100, MSG_PEEK), 5);
	CHECK_EQ(recv(fds[1], in, 2, MSG_TRUNC), 5);
	CHECK_EQ(recv(fds[1], in, 100, 0), 0);
	CHECK_EQ(recv(fds[1], in, 100, 0), 6);
	CHECK_EQ(memcmp(in, "second", 6), 0);
	FAILS(recv(fds[1], in, 1, MSG_DONTWAIT), EAGAIN);
	FAILS(send(fds[0], out, sizeof(out), 0), EMSGSIZE);
	CHECK_EQ(close(fds[0]), 0);
	CHECK_EQ(recv(fds[1], in, 100, 0), 0);
	CHECK_EQ(close(fds[1]), 0);
}

TEST(a_name_in_the_file_system_is_found_by_path)
{
	int listener = bound(SOCK_STREAM, "/unix-name"), client, server;
	struct sockaddr_un name;
	socklen_t bytes = sizeof(name);
	struct stat status;

	CHECK_EQ(stat("/unix-name", &status), 0);
	CHECK(S_ISSOCK(status.st_mode));
	FAILS(open("/unix-name", O_RDWR), ENXIO);
	client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK_EQ(fcntl(client, F_GETFD), FD_CLOEXEC);
	FAILS(connect_to(client, "/unix-name"), ECONNREFUSED);
	FAILS(connect_to(client, "/no-such-name"), ENOENT);
	make_file("/plain", "");
	FAILS(connect_to(client, "/plain"), ECONNREFUSED);
	CHECK_EQ(unlink("/plain"), 0);
	CHECK_EQ(listen(listener, 2), 0);
	CHECK_EQ(rename("/unix-name", "/unix-renamed"), 0);
	CHECK_EQ(connect_to(client, "/unix-renamed"), 0);
	FAILS(connect_to(client, "/unix-renamed"), EISCONN);
	CHECK_EQ(ready_now(listener), POLLIN);
	CHECK_EQ(write(client, "early", 5), 5);
	server = accept4(listener, (void *)&name, &bytes, SOCK_NONBLOCK);
	CHECK(server >= 0);
	CHECK_EQ(bytes, offsetof(struct sockaddr_un, sun_path));
	CHECK_EQ(fcntl(server, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	CHECK_EQ(read(server, in, 10), 5);
	bytes = sizeof(name);
	CHECK_EQ(getpeername(client, (void *)&name, &bytes), 0);
	CHECK_EQ(strcmp(name.sun_path, "/unix-name"), 0);
	CHECK_EQ(fstat(server, &status), 0);
	CHECK(S_ISSOCK(status.st_mode));
	CHECK_EQ(close(server), 0);
	CHECK_EQ(close(client), 0);
	CHECK_EQ(close(listener), 0);
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	FAILS(connect_to(client, "/unix-renamed"), ECONNREFUSED);
	CHECK_EQ(close(client), 0);
	CHECK_EQ(unlink("/unix-renamed"), 0);
}

TEST(a_name_that_is_taken_is_refused)
{
	int first = bound(SOCK_STREAM, "/taken");
	int second = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un name;
	socklen_t bytes;

	name = name_of("/taken", &bytes);
	FAILS(bind(second, (void *)&name, bytes), EADDRINUSE);
	name = name_of("/no/such/folder", &bytes);
	FAILS(bind(second, (void *)&name, bytes), ENOENT);
	name.sun_family = AF_INET;
	FAILS(bind(second, (void *)&name, bytes), EINVAL);
	FAILS(bind(second, (void *)&name, 1000), EINVAL);
	FAILS(listen(second, 1), EINVAL);
	name = name_of("/another", &bytes);
	FAILS(bind(first, (void *)&name, bytes), EINVAL);
	FAILS(accept(first, NULL, NULL), EINVAL);
	CHECK_EQ(close(first), 0);
	CHECK_EQ(close(second), 0);
	CHECK_EQ(unlink("/taken"), 0);
}

TEST(abstract_names_go_with_their_socket)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX,
		                    .sun_path = "\0abstract" };
	const socklen_t bytes = offsetof(struct sockaddr_un, sun_path) + 9;
	int first = socket(AF_UNIX, SOCK_DGRAM, 0);
	int second = socket(AF_UNIX, SOCK_DGRAM, 0);
	socklen_t room = sizeof(name);

	CHECK_EQ(bind(first, (void *)&name, bytes), 0);
	FAILS(bind(second, (void *)&name, bytes), EADDRINUSE);
	CHECK_EQ(sendto(second, "hi", 2, 0, (void *)&name, bytes), 2);
	CHECK_EQ(recvfrom(first, in, 10, 0, (void *)&name, &room), 2);
	CHECK_EQ(room, offsetof(struct sockaddr_un, sun_path));
	CHECK_EQ(close(first), 0);
	memcpy(name.sun_path, "\0abstract", 9);
	CHECK_EQ(bind(second, (void *)&name, bytes), 0);
	CHECK_EQ(close(second), 0);
	/* A name of its own for who binds none. */
	first = socket(AF_UNIX, SOCK_DGRAM, 0);
	CHECK_EQ(bind(first, (void *)&name, sizeof(sa_family_t)), 0);
	room = sizeof(name);
	CHECK_EQ(getsockname(first, (void *)&name, &room), 0);
	CHECK_EQ(room, offsetof(struct sockaddr_un, sun_path) + 6);
	CHECK_EQ(close(first), 0);
}

TEST(datagrams_go_where_connect_said)
{
	int receiver = bound(SOCK_DGRAM, "/dgram");
	int sender = bound(SOCK_DGRAM, "/dgram-from");
	struct sockaddr_un from;
	socklen_t bytes = sizeof(from);

	FAILS(send(sender, "x", 1, 0), ENOTCONN);
	CHECK_EQ(connect_to(sender, "/dgram"), 0);
	CHECK_EQ(send(sender, "x", 1, 0), 1);
	CHECK_EQ(recvfrom(receiver, in, 10, 0, (void *)&from, &bytes), 1);
	CHECK_EQ(strcmp(from.sun_path, "/dgram-from"), 0);
	CHECK_EQ(sendto(receiver, "back", 4, 0, (void *)&from, bytes), 4);
	CHECK_EQ(recv(sender, in, 10, 0), 4);
	CHECK_EQ(close(receiver), 0);
	FAILS(send(sender, "x", 1, 0), ECONNREFUSED);
	FAILS(send(sender, "x", 1, 0), ENOTCONN);
	FAILS(listen(sender, 1), EOPNOTSUPP);
	FAILS(accept(sender, NULL, NULL), EOPNOTSUPP);
	CHECK_EQ(close(sender), 0);
	CHECK_EQ(unlink("/dgram"), 0);
	CHECK_EQ(unlink("/dgram-from"), 0);
}

TEST(a_full_backlog_makes_connects_wait)
{
	int listener = bound(SOCK_STREAM, "/backlog"), clients[3], i;

	CHECK_EQ(listen(listener, 1), 0);
	for (i = 0; i < 3; i++)
		clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	CHECK_EQ(connect_to(clients[0], "/backlog"), 0);
	CHECK_EQ(connect_to(clients[1], "/backlog"), 0);
	FAILS(connect_to(clients[2], "/backlog"), EAGAIN);
	i = accept(listener, NULL, NULL);
	CHECK(i >= 0);
	CHECK_EQ(close(i), 0);
	CHECK_EQ(connect_to(clients[2], "/backlog"), 0);
	CHECK_EQ(close(listener), 0);
	FAILS(read(clients[2], in, 1), ECONNRESET);
	for (i = 0; i < 3; i++)
		CHECK_EQ(close(clients[i]), 0);
	CHECK_EQ(unlink("/backlog"), 0);
}

static void send_file(int to, const int *files, unsigned int count)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(3 * sizeof(int))];
	} control = { .header = { .cmsg_level = SOL_SOCKET,
		                  .cmsg_type = SCM_RIGHTS } };
	struct iovec piece = { .iov_base = "f", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};

	control.header.cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(&control.header), files, count * sizeof(int));
	CHECK_EQ(sendmsg(to, &message, 0), 1);
}

/* How many files came, into @files. */
static unsigned int receive_files(int from, int *files, size_t room, int *flags)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(3 * sizeof(int))];
	} control;
	struct iovec piece = { .iov_base = in, .iov_len = 10 };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = room,
	};
	unsigned int count = 0;

	CHECK_EQ(recvmsg(from, &message, MSG_CMSG_CLOEXEC), 1);
	*flags = message.msg_flags;
	if (CMSG_FIRSTHDR(&message)) {
		CHECK_EQ(control.header.cmsg_type, SCM_RIGHTS);
		count = (control.header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(files, CMSG_DATA(&control.header), count * sizeof(int));
	}
	return count;
}

TEST(files_are_passed_and_what_nobody_takes_is_closed)
{
	int pipes[2], files[3], flags;

	CHECK_EQ(pipe(pipes), 0);
	open_pair(SOCK_STREAM);
	send_file(fds[0], &pipes[1], 1);
	CHECK_EQ(write(fds[0], "behind", 6), 6);
	CHECK_EQ(close(pipes[1]), 0);
	CHECK_EQ(receive_files(fds[1], files, CMSG_SPACE(12), &flags), 1);
	CHECK_EQ(flags & MSG_CTRUNC, 0);
	CHECK_EQ(fcntl(files[0], F_GETFD), FD_CLOEXEC);
	CHECK_EQ(write(files[0], "through", 7), 7);
	CHECK_EQ(read(pipes[0], in, 10), 7);
	/* Room for one of two. */
	send_file(fds[1], (int[]){ files[0], files[0] }, 2);
	CHECK_EQ(close(files[0]), 0);
	CHECK_EQ(receive_files(fds[0], files, CMSG_LEN(4), &flags), 1);
	CHECK_EQ(flags & MSG_CTRUNC, MSG_CTRUNC);
	/* In flight when both ends go. */
	send_file(fds[0], files, 1);
	CHECK_EQ(close(files[0]), 0);
	CHECK_EQ(ready_now(pipes[0]), 0);
	close_pair();
	CHECK_EQ(ready_now(pipes[0]), POLLHUP);
	CHECK_EQ(close(pipes[0]), 0);
}

TEST(credentials_are_told)
{
	struct ucred own;
	socklen_t bytes = sizeof(own);
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec piece = { .iov_base = in, .iov_len = 10 };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int on = 1;

	open_pair(SOCK_DGRAM);
	CHECK_EQ(getsockopt(fds[0], SOL_SOCKET, SO_PEERCRED, &own, &bytes), 0);
	CHECK_EQ(own.pid, getpid());
	CHECK_EQ(setsockopt(fds[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)),
	         0);
	CHECK_EQ(send(fds[0], "x", 1, 0), 1);
	CHECK_EQ(recvmsg(fds[1], &message, 0), 1);
	CHECK_EQ(control.header.cmsg_type, SCM_CREDENTIALS);
	memcpy(&own, CMSG_DATA(&control.header), sizeof(own));
	CHECK_EQ(own.pid, getpid());
	close_pair();
}

TEST(edge_triggered_epoll_tells_each_datum)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int epoll = epoll_create1(0);

	open_pair(SOCK_STREAM);
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[1], &event), 0);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
	CHECK_EQ(write(fds[0], "a", 1), 1);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 1);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
	CHECK_EQ(write(fds[0], "b", 1), 1);
	CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 1);
	close_pair();
	CHECK_EQ(close(epoll), 0);
}

TEST(options_are_kept_and_told)
{
	int value = 0;
	socklen_t bytes = sizeof(value);

	open_pair(SOCK_STREAM);
	CHECK_EQ(getsockopt(fds[0], SOL_SOCKET, SO_TYPE, &value, &bytes), 0);
	CHECK_EQ(value, SOCK_STREAM);
	CHECK_EQ(getsockopt(fds[0], SOL_SOCKET, SO_DOMAIN, &value, &bytes), 0);
	CHECK_EQ(value, AF_UNIX);
	value = 10000;
	CHECK_EQ(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &value, 4), 0);
	CHECK_EQ(getsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &value, &bytes), 0);
	CHECK_EQ(value, 20000);
	FAILS(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &value, 3), EINVAL);
	FAILS(setsockopt(fds[0], SOL_SOCKET, 9999, &value, 4), ENOPROTOOPT);
	FAILS(setsockopt(fds[0], SOL_SOCKET, SO_ERROR, &value, 4), ENOPROTOOPT);
	FAILS(setsockopt(fds[0], 6, 1, &value, 4), EOPNOTSUPP);
	FAILS(setsockopt(0, SOL_SOCKET, SO_SNDBUF, &value, 4), ENOTSOCK);
	FAILS(setsockopt(999, SOL_SOCKET, SO_SNDBUF, &value, 4), EBADF);
	FAILS(lseek(fds[0], 0, SEEK_SET), ESPIPE);
	close_pair();
}

TEST(several_messages_go_in_one_call)
{
	struct iovec pieces[3];
	struct mmsghdr messages[3] = { 0 };
	unsigned int i;

	open_pair(SOCK_DGRAM);
	for (i = 0; i < 3; i++) {
		pieces[i] =
			(struct iovec){ .iov_base = "abc", .iov_len = i + 1 };
		messages[i].msg_hdr.msg_iov = &pieces[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	CHECK_EQ(sendmmsg(fds[0], messages, 3, 0), 3);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(messages[i].msg_len, i + 1);
		pieces[i].iov_base = in + 10 * i;
		pieces[i].iov_len = 10;
	}
	CHECK_EQ(recvmmsg(fds[1], messages, 3, MSG_WAITFORONE, NULL), 3);
	CHECK_EQ(messages[2].msg_len, 3);
	CHECK_EQ(memcmp(in + 20, "abc", 3), 0);
	close_pair();
}

/* One exchange of everything; whatever fails is told as a lack of memory. */
static bool exchange(void)
{
	int pair[2], flags, files[3];
	bool done;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) {
		CHECK_EQ(errno, ENOMEM);
		return false;
	}
	done = write(pair[0], out, 20000) == 20000 &&
	       read(pair[1], in, 20000) == 20000;
	if (done) {
		send_file(pair[0], &pair[0], 1);
		done = receive_files(pair[1], files, CMSG_SPACE(4), &flags) ==
		       1;
	}
	if (done)
		CHECK_EQ(close(files[0]), 0);
	CHECK_EQ(close(pair[0]), 0);
	CHECK_EQ(close(pair[1]), 0);
	return done;
}

TEST(memory_that_fails_leaves_nothing_behind)
{
	unsigned int nth;

	CHECK(exchange());
	for (nth = 1; nth < 4; nth++) {
		bool done;

		fault_inject_set(FAULT_SLAB, nth);
		done = exchange();
		fault_inject_set(FAULT_SLAB, 0);
		CHECK(!done);
	}
	CHECK(exchange());
}

TEST(an_interrupted_receive_says_so)
{
	struct beside *reader;

	open_pair(SOCK_STREAM);
	reader = beside_start(receive_all, NULL);
	beside_waits(reader);
	beside_interrupt(reader);
	CHECK_EQ(beside_join(reader), -EINTR);
	close_pair();
}
