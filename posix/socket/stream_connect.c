/* SPDX-License-Identifier: MIT */
/*
 * How TCP connections begin. lwIP counts half-open connections against the
 * listener's backlog; those that nobody has accepted are counted here, and what
 * room they leave is what lwIP is told. So at most backlog + 1 wait, as on Linux,
 * and a SYN beyond is dropped and comes again.
 */
#include <errno.h>

#include "posix/socket/stream.h"

#include "lwip/priv/tcp_priv.h"

#define BACKLOG_MAX      4096u
#define LWIP_BACKLOG_MAX 65535u

/* IPv6's wildcard takes IPv4 as well, unless told not to. */
static void widen(const struct inet *inet, ip_addr_t *address)
{
	if (inet_ip_type(inet) == IPADDR_TYPE_ANY && ip_addr_isany(address))
		IP_SET_TYPE_VAL(*address, IPADDR_TYPE_ANY);
}

static int bind_to(struct stream *stream, const struct inet_end *end)
{
	ip_addr_t address = end->address;
	err_t err;

	if (stream->state != STREAM_NEW || stream->inet.local.port)
		return -EINVAL;
	if (!inet_is_local(&address))
		return -EADDRNOTAVAIL;
	if (stream_need_pcb(stream))
		return -ENOMEM;
	widen(&stream->inet, &address);
	err = tcp_bind(stream->pcb, &address, end->port);
	if (err != ERR_OK)
		return err == ERR_BUF ? -EADDRINUSE : inet_errno(err);
	stream->inet.local.address = end->address;
	stream->inet.local.port = stream->pcb->local_port;
	stream->bound = true;
	return 0;
}

int stream_bind(struct socket *socket, const struct address *address)
{
	struct stream *stream = stream_of(socket);
	struct inet_end end;
	int err = inet_end_get(&stream->inet, address, &end);

	if (err)
		return err == -ENETUNREACH ? -EINVAL : err;
	net_lock();
	err = bind_to(stream, &end);
	net_unlock();
	return err;
}

static struct tcp_pcb_listen *listen_pcb(const struct stream *stream)
{
	return (struct tcp_pcb_listen *)stream->pcb;
}

/* What lwIP may begin. */
static void set_room(struct stream *stream)
{
	const unsigned int most = stream->backlog + 1;
	unsigned int room =
		most > stream->nr_pending ? most - stream->nr_pending : 1;

	if (!stream->pcb)
		return;
	if (room > LWIP_BACKLOG_MAX)
		room = LWIP_BACKLOG_MAX;
	tcp_backlog_set(listen_pcb(stream), (u16_t)room);
}

static bool is_full(const struct stream *listener)
{
	return listener->nr_pending > listener->backlog;
}

static void append_pending(struct stream *listener, struct stream *stream)
{
	stream->listener = listener;
	if (listener->pending)
		listener->pending_last->pending_next = stream;
	else
		listener->pending = stream;
	listener->pending_last = stream;
	listener->nr_pending++;
}

/* A connection has been made by a peer. */
static struct stream *stream_for(struct stream *listener, struct tcp_pcb *pcb)
{
	struct stream *stream = stream_create(listener->inet.socket.family);

	if (!stream)
		return NULL;
	stream->state = STREAM_CONNECTED;
	stream->inet.only_v6 = listener->inet.only_v6;
	stream->inet.ttl = listener->inet.ttl;
	stream->inet.tos = listener->inet.tos;
	stream->inet.socket.switches = listener->inet.socket.switches;
	stream->inet.socket.linger = listener->inet.socket.linger;
	stream->inet.socket.send_timeout_ns =
		listener->inet.socket.send_timeout_ns;
	stream->inet.socket.receive_timeout_ns =
		listener->inet.socket.receive_timeout_ns;
	stream->inet.socket.send_bytes = listener->inet.socket.send_bytes;
	stream->inet.socket.receive_bytes = listener->inet.socket.receive_bytes;
	stream->no_delay = listener->no_delay;
	stream->keep_idle_s = listener->keep_idle_s;
	stream->keep_interval_s = listener->keep_interval_s;
	stream->keep_count = listener->keep_count;
	stream->inet.local =
		(struct inet_end){ pcb->local_ip, pcb->local_port };
	stream->inet.remote =
		(struct inet_end){ pcb->remote_ip, pcb->remote_port };
	stream_attach(stream, pcb);
	return stream;
}

