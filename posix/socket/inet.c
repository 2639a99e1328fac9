/* SPDX-License-Identifier: MIT */
/* What streams and datagrams of the Internet have in common. */
#include "posix/socket/inet.h"

#include <errno.h>
#include <netinet/in.h>

#include "net/configured.h"
#include "posix/poll.h"
#include "posix/socket/family.h"

#include "lwip/ip.h"
#include "lwip/netif.h"

#define TTL 64

void inet_init(struct inet *inet, const struct socket_ops *ops, int family,
               int type, int protocol)
{
	socket_init(&inet->socket, ops, family, type, protocol);
	inet->ttl = TTL;
	if (family == AF_INET6)
		ip_addr_set_any(true, &inet->local.address);
	inet->remote.address = inet->local.address;
}

uint8_t inet_ip_type(const struct inet *inet)
{
	if (inet->socket.family == AF_INET)
		return IPADDR_TYPE_V4;
	return inet->only_v6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_ANY;
}

int inet_errno(err_t err)
{
	switch (err) {
	case ERR_OK:
		return 0;
	case ERR_MEM:
		return -ENOMEM;
	case ERR_BUF:
		return -ENOBUFS;
	case ERR_TIMEOUT:
		return -ETIMEDOUT;
	case ERR_RTE:
		return -ENETUNREACH;
	case ERR_USE:
		return -EADDRINUSE;
	case ERR_ALREADY:
	case ERR_INPROGRESS:
		return -EALREADY;
	case ERR_ISCONN:
		return -EISCONN;
	case ERR_CONN:
		return -ENOTCONN;
	case ERR_IF:
		return -ENETDOWN;
	case ERR_RST:
	case ERR_ABRT:
	case ERR_CLSD:
		return -ECONNRESET;
	default:
		return -EINVAL;
	}
}

static bool has_address(const struct netif *netif, const ip_addr_t *address)
{
	int i;

	if (IP_IS_V4(address))
		return ip4_addr_cmp(netif_ip4_addr(netif), ip_2_ip4(address));
	for (i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
		if (ip6_addr_isvalid(netif_ip6_addr_state(netif, i)) &&
		    ip6_addr_cmp_zoneless(netif_ip6_addr(netif, i),
		                          ip_2_ip6(address)))
			return true;
	}
	return false;
}

bool inet_is_local(const ip_addr_t *address)
{
	struct netif *netif;

	if (ip_addr_isany(address) || ip_addr_isloopback(address))
		return true;
	NETIF_FOREACH(netif)
	{
		if (has_address(netif, address))
			return true;
	}
	return false;
}

int inet_source(const ip_addr_t *to, ip_addr_t *from_out)
{
	ip_addr_t any = { 0 };
	const ip_addr_t *source;
	struct netif *netif;

	IP_SET_TYPE_VAL(any, IP_GET_TYPE(to));
	netif = ip_route(&any, to);
	source = netif ? ip_netif_get_local_ip(netif, to) : NULL;
	if (!source)
		return -ENETUNREACH;
	ip_addr_copy(*from_out, *source);
	return 0;
}

static bool has_route(const ip_addr_t *to)
{
	ip_addr_t from;
	int err;

	net_lock();
	err = inet_source(to, &from);
	net_unlock();
	return err == 0;
}

int inet_wait_for_route(const ip_addr_t *to, bool never_waits,
                        uint64_t deadline_ns)
{
	if (never_waits || likely(!net_is_configuring()) || ip_addr_isany(to) ||
	    has_route(to))
		return 0;
	return net_wait_configured(deadline_ns);
}

int inet_wait(struct socket *socket, unsigned int events, uint64_t deadline_ns)
{
	while (net_poll()) {
		if (socket_events(socket) & events)
			return 0;
	}
	return socket_wait(socket, events, deadline_ns);
}

int inet_name(struct socket *socket, struct address *name_out)
{
	struct inet *inet = inet_of(socket);

	net_lock();
	inet_end_put(inet, &inet->local, name_out);
	net_unlock();
	return 0;
}

int inet_peer_name(struct socket *socket, struct address *name_out)
{
	struct inet *inet = inet_of(socket);
	int err = 0;

	net_lock();
	if (inet->remote.port)
		inet_end_put(inet, &inet->remote, name_out);
	else
		err = -ENOTCONN;
	net_unlock();
	return err;
}

static const struct poll_source network = {
	.look = net_poll,
	.pollers = &net_pollers,
	.look_when_asked = net_poll_asked,
};

int inet_make(int family, int type, int protocol, struct socket **socket_out)
{
	int err = net_start();

	if (err)
		return err;
	WRITE_ONCE(poll_source, &network);
	switch (type) {
	case SOCK_STREAM:
		if (protocol != 0 && protocol != IPPROTO_TCP)
			return -EPROTONOSUPPORT;
		return stream_make(family, socket_out);
	case SOCK_DGRAM:
	case SOCK_RAW:
		return datagram_make(family, type, protocol, socket_out);
	default:
		return -ESOCKTNOSUPPORT;
	}
}
