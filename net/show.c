/* SPDX-License-Identifier: MIT */
/*
 * What the stack is configured with, and its connections. Lists of lwIP are walked
 * under its lock; lines are made one by one, so that no view needs memory.
 */
#include "net/show.h"

#include <string.h>

#include "core/compiler.h"
#include "drivers/virtio_net.h"
#include "lib/printf.h"
#include "net/interface.h"
#include "net/stack.h"

#include "lwip/etharp.h"
#include "lwip/ip_addr.h"
#include "lwip/netif.h"
#include "lwip/priv/nd6_priv.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/udp.h"

#define END_BYTES (IPADDR_STRLEN_MAX + 8)

/* lwIP writes IPv6 in capitals; RFC 5952, 4.3 */
static const char *in_small(char *text)
{
	char *at;

	for (at = text; *at; at++) {
		if (*at >= 'A' && *at <= 'F')
			*at += 'a' - 'A';
	}
	return text;
}

static const char *text_of(const ip_addr_t *address, char *to)
{
	ipaddr_ntoa_r(address, to, IPADDR_STRLEN_MAX);
	return in_small(to);
}

static const char *text_of_ip6(const ip6_addr_t *address, char *to)
{
	ip6addr_ntoa_r(address, to, IP6ADDR_STRLEN_MAX);
	return in_small(to);
}

static unsigned int mask_bits(const struct netif *netif)
{
	return (unsigned int)__builtin_popcount(
		ip4_addr_get_u32(netif_ip4_netmask(netif)));
}

