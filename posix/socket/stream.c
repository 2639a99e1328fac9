/* SPDX-License-Identifier: MIT */
/*
 * A TCP socket's life beside lwIP's pcb. The pcb may go at any time lwIP runs; the
 * error callback says so, but not for one in TIME_WAIT, so a stream lets go of a
 * pcb whose both sides have ended before it gets there.
 */
#include "posix/socket/stream.h"

#include <errno.h>
#include <netinet/in.h>

#include "mm/kmem.h"

#include "lwip/priv/tcp_priv.h"

#define POLL_HALF_SECONDS 2

static const struct socket_ops stream_ops;

void stream_update(struct stream *stream, bool news)
{
	const bool failed = stream->state == STREAM_FAILED;
	unsigned int events = 0;

	switch (stream->state) {
	case STREAM_LISTENS:
		if (stream->pending)
			events = POLLIN | POLLRDNORM;
		break;
	case STREAM_NEW:
		events = POLLOUT | POLLWRNORM | POLLHUP;
		break;
	case STREAM_CONNECTING:
		break;
	case STREAM_FAILED:
	case STREAM_CONNECTED:
		if (stream->available > 0)
			events |= POLLIN | POLLRDNORM;
		if (stream->ended || stream->shut_read || failed)
			events |= POLLIN | POLLRDNORM | POLLRDHUP;
		if (stream->shut_write || failed || stream_has_room(stream))
			events |= POLLOUT | POLLWRNORM;
		if (failed || ((stream->ended || stream->shut_read) &&
		               stream->shut_write))
			events |= POLLHUP;
		break;
	}
	socket_set_events(&stream->inet.socket, events, news);
}

static void free_arrived(struct stream *stream)
{
	if (stream->first)
		pbuf_free(stream->first);
	stream->first = stream->last = NULL;
	stream->available = stream->offset = 0;
}

void stream_destroy(struct stream *stream)
{
	free_arrived(stream);
	kfree(stream);
}

void stream_detach(struct stream *stream)
{
	struct tcp_pcb *pcb = stream->pcb;

	if (!pcb)
		return;
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_err(pcb, NULL);
	tcp_poll(pcb, NULL, 0);
	stream->pcb = NULL;
}

void stream_abort(struct stream *stream)
{
	struct tcp_pcb *pcb = stream->pcb;

	stream_detach(stream);
	if (pcb)
		tcp_abort(pcb);
}

/* Its error is told by the next call; one that waited for connect() sees it too. */
static int error_of(const struct stream *stream, err_t err)
{
	if (err == ERR_CLSD)
		return 0;
	if (err == ERR_RST) {
		if (stream->state == STREAM_CONNECTING)
			return ECONNREFUSED;
		return stream->ended ? EPIPE : ECONNRESET;
	}
	return ETIMEDOUT;
}

/* lwIP has freed the pcb, or is about to. */
static void on_error(void *arg, err_t err)
{
	struct stream *stream = arg;
	int error;

	if (!stream)
		return;
	error = error_of(stream, err);
	stream->pcb = NULL;
	if (error)
		WRITE_ONCE(stream->inet.socket.error, error);
	if (stream->state == STREAM_CONNECTING)
		stream->state = STREAM_FAILED;
	stream->ended = true;
	stream->shut_write = true;
	stream_update(stream, true);
}

void stream_apply(struct stream *stream)
{
	const unsigned int switches = READ_ONCE(stream->inet.socket.switches);
	struct tcp_pcb *pcb = stream->pcb;

	if (!pcb)
		return;
	ip_reset_option(pcb, SOF_REUSEADDR | SOF_REUSEPORT | SOF_KEEPALIVE);
	if (switches & SWITCH_REUSE_ADDRESS)
		ip_set_option(pcb, SOF_REUSEADDR);
	if (switches & SWITCH_REUSE_PORT)
		ip_set_option(pcb, SOF_REUSEPORT);
	if (switches & SWITCH_KEEP_ALIVE)
		ip_set_option(pcb, SOF_KEEPALIVE);
	pcb->ttl = stream->inet.ttl;
	pcb->tos = stream->inet.tos;
	if (stream->state == STREAM_LISTENS)
		return;
	if (stream->no_delay)
		tcp_nagle_disable(pcb);
	else
		tcp_nagle_enable(pcb);
	if (stream->keep_idle_s)
		pcb->keep_idle = stream->keep_idle_s * 1000;
	if (stream->keep_interval_s)
		pcb->keep_intvl = stream->keep_interval_s * 1000;
	if (stream->keep_count)
		pcb->keep_cnt = stream->keep_count;
}

void stream_attach(struct stream *stream, struct tcp_pcb *pcb)
{
	stream->pcb = pcb;
	tcp_arg(pcb, stream);
	tcp_recv(pcb, stream_on_receive);
	tcp_sent(pcb, stream_on_sent);
	tcp_err(pcb, on_error);
	tcp_poll(pcb, stream_on_poll, POLL_HALF_SECONDS);
	stream_apply(stream);
}

