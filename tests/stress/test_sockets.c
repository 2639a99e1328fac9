/* SPDX-License-Identifier: MIT */
/*
 * Sockets of every kind on every hart: clients that connect, are echoed, leave
 * halfway or wait for the end; servers that block in accept() and others on epoll;
 * threads that poll what the others use; one pair that many read and write. Every
 * byte that comes back is the one that was sent, and nothing is left.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "../posix/sockets.h"
#include "core/timer.h"
#include "test.h"

#define MOST_BYTES    20000u
#define DATAGRAM_MOST 1400u
#define CLIENTS       2 /* of each service */
#define BLOCKING      2 /* threads of a service that blocks */
#define WATCHERS      2
#define CROWD         2 /* writers, and as many readers */
#define PATIENCE_MS   10000
#define RUN_NS        2000000000ul

struct service {
	int family, type;
	bool by_epoll;
	int fd;
	struct sockaddr_storage name;
	socklen_t name_bytes;
};

static struct service services[] = {
	{ .family = AF_INET, .type = SOCK_STREAM },
	{ .family = AF_INET, .type = SOCK_STREAM, .by_epoll = true },
	{ .family = AF_UNIX, .type = SOCK_STREAM },
	{ .family = AF_UNIX, .type = SOCK_STREAM, .by_epoll = true },
	{ .family = AF_INET, .type = SOCK_DGRAM },
	{ .family = AF_UNIX, .type = SOCK_DGRAM },
};
#define SERVICES (sizeof(services) / sizeof(services[0]))

static atomic_bool clients_end, servers_end;
static atomic_int failed_line, failed_errno;
static atomic_ulong echoed_bytes, conversations;

/* The first thing that is not as it must be; the test tells it. */
static bool wanted(bool holds, int line)
{
	int none = 0;

	if (holds)
		return true;
	if (atomic_compare_exchange_strong(&failed_line, &none, line))
		failed_errno = errno;
	clients_end = true;
	return false;
}

#define WANTED(condition) wanted((condition), __LINE__)

/* Of a server's thread; not of the heap, which keeps some for each thread. */
static char buffers[2 * SERVICES][MOST_BYTES];
static atomic_uint buffers_taken;

/* --- servers --------------------------------------------------------------- */

