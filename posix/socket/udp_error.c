/* SPDX-License-Identifier: MIT */
/*
 * A connected UDP socket learns that nobody is there: ICMP's "port unreachable"
 * carries the beginning of the packet that was refused, and by its ends the socket
 * is found. lwIP counts such messages and forgets them; one raw pcb for each
 * version looks at them first.
 */
#include <errno.h>
#include <netinet/in.h>

#include "posix/socket/datagram.h"

#include "lwip/icmp.h"
#include "lwip/ip.h"
#include "lwip/prot/icmp6.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "lwip/raw.h"
#include "lwip/udp.h"

#define ICMP_BYTES 8 /* of its header, in both versions */

static struct raw_pcb *watchers[2]; /* [N] of IPv4 and IPv6 */

static void tell(const ip_addr_t *from, u16_t from_port, const ip_addr_t *to,
                 u16_t to_port)
{
	const struct udp_pcb *pcb;

	for (pcb = udp_pcbs; pcb; pcb = pcb->next) {
		if (!(pcb->flags & UDP_FLAGS_CONNECTED) ||
		    pcb->local_port != from_port ||
		    pcb->remote_port != to_port ||
		    !ip_addr_cmp(&pcb->remote_ip, to) ||
		    !(ip_addr_isany(&pcb->local_ip) ||
		      ip_addr_cmp(&pcb->local_ip, from)))
			continue;
		udp_kind_refused(pcb);
	}
}

/* The ports of the packet inside, which are UDP's first 4 bytes. */
static void tell_ports(struct pbuf *buffer, u16_t offset, const ip_addr_t *from,
                       const ip_addr_t *to)
{
	u16_t ports[2];

	if (pbuf_copy_partial(buffer, ports, sizeof(ports), offset) ==
	    sizeof(ports))
		tell(from, lwip_ntohs(ports[0]), to, lwip_ntohs(ports[1]));
}

static u8_t on_icmp(void *arg, struct raw_pcb *pcb, struct pbuf *buffer,
                    const ip_addr_t *address)
{
	const u16_t at = ip_current_header_tot_len();
	ip_addr_t from = { 0 }, to = { 0 };
	struct ip_hdr inside;
	u8_t head[2];

	(void)arg, (void)pcb, (void)address;
	if (pbuf_copy_partial(buffer, head, 2, at) != 2 ||
	    head[0] != ICMP_DUR || head[1] != ICMP_DUR_PORT)
		return 0;
	if (pbuf_copy_partial(buffer, &inside, sizeof(inside),
	                      at + ICMP_BYTES) != sizeof(inside) ||
	    IPH_PROTO(&inside) != IP_PROTO_UDP)
		return 0;
	ip_addr_set_ip4_u32_val(from, inside.src.addr);
	ip_addr_set_ip4_u32_val(to, inside.dest.addr);
	tell_ports(buffer, (u16_t)(at + ICMP_BYTES + IPH_HL_BYTES(&inside)),
	           &from, &to);
	return 0;
}

static u8_t on_icmp6(void *arg, struct raw_pcb *pcb, struct pbuf *buffer,
                     const ip_addr_t *address)
{
	const u16_t at = ip_current_header_tot_len();
	ip_addr_t from = { 0 }, to = { 0 };
	struct ip6_hdr inside;
	u8_t head[2];

	(void)arg, (void)pcb, (void)address;
	if (pbuf_copy_partial(buffer, head, 2, at) != 2 ||
	    head[0] != ICMP6_TYPE_DUR || head[1] != ICMP6_DUR_PORT)
		return 0;
	if (pbuf_copy_partial(buffer, &inside, sizeof(inside),
	                      at + ICMP_BYTES) != sizeof(inside) ||
	    IP6H_NEXTH(&inside) != IP6_NEXTH_UDP)
		return 0;
	ip_addr_copy_from_ip6_packed(from, inside.src);
	ip_addr_copy_from_ip6_packed(to, inside.dest);
	tell_ports(buffer, (u16_t)(at + ICMP_BYTES + sizeof(inside)), &from,
	           &to);
	return 0;
}

static void watch(unsigned int which, u8_t type, u8_t protocol,
                  raw_recv_fn receive)
{
	if (watchers[which])
		return;
	watchers[which] = raw_new_ip_type(type, protocol);
	if (watchers[which])
		raw_recv(watchers[which], receive, NULL);
}

void udp_watch_errors(void)
{
	watch(0, IPADDR_TYPE_V4, IPPROTO_ICMP, on_icmp);
	watch(1, IPADDR_TYPE_V6, IPPROTO_ICMPV6, on_icmp6);
}
