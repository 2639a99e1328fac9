/* SPDX-License-Identifier: MIT */
/*
 * Reading a TCP stream. The buffers stay where the driver or lwIP made them until
 * they are copied, once, to the application. A long copy is done without the
 * stack's lock: only the reader whose turn it is takes buffers from the head, and
 * what arrives goes to the tail.
 */
#include <errno.h>

#include "posix/socket/stream.h"

#define SHORT_BYTES 2048u

static void append(struct stream *stream, struct pbuf *buffer)
{
	struct pbuf *last = buffer;
	size_t bytes = buffer->len;

	while (last->next) {
		last = last->next;
		bytes += last->len;
	}
	if (stream->first)
		stream->last->next = buffer;
	else
		stream->first = buffer;
	stream->last = last;
	stream->available += bytes;
}

/* Flow control is in tcp_recved() when it is read: nothing is ever refused. */
err_t stream_on_receive(void *arg, struct tcp_pcb *pcb, struct pbuf *buffer,
                        err_t err)
{
	struct stream *stream = arg;

	(void)pcb, (void)err;
	if (buffer) {
		append(stream, buffer);
	} else {
		stream->ended = true;
		if (stream->shut_write)
			stream_detach(stream);
	}
	stream_update(stream, true);
	return ERR_OK;
}

/* The window opens by what was read. */
static void tell_window(struct stream *stream, size_t bytes)
{
	while (stream->pcb && bytes > 0) {
		const u16_t some = bytes > 0xffff ? 0xffff : (u16_t)bytes;

		tcp_recved(stream->pcb, some);
		bytes -= some;
	}
}

static void consume(struct stream *stream, size_t bytes)
{
	size_t left = bytes;

	while (left > 0) {
		struct pbuf *first = stream->first;
		const size_t here = first->len - stream->offset;

		if (left < here) {
			stream->offset += left;
			break;
		}
		left -= here;
		stream->offset = 0;
		stream->first = first->next;
		first->next = NULL;
		pbuf_free(first);
	}
	if (!stream->first)
		stream->last = NULL;
	stream->available -= bytes;
	tell_window(stream, bytes);
	/* All that changes is that there is nothing to read. */
	if (stream->available == 0 && !stream->ended && !stream->shut_read) {
		WRITE_ONCE(stream->inet.socket.events,
		           stream->inet.socket.events &
		                   ~(unsigned int)(POLLIN | POLLRDNORM));
	}
}

/* @bytes, all of which have arrived. */
static int copy_out(const struct pbuf *buffer, size_t offset,
                    struct parts *parts, size_t bytes)
{
	while (bytes > 0) {
		size_t here = buffer->len - offset;

		if (here > bytes)
			here = bytes;
		if (parts_put(parts, (char *)buffer->payload + offset, here))
			return -EFAULT;
		bytes -= here;
		offset = 0;
		buffer = buffer->next;
	}
	return 0;
}

/* What there is to say when nothing has arrived. -EAGAIN: it may still. */
static long check_empty(struct stream *stream)
{
	const int err = socket_take_error(&stream->inet.socket);

	if (err)
		return err;
	if (stream->ended || stream->shut_read)
		return 0;
	if (stream->state == STREAM_CONNECTED ||
	    stream->state == STREAM_CONNECTING)
		return -EAGAIN;
	return stream->state == STREAM_FAILED ? 0 : -ENOTCONN;
}

/* What is there now, up to what is asked for. The lock is held, and again. */
static long take_some(struct stream *stream, struct message *message)
{
	size_t bytes = message->parts.left;
	int err = 0;

	if (bytes > stream->available)
		bytes = stream->available;
	if (message->flags & MSG_TRUNC) {
		message->parts.left -= bytes;
	} else if (bytes <= SHORT_BYTES) {
		err = copy_out(stream->first, stream->offset, &message->parts,
		               bytes);
	} else {
		const struct pbuf *first = stream->first;
		const size_t offset = stream->offset;

		net_unlock();
		err = copy_out(first, offset, &message->parts, bytes);
		net_lock();
	}
	if (err)
		return err;
	if (!(message->flags & MSG_PEEK))
		consume(stream, bytes);
	return bytes;
}

/* A short one keeps the lock, so it needs no turn unless somebody has it. */
static bool is_short(const struct stream *stream, const struct message *message)
{
	return !stream->copying && (stream->available <= SHORT_BYTES ||
	                            message->parts.left <= SHORT_BYTES);
}

static long receive_locked(struct stream *stream, struct message *message)
{
	if (likely(stream->available > 0))
		return take_some(stream, message);
	return check_empty(stream);
}

static __noinline long receive_in_turn(struct stream *stream,
                                       struct message *message)
{
	long got;

	mutex_lock(&stream->reading);
	net_lock();
	stream->copying = true;
	got = receive_locked(stream, message);
	stream->copying = false;
	net_unlock();
	mutex_unlock(&stream->reading);
	return got;
}

static long receive_now(struct stream *stream, struct message *message)
{
	long got;

	net_lock();
	if (unlikely(!is_short(stream, message))) {
		net_unlock();
		return receive_in_turn(stream, message);
	}
	got = receive_locked(stream, message);
	net_unlock();
	return got;
}

long stream_receive(struct socket *socket, struct message *message)
{
	struct stream *stream = stream_of(socket);
	const bool all =
		message->flags & MSG_WAITALL && !(message->flags & MSG_PEEK);
	uint64_t deadline = 0;
	long done = 0;

	if (unlikely(message->flags & MSG_OOB))
		return -EINVAL;
	while (message->parts.left > 0) {
		long got = receive_now(stream, message);

		if (got > 0) {
			done += got;
			if (!all)
				break;
			continue;
		}
		if (got != -EAGAIN || (done > 0 && !all))
			return done > 0 ? done : got;
		if (net_poll())
			continue;
		if (message->never_waits)
			return done > 0 ? done : got;
		if (deadline == 0)
			deadline = receive_deadline(socket);
		got = socket_wait(socket, POLLIN | POLLHUP | POLLERR, deadline);
		if (got)
			return done > 0 ? done : got;
	}
	return done;
}
