/* SPDX-License-Identifier: MIT */
/*
 * Writing a TCP stream. A short write is copied into lwIP's own buffer, where the
 * next may be joined to it. A long one is copied once, without the stack's
 * lock, into chunks that lwIP sends from, and which stay until the peer has
 * acknowledged them. Pages of a file take the place of chunks for sendfile().
 */
#include <errno.h>
#include <netinet/in.h>

#include "core/user_access.h"
#include "mm/kmem.h"
#include "mm/page.h"
#include "posix/socket/stream.h"

#include "lwip/priv/tcp_priv.h"

#define SHORT_BYTES 2048u
#define CHUNK_BYTES (16 * PAGE_SIZE - sizeof(struct stream_chunk))

/* As Linux: a third of the room is free. */
bool stream_has_room(const struct stream *stream)
{
	const struct tcp_pcb *pcb = stream->pcb;

	return pcb && !stream->starved &&
	       pcb->snd_buf * 3ul >= tcp_snd_buf_limit &&
	       tcp_sndqueuelen(pcb) < TCP_SND_QUEUELEN / 2;
}

err_t stream_on_sent(void *arg, struct tcp_pcb *pcb, u16_t bytes)
{
	struct stream *stream = arg;
	const struct socket *socket = &stream->inet.socket;

	stream->acknowledged += bytes;
	stream->starved = false;
	(void)pcb;
	/* There was room before: nobody waits for that. */
	if (!(socket->events & POLLOUT) || socket->linger.l_onoff)
		stream_update(stream, socket->linger.l_onoff);
	return ERR_OK;
}

/* What had no memory tries again. */
err_t stream_on_poll(void *arg, struct tcp_pcb *pcb)
{
	struct stream *stream = arg;

	if (!stream)
		return ERR_OK;
	if (stream->starved) {
		stream->starved = false;
		stream_update(stream, true);
	}
	(void)tcp_output(pcb);
	return ERR_OK;
}

/* -EAGAIN: it is not connected yet. */
static int check_send(struct stream *stream)
{
	const int err = socket_take_error(&stream->inet.socket);

	if (unlikely(err))
		return err;
	if (stream->state == STREAM_CONNECTING)
		return -EAGAIN;
	if (unlikely(stream->state != STREAM_CONNECTED || stream->shut_write ||
	             !stream->pcb))
		return -EPIPE;
	return 0;
}

void stream_push(struct stream *stream)
{
	if (stream->pcb && stream->state == STREAM_CONNECTED &&
	    !stream->shut_write)
		(void)tcp_output(stream->pcb);
}

/*
 * A corked stream sends whole segments, as large as the device takes them: a file
 * comes page by page. Without room nothing would make them whole.
 */
static void output(struct stream *stream, const struct message *message)
{
	const struct tcp_pcb *pcb = stream->pcb;
	const bool holds = stream->cork || message->flags & MSG_MORE;

	if (!holds || !stream_has_room(stream) ||
	    (pcb->unsent && pcb->unsent->next))
		(void)tcp_output(stream->pcb);
}

/* @chunk, whose the data is; NULL: it is copied. */
static int write_to_pcb(struct stream *stream, struct stream_chunk *chunk,
                        const void *data, size_t bytes,
                        const struct message *message)
{
	struct tcp_pcb *pcb = stream->pcb;
	u8_t flags = 0;
	err_t err;

	if (message->flags & MSG_MORE || stream->cork)
		flags = TCP_WRITE_FLAG_MORE;
	if (chunk) {
		err = net_send_from(&chunk->memory, pcb, data, (u16_t)bytes,
		                    flags);
	} else {
		err = tcp_write(pcb, data, (u16_t)bytes,
		                flags | TCP_WRITE_FLAG_COPY);
	}
	if (unlikely(err != ERR_OK)) {
		stream->starved = true;
		return -EAGAIN;
	}
	stream->sent += bytes;
	return 0;
}

/* After a write: no more may fit. */
static void after(struct stream *stream, const struct message *message)
{
	output(stream, message);
	if (stream->pcb && !stream_has_room(stream))
		stream_update(stream, false);
}

/* Both ends, so every page of so few bytes. */
static int probe(const char *from, size_t bytes)
{
	char unused;
	int err = get_user(unused, from);

	if (!err)
		err = get_user(unused, from + bytes - 1);
	(void)unused;
	return err;
}

/*
 * lwIP copies it from the application, in one piece with its headers. The memory was
 * there a moment ago; if it is not any more, zeros were sent.
 */
static long send_short(struct stream *stream, struct message *message)
{
	size_t bytes;
	const char *from = parts_piece(&message->parts, &bytes);
	int err = probe(from, bytes);

	if (err)
		return err;
	net_lock();
	err = check_send(stream);
	if (!err && stream->pcb->snd_buf < bytes)
		err = -EAGAIN;
	if (!err)
		err = write_to_pcb(stream, NULL, from, bytes, message);
	if (likely(!err))
		after(stream, message);
	else if (err == -EAGAIN && stream->state == STREAM_CONNECTED)
		stream_update(stream, false);
	if (unlikely(net_copy_failed()))
		err = -EFAULT;
	net_unlock();
	if (unlikely(err))
		return err;
	parts_skip(&message->parts, bytes);
	return bytes;
}

static void chunk_release(struct net_memory *memory)
{
	struct stream_chunk *chunk =
		container_of(memory, struct stream_chunk, memory);

	if (chunk->page)
		put_page(chunk->page);
	kfree(chunk);
}

