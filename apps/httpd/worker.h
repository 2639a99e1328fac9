/* SPDX-License-Identifier: MIT */
/*
 * worker - a thread with its epoll, its connections, its cache and its counters.
 * Workers share the listening sockets and nothing else.
 */
#ifndef HTTPD_WORKER_H
#define HTTPD_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "cache.h"
#include "date.h"
#include "server.h"
#include "stats.h"
#include "watched.h"

struct conn;

/* A listener as one worker sees it. */
struct door {
	struct watched watched;
	const struct listener *listener;
};

struct worker {
	pthread_t thread;
	unsigned int number;
	int epoll;
	uint64_t now_ms; /* of the monotonic clock, read once a turn */
	uint64_t swept_ms;
	time_t date_second;
	char date[DATE_BYTES + 1];
	struct conn *conns;
	unsigned int conns_open;
	unsigned int conns_most;
	struct conn *spare; /* closed ones, to be used again */
	unsigned int spares;
	bool paused;      /* no connection is accepted for now */
	uint64_t told_ms; /* when a pause was last reported */
	struct watched stop;
	struct door doors[LISTENERS];
	struct cache cache;
	struct stats stats;
};

/* Returns NULL after a line that says why. */
struct worker *worker_open(unsigned int number, unsigned int conns_most);

/* Until server.stop_fd is readable. */
void *worker_run(void *worker);

void worker_close(struct worker *worker);

/* A connection is gone: accept again, if that was why it was paused. */
void worker_resume(struct worker *worker);

/* What epoll waits for on a connection's behalf. */
void worker_watch(struct worker *worker, struct conn *conn, bool wants_out);

#endif /* HTTPD_WORKER_H */