/* false: it is over, as it may be at any time. */
static bool echo_once(int fd, char *buffer)
{
	const ssize_t got = recv(fd, buffer, MOST_BYTES, 0);
	ssize_t done = 0;

	if (got <= 0)
		return got < 0 && errno == EAGAIN;
	while (done < got) {
		const ssize_t sent =
			send(fd, buffer + done, got - done, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		done += sent;
	}
	return true;
}

static void *serve_blocking(void *argument)
{
	struct service *service = argument;
	char *buffer = buffers[buffers_taken++];
	int fd;

	while ((fd = accept(service->fd, NULL, NULL)) >= 0) {
		while (echo_once(fd, buffer))
			;
		WANTED(close(fd) == 0);
	}
	WANTED(errno == EINVAL);
	return NULL;
}

static bool add(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return WANTED(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static void take_new(int epoll, int listener)
{
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0)
		add(epoll, fd);
	WANTED(errno == EAGAIN);
}

static void *serve_by_epoll(void *argument)
{
	struct service *service = argument;
	char *buffer = buffers[buffers_taken++];
	const int epoll = epoll_create1(0);
	struct epoll_event events[8];

	add(epoll, service->fd);
	while (!servers_end) {
		const int count = epoll_wait(epoll, events, 8, 20);

		WANTED(count >= 0);
		for (int i = 0; i < count; i++) {
			const int fd = events[i].data.fd;

			if (fd == service->fd)
				take_new(epoll, fd);
			else if (!echo_once(fd, buffer))
				WANTED(close(fd) == 0);
		}
	}
	WANTED(close(epoll) == 0);
	return NULL;
}

static void *serve_datagrams(void *argument)
{
	struct service *service = argument;
	char buffer[DATAGRAM_MOST];

	while (!servers_end) {
		struct sockaddr_storage from;
		socklen_t bytes = sizeof(from);
		const ssize_t got =
			recvfrom(service->fd, buffer, sizeof(buffer), 0,
		                 (void *)&from, &bytes);

		/* Who asked may be gone. */
		if (got > 0) {
			(void)sendto(service->fd, buffer, got, 0, (void *)&from,
			             bytes);
		} else {
			WANTED(errno == EAGAIN);
		}
	}
	return NULL;
}

/* --- clients --------------------------------------------------------------- */

struct client {
	struct service *service;
	unsigned long random;
	unsigned char out[MOST_BYTES], in[MOST_BYTES];
};

static unsigned int choose(struct client *client, unsigned int limit)
{
	client->random ^= client->random << 13;
	client->random ^= client->random >> 7;
	client->random ^= client->random << 17;
	return (unsigned int)(client->random % limit);
}

/* What no other conversation sends. */
static void invent(struct client *client, size_t bytes)
{
	unsigned long word = client->random;

	for (size_t i = 0; i < bytes; i++) {
		if (i % 8 == 0)
			word = word * 6364136223846793005ul +
			       1442695040888963407ul;
		client->out[i] = (unsigned char)(word >> 8 * (i % 8));
	}
}

static bool can_read(int fd)
{
	struct pollfd entry = { .fd = fd, .events = POLLIN };

	return WANTED(poll(&entry, 1, PATIENCE_MS) == 1);
}

static bool read_back(struct client *client, int fd, size_t from, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t got;

		if (!can_read(fd))
			return false;
		got = recv(fd, client->in + done, bytes - done, MSG_DONTWAIT);
		if (!WANTED(got > 0))
			return false;
		done += got;
	}
	echoed_bytes += bytes;
	return WANTED(memcmp(client->in, client->out + from, bytes) == 0);
}

static bool is_sent(struct client *client, int fd, size_t from, size_t bytes)
{
	return WANTED(send(fd, client->out + from, bytes, MSG_NOSIGNAL) ==
	              (ssize_t)bytes);
}

/* All at once, and the end of it. */
static void talk_at_length(struct client *client, int fd, size_t bytes)
{
	if (!is_sent(client, fd, 0, bytes) ||
	    !WANTED(shutdown(fd, SHUT_WR) == 0) ||
	    !read_back(client, fd, 0, bytes) || !can_read(fd))
		return;
	WANTED(recv(fd, client->in, 1, 0) == 0);
}

static void talk_by_turns(struct client *client, int fd, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		size_t part = choose(client, 2000) + 1;

		if (part > bytes - done)
			part = bytes - done;
		if (!is_sent(client, fd, done, part) ||
		    !read_back(client, fd, done, part))
			return;
		done += part;
	}
}

static void talk(struct client *client, int fd)
{
	const size_t bytes = choose(client, MOST_BYTES) + 1;

	invent(client, bytes);
	switch (choose(client, 4)) {
	case 0:
		(void)is_sent(client, fd, 0, bytes);
		return; /* without a word */
	case 1:
		talk_at_length(client, fd, bytes);
		return;
	default:
		talk_by_turns(client, fd, bytes);
	}
}

static bool is_connected(const struct service *service, int fd)
{
	return WANTED(fd >= 0) &&
	       WANTED(connect(fd, (const void *)&service->name,
	                      service->name_bytes) == 0);
}

static void *be_stream_client(void *argument)
{
	struct client *client = argument;
	const struct service *service = client->service;

	while (!clients_end) {
		const int fd = socket(service->family, SOCK_STREAM, 0);

		if (is_connected(service, fd))
			talk(client, fd);
		WANTED(close(fd) == 0);
		conversations++;
	}
	return NULL;
}

