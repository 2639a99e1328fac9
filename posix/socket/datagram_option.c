/* SPDX-License-Identifier: MIT */
/* Options of datagram sockets: multicast, and what is told with each packet. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "mm/kmem.h"
#include "posix/socket/datagram.h"

#include "lwip/igmp.h"
#include "lwip/ip.h"
#include "lwip/mld6.h"
#include "lwip/netif.h"

static struct netif *group_interface(const struct datagram_group *group)
{
	return group->interface ? netif_get_by_index(group->interface)
	                        : netif_default;
}

static int join(const struct datagram_group *group)
{
	struct netif *netif = group_interface(group);

	if (!netif)
		return -ENODEV;
	if (IP_IS_V4_VAL(group->group))
		return inet_errno(
			igmp_joingroup_netif(netif, ip_2_ip4(&group->group)));
	return inet_errno(mld6_joingroup_netif(netif, ip_2_ip6(&group->group)));
}

static void leave(const struct datagram_group *group)
{
	struct netif *netif = group_interface(group);

	if (!netif)
		return;
	if (IP_IS_V4_VAL(group->group))
		(void)igmp_leavegroup_netif(netif, ip_2_ip4(&group->group));
	else
		(void)mld6_leavegroup_netif(netif, ip_2_ip6(&group->group));
}

/* Where it stands in the list; *result NULL: it is not there. */
static struct datagram_group **find_group(struct datagram_socket *socket,
                                          const struct datagram_group *like)
{
	struct datagram_group **at = &socket->groups;

	while (*at && (!ip_addr_cmp(&(*at)->group, &like->group) ||
	               (*at)->interface != like->interface))
		at = &(*at)->next;
	return at;
}

static int join_group(struct datagram_socket *socket,
                      const struct datagram_group *like)
{
	struct datagram_group **at = find_group(socket, like), *group;
	int err;

	if (*at)
		return -EADDRINUSE;
	group = kmalloc(sizeof(*group), GFP_KERNEL);
	if (!group)
		return -ENOMEM;
	*group = *like;
	err = join(group);
	if (err) {
		kfree(group);
		return err;
	}
	*at = group;
	return 0;
}

static int leave_group(struct datagram_socket *socket,
                       const struct datagram_group *like)
{
	struct datagram_group **at = find_group(socket, like), *group = *at;

	if (!group)
		return -EADDRNOTAVAIL;
	*at = group->next;
	leave(group);
	kfree(group);
	return 0;
}

void datagram_leave_groups(struct datagram_socket *socket)
{
	while (socket->groups)
		(void)leave_group(socket, socket->groups);
}

/* By number, or by one of its addresses. -ENODEV */
static int interface_of(int index, uint32_t address, uint8_t *index_out)
{
	const struct netif *netif;

	*index_out = 0;
	if (index == 0 && address == INADDR_ANY)
		return 0;
	NETIF_FOREACH(netif)
	{
		if (index ? netif_get_index(netif) == index
		          : netif_ip4_addr(netif)->addr == address) {
			*index_out = netif_get_index(netif);
			return 0;
		}
	}
	return -ENODEV;
}

/* struct ip_mreqn, or the shorter ip_mreq. */
static int get_v4_group(const struct option *option,
                        struct datagram_group *group)
{
	struct ip_mreqn request = { 0 };

	if (option->bytes < sizeof(struct ip_mreq))
		return -EINVAL;
	memcpy(&request, option->data,
	       option->bytes < sizeof(request) ? sizeof(struct ip_mreq)
	                                       : sizeof(request));
	memset(group, 0, sizeof(*group));
	ip_addr_set_ip4_u32_val(group->group, request.imr_multiaddr.s_addr);
	if (!ip_addr_ismulticast(&group->group))
		return -EINVAL;
	return interface_of(request.imr_ifindex, request.imr_address.s_addr,
	                    &group->interface);
}

static int get_v6_group(const struct option *option,
                        struct datagram_group *group)
{
	struct ipv6_mreq request;

	if (option->bytes < sizeof(request))
		return -EINVAL;
	memcpy(&request, option->data, sizeof(request));
	memset(group, 0, sizeof(*group));
	IP_SET_TYPE_VAL(group->group, IPADDR_TYPE_V6);
	memcpy(ip_2_ip6(&group->group)->addr, &request.ipv6mr_multiaddr,
	       sizeof(request.ipv6mr_multiaddr));
	if (!ip_addr_ismulticast(&group->group))
		return -EINVAL;
	return interface_of((int)request.ipv6mr_interface, INADDR_ANY,
	                    &group->interface);
}

static int change_group(struct datagram_socket *socket,
                        const struct option *option, bool v6, bool joins)
{
	struct datagram_group group;
	const int err = v6 ? get_v6_group(option, &group)
	                   : get_v4_group(option, &group);

	if (err)
		return err;
	return joins ? join_group(socket, &group) : leave_group(socket, &group);
}

