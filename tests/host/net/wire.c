/* SPDX-License-Identifier: MIT */
/*
 * Packets wait in one list, ordered by when they arrive. Connections are bound to an
 * interface, so that lwIP sends by it what it would else keep as its own.
 */
#include "wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_port.h"
#include "lwip_port.h"
#include "net/gro.h"
#include "net/gso.h"
#include "net/pools.h"
#include "tests/image/test.h"

#include "lwip/init.h"
#include "lwip/ip.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/ethernet.h"
#include "lwip/prot/ip4.h"
#include "lwip/timeouts.h"
#include "lwip/udp.h"

#define FRAME_LEAST \
	46u /* behind Ethernet's header: what is less is filled up */

struct packet {
	struct packet *next;
	struct netif *to;
	uint32_t due_ms;
	size_t bytes;
	unsigned char data[];
};

struct received {
	struct pbuf_custom custom;
	void *data;
};

struct netif wire_ends[2];
ip_addr_t wire_address[2], wire_address6[2];
unsigned int wire_lost_pct, wire_swapped_pct;
bool wire_brings_whole, wire_joins;
unsigned long wire_packets, wire_segments;
void (*wire_watch)(struct netif *from, const struct pbuf *p);

static struct packet *packets;

static void put(struct packet *packet)
{
	struct packet **at = &packets;

	while (*at && (int32_t)((*at)->due_ms - packet->due_ms) <= 0)
		at = &(*at)->next;
	packet->next = *at;
	*at = packet;
}

/* One packet as it goes over the wire. */
static void send(struct netif *from, const void *data, size_t bytes)
{
	struct packet *packet;

	wire_segments++;
	if (net_random() % 100 < wire_lost_pct)
		return;
	packet = malloc(sizeof(*packet) + bytes);
	packet->to = from == &wire_ends[0] ? &wire_ends[1] : &wire_ends[0];
	packet->due_ms = host_now_ms + 1;
	if (net_random() % 100 < wire_swapped_pct)
		packet->due_ms += 3;
	packet->bytes = bytes;
	memcpy(packet->data, data, bytes);
	put(packet);
}

/* One of a segment's frames, without Ethernet's header. */
static void send_part(struct netif *from, const struct gso_frame *frame)
{
	const size_t bytes = frame->headers + frame->bytes;
	unsigned char *data = malloc(bytes);

	memcpy(data, frame->header, frame->headers);
	pbuf_copy_partial(frame->part, data + frame->headers,
	                  (u16_t)frame->bytes, (u16_t)frame->offset);
	send(from, data + SIZEOF_ETH_HDR, bytes - SIZEOF_ETH_HDR);
	free(data);
}

/* As net/transmit.c does. */
static err_t cut(struct netif *from, struct pbuf *p)
{
	struct eth_hdr *ethernet;
	struct gso gso;
	struct gso_frame frame;
	int err;

	CHECK_EQ(pbuf_add_header(p, SIZEOF_ETH_HDR), 0);
	ethernet = p->payload;
	memset(ethernet, 0, sizeof(*ethernet));
	ethernet->type = IPH_V((struct ip_hdr *)(ethernet + 1)) == 6
	                         ? PP_HTONS(ETHTYPE_IPV6)
	                         : PP_HTONS(ETHTYPE_IP);
	err = gso_begin(&gso, p);
	if (!err) {
		while (gso_next(&gso, &frame)) {
			gso_sum(&gso, &frame);
			send_part(from, &frame);
			pbuf_free(gso.frame);
		}
	}
	pbuf_remove_header(p, SIZEOF_ETH_HDR);
	CHECK(err == 0 || err == -ENOMEM);
	return err ? ERR_MEM : ERR_OK;
}

static err_t output(struct netif *from, struct pbuf *p)
{
	unsigned char *data;

	wire_packets++;
	if (wire_watch)
		wire_watch(from, p);
	if (p->gso_size > 0 && !wire_brings_whole)
		return cut(from, p);
	data = malloc(p->tot_len);
	CHECK_EQ(pbuf_copy_partial(p, data, p->tot_len, 0), p->tot_len);
	CHECK(p->gso_size > 0 || p->tot_len <= from->mtu);
	send(from, data, p->tot_len);
	free(data);
	return ERR_OK;
}

static err_t output4(struct netif *from, struct pbuf *p, const ip4_addr_t *to)
{
	(void)to;
	return output(from, p);
}

static err_t output6(struct netif *from, struct pbuf *p, const ip6_addr_t *to)
{
	(void)to;
	return output(from, p);
}

static void free_received(struct pbuf *p)
{
	struct received *received = (void *)p;

	free(received->data);
	free(received);
}

/* In memory that ends where it does; @front bytes are before it. */
static struct pbuf *receive(const void *packet, size_t bytes, size_t front)
{
	struct received *received = calloc(1, sizeof(*received));

	received->data = malloc(front + bytes);
	memcpy((char *)received->data + front, packet, bytes);
	received->custom.custom_free_function = free_received;
	return pbuf_alloced_custom(
		PBUF_RAW, (u16_t)bytes, PBUF_REF, &received->custom,
		(char *)received->data + front, (u16_t)bytes);
}

static void input(struct netif *to, struct pbuf *p)
{
	if (to->input(p, to) != ERR_OK)
		pbuf_free(p);
}

void wire_inject(struct netif *to, const void *packet, size_t bytes)
{
	input(to, receive(packet, bytes, 0));
}

struct pbuf *wire_frame(const void *packet, size_t bytes)
{
	char padded[FRAME_LEAST] = { 0 };
	struct eth_hdr *ethernet;
	struct pbuf *p;

