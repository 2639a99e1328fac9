/* SPDX-License-Identifier: MIT */
/*
 * Datagram sockets of the Internet: made, named, connected, released. What does not
 * fit into the receive buffer is dropped, as everywhere.
 */
#include "posix/socket/datagram.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/ioctl.h>

#include "core/user_access.h"
#include "mm/kmem.h"

#include "lwip/ip.h"

static const struct socket_ops datagram_ops;

void datagram_update(struct datagram_socket *socket, bool news)
{
	unsigned int events = POLLOUT | POLLWRNORM;

	if (socket->first)
		events |= POLLIN | POLLRDNORM;
	if (socket->shut_read)
		events |= POLLIN | POLLRDNORM | POLLRDHUP;
	if (socket->shut_read && socket->shut_write)
		events |= POLLHUP;
	socket_set_events(&socket->inet.socket, events, news);
}

void datagram_arrived(struct datagram_socket *socket, struct pbuf *buffer,
                      const struct inet_end *from)
{
	struct datagram *datagram;

	if (socket->shut_read || socket->queued_bytes + buffer->tot_len >
	                                 socket->inet.socket.receive_bytes)
		datagram = NULL;
	else
		datagram = kmalloc(sizeof(*datagram), GFP_KERNEL);
	if (!datagram) {
		socket->dropped++;
		pbuf_free(buffer);
		return;
	}
	datagram->next = NULL;
	datagram->buffer = buffer;
	datagram->from = *from;
	datagram->to = *ip_current_dest_addr();
	datagram->interface = netif_get_index(ip_current_input_netif());
	if (socket->first)
		socket->last->next = datagram;
	else
		socket->first = datagram;
	socket->last = datagram;
	socket->queued_bytes += buffer->tot_len;
	datagram_update(socket, true);
}

static const struct datagram_kind *kind_of(int family, int type, int protocol)
{
	if (type == SOCK_RAW)
		return &raw_kind;
	if (protocol == 0 || protocol == IPPROTO_UDP)
		return &udp_kind;
	if (protocol == (family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		return &ping_kind;
	return NULL;
}

int datagram_make(int family, int type, int protocol,
                  struct socket **socket_out)
{
	const struct datagram_kind *kind = kind_of(family, type, protocol);
	struct datagram_socket *socket;
	int err;

	if (!kind || protocol < 0 || protocol > IPPROTO_RAW ||
	    (type == SOCK_RAW && protocol == 0))
		return -EPROTONOSUPPORT;
	socket = kzalloc(sizeof(*socket), GFP_KERNEL);
	if (!socket)
		return -ENOMEM;
	if (type == SOCK_DGRAM && protocol == 0)
		protocol = IPPROTO_UDP;
	inet_init(&socket->inet, &datagram_ops, family, type, protocol);
	socket->kind = kind;
	socket->multicast_loop = true;
	socket->multicast_ttl = 1;
	net_lock();
	err = kind->open(socket);
	if (!err) {
		kind->apply(socket);
		datagram_update(socket, false);
	}
	net_unlock();
	if (err)
		kfree(socket);
	else
		*socket_out = &socket->inet.socket;
	return err;
}

static int datagram_bind(struct socket *socket, const struct address *address)
{
	struct datagram_socket *datagram = datagram_of(socket);
	struct inet_end end;
	int err = inet_end_get(&datagram->inet, address, &end);

	if (err)
		return err == -ENETUNREACH ? -EINVAL : err;
	net_lock();
	if (datagram->inet.local.port)
		err = -EINVAL;
	else if (!inet_is_local(&end.address) &&
	         !ip_addr_ismulticast(&end.address))
		err = -EADDRNOTAVAIL;
	else
		err = datagram->kind->bind(datagram, &end);
	net_unlock();
	return err;
}

/* Where it sends to, and what it comes from then. */
static int connect_to(struct datagram_socket *datagram, struct inet_end *to)
{
	ip_addr_t from;
	int err;

	inet_end_reachable(to);
	err = inet_source(&to->address, &from);
	if (!err)
		err = datagram->kind->connect(datagram, to);
	if (err)
		return err;
	datagram->connected = true;
	datagram->inet.remote = *to;
	if (ip_addr_isany(&datagram->inet.local.address))
		datagram->inet.local.address = from;
	return 0;
}

static int disconnect(struct datagram_socket *datagram)
{
	(void)datagram->kind->connect(datagram, NULL);
	datagram->connected = false;
	datagram->inet.remote.port = 0;
	return 0;
}

static int datagram_connect(struct socket *socket,
                            const struct address *address, bool never_waits)
{
	struct datagram_socket *datagram = datagram_of(socket);
	const bool nobody = address->any.sa_family == AF_UNSPEC;
	struct inet_end to;
	int err = nobody ? 0 : inet_end_get(&datagram->inet, address, &to);

	if (!err && !nobody)
		err = inet_wait_for_route(&to.address, never_waits,
		                          send_deadline(socket));
	if (err)
		return err;
	net_lock();
	err = nobody ? disconnect(datagram) : connect_to(datagram, &to);
	net_unlock();
	return err;
}

static int datagram_shutdown(struct socket *socket, int how)
{
	struct datagram_socket *datagram = datagram_of(socket);
	int err = 0;

	net_lock();
	if (!datagram->connected)
		err = -ENOTCONN;
	datagram->shut_read |= how != SHUT_WR;
	datagram->shut_write |= how != SHUT_RD;
	datagram_update(datagram, true);
	net_unlock();
	return err;
}

/* A raw socket has a peer without a port. */
static int datagram_peer_name(struct socket *socket, struct address *name_out)
{
	struct datagram_socket *datagram = datagram_of(socket);
	int err = 0;

	net_lock();
	if (datagram->connected)
		inet_end_put(&datagram->inet, &datagram->inet.remote, name_out);
	else
		err = -ENOTCONN;
	net_unlock();
	return err;
}

static long datagram_ioctl(struct socket *socket, unsigned long request,
                           void *argument)
{
	struct datagram_socket *datagram = datagram_of(socket);
	int number = 0;

	if (request != FIONREAD && request != TIOCOUTQ)
		return interface_ioctl(request, argument);
	net_lock();
	if (request == FIONREAD && datagram->first)
		number = datagram->first->buffer->tot_len;
	net_unlock();
	return put_user(number, (int *)argument);
}

static void datagram_release(struct socket *socket)
{
	struct datagram_socket *datagram = datagram_of(socket);

	net_lock();
	datagram_leave_groups(datagram);
	datagram->kind->close(datagram);
	while (datagram->first) {
		struct datagram *first = datagram->first;

		datagram->first = first->next;
		datagram_free(first);
	}
	net_unlock();
	kfree(datagram);
}

static const struct socket_ops datagram_ops = {
	.bind = datagram_bind,
	.connect = datagram_connect,
	.send = datagram_send,
	.receive = datagram_receive,
	.shutdown = datagram_shutdown,
	.name = inet_name,
	.peer_name = datagram_peer_name,
	.set_option = datagram_set_option,
	.get_option = datagram_get_option,
	.option_changed = datagram_option_changed,
	.ioctl = datagram_ioctl,
	.release = datagram_release,
};
