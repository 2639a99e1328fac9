/* SPDX-License-Identifier: MIT */
/* How large segments are cut; tests of transfers have the frames arrive. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host_port.h"
#include "lwip_port.h"
#include "net/gso.h"
#include "tests/image/test.h"
#include "wire.h"

#include "lwip/mem.h"
#include "lwip/pbuf.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip.h"
#include "lwip/prot/ip4.h"
#include "lwip/prot/ip6.h"
#include "lwip/prot/tcp.h"

#define SEQUENCE 0xfffffe00u /* goes round */
#define ID       0xfffeu
#define OPTIONS  12u

static unsigned char payload[65536];

static struct eth_hdr *ethernet_of(const void *frame)
{
	return (struct eth_hdr *)(uintptr_t)frame;
}

static size_t tcp_at(bool is_v6)
{
	return SIZEOF_ETH_HDR + (is_v6 ? IP6_HLEN : IP_HLEN);
}

static struct tcp_hdr *tcp_of(const void *frame, bool is_v6)
{
	return (struct tcp_hdr *)((uintptr_t)frame + tcp_at(is_v6));
}

static void write_ip(void *at, bool is_v6)
{
	struct ip_hdr *ip4 = at;
	struct ip6_hdr *ip6 = at;

	memset(at, 0x11, is_v6 ? IP6_HLEN : IP_HLEN);
	if (is_v6) {
		IP6H_VTCFL_SET(ip6, 6, 0, 0);
		IP6H_NEXTH_SET(ip6, IP6_NEXTH_TCP);
		return;
	}
	IPH_VHL_SET(ip4, 4, 5);
	IPH_PROTO_SET(ip4, IP_PROTO_TCP);
	IPH_ID_SET(ip4, lwip_htons(ID));
}

static struct pbuf *make_headers(bool is_v6)
{
	const size_t bytes = tcp_at(is_v6) + TCP_HLEN + OPTIONS;
	struct pbuf *p = pbuf_alloc(PBUF_RAW_TX, (u16_t)(bytes + 2), PBUF_RAM);
	struct tcp_hdr *tcp;

	pbuf_remove_header(p, 2);
	memset(p->payload, 0x22, bytes);
	ethernet_of(p->payload)->type =
		is_v6 ? PP_HTONS(ETHTYPE_IPV6) : PP_HTONS(ETHTYPE_IP);
	write_ip((char *)p->payload + SIZEOF_ETH_HDR, is_v6);
	tcp = tcp_of(p->payload, is_v6);
	tcp->seqno = lwip_htonl(SEQUENCE);
	TCPH_HDRLEN_FLAGS_SET(tcp, (TCP_HLEN + OPTIONS) / 4,
	                      TCP_ACK | TCP_PSH | TCP_FIN);
	return p;
}

/* @bytes in parts of @part, each in memory of its own. */
static struct pbuf *make_segment(bool is_v6, size_t bytes, size_t part,
                                 u16_t gso_size)
{
	struct pbuf *p = make_headers(is_v6);
	size_t at;

	for (at = 0; at < bytes; at += part) {
		const size_t here = bytes - at < part ? bytes - at : part;
		struct pbuf *more = pbuf_alloc(PBUF_RAW, (u16_t)here, PBUF_RAM);

		memcpy(more->payload, payload + at, here);
		pbuf_cat(p, more);
	}
	p->gso_size = gso_size;
	return p;
}

/* A frame as the wire has it. */
static size_t flatten(const struct gso_frame *frame, unsigned char *out)
{
	memcpy(out, frame->header, frame->headers);
	CHECK_EQ(pbuf_copy_partial(frame->part, out + frame->headers,
	                           (u16_t)frame->bytes, (u16_t)frame->offset),
	         frame->bytes);
	return frame->headers + frame->bytes;
}

static uint32_t add_up(const unsigned char *from, size_t bytes)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < bytes; i++)
		sum += i & 1 ? from[i] : from[i] << 8;
	return sum;
}