/* One question is on its way at a time: none is lost. */
static void ask_datagrams(struct client *client, int fd)
{
	for (unsigned int i = choose(client, 20) + 1; i > 0; i--) {
		const size_t bytes = choose(client, DATAGRAM_MOST) + 1;

		invent(client, bytes);
		if (!is_sent(client, fd, 0, bytes) || !can_read(fd) ||
		    !WANTED(recv(fd, client->in, MOST_BYTES, MSG_DONTWAIT) ==
		            (ssize_t)bytes) ||
		    !WANTED(memcmp(client->in, client->out, bytes) == 0))
			return;
		echoed_bytes += bytes;
	}
}

static void *be_datagram_client(void *argument)
{
	struct client *client = argument;
	const struct service *service = client->service;
	const struct sockaddr_un nameless = { .sun_family = AF_UNIX };

	while (!clients_end) {
		const int fd = socket(service->family, SOCK_DGRAM, 0);

		if (service->family == AF_UNIX)
			WANTED(bind(fd, (const void *)&nameless,
			            sizeof(sa_family_t)) == 0);
		if (is_connected(service, fd))
			ask_datagrams(client, fd);
		WANTED(close(fd) == 0);
		conversations++;
	}
	return NULL;
}

/* --- who looks on ------------------------------------------------------------ */

static void *watch(void *unused)
{
	struct pollfd entries[SERVICES];

	while (!servers_end) {
		const int epoll = epoll_create1(0);
		struct epoll_event event;

		for (unsigned int i = 0; i < SERVICES; i++) {
			entries[i] = (struct pollfd){ .fd = services[i].fd,
				                      .events = POLLIN };
			add(epoll, services[i].fd);
		}
		WANTED(poll(entries, SERVICES, 1) >= 0);
		WANTED(epoll_wait(epoll, &event, 1, 1) >= 0);
		for (unsigned int i = 0; i < SERVICES; i++)
			WANTED(!(entries[i].revents & (POLLNVAL | POLLERR)));
		WANTED(close(epoll) == 0);
	}
	return unused;
}

static int crowd[2];
static atomic_ulong written_sum, read_sum, next_record;

static void *write_records(void *unused)
{
	while (!clients_end) {
		const unsigned long number = ++next_record;
		const unsigned long record[2] = { number, ~number };

		if (!WANTED(send(crowd[0], record, sizeof(record), 0) ==
		            sizeof(record)))
			break;
		written_sum += number;
	}
	return unused;
}

static void *read_records(void *unused)
{
	unsigned long record[2];
	ssize_t got;

	while ((got = recv(crowd[1], record, sizeof(record), 0)) > 0) {
		if (!WANTED(got == sizeof(record)) ||
		    !WANTED(record[1] == ~record[0]))
			break;
		read_sum += record[0];
	}
	WANTED(got == 0);
	return unused;
}

/* --- all together -------------------------------------------------------------- */

static void set_name(struct service *service, unsigned int number)
{
	if (service->family == AF_INET) {
		const struct sockaddr_in name = loopback(0);

		memcpy(&service->name, &name, sizeof(name));
		service->name_bytes = sizeof(name);
	} else {
		struct sockaddr_un name = { .sun_family = AF_UNIX,
			                    .sun_path = "\0stress0" };

		name.sun_path[7] = (char)('0' + number);
		memcpy(&service->name, &name, sizeof(name));
		service->name_bytes =
			offsetof(struct sockaddr_un, sun_path) + 8;
	}
}

static void open_service(struct service *service, unsigned int number)
{
	socklen_t bytes = sizeof(service->name);
	const struct timeval moment = { .tv_usec = 20000 };

	service->fd = socket(
		service->family,
		service->type | (service->by_epoll ? SOCK_NONBLOCK : 0), 0);
	CHECK(service->fd >= 0);
	set_name(service, number);
	CHECK_EQ(bind(service->fd, (void *)&service->name, service->name_bytes),
	         0);
	CHECK_EQ(getsockname(service->fd, (void *)&service->name, &bytes), 0);
	if (service->type == SOCK_STREAM) {
		CHECK_EQ(listen(service->fd, 2 * CLIENTS), 0);
	} else {
		CHECK_EQ(setsockopt(service->fd, SOL_SOCKET, SO_RCVTIMEO,
		                    &moment, sizeof(moment)),
		         0);
	}
}

