/* SPDX-License-Identifier: MIT */
/*
 * What programs ask about interfaces by ioctl(): names, numbers, addresses, flags.
 * They are read-only: the network is configured by ip= and by lwIP.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>

#include "core/user_access.h"
#include "lib/printf.h"
#include "net/show.h"
#include "posix/socket/inet.h"

#include "lwip/netif.h"

static bool is_loopback(const struct netif *netif)
{
	return netif->name[0] == 'l' && netif->name[1] == 'o';
}

void interface_name(const struct netif *netif, char name[16])
{
	ksnprintf(name, IFNAMSIZ, "%s", net_interface_name(netif));
}

struct netif *interface_by_name(const char *name)
{
	struct netif *netif;
	char own[16];

	NETIF_FOREACH(netif)
	{
		interface_name(netif, own);
		if (strcmp(own, name) == 0)
			return netif;
	}
	return NULL;
}

int interface_bind(struct inet *inet, const struct option *option)
{
	char name[IFNAMSIZ] = "";
	const struct netif *netif;

	memcpy(name, option->data,
	       option->bytes < IFNAMSIZ ? option->bytes : IFNAMSIZ - 1);
	if (!name[0]) {
		inet->socket.interface = 0;
		return 0;
	}
	netif = interface_by_name(name);
	if (!netif)
		return -ENODEV;
	inet->socket.interface = netif_get_index(netif);
	return 0;
}

static void put_address(struct sockaddr *to, const ip4_addr_t *address)
{
	const struct sockaddr_in in = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = ip4_addr_get_u32(address),
	};

	memcpy(to, &in, sizeof(in));
}

short interface_flags(const struct netif *netif)
{
	short flags = 0;

	if (netif_is_up(netif))
		flags |= IFF_UP;
	if (netif_is_up(netif) && netif_is_link_up(netif))
		flags |= IFF_RUNNING;
	if (is_loopback(netif))
		flags |= IFF_LOOPBACK;
	if (netif->flags & NETIF_FLAG_BROADCAST)
		flags |= IFF_BROADCAST;
	if (netif->flags & NETIF_FLAG_IGMP)
		flags |= IFF_MULTICAST;
	return flags;
}

static void put_hardware(struct ifreq *request, const struct netif *netif)
{
	memset(&request->ifr_hwaddr, 0, sizeof(request->ifr_hwaddr));
	request->ifr_hwaddr.sa_family =
		is_loopback(netif) ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
	memcpy(request->ifr_hwaddr.sa_data, netif->hwaddr, netif->hwaddr_len);
}

static int answer(const struct netif *netif, unsigned long what,
                  struct ifreq *request)
{
	ip4_addr_t address = *netif_ip4_addr(netif);

	switch (what) {
	case SIOCGIFINDEX:
		request->ifr_ifindex = netif_get_index(netif);
		return 0;
	case SIOCGIFFLAGS:
		request->ifr_flags = interface_flags(netif);
		return 0;
	case SIOCGIFMTU:
		request->ifr_mtu = netif->mtu ? netif->mtu : 65535;
		return 0;
	case SIOCGIFHWADDR:
		put_hardware(request, netif);
		return 0;
	case SIOCGIFMETRIC:
		request->ifr_metric = 0;
		return 0;
	case SIOCGIFTXQLEN:
		request->ifr_qlen = 1000;
		return 0;
	case SIOCGIFBRDADDR:
		address.addr |= ~netif_ip4_netmask(netif)->addr;
		break;
	case SIOCGIFNETMASK:
		address = *netif_ip4_netmask(netif);
		break;
	case SIOCGIFADDR:
		break;
	default:
		return -ENOTTY;
	}
	if (ip4_addr_isany(netif_ip4_addr(netif)))
		return -EADDRNOTAVAIL;
	put_address(&request->ifr_addr, &address);
	return 0;
}

static int answer_by_name(unsigned long what, struct ifreq *request)
{
	const struct netif *netif;

	request->ifr_name[IFNAMSIZ - 1] = '\0';
	netif = interface_by_name(request->ifr_name);
	return netif ? answer(netif, what, request) : -ENODEV;
}

/* SIOCGIFNAME: the other way round. */
static int answer_by_index(struct ifreq *request)
{
	const struct netif *netif = NULL;

	if (request->ifr_ifindex > 0 && request->ifr_ifindex < 256)
		netif = netif_get_by_index((u8_t)request->ifr_ifindex);
	if (!netif)
		return -ENODEV;
	interface_name(netif, request->ifr_name);
	return 0;
}

/* The rows of SIOCGIFCONF: interfaces that have an IPv4 address. */
static unsigned int list_all(struct ifreq *rows, unsigned int room)
{
	const struct netif *netif;
	unsigned int count = 0;

	NETIF_FOREACH(netif)
	{
		if (ip4_addr_isany(netif_ip4_addr(netif)) || count == room)
			continue;
		memset(&rows[count], 0, sizeof(rows[count]));
		interface_name(netif, rows[count].ifr_name);
		put_address(&rows[count].ifr_addr, netif_ip4_addr(netif));
		count++;
	}
	return count;
}

#define ROWS_MAX 8u

static long configuration(struct ifconf *user)
{
	struct ifreq rows[ROWS_MAX];
	struct ifconf conf;
	unsigned int count;

	if (copy_from_user(&conf, user, sizeof(conf)))
		return -EFAULT;
	if (conf.ifc_len < 0)
		return -EINVAL;
	net_lock();
	count = list_all(rows, ROWS_MAX);
	net_unlock();
	if (conf.ifc_buf) {
		if (count > conf.ifc_len / sizeof(rows[0]))
			count = conf.ifc_len / sizeof(rows[0]);
		if (count > 0 &&
		    copy_to_user(conf.ifc_buf, rows, count * sizeof(rows[0])))
			return -EFAULT;
	}
	conf.ifc_len = (int)(count * sizeof(rows[0]));
	return copy_to_user(user, &conf, sizeof(conf));
}

static bool is_known(unsigned long request)
{
	switch (request) {
	case SIOCGIFINDEX:
	case SIOCGIFNAME:
	case SIOCGIFFLAGS:
	case SIOCGIFMTU:
	case SIOCGIFHWADDR:
	case SIOCGIFMETRIC:
	case SIOCGIFTXQLEN:
	case SIOCGIFBRDADDR:
	case SIOCGIFNETMASK:
	case SIOCGIFADDR:
		return true;
	default:
		return false;
	}
}

long interface_ioctl(unsigned long request, void *argument)
{
	struct ifreq copy;
	int err = net_start();

	if (err)
		return err;
	if (request == SIOCGIFCONF)
		return configuration(argument);
	if (!is_known(request))
		return -ENOTTY;
	if (copy_from_user(&copy, argument, sizeof(copy)))
		return -EFAULT;
	net_lock();
	err = request == SIOCGIFNAME ? answer_by_index(&copy)
	                             : answer_by_name(request, &copy);
	net_unlock();
	return err ? err : copy_to_user(argument, &copy, sizeof(copy));
}
