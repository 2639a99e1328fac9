/* SPDX-License-Identifier: MIT */
/*
 * Times are looked at once a second, all connections in a row: setting one costs
 * a store, and a request moves nothing in any list.
 *
 * Out of descriptors or at the limit of connections, a listening socket that stays
 * in the epoll would wake it for ever; so it is taken out, and who wants to
 * connect waits in the socket's queue.
 */
#define _GNU_SOURCE /* accept4() */
#include "worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn.h"

#define EVENTS_A_TURN  64
#define ACCEPTS_A_TURN 32
#define SWEEP_MS       1000u
#define TELL_MS        10000u

static void read_clocks(struct worker *worker)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	worker->now_ms =
		(uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
	clock_gettime(CLOCK_REALTIME, &time);
	if (time.tv_sec != worker->date_second) {
		worker->date_second = time.tv_sec;
		date_format(time.tv_sec, worker->date);
	}
}

static int control(struct worker *worker, int action, int fd, uint32_t events,
                   struct watched *watched)
{
	struct epoll_event event = { .events = events, .data.ptr = watched };

	return epoll_ctl(worker->epoll, action, fd, &event);
}

void worker_watch(struct worker *worker, struct conn *conn, bool wants_out)
{
	conn->wants_out = wants_out;
	(void)control(worker, EPOLL_CTL_MOD, conn->fd,
	              wants_out ? EPOLLOUT : EPOLLIN, &conn->watched);
}

static int watch_doors(struct worker *worker, int action)
{
	unsigned int i;

	for (i = 0; i < LISTENERS; i++) {
		struct door *door = &worker->doors[i];

		if (door->listener->fd >= 0 &&
		    control(worker, action, door->listener->fd,
		            EPOLLIN | EPOLLEXCLUSIVE, &door->watched) != 0)
			return -errno;
	}
	return 0;
}

static void pause_accepting(struct worker *worker, const char *why)
{
	worker->paused = true;
	(void)watch_doors(worker, EPOLL_CTL_DEL);
	count_add(&worker->stats.pauses, 1);
	if (worker->told_ms && worker->now_ms - worker->told_ms < TELL_MS)
		return;
	worker->told_ms = worker->now_ms;
	fprintf(stderr, "httpd: %s: no connection is accepted for now\n", why);
}

void worker_resume(struct worker *worker)
{
	if (!worker->paused || worker->conns_open >= worker->conns_most)
		return;
	worker->paused = watch_doors(worker, EPOLL_CTL_ADD) != 0;
}

/* Somebody may have given up between its arrival and our accepting. */
static bool is_passing(int error)
{
	return error == ECONNABORTED || error == EINTR || error == EPROTO;
}

/* false: no more for now. */
static bool accept_one(struct worker *worker, const struct listener *listener)
{
	const int fd =
		accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct conn *conn;

	if (fd < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return false;
		if (is_passing(errno))
			return true;
		pause_accepting(worker, strerror(errno));
		return false;
	}
	conn = conn_open(worker, fd, listener->tls);
	if (!conn) {
		pause_accepting(worker, "no memory");
		return false;
	}
	if (control(worker, EPOLL_CTL_ADD, fd, EPOLLIN, &conn->watched) == 0)
		return true;
	pause_accepting(worker, strerror(errno));
	conn_close(conn);
	return false;
}

static void accept_some(struct worker *worker, const struct door *door)
{
	unsigned int i;

	for (i = 0; i < ACCEPTS_A_TURN && !worker->paused; i++) {
		if (worker->conns_open >= worker->conns_most)
			pause_accepting(worker, "as many as -m allows");
		else if (!accept_one(worker, door->listener))
			break;
	}
}

static void sweep(struct worker *worker)
{
	struct conn *conn = worker->conns;

	if (worker->now_ms - worker->swept_ms < SWEEP_MS)
		return;
	worker->swept_ms = worker->now_ms;
	while (conn) {
		struct conn *next = conn->next;

		if (worker->now_ms >= conn->until_ms)
			conn_timeout(conn);
		conn = next;
	}
	worker_resume(worker);
}

/* false: it is time to stop. */
static bool handle(struct worker *worker, struct watched *watched)
{
	switch (watched->kind) {
	case WATCHED_CONN:
		conn_run((struct conn *)watched);
		return true;
	case WATCHED_LISTENER:
		accept_some(worker, (struct door *)watched);
		return true;
	case WATCHED_STOP:
		break;
	}
	return false;
}

void *worker_run(void *worker)
{
	struct epoll_event events[EVENTS_A_TURN];
	struct worker *self = worker;
	bool goes_on = true;

	while (goes_on) {
		const bool timed = self->conns_open > 0 || self->paused;
		const int count = epoll_wait(self->epoll, events, EVENTS_A_TURN,
		                             timed ? (int)SWEEP_MS : -1);
		int i;

		read_clocks(self);
		for (i = 0; i < count; i++)
			goes_on &= handle(self, events[i].data.ptr);
		sweep(self);
	}
	return NULL;
}

/* --- life ---------------------------------------------------------------- */

struct worker *worker_open(unsigned int number, unsigned int conns_most)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	unsigned int i;

	if (!worker) {
		fputs("httpd: no memory for a worker\n", stderr);
		return NULL;
	}
	worker->number = number;
	worker->conns_most = conns_most;
	worker->stop.kind = WATCHED_STOP;
	for (i = 0; i < LISTENERS; i++) {
		worker->doors[i].watched.kind = WATCHED_LISTENER;
		worker->doors[i].listener = &server.listeners[i];
	}
	read_clocks(worker);
	worker->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (worker->epoll < 0 ||
	    control(worker, EPOLL_CTL_ADD, server.stop_fd, EPOLLIN,
	            &worker->stop) != 0 ||
	    watch_doors(worker, EPOLL_CTL_ADD) != 0) {
		fprintf(stderr, "httpd: epoll: %s\n", strerror(errno));
		worker_close(worker);
		return NULL;
	}
	return worker;
}

void worker_close(struct worker *worker)
{
	worker->paused = false;
	while (worker->conns)
		conn_close(worker->conns);
	while (worker->spare) {
		struct conn *conn = worker->spare;

		worker->spare = conn->next;
		free(conn);
	}
	cache_clear(&worker->cache);
	if (worker->epoll >= 0)
		close(worker->epoll);
	free(worker);
}
