/* SPDX-License-Identifier: MIT */
/*
 * conn - one connection: what was received, what is to be sent, and how far it
 * has come. A fixed struct; a request allocates nothing.
 *
 *     in  [.......|head of a request|body, thrown away|the next ones....]
 *                 in_start                                       in_end
 *     out [.......|heads and small answers, to be sent|.............]
 *                 out_start                     out_end
 *     sending: what follows `out`: a file, its ranges, or a text in memory
 *
 * The next request is looked at when everything before it was taken by the
 * socket, or fits into `out`.
 *
 * Locking: none. A connection belongs to one worker, which is one thread.
 */
#ifndef HTTPD_CONN_H
#define HTTPD_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "body.h"
#include "range.h"
#include "request.h"
#include "watched.h"

#define IN_BYTES    (REQUEST_HEAD_MOST + 1024u)
#define OUT_BYTES   8192u
#define ANSWER_MOST 3072u /* a head, or an error with its page */

struct entry;
struct tls_conn;
struct worker;

enum conn_state {
	CONN_HANDSHAKE, /* of TLS */
	CONN_HEAD,      /* a request's head is awaited */
	CONN_BODY,      /* a request's body is being thrown away */
	CONN_LINGER,    /* all is said: the other end is to close */
};

/* What follows the bytes of `out`; all clear when nothing does. */
struct sending {
	struct entry *entry; /* a file; NULL: none */
	const char *memory;  /* instead of its descriptor; NULL: none */
	void *owned;         /* freed at the end */
	uint64_t at;
	uint64_t left;
	unsigned int ranges; /* of multipart/byteranges, 0: none */
	unsigned int range;  /* the next */
	struct range range_list[RANGES_MOST];
};

struct conn {
	struct watched watched; /* first: what epoll gives back */
	int fd;
	enum conn_state state;
	bool wants_out;    /* epoll waits for room to write */
	bool closes;       /* after what is to be sent */
	bool partial;      /* part of a request is there */
	bool grown;        /* and what came last holds the end of a line */
	uint64_t until_ms; /* then its time is over */
	struct worker *worker;
	struct conn *next, *previous; /* of the worker */
	struct tls_conn *tls;         /* NULL: plain */
	struct body body;
	struct sending sending;
	struct request request;
	size_t in_start, in_end;
	size_t out_start, out_end;
	char in[IN_BYTES + 2]; /* with a NUL for the parser */
	char out[OUT_BYTES];
};

/* A new connection; it owns @fd. NULL: no memory, and @fd is closed. */
struct conn *conn_open(struct worker *worker, int fd, bool tls);
void conn_close(struct conn *conn);

/* Something can be read, or written: go on as far as it goes. May close. */
void conn_run(struct conn *conn);

/* Its time is over: 408, or the end. */
void conn_timeout(struct conn *conn);

#endif /* HTTPD_CONN_H */
