/* SPDX-License-Identifier: MIT */
/* Commands that show the network; the views come line by line from the kernel. */
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vireo/net.h>

#include "command.h"

static void print_line(const char *line, void *unused)
{
	(void)unused;
	puts(line);
}

/* The first socket starts the network, also without a device. */
static int start(void)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0) {
		perror("network");
		return 1;
	}
	close(fd);
	return 0;
}

int network_ifconfig(int argc, char **argv)
{
	(void)argc, (void)argv;
	if (start() != 0)
		return 1;
	net_show_interfaces(print_line, NULL);
	return 0;
}

int network_netstat(int argc, char **argv)
{
	if (start() != 0)
		return 1;
	if (argc == 1) {
		net_show_connections(print_line, NULL);
	} else if (strcmp(argv[1], "-s") == 0) {
		net_show_counters(print_line, NULL);
	} else if (strcmp(argv[1], "-p") == 0) {
		net_show_pools(print_line, NULL);
	} else {
		fprintf(stderr, "netstat: %s: want -s or -p\n", argv[1]);
		return 2;
	}
	return 0;
}

int network_route(int argc, char **argv)
{
	(void)argc, (void)argv;
	if (start() != 0)
		return 1;
	net_show_routes(print_line, NULL);
	net_show_neighbours(print_line, NULL);
	return 0;
}

int network_dns(int argc, char **argv)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	struct addrinfo *at;
	char text[INET6_ADDRSTRLEN];
	const int err = getaddrinfo(argv[1], NULL, &hints, &list);

	(void)argc;
	if (err) {
		fprintf(stderr, "dns: %s: %s\n", argv[1], gai_strerror(err));
		return 1;
	}
	for (at = list; at; at = at->ai_next) {
		if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof(text),
		                NULL, 0, NI_NUMERICHOST) == 0)
			puts(text);
	}
	freeaddrinfo(list);
	return 0;
}
