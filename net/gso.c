/* SPDX-License-Identifier: MIT */
/*
 * Most of what TCP costs it costs for each segment, whatever its size: lwIP makes
 * them large, and they are cut at the last moment. The payload stays where it is:
 *
 *     segment   | headers | payload                     ...  |
 *     frames    | headers |  gso_size  |
 *               | headers |            |  gso_size  |
 *               | headers |                         |  rest  |
 *
 * The frames' headers are one block of memory, a pbuf that holds the segment until
 * the last frame lets go of it; lwIP does not send the segment again before.
 * Frames differ in sequence number, IP's length and id, checksums, and only the last
 * has PSH and FIN.
 */
#include "net/gso.h"

#include <errno.h>
#include <string.h>

#include "lwip_port.h"

#include "lwip/mem.h"
#include "lwip/pbuf.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "lwip/prot/tcp.h"

/* Behind the room in front and Ethernet's 14 bytes IP is at a multiple of 8. */
#define FRONT (PBUF_LINK_ENCAPSULATION_HLEN + 2u)

/* Places in headers; lwIP's structures may stand anywhere, these do not. */
#define IP4_LENGTH   2u
#define IP4_ID       4u
#define IP4_SUM      10u
#define IP4_SOURCE   12u
#define IP6_LENGTH   4u
#define IP6_SOURCE   8u
#define TCP_SEQUENCE 4u
#define TCP_FLAGS_AT 13u
#define TCP_SUM      16u

struct gso_counters gso_counters;

struct headers {
	struct pbuf_custom custom; /* first: the frames' reference */
	struct pbuf *segment;
	uint64_t data[];
};

static void free_headers(struct pbuf *p)
{
	struct headers *headers = (struct headers *)(void *)p;

	pbuf_free(headers->segment);
	mem_free(headers);
}

static bool is_v6(const struct gso *gso)
{
	return gso->tcp != SIZEOF_ETH_HDR + IP_HLEN;
}

static uint16_t *half(uint8_t *header, unsigned int place)
{
	return (uint16_t *)(void *)(header + place);
}

static uint32_t *word(uint8_t *header, unsigned int place)
{
	return (uint32_t *)(void *)(header + place);
}

/* Take what stands there, and leave 0. */
static uint16_t take_half(uint8_t *header, unsigned int place)
{
	const uint16_t value = *half(header, place);

	*half(header, place) = 0;
	return value;
}

/* The checksum of what sums up to @sum, in the order of memory. */
static uint16_t checksum(uint64_t sum)
{
	return (uint16_t)~net_fold(sum);
}

/* Where TCP begins in a frame as lwIP sends it: no options of IP. 0: it is none. */
static unsigned int find_tcp(const uint8_t *frame)
{
	const struct eth_hdr *ethernet = (const void *)frame;
	const struct ip_hdr *ip4 = (const void *)(frame + SIZEOF_ETH_HDR);
	const struct ip6_hdr *ip6 = (const void *)ip4;

	if (ethernet->type == PP_HTONS(ETHTYPE_IP) &&
	    IPH_PROTO(ip4) == IP_PROTO_TCP)
		return SIZEOF_ETH_HDR + IP_HLEN;
	if (ethernet->type == PP_HTONS(ETHTYPE_IPV6) &&
	    IP6H_NEXTH(ip6) == IP6_NEXTH_TCP)
		return SIZEOF_ETH_HDR + IP6_HLEN;
	return 0;
}

/* The segment's headers, each field 0 in which frames differ. */
static void make_model(struct gso *gso, const void *headers)
{
	uint8_t *ip = (uint8_t *)gso->model + FRONT + SIZEOF_ETH_HDR;
	uint8_t *tcp = (uint8_t *)gso->model + FRONT + gso->tcp;

	memset(gso->model, 0, FRONT);
	memcpy((uint8_t *)gso->model + FRONT, headers, gso->headers);
	if (is_v6(gso)) {
		*half(ip, IP6_LENGTH) = 0;
		gso->tcp_sum = net_checksum(ip + IP6_SOURCE, 32);
	} else {
		*half(ip, IP4_LENGTH) = *half(ip, IP4_SUM) = 0;
		gso->id = lwip_ntohs(take_half(ip, IP4_ID));
		gso->ip_sum = net_checksum(ip, IP_HLEN);
		gso->tcp_sum = net_checksum(ip + IP4_SOURCE, 8);
	}
	gso->sequence = lwip_ntohl(*word(tcp, TCP_SEQUENCE));
	*word(tcp, TCP_SEQUENCE) = 0;
	gso->flags = tcp[TCP_FLAGS_AT] & (TCP_FIN | TCP_PSH);
	tcp[TCP_FLAGS_AT] ^= gso->flags;
	*half(tcp, TCP_SUM) = 0;
	gso->tcp_sum += net_checksum(tcp, gso->headers - gso->tcp) +
	                PP_HTONS(IP_PROTO_TCP);
}