#define MOST_THREADS 40
static pthread_t client_threads[MOST_THREADS], server_threads[MOST_THREADS];
static unsigned int nr_clients, nr_servers;

static void begin(pthread_t *threads, unsigned int *count,
                  void *(*function)(void *), void *argument)
{
	CHECK(*count < MOST_THREADS);
	CHECK_EQ(pthread_create(&threads[(*count)++], NULL, function, argument),
	         0);
}

static void join_all(pthread_t *threads, unsigned int *count)
{
	while (*count > 0)
		CHECK_EQ(pthread_join(threads[--*count], NULL), 0);
}

static void begin_servers(struct service *service)
{
	if (service->by_epoll) {
		begin(server_threads, &nr_servers, serve_by_epoll, service);
		return;
	}
	for (int i = 0; i < BLOCKING; i++) {
		begin(server_threads, &nr_servers,
		      service->type == SOCK_STREAM ? serve_blocking
		                                   : serve_datagrams,
		      service);
	}
}

static struct client clients[SERVICES * CLIENTS];

static void begin_clients(void)
{
	for (unsigned int i = 0; i < SERVICES * CLIENTS; i++) {
		clients[i].service = &services[i % SERVICES];
		clients[i].random = test_random() | 1;
		begin(client_threads, &nr_clients,
		      clients[i].service->type == SOCK_STREAM
		              ? be_stream_client
		              : be_datagram_client,
		      &clients[i]);
	}
	for (int i = 0; i < CROWD; i++)
		begin(client_threads, &nr_clients, write_records, NULL);
}

static void begin_all(void)
{
	clients_end = servers_end = false;
	failed_line = failed_errno = 0;
	buffers_taken = 0;
	written_sum = read_sum = next_record = 0;
	echoed_bytes = conversations = 0;
	CHECK_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, crowd), 0);
	for (unsigned int i = 0; i < SERVICES; i++) {
		open_service(&services[i], i);
		begin_servers(&services[i]);
	}
	for (int i = 0; i < CROWD; i++)
		begin(server_threads, &nr_servers, read_records, NULL);
	for (int i = 0; i < WATCHERS; i++)
		begin(server_threads, &nr_servers, watch, NULL);
	begin_clients();
}

static void end_all(void)
{
	clients_end = true;
	join_all(client_threads, &nr_clients);
	CHECK_EQ(close(crowd[0]), 0);
	servers_end = true;
	for (unsigned int i = 0; i < SERVICES; i++) {
		if (services[i].type == SOCK_STREAM && !services[i].by_epoll)
			CHECK_EQ(shutdown(services[i].fd, SHUT_RDWR), 0);
	}
	join_all(server_threads, &nr_servers);
	CHECK_EQ(close(crowd[1]), 0);
	for (unsigned int i = 0; i < SERVICES; i++)
		CHECK_EQ(close(services[i].fd), 0);
	settle();
}

TEST(sockets_of_all_kinds_at_once)
{
	const uint64_t until_ns = timer_now_ns() + RUN_NS * test_loops();

	test_use_all_harts();
	begin_all();
	while (!clients_end && timer_now_ns() < until_ns)
		usleep(1000);
	end_all();
	printf("# %lu conversations, %lu bytes echoed\n", conversations,
	       echoed_bytes);
	if (failed_line)
		test_fail(__FILE__, failed_line, "errno %d", failed_errno);
	CHECK_EQ(read_sum, written_sum);
	CHECK(conversations > SERVICES * CLIENTS);
}
