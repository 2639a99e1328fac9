/* SPDX-License-Identifier: MIT */
/*
 * httpd - a web server that also shows the memory it runs in.
 *
 * Reads its options, opens what all workers share, starts one worker a hart and is
 * the first of them itself. What https needs may be missing or wrong: that costs a
 * line, and http goes on without.
 */
#define _GNU_SOURCE /* O_PATH and O_DIRECTORY */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server.h"
#include "tls.h"
#include "worker.h"

struct server server = { .root_fd = -1,
	                 .stop_fd = -1,
	                 .listeners = { { .fd = -1 }, { .fd = -1 } } };

static void stop(int number)
{
	const uint64_t one = 1;

	(void)number;
	(void)!write(server.stop_fd, &one, sizeof(one));
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = stop };

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	/* sendfile() to somebody who has gone. */
	action.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &action, NULL);
}

/* As many descriptors as may be had. */
static void raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static void draw_boundary(void)
{
	unsigned long long random[2] = { 0 };

	(void)!getrandom(random, sizeof(random), 0);
	snprintf(server.boundary, sizeof(server.boundary), "%016llx%016llx",
	         random[0], random[1]);
}

static bool open_shared(void)
{
	const char *root = server.options.root;

	server.root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (server.root_fd < 0) {
		fprintf(stderr, "httpd: %s: %s\n", root, strerror(errno));
		return false;
	}
	server.stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server.stop_fd < 0) {
		fprintf(stderr, "httpd: eventfd: %s\n", strerror(errno));
		return false;
	}
	return true;
}

static bool listen_on(struct listener *listener, int port, bool tls)
{
	int bound = port;

	listener->fd = listener_open(port, server.options.ipv4_only, &bound);
	listener->tls = tls;
	if (listener->fd >= 0) {
		printf("httpd: %s on port %d, serving %s\n",
		       tls ? "https" : "http", bound, server.options.root);
		return true;
	}
	fprintf(stderr, "httpd: %s, port %d: %s\n", tls ? "https" : "http",
	        port, strerror(-listener->fd));
	listener->fd = -1;
	return false;
}

static void open_https(void)
{
	const struct options *options = &server.options;

	if (options->tls_port < 0)
		return;
	if (!options->certificate || !options->key) {
		fputs("httpd: https: want a certificate by -c and its key by "
		      "-k\n",
		      stderr);
		return;
	}
	server.tls = tls_server_open(options->certificate, options->key,
	                             options->workers);
	if (server.tls)
		(void)listen_on(&server.listeners[1], options->tls_port, true);
}

static bool open_workers(void)
{
	const struct options *options = &server.options;
	const unsigned int most = options->connections / options->workers;

	for (; server.workers < options->workers; server.workers++) {
		struct worker *worker =
			worker_open(server.workers, most ? most : 1);

		if (!worker)
			return false;
		server.worker[server.workers] = worker;
	}
	return true;
}

/* A thread that cannot be had is one worker less, and its sockets are closed. */
static void run(void)
{
	unsigned int started = 1;
	unsigned int i;

	for (; started < server.workers; started++) {
		struct worker *worker = server.worker[started];
		const int err = pthread_create(&worker->thread, NULL,
		                               worker_run, worker);

		if (err) {
			fprintf(stderr, "httpd: %u threads instead of %u: %s\n",
			        started, server.workers, strerror(err));
			break;
		}
	}
	fflush(stdout);
	worker_run(server.worker[0]);
	for (i = 1; i < started; i++)
		pthread_join(server.worker[i]->thread, NULL);
}

static void close_all(void)
{
	unsigned int i;

	for (i = 0; i < server.workers; i++)
		worker_close(server.worker[i]);
	for (i = 0; i < LISTENERS; i++)
		if (server.listeners[i].fd >= 0)
			close(server.listeners[i].fd);
	if (server.tls)
		tls_server_close(server.tls);
	if (server.stop_fd >= 0)
		close(server.stop_fd);
	if (server.root_fd >= 0)
		close(server.root_fd);
}

int main(int argc, char **argv)
{
	bool fine = false;

	if (!options_parse(argc, argv, &server.options))
		return 2;
	raise_limit();
	draw_boundary();
	if (open_shared()) {
		catch_signals();
		if (listen_on(&server.listeners[0], server.options.port,
		              false)) {
			open_https();
			fine = open_workers();
		}
		if (fine)
			run();
	}
	close_all();
	return fine ? 0 : 1;
}