/* Memory for up to @bytes, less where there is no block as large. */
static struct stream_chunk *chunk_create(size_t *bytes)
{
	struct stream_chunk *chunk = NULL;
	size_t size = *bytes + sizeof(*chunk);

	for (;;) {
		chunk = kmalloc(size, GFP_KERNEL);
		if (chunk || size <= PAGE_SIZE)
			break;
		size = size > 2 * PAGE_SIZE ? size / 2 : PAGE_SIZE;
	}
	if (!chunk)
		return NULL;
	*bytes = size - sizeof(*chunk);
	net_memory_init(&chunk->memory, chunk_release);
	chunk->page = NULL;
	return chunk;
}

/* Bytes that fit now, or -errno. */
static long room_for(struct stream *stream, size_t bytes)
{
	long room;

	net_lock();
	room = check_send(stream);
	if (!room) {
		room = stream->pcb->snd_buf;
		if ((size_t)room < bytes && !stream_has_room(stream)) {
			stream_update(stream, false);
			room = -EAGAIN;
		}
	}
	net_unlock();
	return room;
}

/* @data, which is @chunk's, into the stream; the chunk goes with its packets. */
static int queue_chunk(struct stream *stream, struct stream_chunk *chunk,
                       const void *data, size_t bytes,
                       const struct message *message)
{
	int err;

	net_lock();
	err = check_send(stream);
	if (!err)
		err = write_to_pcb(stream, chunk, data, bytes, message);
	if (!err) {
		after(stream, message);
	} else if (err == -EAGAIN && stream->state == STREAM_CONNECTED) {
		/* What is held back may be all there is to wait for. */
		stream_push(stream);
		stream_update(stream, false);
	}
	net_memory_put(&chunk->memory);
	net_unlock();
	return err;
}

static long send_chunk(struct stream *stream, struct message *message)
{
	const struct parts before = message->parts;
	struct stream_chunk *chunk;
	size_t bytes = message->parts.left;
	long room = room_for(stream, bytes);
	int err;

	if (room < 0)
		return room;
	if (bytes > (size_t)room)
		bytes = room;
	if (bytes > CHUNK_BYTES)
		bytes = CHUNK_BYTES;
	chunk = chunk_create(&bytes);
	if (!chunk)
		return -ENOMEM;
	if (parts_take(&message->parts, chunk->data, bytes)) {
		kfree(chunk);
		return -EFAULT;
	}
	err = queue_chunk(stream, chunk, chunk->data, bytes, message);
	if (likely(!err))
		return bytes;
	message->parts = before;
	return err;
}

/* The same from a page of a file; @message->parts only counts. */
static long send_some_page(struct stream *stream, struct page *page,
                           size_t offset, struct message *message)
{
	struct stream_chunk *chunk;
	size_t bytes = message->parts.left;
	long room = room_for(stream, bytes);
	int err;

	if (room < 0)
		return room;
	if (bytes > (size_t)room)
		bytes = room;
	chunk = kmalloc(sizeof(*chunk), GFP_KERNEL);
	if (!chunk)
		return -ENOMEM;
	net_memory_init(&chunk->memory, chunk_release);
	get_page(page);
	chunk->page = page;
	err = queue_chunk(stream, chunk, (char *)page_address(page) + offset,
	                  bytes, message);
	return err ? err : (long)bytes;
}

/* Room is what was seen: one writer at a time. */
static long send_long(struct stream *stream, struct message *message)
{
	long sent;

	mutex_lock(&stream->sending);
	sent = send_chunk(stream, message);
	mutex_unlock(&stream->sending);
	return sent;
}

static long send_some(struct stream *stream, struct message *message)
{
	if (message->parts.left <= SHORT_BYTES)
		return send_short(stream, message);
	return send_long(stream, message);
}

static int wait_for_room(struct socket *socket, const struct message *message,
                         uint64_t *deadline)
{
	if (net_poll())
		return 0;
	if (message->never_waits)
		return -EAGAIN;
	if (*deadline == 0)
		*deadline = send_deadline(socket);
	return socket_wait(socket, POLLOUT | POLLHUP | POLLERR, *deadline);
}

/* With no bytes: may it send at all? */
static long send_nothing(struct stream *stream)
{
	long err;

	net_lock();
	err = check_send(stream);
	net_unlock();
	return err;
}

long stream_send(struct socket *socket, struct message *message)
{
	struct stream *stream = stream_of(socket);
	uint64_t deadline = 0;
	long done = 0;

	if (unlikely(message->flags & MSG_OOB))
		return -EOPNOTSUPP;
	if (message->parts.left == 0)
		return send_nothing(stream);
	while (message->parts.left > 0) {
		long sent = send_some(stream, message);

		if (likely(sent > 0)) {
			done += sent;
			continue;
		}
		if (sent == -EAGAIN)
			sent = wait_for_room(socket, message, &deadline);
		if (sent < 0)
			return done > 0 ? done : sent;
	}
	return done;
}

long stream_send_page(struct socket *socket, struct page *page, size_t offset,
                      struct message *message)
{
	struct stream *stream = stream_of(socket);
	uint64_t deadline = 0;
	long done = 0;

	while (message->parts.left > 0) {
		long sent;

		mutex_lock(&stream->sending);
		sent = send_some_page(stream, page, offset + done, message);
		mutex_unlock(&stream->sending);
		if (likely(sent > 0)) {
			message->parts.left -= sent;
			done += sent;
			continue;
		}
		if (sent == -EAGAIN)
			sent = wait_for_room(socket, message, &deadline);
		if (sent < 0)
			return done > 0 ? done : sent;
	}
	return done;
}
