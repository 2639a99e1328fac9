/* SPDX-License-Identifier: MIT */
/*
 * A stream of bytes is a queue of packets whose limits nobody sees. A send is cut
 * into pieces that the allocator gives easily; a receive takes from one packet
 * after the other, up to one that files came with.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "mm/types.h"
#include "posix/socket/unix.h"

/* With its header one block of 16 KiB. */
#define PIECE_BYTES (4 * PAGE_SIZE - sizeof(struct unix_packet))

/* May something be sent now? -EAGAIN: not yet. */
static int check_send(struct unix_socket *unix) __must_hold(&unix_lock)
{
	if (unix->shut_write)
		return -EPIPE;
	if (unix->state != UNIX_CONNECTED)
		return -ENOTCONN;
	if (unix->peer->dead || unix->peer->shut_read)
		return -EPIPE;
	return unix->sent_bytes >= unix->socket.send_bytes ? -EAGAIN : 0;
}

static int wait_for_room(struct unix_socket *unix,
                         const struct message *message, uint64_t deadline)
{
	for (;;) {
		int err;

		mutex_lock(&unix_lock);
		err = check_send(unix);
		mutex_unlock(&unix_lock);
		if (err != -EAGAIN || message->never_waits)
			return err;
		err = socket_wait(&unix->socket, POLLOUT | POLLHUP, deadline);
		if (err)
			return err;
	}
}

static int queue_piece(struct unix_socket *unix, struct unix_packet *packet)
{
	int err;

	mutex_lock(&unix_lock);
	err = check_send(unix);
	if (!err || err == -EAGAIN) {
		unix_packet_queue(unix->peer, packet);
		err = 0;
	}
	mutex_unlock(&unix_lock);
	return err;
}

static long send_piece(struct unix_socket *unix, struct message *message,
                       bool first)
{
	const size_t left = message->parts.left;
	const size_t bytes = left < PIECE_BYTES ? left : PIECE_BYTES;
	struct unix_packet *packet = unix_packet_create(unix, bytes);
	int err = 0;

	if (!packet)
		return -ENOMEM;
	if (unlikely(first && message->control))
		err = unix_packet_control(packet, message);
	if (!err)
		err = parts_take(&message->parts, packet->data, bytes);
	if (!err)
		err = queue_piece(unix, packet);
	if (!err)
		return bytes;
	unix_packet_free(packet);
	return err;
}

long unix_stream_send(struct socket *socket, struct message *message)
{
	struct unix_socket *unix = unix_of(socket);
	const uint64_t deadline =
		message->never_waits ? 0 : send_deadline(socket);
	long sent = 0;
	long err = socket_take_error(socket);

	if (message->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (message->address)
		return READ_ONCE(unix->peer) ? -EISCONN : -EOPNOTSUPP;
	if (!err && message->parts.left == 0)
		err = wait_for_room(unix, message, deadline);
	while (!err && message->parts.left > 0) {
		long piece = wait_for_room(unix, message, deadline);

		if (!piece)
			piece = send_piece(unix, message, sent == 0);
		if (piece < 0)
			err = piece;
		else
			sent += piece;
	}
	return sent > 0 ? sent : err;
}

/* What a receive may find when there are no bytes. -EAGAIN: they may come. */
static long check_receive(struct unix_socket *unix) __must_hold(&unix_lock)
{
	const int err = socket_take_error(&unix->socket);

	if (err)
		return err;
	if (unix->shut_read)
		return 0;
	return unix->state != UNIX_CONNECTED ? -EINVAL : -EAGAIN;
}

/* @bytes of the first packet are read. */
static void consume(struct unix_socket *unix, struct unix_packet *packet,
                    size_t bytes)
{
	mutex_lock(&unix_lock);
	packet->taken += bytes;
	unix->waiting_bytes -= bytes;
	if (packet->taken == packet->bytes)
		(void)unix_packet_take(unix);
	else
		packet = NULL;
	mutex_unlock(&unix_lock);
	if (packet)
		unix_packet_free(packet);
}

/*
 * Bytes of @packet behind @skip; *@more: the next packet may follow. Only the
 * reader takes packets out, so it stays.
 */
static long take_some(struct unix_socket *unix, struct unix_packet *packet,
                      struct message *message, bool *more)
{
	const bool peek = message->flags & MSG_PEEK;
	size_t bytes = packet->bytes - packet->taken;

	if (bytes > message->parts.left)
		bytes = message->parts.left;
	if (parts_put(&message->parts, packet->data + packet->taken, bytes))
		return -EFAULT;
	*more = true;
	if (packet->files ||
	    READ_ONCE(unix->socket.switches) & SWITCH_PASS_CREDENTIALS) {
		*more = false;
		unix_give_control(unix, packet, message, peek);
	}
	if (!peek)
		consume(unix, packet, bytes);
	return bytes;
}

static struct unix_packet *first_packet(struct unix_socket *unix)
{
	struct unix_packet *packet;

	mutex_lock(&unix_lock);
	packet = unix->first;
	mutex_unlock(&unix_lock);
	return packet;
}

static struct unix_packet *packet_behind(struct unix_socket *unix,
                                         const struct unix_packet *before,
                                         bool peek)
{
	struct unix_packet *packet;

	if (!peek || !before)
		return first_packet(unix);
	mutex_lock(&unix_lock);
	packet = before->next;
	mutex_unlock(&unix_lock);
	return packet;
}

/* What is there now. 0: nothing is. */
static long receive_now(struct unix_socket *unix, struct message *message,
                        bool *more)
{
	const bool peek = message->flags & MSG_PEEK;
	struct unix_packet *packet = NULL;
	long got = 0;

	mutex_lock(&unix->reading);
	*more = true;
	while (*more && message->parts.left > 0) {
		long some;

		packet = packet_behind(unix, packet, peek);
		/* Files begin a receive of their own. */
		if (!packet || (got > 0 && packet->files))
			break;
		some = take_some(unix, packet, message, more);
		if (some < 0) {
			got = got > 0 ? got : some;
			break;
		}
		got += some;
	}
	mutex_unlock(&unix->reading);
	return got;
}

static long wait_for_bytes(struct unix_socket *unix, struct message *message,
                           uint64_t deadline)
{
	long err = 1;

	mutex_lock(&unix_lock);
	if (!unix->first)
		err = check_receive(unix);
	mutex_unlock(&unix_lock);
	if (err != -EAGAIN || message->never_waits)
		return err;
	err = socket_wait(&unix->socket, POLLIN | POLLHUP | POLLERR, deadline);
	return err ? err : 1;
}

long unix_stream_receive(struct socket *socket, struct message *message)
{
	struct unix_socket *unix = unix_of(socket);
	const uint64_t deadline =
		message->never_waits ? 0 : receive_deadline(socket);
	const bool all =
		message->flags & MSG_WAITALL && !(message->flags & MSG_PEEK);
	long got = 0, more = 1;

	if (message->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (READ_ONCE(unix->state) == UNIX_LISTENS)
		return -EINVAL;
	while (more > 0 && message->parts.left > 0) {
		bool goes_on;
		long now = receive_now(unix, message, &goes_on);

		if (now < 0) {
			more = now;
			break;
		}
		got += now;
		if (got > 0 && (!all || !goes_on))
			break;
		if (message->parts.left > 0)
			more = wait_for_bytes(unix, message, deadline);
	}
	return got > 0 ? got : (more < 0 ? more : 0);
}
