/* SPDX-License-Identifier: MIT */
/*
 * TCP. What arrives hangs on the socket, as lwIP's buffers, until it is read; what
 * is sent is in chunks that go when no packet refers to them any more.
 *
 *      read()  <- [first ... last]  <- receive callback
 *      write() -> chunk -> lwIP's packets -> chunk freed
 *
 * lwIP's pcb goes by itself: when both sides have ended, by reset, by timeout. Then
 * ->pcb is NULL, and everything that is told afterwards is in the socket.
 */
#ifndef POSIX_SOCKET_STREAM_H
#define POSIX_SOCKET_STREAM_H

#include "core/mutex.h"
#include "net/reference.h"
#include "posix/socket/inet.h"

#include "lwip/tcp.h"

enum stream_state {
	STREAM_NEW, /* may have a name */
	STREAM_LISTENS,
	STREAM_CONNECTING,
	STREAM_FAILED,    /* connect() did, and nobody was told */
	STREAM_CONNECTED, /* once; the pcb may be gone */
};

/* Memory that lwIP sends from: of ours, or pages of a file. */
struct stream_chunk {
	struct net_memory memory;
	struct page *page; /* NULL: data is behind the chunk itself */
	char data[];
};

struct stream {
	struct inet inet;
	struct tcp_pcb *pcb; /* [N] NULL: none, or gone */
	enum stream_state state;

	struct mutex reading;       /* whose turn it is to take much */
	bool copying;               /* [N] somebody copies from the head */
	struct pbuf *first, *last;  /* [N] arrived; the head is the reader's */
	size_t offset;              /* [N] read of the first */
	size_t available;           /* [N] bytes */
	bool ended;                 /* [N] the peer sends no more */
	bool shut_read, shut_write; /* [N] */

	struct mutex sending;
	uint64_t sent, acknowledged; /* [N] bytes since the beginning */
	bool starved;                /* [N] there was no memory */

	struct stream *listener;               /* [N] of one not yet accepted */
	struct stream *pending, *pending_last; /* [N] not yet accepted */
	struct stream *pending_next;           /* [N] */
	unsigned int nr_pending, backlog;      /* [N] */

	bool bound;          /* [N] by bind(): the name is kept */
	bool no_delay, cork; /* [N] */
	unsigned int keep_idle_s, keep_interval_s,
		keep_count;           /* [N] 0: default */
	unsigned int user_timeout_ms; /* [N] */
};

static inline struct stream *stream_of(struct socket *socket)
{
	return container_of(socket, struct stream, inet.socket);
}

/* posix/socket/stream.c */
struct stream *stream_create(int family);
/* Events after a change; @news: something came. */
void stream_update(struct stream *stream, bool news);
/* Forget the pcb, which goes on without us. */
void stream_detach(struct stream *stream);
/* Callbacks of lwIP; tcp_arg() is the stream. */
void stream_attach(struct stream *stream, struct tcp_pcb *pcb);
/* The pcb, made if there is none. -ENOMEM */
int stream_need_pcb(struct stream *stream) __must_check;
/* Options into the pcb. */
void stream_apply(struct stream *stream);
/* The pcb is cut off with a reset. */
void stream_abort(struct stream *stream);
void stream_destroy(struct stream *stream);

/* posix/socket/stream_connect.c */
int stream_bind(struct socket *socket, const struct address *address);
int stream_listen(struct socket *socket, int backlog);
int stream_accept(struct socket *socket, bool never_waits, struct address *from,
                  struct socket **socket_out);
int stream_connect(struct socket *socket, const struct address *address,
                   bool never_waits);
void stream_stop_listening(struct stream *stream);

/* posix/socket/stream_receive.c, stream_send.c */
long stream_receive(struct socket *socket, struct message *message);
long stream_send(struct socket *socket, struct message *message);
long stream_send_page(struct socket *socket, struct page *page, size_t offset,
                      struct message *message);
err_t stream_on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *buffer,
                        err_t err);
err_t stream_on_sent(void *arg, struct tcp_pcb *pcb, u16_t bytes);
err_t stream_on_poll(void *arg, struct tcp_pcb *pcb);
bool stream_has_room(const struct stream *stream);
/* Send what a corked stream held back. */
void stream_push(struct stream *stream);

/* posix/socket/stream_option.c */
int stream_set_option(struct socket *socket, const struct option *option);
int stream_get_option(struct socket *socket, struct option *option);
void stream_option_changed(struct socket *socket, int name);
long stream_ioctl(struct socket *socket, unsigned long request, void *argument);

#endif /* POSIX_SOCKET_STREAM_H */
