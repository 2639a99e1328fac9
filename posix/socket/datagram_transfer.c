/* SPDX-License-Identifier: MIT */
/*
 * Sending and receiving datagrams. What is sent is copied into lwIP's buffer with
 * the stack's lock held: it is at most 64 KiB, mostly one frame.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "mm/kmem.h"
#include "posix/socket/datagram.h"

#include "lwip/ip.h"

void datagram_free(struct datagram *datagram)
{
	pbuf_free(datagram->buffer);
	kfree(datagram);
}

static int fill(struct pbuf *buffer, struct parts *parts)
{
	for (; buffer; buffer = buffer->next) {
		if (parts_take(parts, buffer->payload, buffer->len))
			return -EFAULT;
	}
	return 0;
}

/* Where to; NULL in *@to: where it is connected. */
static int find_receiver(struct datagram_socket *socket,
                         const struct message *message, struct inet_end *end,
                         struct inet_end **to)
{
	int err;

	*to = NULL;
	if (!message->address)
		return socket->connected ? 0 : -EDESTADDRREQ;
	err = inet_end_get(&socket->inet, message->address, end);
	if (err)
		return err;
	inet_end_reachable(end);
	if (end->port == 0 && socket->kind == &udp_kind)
		return -EINVAL;
	*to = end;
	return 0;
}

static bool is_broadcast(const ip_addr_t *address)
{
	const struct netif *netif;

	if (!IP_IS_V4(address))
		return false;
	NETIF_FOREACH(netif)
	{
		if (ip4_addr_isbroadcast(ip_2_ip4(address), netif))
			return true;
	}
	return ip_2_ip4(address)->addr == IPADDR_BROADCAST;
}

static int send_buffer(struct datagram_socket *socket, struct message *message,
                       struct pbuf *buffer, struct inet_end *to)
{
	ip_addr_t from;
	int err = fill(buffer, &message->parts);

	if (err)
		return err;
	if (to && is_broadcast(&to->address) &&
	    !(socket->inet.socket.switches & SWITCH_BROADCAST))
		return -EACCES;
	if (to && inet_source(&to->address, &from))
		return -ENETUNREACH;
	err = socket->kind->send(socket, buffer, to);
	return err == -ENOMEM ? -ENOBUFS : err;
}

static long send_locked(struct datagram_socket *socket, struct message *message)
{
	const size_t bytes = message->parts.left;
	struct inet_end end, *to;
	struct pbuf *buffer;
	int err = socket_take_error(&socket->inet.socket);

	if (err)
		return err;
	if (socket->shut_write)
		return -EPIPE;
	err = find_receiver(socket, message, &end, &to);
	if (err)
		return err;
	buffer = pbuf_alloc(PBUF_TRANSPORT, (u16_t)bytes, PBUF_RAM);
	if (!buffer)
		return -ENOBUFS;
	err = send_buffer(socket, message, buffer, to);
	pbuf_free(buffer);
	return err ? err : (long)bytes;
}

/* What is wrong with the receiver is told by send_locked(). */
static int wait_for_route(struct datagram_socket *socket,
                          const struct message *message)
{
	struct inet_end to;

	if (!message->address ||
	    inet_end_get(&socket->inet, message->address, &to))
		return 0;
	return inet_wait_for_route(&to.address, message->never_waits,
	                           send_deadline(&socket->inet.socket));
}

long datagram_send(struct socket *socket, struct message *message)
{
	struct datagram_socket *datagram = datagram_of(socket);
	long sent;

	if (message->flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (message->parts.left > datagram->kind->most_bytes)
		return -EMSGSIZE;
	sent = wait_for_route(datagram, message);
	if (sent)
		return sent;
	net_lock();
	sent = send_locked(datagram, message);
	net_unlock();
	return sent;
}

static void give_control(struct datagram_socket *socket,
                         const struct datagram *datagram,
                         struct message *message)
{
	if (!socket->tell_destination)
		return;
	if (socket->inet.socket.family == AF_INET) {
		struct in_pktinfo info = {
			.ipi_ifindex = datagram->interface,
			.ipi_addr.s_addr = ip_addr_get_ip4_u32(&datagram->to),
		};

		info.ipi_spec_dst = info.ipi_addr;
		message_put_control(message, IPPROTO_IP, IP_PKTINFO, &info,
		                    sizeof(info));
	} else {
		struct in6_pktinfo info = {
			.ipi6_ifindex = datagram->interface,
		};
		const struct inet_end to = { .address = datagram->to };
		struct address address;

		inet_end_put(&socket->inet, &to, &address);
		info.ipi6_addr = ((struct sockaddr_in6 *)(void *)&address.any)
		                         ->sin6_addr;
		message_put_control(message, IPPROTO_IPV6, IPV6_PKTINFO, &info,
		                    sizeof(info));
	}
}

/* The packet is in nobody's queue. */
static long give(struct datagram_socket *socket,
                 const struct datagram *datagram, struct message *message)
{
	const struct pbuf *buffer = datagram->buffer;
	const size_t whole = buffer->tot_len;

	if (message->address)
		inet_end_put(&socket->inet, &datagram->from, message->address);
	if (whole > message->parts.left)
		message->result |= MSG_TRUNC;
	for (; buffer && message->parts.left > 0; buffer = buffer->next) {
		const size_t bytes = buffer->len < message->parts.left
		                             ? buffer->len
		                             : message->parts.left;

		if (parts_put(&message->parts, buffer->payload, bytes))
			return -EFAULT;
	}
	give_control(socket, datagram, message);
	return whole;
}

static struct datagram *take_first(struct datagram_socket *socket)
{
	struct datagram *first = socket->first;

	socket->first = first->next;
	socket->queued_bytes -= first->buffer->tot_len;
	if (!socket->first)
		datagram_update(socket, false);
	return first;
}

static long receive_locked(struct datagram_socket *socket,
                           struct message *message)
{
	const bool peek = message->flags & MSG_PEEK;
	const size_t room = message->parts.left;
	struct datagram *first;
	long got;

	if (!socket->first) {
		const int err = socket_take_error(&socket->inet.socket);

		if (err || socket->shut_read)
			return err;
		return -EAGAIN;
	}
	first = peek ? socket->first : take_first(socket);
	got = give(socket, first, message);
	if (!peek)
		datagram_free(first);
	if (got > (long)room && !(message->flags & MSG_TRUNC))
		got = room;
	return got;
}

long datagram_receive(struct socket *socket, struct message *message)
{
	const uint64_t deadline =
		message->never_waits ? 0 : receive_deadline(socket);

	if (message->flags & MSG_OOB)
		return -EOPNOTSUPP;
	for (;;) {
		long got;

		net_lock();
		got = receive_locked(datagram_of(socket), message);
		net_unlock();
		if (got != -EAGAIN)
			return got;
		if (net_poll())
			continue;
		if (message->never_waits)
			return got;
		got = inet_wait(socket, POLLIN | POLLHUP | POLLERR, deadline);
		if (got)
			return got;
	}
}
