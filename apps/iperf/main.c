/* SPDX-License-Identifier: MIT */
/*
 * iperf - how many bits a second TCP carries, against iperf 2 on another machine.
 *
 * lwIP brings the test itself (lwiperf): it runs on the raw API inside the stack, so
 * what is measured is the stack and the device, not sockets. Its reports come with
 * the stack's lock held; they are kept, and main() prints them.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/wait.h"
#include "vireo/net.h"

#include "lwip/apps/lwiperf.h"
#include "lwip/netif.h"

#define REPORTS_MOST 16u
#define SECONDS_MOST 86400

struct options {
	const char *host; /* NULL: serve */
	uint16_t port;
	int seconds;
};

struct report {
	enum lwiperf_report_type type;
	char peer[IPADDR_STRLEN_MAX]; /* "": gone */
	uint16_t port;
	uint64_t bytes;
	uint32_t ms, kilobits_a_second;
};

/* Of the stack's lock. Those that find no room are counted and told of. */
static struct report reports[REPORTS_MOST];
static unsigned int first, count, lost;
static struct wait_queue reported = WAIT_QUEUE_INIT("iperf");

static const char usage[] =
	"usage: iperf [-p PORT]                     serve, until it is ended\n"
	"       iperf -c HOST [-p PORT] [-t SECONDS] send to iperf -s at HOST\n"
	"The port is 5001 and the time 10 seconds if nothing else is said.\n";

static void keep(void *unused, enum lwiperf_report_type type,
                 const ip_addr_t *local, u16_t local_port,
                 const ip_addr_t *remote, u16_t remote_port, u64_t bytes,
                 u32_t ms, u32_t kilobits_a_second)
{
	struct report *report = &reports[(first + count) % REPORTS_MOST];

	(void)unused;
	(void)local;
	(void)local_port;
	if (count == REPORTS_MOST) {
		lost++;
		return;
	}
	count++;
	*report = (struct report){ .type = type,
		                   .port = remote_port,
		                   .bytes = bytes,
		                   .ms = ms,
		                   .kilobits_a_second = kilobits_a_second };
	if (remote)
		ipaddr_ntoa_r(remote, report->peer, sizeof(report->peer));
	wait_queue_wake(&reported, 1);
}

static struct report next_report(unsigned int *lost_out)
{
	struct report report;

	(void)wait_for(&reported, *(volatile unsigned int *)&count > 0,
	               UINT64_MAX, THREAD_UNINTERRUPTIBLE);
	net_lock();
	report = reports[first];
	first = (first + 1) % REPORTS_MOST;
	count--;
	*lost_out = lost;
	lost = 0;
	net_unlock();
	return report;
}

static const char *why_it_ended(enum lwiperf_report_type type)
{
	switch (type) {
	case LWIPERF_TCP_DONE_SERVER:
	case LWIPERF_TCP_DONE_CLIENT:
		return NULL;
	case LWIPERF_TCP_ABORTED_LOCAL:
		return "no answer for 10 seconds";
	case LWIPERF_TCP_ABORTED_LOCAL_DATAERROR:
		return "the other end does not speak iperf 2";
	case LWIPERF_TCP_ABORTED_LOCAL_TXERROR:
		return "the test in the other direction cannot be started";
	case LWIPERF_TCP_ABORTED_REMOTE:
		break;
	}
	return "the other end refused or broke the connection";
}

static bool tell(const struct report *report)
{
	const char *why = why_it_ended(report->type);
	const bool sent = report->type == LWIPERF_TCP_DONE_CLIENT;

	if (report->peer[0]) {
		printf("iperf: %s %s port %u: ", sent ? "to" : "from",
		       report->peer, report->port);
	} else {
		printf("iperf: ");
	}
	if (why)
		printf("%s, after ", why);
	printf("%.1f MB in %.2f s, %.1f Mbit/s\n", (double)report->bytes / 1e6,
	       (double)report->ms / 1e3,
	       (double)report->kilobits_a_second / 1e3);
	fflush(stdout);
	return !why;
}

static bool read_number(const char *word, long most, long *out)
{
	char *end;

	*out = strtol(word, &end, 10);
	if (end != word && !*end && *out >= 1 && *out <= most)
		return true;
	fprintf(stderr, "iperf: %s is no number from 1 to %ld\n", word, most);
	return false;
}