static void show_mac(const struct lines *to, const struct netif *netif)
{
	const u8_t *mac = netif->hwaddr;

	if (netif->hwaddr_len == 6) {
		lines_say(to, "        ether %02x:%02x:%02x:%02x:%02x:%02x",
		          mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	}
}

static void show_addresses(const struct lines *to, const struct netif *netif)
{
	char text[IPADDR_STRLEN_MAX];
	unsigned int i;

	if (!ip4_addr_isany(netif_ip4_addr(netif))) {
		lines_say(to, "        inet %s/%u",
		          text_of(netif_ip_addr4(netif), text),
		          mask_bits(netif));
	}
	for (i = 0; i < LWIP_IPV6_NUM_ADDRESSES; i++) {
		const u8_t state = netif_ip6_addr_state(netif, i);

		if (ip6_addr_isinvalid(state))
			continue;
		lines_say(to, "        inet6 %s/64%s",
		          text_of(netif_ip_addr6(netif, i), text),
		          ip6_addr_istentative(state) ? " tentative" : "");
	}
}

static const char *yes(bool it_is)
{
	return it_is ? "yes" : "no";
}

static void show_device(const struct lines *to)
{
	const struct virtio_net_info *info = interface_info();
	struct virtio_net_counters counters;

	interface_read_counters(&counters);
	lines_say(to,
	          "        virtio %s, %u queue pair%s, checksums out %s in %s, "
	          "segments cut %s, large frames in %s",
	          info->is_modern ? "modern" : "legacy", info->pairs,
	          info->pairs == 1 ? "" : "s", yes(info->sums),
	          yes(info->sums_received), yes(info->cuts_tcp4),
	          yes(info->large_frames));
	lines_say(to,
	          "        RX %lu frames, %lu bytes; TX %lu frames, %lu bytes",
	          counters.frames_in, counters.bytes_in, counters.frames_out,
	          counters.bytes_out);
}

void net_show_interfaces(line_emit *emit, void *context)
{
	const struct lines to = { emit, context };
	struct netif *netif;

	net_lock();
	NETIF_FOREACH(netif)
	{
		lines_say(&to, "%s: %s, link %s, mtu %u",
		          net_interface_name(netif),
		          netif_is_up(netif) ? "up" : "down",
		          netif_is_link_up(netif) ? "up" : "down", netif->mtu);
		show_mac(&to, netif);
		show_addresses(&to, netif);
		if (netif == interface_netif())
			show_device(&to);
	}
	net_unlock();
}

static void show_own_network(const struct lines *to, const struct netif *netif)
{
	char text[IPADDR_STRLEN_MAX];
	ip_addr_t network = IPADDR4_INIT(0);

	if (ip4_addr_isany(netif_ip4_addr(netif)))
		return;
	ip4_addr_get_network(ip_2_ip4(&network), netif_ip4_addr(netif),
	                     netif_ip4_netmask(netif));
	lines_say(to, "%s/%u dev %s", text_of(&network, text), mask_bits(netif),
	          net_interface_name(netif));
}

static void show_default(const struct lines *to, const struct netif *netif)
{
	char text[IPADDR_STRLEN_MAX];

	if (!netif || ip4_addr_isany(netif_ip4_gw(netif)))
		return;
	lines_say(to, "default via %s dev %s",
	          text_of(netif_ip_gw4(netif), text),
	          net_interface_name(netif));
}

static void show_ip6_routes(const struct lines *to)
{
	char text[IP6ADDR_STRLEN_MAX];
	unsigned int i;

	for (i = 0; i < LWIP_ND6_NUM_PREFIXES; i++) {
		const struct nd6_prefix_list_entry *entry = &prefix_list[i];

		if (!entry->netif)
			continue;
		lines_say(to, "%s/64 dev %s", text_of_ip6(&entry->prefix, text),
		          net_interface_name(entry->netif));
	}
	for (i = 0; i < LWIP_ND6_NUM_ROUTERS; i++) {
		const struct nd6_neighbor_cache_entry *entry =
			default_router_list[i].neighbor_entry;

		if (!entry)
			continue;
		lines_say(to, "default via %s dev %s",
		          text_of_ip6(&entry->next_hop_address, text),
		          net_interface_name(entry->netif));
	}
}

void net_show_routes(line_emit *emit, void *context)
{
	const struct lines to = { emit, context };
	struct netif *netif;

	net_lock();
	show_default(&to, netif_default);
	NETIF_FOREACH(netif)
	{
		show_own_network(&to, netif);
	}
	show_ip6_routes(&to);
	net_unlock();
}

/* ADDRESS:PORT, with * for what is not fixed. @to has END_BYTES. */
static const char *end(const ip_addr_t *address, unsigned int port, char *to)
{
	char text[IPADDR_STRLEN_MAX] = "*";
	char number[8] = "*";

	if (!ip_addr_isany(address))
		text_of(address, text);
	if (port > 0)
		ksnprintf(number, sizeof(number), "%u", port);
	ksnprintf(to, END_BYTES, strchr(text, ':') ? "[%s]:%s" : "%s:%s", text,
	          number);
	return to;
}

static void show_tcp(const struct lines *to, const struct tcp_pcb *pcb)
{
	char local[END_BYTES];
	char remote[END_BYTES];

	for (; pcb; pcb = pcb->next) {
		lines_say(to, "tcp   %7u %7u %-26s %-26s %s",
		          (unsigned int)(tcp_wnd_limit - pcb->rcv_wnd),
		          (unsigned int)(tcp_snd_buf_limit - pcb->snd_buf),
		          end(&pcb->local_ip, pcb->local_port, local),
		          end(&pcb->remote_ip, pcb->remote_port, remote),
		          tcp_debug_state_str(pcb->state));
	}
}

static void show_listeners(const struct lines *to,
                           const struct tcp_pcb_listen *pcb)
{
	char local[END_BYTES];

	for (; pcb; pcb = (const struct tcp_pcb_listen *)pcb->next) {
		lines_say(to, "tcp   %7u %7u %-26s %-26s LISTEN",
		          pcb->accepts_pending, pcb->backlog,
		          end(&pcb->local_ip, pcb->local_port, local), "*:*");
	}
}

static void show_udp(const struct lines *to)
{
	const struct udp_pcb *pcb;
	char local[END_BYTES];
	char remote[END_BYTES];

	for (pcb = udp_pcbs; pcb; pcb = pcb->next) {
		lines_say(to, "udp   %7s %7s %-26s %-26s", "-", "-",
		          end(&pcb->local_ip, pcb->local_port, local),
		          end(&pcb->remote_ip, pcb->remote_port, remote));
	}
}

void net_show_connections(line_emit *emit, void *context)
{
	const struct lines to = { emit, context };

	lines_say(&to, "%-5s %7s %7s %-26s %-26s %s", "proto", "recv-q",
	          "send-q", "local", "remote", "state");
	net_lock();
	show_listeners(&to, tcp_listen_pcbs.listen_pcbs);
	show_tcp(&to, tcp_active_pcbs);
	show_tcp(&to, tcp_tw_pcbs);
	show_udp(&to);
	net_unlock();
}

void net_show_neighbours(line_emit *emit, void *context)
{
	const struct lines to = { emit, context };
	struct eth_addr *mac;
	struct netif *netif;
	ip4_addr_t *address;
	size_t i;

	net_lock();
	for (i = 0; i < ARP_TABLE_SIZE; i++) {
		char text[IP4ADDR_STRLEN_MAX];

		if (!etharp_get_entry(i, &address, &netif, &mac))
			continue;
		ip4addr_ntoa_r(address, text, sizeof(text));
		lines_say(&to, "%s at %02x:%02x:%02x:%02x:%02x:%02x dev %s",
		          text, mac->addr[0], mac->addr[1], mac->addr[2],
		          mac->addr[3], mac->addr[4], mac->addr[5],
		          net_interface_name(netif));
	}
	net_unlock();
}
