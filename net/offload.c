/* SPDX-License-Identifier: MIT */
/*
 * The device adds up a segment from where TCP begins and stores the sum, so what
 * stands there before has to be the sum of what TCP's checksum covers besides: the
 * pseudo header (RFC 9293, 3.1), not inverted (virtio 1.2, 5.1.6.2). lwIP leaves 0
 * there when it does not compute it. Headers of TCP are in one piece with Ethernet's
 * and IP's; lwIP sends no options of IP and no extension headers with TCP.
 */
#include "net/offload.h"

#include <stdint.h>

#include "drivers/virtio_net.h"
#include "lwip_port.h"

#include "lwip/netif.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "lwip/prot/tcp.h"

#define SUM_OFFSET 16u /* of TCP's checksum */

struct segment {
	unsigned int start; /* of TCP, from the frame's begin; 0: it is none */
	uint8_t gso_type;
	uint64_t sum; /* of the pseudo header, not folded */
};

/* Of IP's addresses. What lwIP sends has them on a boundary of 4. */
static uint64_t sum_words(const void *from, unsigned int words)
{
	const uint32_t *word = from;
	uint64_t sum = 0;

	while (words-- > 0)
		sum += *word++;
	return sum;
}

static struct segment segment_of(const uint8_t *frame, unsigned int bytes)
{
	const struct eth_hdr *ethernet = (const void *)frame;
	const struct ip_hdr *ip4 = (const void *)(frame + SIZEOF_ETH_HDR);
	const struct ip6_hdr *ip6 = (const void *)ip4;
	struct segment segment = { 0 };
	const unsigned int in_ip = bytes - SIZEOF_ETH_HDR;

	if (ethernet->type == PP_HTONS(ETHTYPE_IP) &&
	    IPH_PROTO(ip4) == IP_PROTO_TCP) {
		segment.start = SIZEOF_ETH_HDR + IP_HLEN;
		segment.gso_type = VIRTIO_NET_GSO_TCP4;
		segment.sum = sum_words(&ip4->src, 2) +
		              lwip_htons((u16_t)(in_ip - IP_HLEN));
	} else if (ethernet->type == PP_HTONS(ETHTYPE_IPV6) &&
	           IP6H_NEXTH(ip6) == IP6_NEXTH_TCP) {
		segment.start = SIZEOF_ETH_HDR + IP6_HLEN;
		segment.gso_type = VIRTIO_NET_GSO_TCP6;
		segment.sum = sum_words(&ip6->src, 8) +
		              lwip_htons((u16_t)(in_ip - IP6_HLEN));
	}
	segment.sum += PP_HTONS(IP_PROTO_TCP);
	return segment;
}

void offload_describe(void *start, const struct virtio_net_info *info,
                      unsigned int bytes, unsigned int gso_size)
{
	struct virtio_net_header *header = start;
	uint8_t *frame = (uint8_t *)start + info->header_bytes;
	struct segment segment = { 0 };
	struct tcp_hdr *tcp;

	header->flags = 0;
	header->gso_type = VIRTIO_NET_GSO_NONE;
	header->header_bytes = header->gso_bytes = 0;
	header->checksum_start = header->checksum_offset = 0;
	if (info->header_bytes == sizeof(*header))
		header->buffers = 0;
	if (!info->sums)
		return;
	segment = segment_of(frame, bytes);
	if (segment.start == 0)
		return;
	tcp = (struct tcp_hdr *)(frame + segment.start);
	tcp->chksum = net_fold(segment.sum);
	header->flags = VIRTIO_NET_NEEDS_CHECKSUM;
	header->checksum_start = (uint16_t)segment.start;
	header->checksum_offset = SUM_OFFSET;
	if (gso_size == 0)
		return;
	header->gso_type = segment.gso_type;
	header->gso_bytes = (uint16_t)gso_size;
	header->header_bytes =
		(uint16_t)(segment.start + TCPH_HDRLEN_BYTES(tcp));
}

bool offload_cuts(const struct virtio_net_info *info, const void *frame)
{
	const struct eth_hdr *ethernet = frame;

	return ethernet->type == PP_HTONS(ETHTYPE_IPV6) ? info->cuts_tcp6
	                                                : info->cuts_tcp4;
}

/* What is cut here has to fit the device's queue as a whole. */
void offload_init(struct netif *netif, const struct virtio_net_info *info)
{
	netif->gso_max = NETIF_GSO_MAX;
	netif->gso_max_segs = UINT16_MAX;
	if (!info->cuts_tcp4 || !info->cuts_tcp6) {
		netif->gso_max_segs =
			info->tx_frames > 0 ? (u16_t)(info->tx_frames - 1) : 0;
	}
}