static bool read_options(int argc, char **argv, struct options *options)
{
	long port = LWIPERF_TCP_PORT_DEFAULT;
	long seconds = 10;
	bool fine = true;
	int letter;

	*options = (struct options){ .host = NULL };
	while (fine && (letter = getopt(argc, argv, "c:p:t:")) != -1) {
		if (letter == 'c')
			options->host = optarg;
		else if (letter == 'p')
			fine = read_number(optarg, 65535, &port);
		else if (letter == 't')
			fine = read_number(optarg, SECONDS_MOST, &seconds);
		else
			fine = false;
	}
	options->port = (uint16_t)port;
	options->seconds = (int)seconds;
	if (fine && optind == argc)
		return true;
	fputs(usage, stderr);
	return false;
}

/* An address that a packet could be sent to: connect() waits for DHCP, and asks. */
static bool can_reach(const struct addrinfo *info)
{
	const int fd = socket(info->ai_family, SOCK_DGRAM, 0);
	const bool can =
		fd >= 0 && connect(fd, info->ai_addr, info->ai_addrlen) == 0;
	const int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return can;
}

static void to_lwip(const struct addrinfo *info, ip_addr_t *out)
{
	char text[IPADDR_STRLEN_MAX];

	*out = (ip_addr_t){ 0 };
	if (getnameinfo(info->ai_addr, info->ai_addrlen, text, sizeof(text),
	                NULL, 0, NI_NUMERICHOST) == 0)
		(void)ipaddr_aton(text, out);
}

static bool find_host(const struct options *options, ip_addr_t *out)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct addrinfo *info, *at;
	int err = getaddrinfo(options->host, "5001", &hints, &info);

	if (err) {
		fprintf(stderr, "iperf: %s: %s\n", options->host,
		        gai_strerror(err));
		return false;
	}
	for (at = info; at && !can_reach(at); at = at->ai_next)
		;
	if (at)
		to_lwip(at, out);
	else
		fprintf(stderr, "iperf: %s: %s\n", options->host,
		        strerror(errno));
	freeaddrinfo(info);
	return at != NULL;
}

static int send_to(const struct options *options)
{
	struct report report;
	unsigned int unused;
	ip_addr_t host;
	void *test;

	if (!find_host(options, &host))
		return 1;
	net_lock();
	test = lwiperf_start_tcp_client_for(
		&host, options->port, LWIPERF_CLIENT, -100 * options->seconds,
		keep, NULL);
	net_unlock();
	if (!test) {
		fputs("iperf: no memory, or no way to the host\n", stderr);
		return 1;
	}
	report = next_report(&unused);
	return tell(&report) ? 0 : 1;
}

/* lwIP's server is told of a port that is taken as of memory that ran out. */
static bool can_bind(uint16_t port)
{
	const struct sockaddr_in6 place = { .sin6_family = AF_INET6,
		                            .sin6_port = htons(port) };
	const int fd = socket(AF_INET6, SOCK_STREAM, 0);
	const bool can = fd >= 0 && bind(fd, (const struct sockaddr *)&place,
	                                 sizeof(place)) == 0;

	if (!can)
		fprintf(stderr, "iperf: port %u: %s\n", port, strerror(errno));
	if (fd >= 0)
		close(fd);
	return can;
}

static int serve(const struct options *options)
{
	void *server;

	if (!can_bind(options->port))
		return 1;
	net_lock();
	server = lwiperf_start_tcp_server(IP_ANY_TYPE, options->port, keep,
	                                  NULL);
	net_unlock();
	if (!server) {
		fprintf(stderr, "iperf: port %u: no memory\n", options->port);
		return 1;
	}
	printf("iperf: TCP on port %u\n", options->port);
	fflush(stdout);
	for (;;) {
		unsigned int unseen;
		const struct report report = next_report(&unseen);

		(void)tell(&report);
		if (unseen > 0)
			fprintf(stderr, "iperf: %u tests more\n", unseen);
	}
}

static bool has_device(void)
{
	bool has;

	net_lock();
	has = netif_default != NULL;
	net_unlock();
	return has;
}

int main(int argc, char **argv)
{
	struct options options;
	int err;

	if (!read_options(argc, argv, &options))
		return 2;
	err = net_start();
	if (err) {
		fprintf(stderr, "iperf: the network: %s\n", strerror(-err));
		return 1;
	}
	if (!has_device()) {
		fputs("iperf: there is no network device (make run NET=user)\n",
		      stderr);
		return 1;
	}
	return options.host ? send_to(&options) : serve(&options);
}
