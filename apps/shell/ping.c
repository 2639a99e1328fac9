/* SPDX-License-Identifier: MIT */
/*
 * ping over the kernel's own kind of socket for it: it writes the identifier and
 * the checksum, and gives only what answers this socket. An answer is known by its
 * sequence number; the time when a question went stands in it.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

#define COUNT_USUAL 4l
#define COUNT_MOST  1000000l
#define DATA_BYTES  56u
#define WAIT_NS     1000000000l

/* Of IPv4 and of IPv6: their headers begin alike. */
struct message {
	uint8_t type;
	uint8_t code;
	uint16_t checksum;
	uint16_t id;
	uint16_t sequence;
	uint8_t data[DATA_BYTES];
};

struct ping {
	int fd;
	int family;
	char name[INET6_ADDRSTRLEN];
	long sent, received;
	long least_ns, most_ns, sum_ns;
};

static long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000l + now.tv_nsec;
}

static int open_for(struct ping *ping, const char *host)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct addrinfo *found;
	const int err = getaddrinfo(host, NULL, &hints, &found);

	if (err) {
		fprintf(stderr, "ping: %s: %s\n", host, gai_strerror(err));
		return -1;
	}
	ping->family = found->ai_family;
	getnameinfo(found->ai_addr, found->ai_addrlen, ping->name,
	            sizeof(ping->name), NULL, 0, NI_NUMERICHOST);
	ping->fd = socket(ping->family, SOCK_DGRAM,
	                  ping->family == AF_INET ? (int)IPPROTO_ICMP
	                                          : (int)IPPROTO_ICMPV6);
	if (ping->fd < 0 ||
	    connect(ping->fd, found->ai_addr, found->ai_addrlen) != 0) {
		fprintf(stderr, "ping: %s: %s\n", ping->name, strerror(errno));
		if (ping->fd >= 0)
			close(ping->fd);
		ping->fd = -1;
	}
	freeaddrinfo(found);
	return ping->fd < 0 ? -1 : 0;
}

static int ask(struct ping *ping, uint16_t sequence)
{
	struct message message = {
		.type = ping->family == AF_INET ? ICMP_ECHO
		                                : ICMP6_ECHO_REQUEST,
		.sequence = htons(sequence),
	};
	const long sent_ns = now_ns();

	memcpy(message.data, &sent_ns, sizeof(sent_ns));
	ping->sent++;
	if (send(ping->fd, &message, sizeof(message), 0) < 0) {
		fprintf(stderr, "ping: %s: %s\n", ping->name, strerror(errno));
		return -1;
	}
	return 0;
}

static void take(struct ping *ping, const struct message *message, long bytes)
{
	long took_ns = now_ns();
	long sent_ns;

	memcpy(&sent_ns, message->data, sizeof(sent_ns));
	took_ns -= sent_ns;
	ping->received++;
	ping->sum_ns += took_ns;
	if (ping->received == 1 || took_ns < ping->least_ns)
		ping->least_ns = took_ns;
	if (took_ns > ping->most_ns)
		ping->most_ns = took_ns;
	printf("%ld bytes from %s: seq=%u time=%ld.%03ld ms\n", bytes,
	       ping->name, ntohs(message->sequence), took_ns / 1000000,
	       took_ns / 1000 % 1000);
}

/* Until one second after the question, whatever comes. */
static void listen_until(struct ping *ping, long until_ns, uint16_t sequence,
                         int last)
{
	struct pollfd poll_fd = { .fd = ping->fd, .events = POLLIN };

	for (;;) {
		struct message message;
		const long left_ns = until_ns - now_ns();
		long bytes;

		if (left_ns <= 0 ||
		    poll(&poll_fd, 1, (int)(left_ns / 1000000) + 1) < 0)
			return;
		bytes = recv(ping->fd, &message, sizeof(message), MSG_DONTWAIT);
		if (bytes != (long)sizeof(message))
			continue;
		take(ping, &message, bytes);
		if (last && ntohs(message.sequence) == sequence)
			return;
	}
}

static void sum_up(const struct ping *ping)
{
	printf("%ld sent, %ld received", ping->sent, ping->received);
	if (ping->received > 0) {
		const long average_ns = ping->sum_ns / ping->received;

		printf(", least/average/most %ld/%ld/%ld us",
		       ping->least_ns / 1000, average_ns / 1000,
		       ping->most_ns / 1000);
	}
	putchar('\n');
}

int network_ping(int argc, char **argv)
{
	struct ping ping = { 0 };
	long count = argc > 2 ? strtol(argv[2], NULL, 10) : COUNT_USUAL;
	long i;

	if (count < 1 || count > COUNT_MOST) {
		fprintf(stderr, "ping: %s: want a number of questions\n",
		        argv[2]);
		return 2;
	}
	if (open_for(&ping, argv[1]) != 0)
		return 1;
	for (i = 1; i <= count; i++) {
		const long until_ns = now_ns() + WAIT_NS;

		if (ask(&ping, (uint16_t)i) != 0)
			break;
		listen_until(&ping, until_ns, (uint16_t)i, i == count);
	}
	sum_up(&ping);
	close(ping.fd);
	return ping.received > 0 ? 0 : 1;
}