static err_t on_accept(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct stream *listener = arg, *stream;

	if (!listener || !pcb || err != ERR_OK)
		return ERR_VAL;
	stream = stream_for(listener, pcb);
	if (!stream)
		return ERR_MEM; /* lwIP resets it */
	append_pending(listener, stream);
	if (is_full(listener))
		tcp_backlog_delayed(pcb);
	set_room(listener);
	stream_update(stream, false);
	stream_update(listener, true);
	return ERR_OK;
}

static int begin_listening(struct stream *stream)
{
	const struct inet_end any = { .address = stream->inet.local.address };
	struct tcp_pcb *pcb;
	err_t err;

	if (!stream->inet.local.port) {
		const int failed = bind_to(stream, &any);

		if (failed)
			return failed;
	}
	stream_apply(stream);
	tcp_poll(stream->pcb, NULL, 0);
	pcb = tcp_listen_with_backlog_and_err(stream->pcb, 1, &err);
	if (!pcb)
		return inet_errno(err);
	stream->pcb = pcb;
	tcp_arg(pcb, stream);
	tcp_accept(pcb, on_accept);
	stream->state = STREAM_LISTENS;
	WRITE_ONCE(stream->inet.socket.listens, true);
	return 0;
}

int stream_listen(struct socket *socket, int backlog)
{
	struct stream *stream = stream_of(socket);
	int err = 0;

	net_lock();
	if (stream->state == STREAM_NEW)
		err = begin_listening(stream);
	else if (stream->state != STREAM_LISTENS)
		err = -EINVAL;
	if (!err) {
		stream->backlog = (unsigned int)backlog < BACKLOG_MAX
		                          ? (unsigned int)backlog
		                          : BACKLOG_MAX;
		set_room(stream);
		stream_update(stream, false);
	}
	net_unlock();
	return err;
}

/* Those that nobody accepted are reset. */
void stream_stop_listening(struct stream *stream)
{
	struct tcp_pcb *pcb = stream->pcb;

	while (stream->pending) {
		struct stream *pending = stream->pending;

		stream->pending = pending->pending_next;
		stream_abort(pending);
		stream_destroy(pending);
	}
	stream->nr_pending = 0;
	stream->pcb = NULL;
	WRITE_ONCE(stream->inet.socket.listens, false);
	tcp_arg(pcb, NULL);
	(void)tcp_close(pcb);
}

static int take_pending(struct stream *listener, struct stream **taken)
{
	struct stream *first = listener->pending;

	if (listener->state != STREAM_LISTENS)
		return -EINVAL;
	if (!first)
		return -EAGAIN;
	listener->pending = first->pending_next;
	listener->nr_pending--;
	first->pending_next = first->listener = NULL;
	if (first->pcb)
		tcp_backlog_accepted(first->pcb);
	set_room(listener);
	stream_update(listener, false);
	*taken = first;
	return 0;
}

int stream_accept(struct socket *socket, bool never_waits, struct address *from,
                  struct socket **socket_out)
{
	const uint64_t deadline = never_waits ? 0 : receive_deadline(socket);
	struct stream *taken;