static int measure(struct gso *gso, const struct pbuf *segment)
{
	const uint8_t *headers = segment->payload;
	const struct tcp_hdr *tcp;

	gso->tcp = find_tcp(headers);
	if (gso->tcp == 0 || segment->len < gso->tcp + TCP_HLEN)
		return -EINVAL;
	tcp = (const void *)(headers + gso->tcp);
	gso->headers = gso->tcp + TCPH_HDRLEN_BYTES(tcp);
	gso->words = (FRONT + gso->headers + 7) / 8;
	if (segment->len < gso->headers || segment->tot_len <= gso->headers)
		return -EINVAL;
	gso->part = segment;
	gso->offset = gso->headers;
	gso->left = segment->tot_len - gso->headers;
	gso->size = segment->gso_size;
	return 0;
}

int gso_begin(struct gso *gso, struct pbuf *segment)
{
	struct headers *headers;
	unsigned int count;
	int err = measure(gso, segment);

	if (err)
		return err;
	count = (gso->left + gso->size - 1) / gso->size;
	headers = mem_malloc(sizeof(*headers) + 8ul * count * gso->words);
	if (!headers)
		return -ENOMEM;
	headers->custom.custom_free_function = free_headers;
	headers->segment = segment;
	pbuf_ref(segment);
	gso->frame = pbuf_alloced_custom(PBUF_RAW, 0, PBUF_REF,
	                                 &headers->custom, NULL, 0);
	gso->frame->ref = (LWIP_PBUF_REF_T)count;
	gso->next = headers->data;
	make_model(gso, segment->payload);
	gso_counters.segments++;
	gso_counters.frames += count;
	return 0;
}

static uint8_t *copy_model(struct gso *gso)
{
	uint64_t *const start = gso->next;
	const uint64_t *from = gso->model;
	uint64_t *to = start;

	gso->next += gso->words;
	while (to < start + gso->words)
		*to++ = *from++;
	return (uint8_t *)start + FRONT;
}

static void finish_ip(struct gso *gso, uint8_t *ip, unsigned int tcp_bytes)
{
	const uint16_t length = lwip_htons((uint16_t)(IP_HLEN + tcp_bytes));
	const uint16_t id = lwip_htons(gso->id);

	if (is_v6(gso)) {
		*half(ip, IP6_LENGTH) = lwip_htons((uint16_t)tcp_bytes);
		return;
	}
	*half(ip, IP4_LENGTH) = length;
	*half(ip, IP4_ID) = id;
	*half(ip, IP4_SUM) = checksum(gso->ip_sum + length + id);
	gso->id++;
}

/* Returns what its checksum covers besides the payload. */
static uint64_t finish_tcp(const struct gso *gso, uint8_t *tcp,
                           unsigned int tcp_bytes, bool is_last)
{
	const uint32_t sequence = lwip_htonl(gso->sequence);
	uint64_t sum = gso->tcp_sum + sequence + lwip_htons((u16_t)tcp_bytes);

	*word(tcp, TCP_SEQUENCE) = sequence;
	if (is_last) {
		tcp[TCP_FLAGS_AT] |= gso->flags;
		sum += lwip_htons(gso->flags);
	}
	return sum;
}

/* Behind the payload of a frame. */
static void skip(struct gso *gso, unsigned int bytes)
{
	unsigned int offset = gso->offset + bytes;

	while (offset >= gso->part->len && gso->part->next) {
		offset -= gso->part->len;
		gso->part = gso->part->next;
	}
	gso->offset = offset;
}

bool gso_next(struct gso *gso, struct gso_frame *frame)
{
	unsigned int bytes = gso->size;
	unsigned int tcp_bytes;

	if (gso->left == 0)
		return false;
	if (bytes > gso->left)
		bytes = gso->left;
	tcp_bytes = gso->headers - gso->tcp + bytes;
	frame->header = copy_model(gso);
	frame->headers = gso->headers;
	frame->part = gso->part;
	frame->offset = gso->offset;
	frame->bytes = bytes;
	finish_ip(gso, frame->header + SIZEOF_ETH_HDR, tcp_bytes);
	frame->sum = finish_tcp(gso, frame->header + gso->tcp, tcp_bytes,
	                        bytes == gso->left);
	gso->sequence += bytes;
	gso->left -= bytes;
	skip(gso, bytes);
	return true;
}

/* Of the payload, not folded. What begins at an odd byte has its bytes exchanged. */
static uint64_t sum_payload(const struct gso_frame *frame)
{
	const struct pbuf *part = frame->part;
	unsigned int offset = frame->offset;
	unsigned int left = frame->bytes;
	uint64_t sum = 0;

	for (;; part = part->next, offset = 0) {
		unsigned int here = part->len - offset;
		uint16_t more;

		if (here > left)
			here = left;
		more = net_checksum((char *)part->payload + offset, here);
		sum += (frame->bytes - left) & 1 ? lwip_htons(more) : more;
		left -= here;
		if (left == 0)
			return sum;
	}
}

void gso_sum(const struct gso *gso, const struct gso_frame *frame)
{
	*half(frame->header + gso->tcp, TCP_SUM) =
		checksum(frame->sum + sum_payload(frame));
}