static bool is_right(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* By another way than net/gso.c goes. */
static void check_sums(const unsigned char *frame, size_t bytes, bool is_v6)
{
	const unsigned char *ip = frame + SIZEOF_ETH_HDR;
	const size_t in_tcp = bytes - tcp_at(is_v6);
	uint32_t sum = IP_PROTO_TCP + (uint32_t)in_tcp;

	if (!is_v6)
		CHECK(is_right(add_up(ip, IP_HLEN)));
	sum += is_v6 ? add_up(ip + 8, 32) : add_up(ip + 12, 8);
	CHECK(is_right(sum + add_up(frame + tcp_at(is_v6), in_tcp)));
}

static void check_frame(const unsigned char *frame, size_t bytes, bool is_v6,
                        size_t before, bool is_last)
{
	const struct tcp_hdr *tcp = tcp_of(frame, is_v6);
	const void *ip = frame + SIZEOF_ETH_HDR;
	const size_t headers = tcp_at(is_v6) + TCP_HLEN + OPTIONS;

	check_sums(frame, bytes, is_v6);
	CHECK_EQ(lwip_ntohl(tcp->seqno), (u32_t)(SEQUENCE + before));
	CHECK_EQ(TCPH_FLAGS(tcp),
	         is_last ? TCP_ACK | TCP_PSH | TCP_FIN : TCP_ACK);
	if (is_v6) {
		CHECK_EQ(IP6H_PLEN((const struct ip6_hdr *)ip),
		         bytes - SIZEOF_ETH_HDR - IP6_HLEN);
	} else {
		CHECK_EQ(lwip_ntohs(IPH_LEN((const struct ip_hdr *)ip)),
		         bytes - SIZEOF_ETH_HDR);
	}
	CHECK(memcmp(frame + headers, payload + before, bytes - headers) == 0);
}

static void check_cut(bool is_v6, size_t bytes, size_t part, u16_t gso_size)
{
	static unsigned char frame[65536];
	struct pbuf *segment = make_segment(is_v6, bytes, part, gso_size);
	struct gso gso;
	struct gso_frame next;
	unsigned int frames = 0;
	size_t before = 0;

	CHECK_EQ(gso_begin(&gso, segment), 0);
	while (gso_next(&gso, &next)) {
		size_t all;

		gso_sum(&gso, &next);
		all = flatten(&next, frame);
		check_frame(frame, all, is_v6, before,
		            before + next.bytes == bytes);
		if (!is_v6)
			CHECK_EQ(lwip_ntohs(
					 IPH_ID((struct ip_hdr *)(frame + 14))),
			         (u16_t)(ID + frames));
		before += next.bytes;
		frames++;
		/* Held until the last one is sent. */
		CHECK_EQ(segment->ref, 2);
		pbuf_free(gso.frame);
	}
	CHECK_EQ(before, bytes);
	CHECK_EQ(frames, (bytes + gso_size - 1) / gso_size);
	CHECK(frames <= gso_frames(segment->tot_len, gso_size));
	CHECK_EQ(segment->ref, 1);
	pbuf_free(segment);
}

static void fill_payload(void)
{
	size_t i;

	for (i = 0; i < sizeof(payload); i++)
		payload[i] = (unsigned char)(net_random() >> 7);
}

TEST(gso_cuts_what_is_in_one_part)
{
	wire_start();
	fill_payload();
	check_cut(false, 65000, 65000, 1460);
	check_cut(true, 65000, 65000, 1440);
	check_cut(false, 2921, 2921, 1460);
	check_cut(true, 2880, 2880, 1440);
	wire_end();
}

TEST(gso_cuts_across_parts_of_any_size)
{
	size_t part;

	wire_start();
	fill_payload();
	for (part = 1; part < 40; part++) {
		check_cut(false, 5000, part, 257);
		check_cut(true, 5000, part, 1001);
	}
	check_cut(false, 40000, 1461, 1460);
	check_cut(false, 40000, 4095, 1459);
	wire_end();
}

TEST(gso_refuses_what_it_cannot_cut)
{
	struct gso gso;
	struct pbuf *p;

	wire_start();
	p = make_segment(false, 4000, 4000, 1000);
	ethernet_of(p->payload)->type = PP_HTONS(ETHTYPE_ARP);
	CHECK_EQ(gso_begin(&gso, p), -EINVAL);
	ethernet_of(p->payload)->type = PP_HTONS(ETHTYPE_IP);
	/* Headers that reach into the next part, or are all there is. */
	TCPH_HDRLEN_SET(tcp_of(p->payload, false), 15);
	CHECK_EQ(gso_begin(&gso, p), -EINVAL);
	pbuf_free(p);
	p = make_headers(true);
	p->gso_size = 1000;
	CHECK_EQ(gso_begin(&gso, p), -EINVAL);
	pbuf_free(p);
	wire_end();
}

TEST(gso_without_memory_leaves_the_segment)
{
	struct gso gso;
	struct pbuf *p;

	wire_start();
	p = make_segment(false, 60000, 60000, 1460);
	host_fail(1, 1);
	CHECK_EQ(gso_begin(&gso, p), -ENOMEM);
	host_fail(0, 0);
	CHECK_EQ(p->ref, 1);
	pbuf_free(p);
	wire_end();
}