int stream_need_pcb(struct stream *stream)
{
	struct tcp_pcb *pcb;

	if (stream->pcb)
		return 0;
	pcb = tcp_new_ip_type(inet_ip_type(&stream->inet));
	if (!pcb)
		return -ENOMEM;
	stream_attach(stream, pcb);
	if (stream->inet.socket.interface)
		tcp_bind_netif(
			pcb, netif_get_by_index(stream->inet.socket.interface));
	if (!stream->bound)
		return 0;
	return inet_errno(tcp_bind(pcb, &stream->inet.local.address,
	                           stream->inet.local.port));
}

struct stream *stream_create(int family)
{
	struct stream *stream = kzalloc(sizeof(*stream), GFP_KERNEL);

	if (!stream)
		return NULL;
	inet_init(&stream->inet, &stream_ops, family, SOCK_STREAM, IPPROTO_TCP);
	mutex_init(&stream->reading, "stream read");
	mutex_init(&stream->sending, "stream write");
	stream_update(stream, false);
	return stream;
}

int stream_make(int family, struct socket **socket_out)
{
	struct stream *stream = stream_create(family);

	if (!stream)
		return -ENOMEM;
	*socket_out = &stream->inet.socket;
	return 0;
}

/* A listener or a connecting stream becomes new again. */
static int stop_beginning(struct stream *stream)
{
	if (stream->state == STREAM_LISTENS)
		stream_stop_listening(stream);
	else
		stream_abort(stream);
	stream->state = STREAM_NEW;
	stream_update(stream, true);
	return 0;
}

/* No more is sent behind what is queued. */
static void end_sending(struct stream *stream)
{
	stream_push(stream);
	stream->shut_write = true;
	if (stream->pcb)
		(void)tcp_shutdown(stream->pcb, 0, 1);
	if (stream->ended)
		stream_detach(stream);
}

static int shut(struct stream *stream, int how)
{
	if (stream->state == STREAM_LISTENS)
		return how == SHUT_WR ? 0 : stop_beginning(stream);
	if (stream->state == STREAM_CONNECTING)
		return how == SHUT_RD ? 0 : stop_beginning(stream);
	if (stream->state != STREAM_CONNECTED || !stream->inet.remote.port)
		return -ENOTCONN;
	if (!stream->pcb && stream->ended && stream->shut_write)
		return -ENOTCONN;
	if (how != SHUT_WR)
		stream->shut_read = true;
	if (how != SHUT_RD && !stream->shut_write)
		end_sending(stream);
	stream_update(stream, true);
	return 0;
}

static int stream_shutdown(struct socket *socket, int how)
{
	int err;

	net_lock();
	err = shut(stream_of(socket), how);
	net_unlock();
	return err;
}

static bool is_acknowledged(const struct stream *stream)
{
	return !READ_ONCE(stream->pcb) ||
	       READ_ONCE(stream->acknowledged) == READ_ONCE(stream->sent);
}

/* SO_LINGER: until the peer has it all, or no longer than that. */
static void linger(struct stream *stream)
{
	struct socket *socket = &stream->inet.socket;
	const uint64_t most_ns =
		(uint64_t)(unsigned int)socket->linger.l_linger * 1000000000ul;

	net_lock();
	if (stream->pcb && !stream->shut_write)
		end_sending(stream);
	net_unlock();
	(void)wait_for(&socket->queue, is_acknowledged(stream),
	               socket_deadline(most_ns), THREAD_INTERRUPTIBLE);
}

/* What was not read makes it a reset. */
static void close_connection(struct stream *stream)
{
	struct tcp_pcb *pcb = stream->pcb;
	const struct linger *linger_option = &stream->inet.socket.linger;
	const bool at_once =
		linger_option->l_onoff && linger_option->l_linger == 0;

	if (pcb && stream->state == STREAM_CONNECTED &&
	    (at_once || stream->available > 0 ||
	     pcb->rcv_wnd != TCP_WND_MAX(pcb))) {
		stream_abort(stream);
		return;
	}
	free_arrived(stream);
	stream_push(stream);
	if (!pcb)
		return;
	stream_detach(stream);
	if (tcp_close(pcb) != ERR_OK)
		tcp_abort(pcb);
}

static void stream_release(struct socket *socket)
{
	struct stream *stream = stream_of(socket);

	if (stream->state == STREAM_CONNECTED && socket->linger.l_onoff &&
	    socket->linger.l_linger > 0)
		linger(stream);
	net_lock();
	if (stream->state == STREAM_LISTENS)
		stream_stop_listening(stream);
	else
		close_connection(stream);
	stream_destroy(stream);
	net_unlock();
}

static const struct socket_ops stream_ops = {
	.bind = stream_bind,
	.listen = stream_listen,
	.accept = stream_accept,
	.connect = stream_connect,
	.send = stream_send,
	.send_page = stream_send_page,
	.receive = stream_receive,
	.shutdown = stream_shutdown,
	.name = inet_name,
	.peer_name = inet_peer_name,
	.set_option = stream_set_option,
	.get_option = stream_get_option,
	.option_changed = stream_option_changed,
	.ioctl = stream_ioctl,
	.release = stream_release,
};
