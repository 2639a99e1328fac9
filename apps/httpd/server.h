/* SPDX-License-Identifier: MIT */
/*
 * server - what all workers share: options, listening sockets, the folder that is
 * served. Set up before the workers start, then only read.
 */
#ifndef HTTPD_SERVER_H
#define HTTPD_SERVER_H

#include <stdbool.h>

#define WORKERS_MOST 64u

struct tls_server;
struct worker;

struct options {
	const char *root;
	const char *certificate;
	const char *key;
	int port;     /* 0: any that is free */
	int tls_port; /* -1: none */
	unsigned int workers;
	unsigned int connections; /* of all workers together */
	unsigned int idle_seconds;
	unsigned int request_seconds;
	unsigned int stall_seconds;
	bool lists_folders;
	bool ipv4_only;
};

/* One of the sockets that connections come from. */
struct listener {
	int fd; /* -1: none */
	bool tls;
};

#define LISTENERS 2u

struct server {
	struct options options;
	int root_fd;
	int stop_fd; /* an eventfd that is readable when all is to end */
	struct listener listeners[LISTENERS];
	struct tls_server *tls; /* NULL: none */
	char boundary[40];      /* of multipart answers, drawn at the start */
	unsigned int workers;
	struct worker *worker[WORKERS_MOST];
};

extern struct server server;

/* Words of the command line; false: one was wrong, and it was said. */
bool options_parse(int argc, char **argv, struct options *options);

/*
 * A listening socket on @port of all addresses. Returns it, or a negative errno.
 * *port_out: the port it got.
 */
int listener_open(int port, bool ipv4_only, int *port_out);

#endif /* HTTPD_SERVER_H */
