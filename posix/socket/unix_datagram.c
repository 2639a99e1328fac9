/* SPDX-License-Identifier: MIT */
/*
 * Messages that stay whole: SOCK_DGRAM, to any socket that has a name, and
 * SOCK_SEQPACKET, between two that are connected. Who finds no room waits for that
 * of the receiver's queue, or for its own messages to be read.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "posix/socket/unix.h"

/* The receiver, with a reference. */
static int find_receiver(struct unix_socket *unix,
                         const struct message *message, struct unix_socket **to)
{
	int err = 0;

	if (message->address && unix->socket.type == SOCK_DGRAM)
		return unix_find(message->address, to);
	if (message->address && READ_ONCE(unix->peer))
		return -EISCONN;
	mutex_lock(&unix_lock);
	if (unix->peer)
		*to = unix_hold(unix->peer);
	else
		err = -ENOTCONN;
	mutex_unlock(&unix_lock);
	return err;
}

/* -EAGAIN: there is no room yet. */
static int check_send(struct unix_socket *unix, const struct unix_socket *to,
                      size_t bytes) __must_hold(&unix_lock)
{
	const bool joined = unix->socket.type != SOCK_DGRAM;

	if (unix->shut_write)
		return -EPIPE;
	if (to->socket.type != unix->socket.type)
		return -EPROTOTYPE;
	if (to->dead)
		return joined ? -EPIPE : -ECONNREFUSED;
	if (to->shut_read)
		return -EPIPE;
	if (!joined && to->peer && to->peer != unix)
		return -EPERM;
	if (to->waiting >= UNIX_PACKETS_MAX ||
	    (unix->sent_bytes > 0 &&
	     unix->sent_bytes + bytes > unix->socket.send_bytes))
		return -EAGAIN;
	return 0;
}

static bool may_try_again(const struct unix_socket *unix,
                          const struct unix_socket *to, size_t bytes)
{
	return READ_ONCE(to->dead) || READ_ONCE(to->shut_read) ||
	       READ_ONCE(unix->shut_write) ||
	       (READ_ONCE(to->waiting) < UNIX_PACKETS_MAX &&
	        READ_ONCE(unix->sent_bytes) + bytes <=
	                READ_ONCE(unix->socket.send_bytes)) ||
	       READ_ONCE(unix->sent_bytes) == 0;
}

/* Wakes come by the receiver: it is the one that reads. */
static int queue_packet(struct unix_socket *unix, struct unix_socket *to,
                        struct unix_packet *packet, bool never_waits)
{
	const uint64_t deadline =
		never_waits ? 0 : send_deadline(&unix->socket);

	for (;;) {
		int err;

		mutex_lock(&unix_lock);
		err = check_send(unix, to, packet->bytes);
		if (!err)
			unix_packet_queue(to, packet);
		mutex_unlock(&unix_lock);
		if (err != -EAGAIN || never_waits)
			return err;
		err = wait_for(&to->room,
		               may_try_again(unix, to, packet->bytes), deadline,
		               THREAD_INTERRUPTIBLE);
		if (err)
			return err == -ETIMEDOUT ? -EAGAIN : err;
	}
}

static long send_to(struct unix_socket *unix, struct unix_socket *to,
                    struct message *message)
{
	const size_t bytes = message->parts.left;
	struct unix_packet *packet = unix_packet_create(unix, bytes);
	int err;

	if (!packet)
		return -ENOMEM;
	err = unix_packet_control(packet, message);
	if (!err)
		err = parts_take(&message->parts, packet->data, bytes);
	if (!err)
		err = queue_packet(unix, to, packet, message->never_waits);
	if (!err)
		return bytes;
	unix_packet_free(packet);
	return err;
}

long unix_datagram_send(struct socket *socket, struct message *message)
{
	struct unix_socket *unix = unix_of(socket), *to;
	long sent = socket_take_error(socket);

	if (sent)
		return sent;
	if (message->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (message->parts.left > READ_ONCE(socket->send_bytes) - 32)
		return -EMSGSIZE;
	if (READ_ONCE(socket->switches) & SWITCH_PASS_CREDENTIALS) {
		sent = unix_autobind(unix);
		if (sent)
			return sent;
	}
	sent = find_receiver(unix, message, &to);
	if (sent)
		return sent;
	sent = send_to(unix, to, message);
	/* A peer that is gone is no peer any more. */
	if (sent == -ECONNREFUSED && !message->address) {
		(void)unix_connect(
			socket, &(struct address){ .any.sa_family = AF_UNSPEC },
			true);
	}
	unix_put(to);
	return sent;
}

/* 1: there is a message. */
static long check_receive(struct unix_socket *unix) __must_hold(&unix_lock)
{
	int err;

	if (unix->first)
		return 1;
	err = socket_take_error(&unix->socket);
	if (err)
		return err;
	if (unix->shut_read)
		return 0;
	if (unix->socket.type != SOCK_DGRAM && unix->state != UNIX_CONNECTED)
		return -ENOTCONN;
	return -EAGAIN;
}

static long take_message(struct unix_socket *unix, struct unix_packet *packet,
                         struct message *message)
{
	size_t bytes = packet->bytes;

	if (bytes > message->parts.left) {
		bytes = message->parts.left;
		message->result |= MSG_TRUNC;
	}
	if (parts_put(&message->parts, packet->data, bytes))
		return -EFAULT;
	if (unix->socket.type == SOCK_SEQPACKET)
		message->result |= MSG_EOR;
	unix_give_control(unix, packet, message, message->flags & MSG_PEEK);
	return message->flags & MSG_TRUNC ? (long)packet->bytes : (long)bytes;
}

/* -EAGAIN: there is none. */
static long receive_one(struct unix_socket *unix, struct message *message)
{
	struct unix_packet *packet;
	long got;

	mutex_lock(&unix->reading);
	mutex_lock(&unix_lock);
	got = check_receive(unix);
	packet = unix->first;
	if (got > 0 && message->address)
		unix_address_of(packet->sender, message->address);
	mutex_unlock(&unix_lock);
	if (got > 0) {
		got = take_message(unix, packet, message);
		if (!(message->flags & MSG_PEEK)) {
			mutex_lock(&unix_lock);
			packet = unix_packet_take(unix);
			mutex_unlock(&unix_lock);
			unix_packet_free(packet);
		}
	}
	mutex_unlock(&unix->reading);
	return got;
}

long unix_datagram_receive(struct socket *socket, struct message *message)
{
	struct unix_socket *unix = unix_of(socket);
	const uint64_t deadline =
		message->never_waits ? 0 : receive_deadline(socket);

	if (message->flags & MSG_OOB)
		return -EOPNOTSUPP;
	for (;;) {
		long got = receive_one(unix, message);

		if (got != -EAGAIN || message->never_waits)
			return got;
		got = socket_wait(socket, POLLIN | POLLHUP | POLLERR, deadline);
		if (got)
			return got;
	}
}