	for (;;) {
		int err;

		net_lock();
		err = take_pending(stream_of(socket), &taken);
		net_unlock();
		if (!err)
			break;
		if (err != -EAGAIN || (never_waits && !net_poll()))
			return err;
		if (never_waits)
			continue;
		err = inet_wait(socket, POLLIN | POLLHUP, deadline);
		if (err)
			return err;
	}
	inet_end_put(&taken->inet, &taken->inet.remote, from);
	*socket_out = &taken->inet.socket;
	return 0;
}

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t err)
{
	struct stream *stream = arg;

	(void)pcb, (void)err;
	if (!stream)
		return ERR_OK;
	stream->state = STREAM_CONNECTED;
	stream_update(stream, true);
	return ERR_OK;
}

static int begin(struct stream *stream, struct inet_end *to)
{
	err_t err;
	const int failed = stream_need_pcb(stream);

	if (failed)
		return failed;
	inet_end_reachable(to);
	if (to->port == 0)
		return -ECONNREFUSED;
	if (ip_addr_ismulticast(&to->address))
		return -ENETUNREACH;
	stream->ended = stream->shut_read = stream->shut_write = false;
	err = tcp_connect(stream->pcb, &to->address, to->port, on_connected);
	if (err != ERR_OK) {
		return err == ERR_BUF || err == ERR_USE ? -EADDRNOTAVAIL
		                                        : inet_errno(err);
	}
	stream->state = STREAM_CONNECTING;
	stream->inet.remote = *to;
	stream->inet.local = (struct inet_end){ stream->pcb->local_ip,
		                                stream->pcb->local_port };
	stream_update(stream, false);
	return -EINPROGRESS;
}

/* As new, but for a name that bind() gave. */
static void forget_ends(struct stream *stream)
{
	stream->ended = stream->shut_read = stream->shut_write = false;
	stream->inet.remote.port = 0;
	if (!stream->bound)
		stream->inet.local.port = 0;
}

/* What has become of it. */
static int outcome(struct stream *stream)
{
	int err;

	switch (stream->state) {
	case STREAM_CONNECTING:
		return -EALREADY;
	case STREAM_CONNECTED:
		return 0;
	case STREAM_FAILED:
		err = socket_take_error(&stream->inet.socket);
		stream->state = STREAM_NEW;
		forget_ends(stream);
		stream_update(stream, false);
		return err ? err : -ECONNABORTED;
	default:
		return -ECONNABORTED;
	}
}

static int wait_until_connected(struct stream *stream)
{
	struct socket *socket = &stream->inet.socket;
	int err = inet_wait(socket, POLLOUT | POLLHUP, send_deadline(socket));

	if (err)
		return err == -EAGAIN ? -EINPROGRESS : err;
	net_lock();
	err = outcome(stream);
	net_unlock();
	return err;
}

static int disconnect(struct stream *stream)
{
	if (stream->state == STREAM_LISTENS)
		stream_stop_listening(stream);
	else
		stream_abort(stream);
	stream->state = STREAM_NEW;
	forget_ends(stream);
	stream_update(stream, true);
	return 0;
}

static int try_connect(struct stream *stream, struct inet_end *to)
{
	switch (stream->state) {
	case STREAM_NEW:
		return begin(stream, to);
	case STREAM_LISTENS:
	case STREAM_CONNECTED:
		return -EISCONN;
	case STREAM_CONNECTING:
	case STREAM_FAILED:
		return outcome(stream);
	}
	return -EINVAL;
}

int stream_connect(struct socket *socket, const struct address *address,
                   bool never_waits)
{
	struct stream *stream = stream_of(socket);
	struct inet_end to;
	int err = 0;

	if (address->any.sa_family != AF_UNSPEC) {
		err = inet_end_get(&stream->inet, address, &to);
		if (!err)
			err = inet_wait_for_route(&to.address, never_waits,
			                          send_deadline(socket));
	}
	if (err)
		return err;
	net_lock();
	err = address->any.sa_family == AF_UNSPEC ? disconnect(stream)
	                                          : try_connect(stream, &to);
	net_unlock();
	if (never_waits || (err != -EINPROGRESS && err != -EALREADY))
		return err;
	return wait_until_connected(stream);
}
