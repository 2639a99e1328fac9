/* SPDX-License-Identifier: MIT */
/* Headers are written field by field, in the order of the wire. */
#include "packets.h"

#include <string.h>

#include "lwip_port.h"
#include "tests/image/test.h"
#include "wire.h"

#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "lwip/prot/tcp.h"

#define IP_PROTOCOL_TCP 6

const uint8_t packet6_from[16] = { 0xfe, 0x80, [15] = 2 };
struct seen peer_seen;

static unsigned char packet[PACKET_BYTES];

static void put16(unsigned char *at, unsigned int value)
{
	at[0] = (unsigned char)(value >> 8);
	at[1] = (unsigned char)value;
}

static void put32(unsigned char *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static uint16_t sum_of(const void *pseudo, size_t pseudo_bytes,
                       const void *data, size_t bytes)
{
	const uint32_t sum =
		net_checksum(pseudo, pseudo_bytes) + net_checksum(data, bytes);

	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

static void put_ip4(unsigned int from, size_t bytes)
{
	memset(packet, 0, IP_HLEN);
	packet[0] = 0x45;
	put16(&packet[2], (unsigned int)bytes);
	packet[8] = 64;
	packet[9] = IP_PROTOCOL_TCP;
	put32(&packet[12], 0x0a000100 + (from ? from : 2));
	put32(&packet[16], 0x0a000201);
	*(uint16_t *)&packet[10] = sum_of(NULL, 0, packet, IP_HLEN);
}

void peer_send(struct peer *peer, unsigned int flags, const void *options,
               size_t option_bytes, const void *data, size_t bytes)
{
	unsigned char *tcp = &packet[IP_HLEN];
	const size_t head = TCP_HLEN + option_bytes;
	unsigned char pseudo[12] = { [9] = IP_PROTOCOL_TCP };

	put_ip4(peer->address, IP_HLEN + head + bytes);
	memset(tcp, 0, TCP_HLEN);
	put16(&tcp[0], peer->port);
	put16(&tcp[2], peer->to_port);
	put32(&tcp[4], peer->sequence);
	put32(&tcp[8], peer->acked);
	put16(&tcp[12], (unsigned int)(head / 4 << 12) | flags);
	put16(&tcp[14], peer->window);
	if (option_bytes > 0)
		memcpy(&tcp[TCP_HLEN], options, option_bytes);
	if (bytes > 0)
		memcpy(&tcp[head], data, bytes);
	memcpy(pseudo, &packet[12], 8);
	put16(&pseudo[10], (unsigned int)(head + bytes));
	*(uint16_t *)&tcp[16] = sum_of(pseudo, 12, tcp, head + bytes);
	wire_inject(&wire_ends[1], packet, IP_HLEN + head + bytes);
}

static void watch(struct netif *from, const struct pbuf *p)
{
	unsigned char bytes[IP_HLEN + TCP_HLEN];
	const struct tcp_hdr *tcp = (void *)&bytes[IP_HLEN];

	if (from != &wire_ends[1] ||
	    pbuf_copy_partial(p, bytes, sizeof(bytes), 0) != sizeof(bytes) ||
	    bytes[0] != 0x45 || bytes[9] != IP_PROTOCOL_TCP)
		return;
	peer_seen.count++;
	peer_seen.flags = TCPH_FLAGS(tcp);
	peer_seen.sequence = lwip_ntohl(tcp->seqno);
	peer_seen.acked = lwip_ntohl(tcp->ackno);
	peer_seen.window = lwip_ntohs(tcp->wnd);
	peer_seen.bytes = p->tot_len - IP_HLEN - TCPH_HDRLEN_BYTES(tcp);
}

void peer_listen(void)
{
	memset(&peer_seen, 0, sizeof(peer_seen));
	wire_watch = watch;
}

void peer_connect(struct peer *peer)
{
	peer_listen();
	peer_send(peer, TCP_SYN, NULL, 0, NULL, 0);
	CHECK_EQ(peer_seen.count, 1);
	CHECK_EQ(peer_seen.flags, TCP_SYN | TCP_ACK);
	CHECK_EQ(peer_seen.acked, peer->sequence + 1);
	peer->sequence++;
	peer->acked = peer_seen.sequence + 1;
	peer_send(peer, TCP_ACK, NULL, 0, NULL, 0);
	CHECK_EQ(peer_seen.count, 1);
}

void packet6_send(const void *to, unsigned int next, const void *payload,
                  size_t bytes)
{
	memset(packet, 0, IP6_HLEN);
	packet[0] = 0x60;
	put16(&packet[4], (unsigned int)bytes);
	packet[6] = (unsigned char)next;
	packet[7] = 255;
	memcpy(&packet[8], packet6_from, 16);
	memcpy(&packet[24], to, 16);
	memcpy(&packet[IP6_HLEN], payload, bytes);
	wire_inject(&wire_ends[1], packet, IP6_HLEN + bytes);
}

void packet6_sum(const void *to, unsigned int next, void *payload, size_t bytes,
                 size_t at)
{
	unsigned char pseudo[40] = { 0 };

	memcpy(pseudo, packet6_from, 16);
	memcpy(&pseudo[16], to, 16);
	put32(&pseudo[32], (uint32_t)bytes);
	pseudo[39] = (unsigned char)next;
	put16((unsigned char *)payload + at, 0);
	*(uint16_t *)((char *)payload + at) =
		sum_of(pseudo, sizeof(pseudo), payload, bytes);
}