	if (bytes < sizeof(padded)) {
		memcpy(padded, packet, bytes);
		packet = padded;
		bytes = sizeof(padded);
	}
	p = receive(packet, bytes, 2 + SIZEOF_ETH_HDR);
	p->payload = (char *)p->payload - SIZEOF_ETH_HDR;
	p->len = p->tot_len = (u16_t)(bytes + SIZEOF_ETH_HDR);
	ethernet = p->payload;
	memset(ethernet, 0x33, sizeof(*ethernet));
	ethernet->type = IPH_V((struct ip_hdr *)(ethernet + 1)) == 6
	                         ? PP_HTONS(ETHTYPE_IPV6)
	                         : PP_HTONS(ETHTYPE_IP);
	return p;
}

static struct netif *holder; /* whose packet net/gro.c holds; NULL: none */

static void input_frame(struct netif *to, struct pbuf *p, bool is_good)
{
	NETIF_SET_CHECKSUM_CTRL(to,
	                        is_good ? (uint16_t)~NETIF_CHECKSUM_CHECK_TCP
	                                : NETIF_CHECKSUM_ENABLE_ALL);
	pbuf_remove_header(p, SIZEOF_ETH_HDR);
	input(to, p);
}

static void input_held(void)
{
	struct netif *to = holder;

	holder = NULL;
	if (to)
		input_frame(to, gro_end(), true);
}

/* As net/interface.c does. */
static void join(const struct packet *packet)
{
	struct pbuf *p = wire_frame(packet->data, packet->bytes);

	if (holder == packet->to && gro_join(p, false))
		return;
	input_held();
	if (gro_hold(p, false))
		holder = packet->to;
	else
		input_frame(packet->to, p, false);
}

/* What was not cut has no sum: a device that joins frames has looked at theirs. */
static void deliver(void)
{
	const uint16_t flags = wire_brings_whole
	                               ? (uint16_t)~NETIF_CHECKSUM_CHECK_TCP
	                               : NETIF_CHECKSUM_ENABLE_ALL;

	while (packets && (int32_t)(packets->due_ms - host_now_ms) <= 0) {
		struct packet *packet = packets;

		packets = packet->next;
		NETIF_SET_CHECKSUM_CTRL(packet->to, flags);
		if (wire_joins)
			join(packet);
		else
			wire_inject(packet->to, packet->data, packet->bytes);
		free(packet);
	}
	input_held();
}

void wire_run(unsigned int ms, const bool *done)
{
	while (ms-- > 0 && !(done && *done)) {
		host_now_ms++;
		deliver();
		netif_poll_all();
		sys_check_timeouts();
	}
}

static err_t init_end(struct netif *end)
{
	end->name[0] = 'w';
	end->name[1] = 'e';
	end->mtu = 1500;
	end->output = output4;
	end->output_ip6 = output6;
	return ERR_OK;
}

static void add_end(unsigned int number)
{
	struct netif *end = &wire_ends[number];
	ip4_addr_t address, mask, gateway;

	IP4_ADDR(&address, 10, 0, 1 + number, 1);
	IP4_ADDR(&mask, 255, 255, 255, 0);
	IP4_ADDR(&gateway, 0, 0, 0, 0);
	netif_add(end, &address, &mask, &gateway, NULL, init_end, ip_input);
	ip_addr_copy_from_ip4(wire_address[number], address);
	IP_ADDR6(&wire_address6[number], PP_HTONL(0xfd000000 + number), 0, 0,
	         PP_HTONL(1));
	netif_set_up(end);
	netif_set_link_up(end);
	netif_ip6_addr_set(end, 0, ip_2_ip6(&wire_address6[number]));
	netif_ip6_addr_set_state(end, 0, IP6_ADDR_PREFERRED);
}

static void drop_packets(void)
{
	while (packets) {
		struct packet *packet = packets;

		packets = packet->next;
		free(packet);
	}
}

static void abort_all(struct tcp_pcb **list)
{
	while (*list) {
		tcp_err(*list, NULL);
		tcp_abort(*list);
	}
}

static void close_all(struct tcp_pcb **list)
{
	while (*list)
		tcp_close(*list);
}

/* Nobody is told: a test that failed has left its stack. */
static void drop_connections(void)
{
	abort_all(&tcp_active_pcbs);
	abort_all(&tcp_tw_pcbs);
	close_all(&tcp_bound_pcbs);
	close_all(&tcp_listen_pcbs.pcbs);
	while (udp_pcbs)
		udp_remove(udp_pcbs);
}

void wire_start(void)
{
	static bool is_started;

	host_fail(0, 0);
	drop_connections();
	if (!is_started) {
		net_pools_start(256ul << 20);
		lwip_init();
		add_end(0);
		add_end(1);
		/* What they tell each other at first. */
		wire_run(5000, NULL);
		is_started = true;
	}
	drop_packets();
	wire_lost_pct = wire_swapped_pct = 0;
	wire_packets = wire_segments = 0;
	wire_watch = NULL;
	wire_brings_whole = wire_joins = false;
	wire_ends[0].gso_max = wire_ends[1].gso_max = 0;
}

static void show_pools(void)
{
	unsigned int i;

	for (i = 0; i < net_pools_count(); i++) {
		struct net_pool_usage usage;

		net_pools_usage(i, &usage);
		if (usage.used > 0)
			printf("# %s: %u\n", usage.name, usage.used);
	}
}

void wire_end(void)
{
	host_fail(0, 0);
	drop_connections();
	drop_packets();
	/* Fragments and neighbours that were asked for are given up. */
	wire_run(70000, NULL);
	drop_packets();
	if (host_objects() > 0)
		show_pools();
	CHECK_EQ(host_objects(), 0);
}