static int set_multicast_interface(struct datagram_socket *socket,
                                   const struct option *option)
{
	struct ip_mreqn request = { 0 };

	if (option->bytes < sizeof(struct in_addr))
		return -EINVAL;
	if (option->bytes < sizeof(struct ip_mreq)) {
		memcpy(&request.imr_address, option->data,
		       sizeof(struct in_addr));
	} else {
		memcpy(&request, option->data,
		       option->bytes < sizeof(request) ? sizeof(struct ip_mreq)
		                                       : sizeof(request));
	}
	return interface_of(request.imr_ifindex, request.imr_address.s_addr,
	                    &socket->multicast_interface);
}

/* One byte, or an int. */
static int get_small(const struct option *option, int *number_out)
{
	if (option->bytes < 1)
		return -EINVAL;
	*number_out =
		option->bytes >= sizeof(int) ? option->number : option->data[0];
	return 0;
}

static int set_ttl(struct datagram_socket *socket, int number)
{
	if (number < -1 || number > 255)
		return -EINVAL;
	socket->multicast_ttl = number < 0 ? 1 : (uint8_t)number;
	return 0;
}

static int set_ip(struct datagram_socket *socket, const struct option *option)
{
	int number, err;

	switch (option->name) {
	case IP_ADD_MEMBERSHIP:
	case IP_DROP_MEMBERSHIP:
		return change_group(socket, option, false,
		                    option->name == IP_ADD_MEMBERSHIP);
	case IP_MULTICAST_IF:
		return set_multicast_interface(socket, option);
	}
	err = get_small(option, &number);
	if (err)
		return err;
	switch (option->name) {
	case IP_MULTICAST_TTL:
		return set_ttl(socket, number);
	case IP_MULTICAST_LOOP:
		socket->multicast_loop = number != 0;
		return 0;
	case IP_PKTINFO:
		socket->tell_destination = number != 0;
		return 0;
	case IP_HDRINCL:
		if (socket->kind != &raw_kind)
			return -ENOPROTOOPT;
		socket->with_header = number != 0;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int set_ipv6(struct datagram_socket *socket, const struct option *option)
{
	int number, err;

	if (option->name == IPV6_JOIN_GROUP || option->name == IPV6_LEAVE_GROUP)
		return change_group(socket, option, true,
		                    option->name == IPV6_JOIN_GROUP);
	err = option_number(option, &number);
	if (err)
		return err;
	switch (option->name) {
	case IPV6_MULTICAST_HOPS:
		return set_ttl(socket, number);
	case IPV6_MULTICAST_LOOP:
		socket->multicast_loop = number != 0;
		return 0;
	case IPV6_MULTICAST_IF:
		return interface_of(number, INADDR_ANY,
		                    &socket->multicast_interface);
	case IPV6_RECVPKTINFO:
		socket->tell_destination = number != 0;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

int datagram_set_option(struct socket *socket, const struct option *option)
{
	struct datagram_socket *datagram = datagram_of(socket);
	bool changed;
	int err;

	net_lock();
	err = inet_set_option(&datagram->inet, option, &changed);
	if (err == -ENOPROTOOPT && option->level == IPPROTO_IP)
		err = set_ip(datagram, option);
	if (err == -ENOPROTOOPT && option->level == IPPROTO_IPV6 &&
	    socket->family == AF_INET6)
		err = set_ipv6(datagram, option);
	if (!err)
		datagram->kind->apply(datagram);
	net_unlock();
	return err;
}

static int get_own(const struct datagram_socket *socket, struct option *option)
{
	switch (option->level == IPPROTO_IP ? option->name
	                                    : option->name + 1000) {
	case IP_MULTICAST_TTL:
	case 1000 + IPV6_MULTICAST_HOPS:
		return option_put_number(option, socket->multicast_ttl);
	case IP_MULTICAST_LOOP:
	case 1000 + IPV6_MULTICAST_LOOP:
		return option_put_number(option, socket->multicast_loop);
	case IP_PKTINFO:
	case 1000 + IPV6_RECVPKTINFO:
		return option_put_number(option, socket->tell_destination);
	default:
		return -ENOPROTOOPT;
	}
}

int datagram_get_option(struct socket *socket, struct option *option)
{
	struct datagram_socket *datagram = datagram_of(socket);
	int err;

	net_lock();
	err = inet_get_option(&datagram->inet, option);
	if (err == -ENOPROTOOPT &&
	    (option->level == IPPROTO_IP || option->level == IPPROTO_IPV6))
		err = get_own(datagram, option);
	net_unlock();
	return err;
}

void datagram_option_changed(struct socket *socket, int name)
{
	struct datagram_socket *datagram = datagram_of(socket);

	(void)name;
	net_lock();
	datagram->kind->apply(datagram);
	net_unlock();
}
