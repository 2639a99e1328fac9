/* SPDX-License-Identifier: MIT */
/*
 * One packet, or a few, for each bug of lwIP 2.1.3 that is fixed in
 * net/lwip/patches. Packets lie in memory of exactly their size, so a byte read
 * behind the end is seen.
 */
#include <string.h>

#include "host_port.h"
#include "packets.h"
#include "tests/image/test.h"
#include "wire.h"

#include "lwip/apps/mdns.h"
#include "lwip/dhcp.h"
#include "lwip/dns.h"
#include "lwip/inet_chksum.h"
#include "lwip/ip.h"
#include "lwip/nd6.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/prot/dhcp.h"
#include "lwip/stats.h"
#include "lwip/udp.h"

#define PORT 80
#define MSS  536 /* of a peer that tells none */

#define NEXT_HOP_BY_HOP 0
#define NEXT_UDP        17
#define NEXT_FRAGMENT   44
#define NEXT_ICMP6      58
#define NEXT_DEST       60

static const uint8_t link_local[16] = { 0xfe, 0x80, [15] = 1 };
static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };

/* The address that packets of IPv6 go to. */
static void start6(void)
{
	ip6_addr_t address;

	wire_start();
	IP6_ADDR(&address, PP_HTONL(0xfe800000), 0, 0, PP_HTONL(1));
	ip6_addr_assign_zone(&address, IP6_UNICAST, &wire_ends[1]);
	netif_ip6_addr_set(&wire_ends[1], 1, &address);
	netif_ip6_addr_set_state(&wire_ends[1], 1, IP6_ADDR_PREFERRED);
}

/* The window stays as it is: nobody says that he has taken the data. */
static err_t keep_window(void *arg, struct tcp_pcb *pcb, struct pbuf *p,
                         err_t err)
{
	(void)arg, (void)pcb, (void)err;
	if (p)
		pbuf_free(p);
	return ERR_OK;
}

static err_t accept_one(void *arg, struct tcp_pcb *pcb, err_t err)
{
	(void)arg, (void)err;
	tcp_recv(pcb, keep_window);
	return ERR_OK;
}

static struct tcp_pcb *listen_here(void)
{
	struct tcp_pcb *pcb = tcp_new();

	tcp_bind_netif(pcb, &wire_ends[1]);
	CHECK_EQ(tcp_bind(pcb, &wire_address[1], PORT), ERR_OK);
	pcb = tcp_listen(pcb);
	tcp_accept(pcb, accept_one);
	return pcb;
}

TEST(tcp_option_without_a_length_ends_the_options)
{
	unsigned int kind;

	for (kind = 2; kind < 16; kind++) {
		unsigned char options[] = { 1, 1, 1, (unsigned char)kind };
		struct peer peer = { .port = (uint16_t)(1000 + kind),
			             .to_port = PORT,
			             .window = 8000 };

		wire_start();
		listen_here();
		peer_listen();
		peer_send(&peer, TCP_SYN, options, sizeof(options), NULL, 0);
		CHECK_EQ(peer_seen.flags, TCP_SYN | TCP_ACK);
		wire_end();
	}
}

TEST(tcp_takes_nothing_beyond_the_window_out_of_order)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 8000 };
	static unsigned char data[65000];
	const struct tcp_pcb *pcb;

	wire_start();
	listen_here();
	peer_connect(&peer);
	pcb = tcp_active_pcbs;
	CHECK_EQ(pcb->rcv_wnd, 65535);
	peer.sequence += 1000;
	peer_send(&peer, TCP_ACK | TCP_FIN, NULL, 0, data, sizeof(data));
	CHECK_EQ(peer_seen.acked, peer.sequence - 1000);
	CHECK(pcb->ooseq);
	CHECK_EQ(pcb->ooseq->len, 65535 - 1000);
	peer.sequence -= 1000;
	peer_send(&peer, TCP_ACK, NULL, 0, data, 1000);
	CHECK_EQ(pcb->rcv_wnd, 0);
	CHECK_EQ(pcb->state, ESTABLISHED);
	CHECK_EQ(pcb->rcv_nxt, peer.sequence + 65535);
	wire_end();
}

TEST(tcp_window_without_scaling_is_told_when_it_opens)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 8000 };
	static unsigned char data[65000];

	wire_start();
	listen_here();
	peer_connect(&peer);
	CHECK_EQ(tcp_wnd_limit, 1048576);
	peer_send(&peer, TCP_ACK, NULL, 0, data, sizeof(data));
	wire_run(500, NULL);
	CHECK_EQ(peer_seen.window, 535);
	peer_listen();
	tcp_recved(tcp_active_pcbs, sizeof(data));
	CHECK_EQ(peer_seen.count, 1);
	CHECK_EQ(peer_seen.window, 65535);
	wire_end();
}

/* A device may have joined it of several: only one alone may wait (RFC 9293, 3.8.6.3). */
TEST(tcp_more_than_a_segment_is_acknowledged_at_once)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 8000 };
	static unsigned char data[60000];
	unsigned int bytes;

	wire_start();
	listen_here();
	peer_connect(&peer);
	for (bytes = MSS; bytes <= sizeof(data); bytes *= 10) {
		peer_listen();
		peer_send(&peer, TCP_ACK, NULL, 0, data, bytes);
		peer.sequence += bytes;
		CHECK_EQ(peer_seen.count, bytes > MSS);
		wire_run(2 * TCP_TMR_INTERVAL, NULL);
		CHECK_EQ(peer_seen.count, 1);
		CHECK_EQ(peer_seen.acked, peer.sequence);
	}
	wire_end();
}

/* Two segments that the device joined; acknowledged at once, but by rounds. */
static void send_joined(struct peer *peer)
{
	static unsigned char data[2 * MSS];

	peer_send(peer, TCP_ACK, NULL, 0, data, sizeof(data));
	peer->sequence += sizeof(data);
}

TEST(tcp_acknowledges_once_what_came_together)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 60000 };
	struct peer other = { .port = 1001, .to_port = PORT, .window = 60000 };

	wire_start();
	listen_here();
	peer_connect(&other);
	peer_connect(&peer);
	tcp_acks_by_round = 1;
	peer_listen();
	send_joined(&peer);
	send_joined(&peer);
	CHECK_EQ(peer_seen.count, 0);
	CHECK(tcp_round_pcb);
	/* The first waits; for another it is not worth it. */
	send_joined(&other);
	CHECK_EQ(peer_seen.count, 1);
	CHECK_EQ(peer_seen.acked, other.sequence);
	send_joined(&peer);
	CHECK_EQ(peer_seen.count, 1);
	CHECK_EQ(tcp_output(tcp_round_pcb), ERR_OK);
	CHECK_EQ(peer_seen.count, 2);
	CHECK_EQ(peer_seen.acked, peer.sequence);

	/* What has gone is not acknowledged. */
	tcp_round_pcb = NULL;
	send_joined(&peer);
	CHECK(tcp_round_pcb);
	tcp_abort(tcp_round_pcb);
	CHECK(!tcp_round_pcb);
	tcp_acks_by_round = 0;
	wire_end();
}

/* As many segments as one acknowledgement is for, but no more than 8. */
TEST(tcp_slow_start_grows_by_what_is_acknowledged)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 60000 };
	static unsigned char data[20 * MSS];
	unsigned int segments;

	wire_start();
	listen_here();
	peer_connect(&peer);
	for (segments = 1; segments < 12; segments += 3) {
		const tcpwnd_size_t before = tcp_active_pcbs->cwnd;
		const unsigned int bytes = segments * MSS;

		CHECK_EQ(tcp_write(tcp_active_pcbs, data, (u16_t)bytes, 0),
		         ERR_OK);
		CHECK_EQ(tcp_output(tcp_active_pcbs), ERR_OK);
		peer.acked += bytes;
		peer_send(&peer, TCP_ACK, NULL, 0, NULL, 0);
		CHECK_EQ(tcp_active_pcbs->cwnd - before,
		         (segments < 8 ? segments : 8) * MSS);
	}
	wire_end();
}

/* Of 14 segments the first window's 10 are sent. */
static void send_ten(struct peer *peer)
{
	static unsigned char data[14 * MSS];

	wire_start();
	listen_here();
	peer_connect(peer);
	CHECK_EQ(tcp_write(tcp_active_pcbs, data, sizeof(data), 0), ERR_OK);
	CHECK_EQ(tcp_output(tcp_active_pcbs), ERR_OK);
	CHECK_EQ(peer_seen.count, 11); /* and SYN */
	peer_listen();
}

/* Nothing more than before is acknowledged; segment @number came, of those sent. */
static void duplicate(struct peer *peer, unsigned int number, uint32_t first)
{
	const uint32_t left = first + number * MSS;
	const uint32_t block[] = { PP_HTONL(0x0101050a), lwip_htonl(left),
		                   lwip_htonl(left + MSS) };

	peer_send(peer, TCP_ACK, block, sizeof(block), NULL, 0);
}

/* As Linux does, whose window grows with each segment. */
TEST(tcp_duplicates_with_sack_may_change_the_window)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 20000 };
	unsigned int number;

	send_ten(&peer);
	for (number = 1; number <= 3; number++) {
		CHECK(peer_seen.sequence != peer.acked);
		peer.window += 100;
		duplicate(&peer, number, peer.acked);
	}
	CHECK_EQ(peer_seen.sequence, peer.acked);
	CHECK_EQ(peer_seen.bytes, MSS);
	wire_end();
}

/* Block of bytes that are acknowledged (RFC 2883), or of a length that cannot be. */
TEST(tcp_other_sacks_are_no_duplicates)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 20000 };
	const uint32_t cut[] = { PP_HTONL(0x01010522), 0x7fffffff, 0 };
	unsigned int number;

	send_ten(&peer);
	for (number = 1; number <= 5; number++) {
		peer.window += 100;
		duplicate(&peer, 0, peer.acked - MSS);
		peer.window += 100;
		peer_send(&peer, TCP_ACK, cut, sizeof(cut), NULL, 0);
	}
	CHECK_EQ(peer_seen.count, 0);
	wire_end();
}

#define SHORT 100u

static bool closes;

/* The second of four is to be sent again just now. */
static err_t go_on(void *arg, struct tcp_pcb *pcb, u16_t bytes)
{
	static const unsigned char data[SHORT / 2];

	(void)arg, (void)bytes;
	tcp_sent(pcb, NULL);
	if (closes)
		return tcp_shutdown(pcb, 0, 1);
	return tcp_write(pcb, data, sizeof(data), TCP_WRITE_FLAG_COPY);
}

/* What follows then is no part of it, short as it is. */
static void check_end_of_stream(bool closed)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 20000 };
	static const unsigned char data[SHORT];
	unsigned int number;

	closes = closed;
	wire_start();
	listen_here();
	peer_connect(&peer);
	tcp_nagle_disable(tcp_active_pcbs);
	for (number = 0; number < 4; number++) {
		CHECK_EQ(tcp_write(tcp_active_pcbs, data, SHORT,
		                   TCP_WRITE_FLAG_COPY),
		         ERR_OK);
		CHECK_EQ(tcp_output(tcp_active_pcbs), ERR_OK);
	}
	for (number = 1; number <= 3; number++)
		duplicate(&peer, number, peer.acked);
	CHECK_EQ(peer_seen.sequence, peer.acked);
	tcp_sent(tcp_active_pcbs, go_on);
	peer_listen();
	peer.acked += SHORT;
	peer_send(&peer, TCP_ACK, NULL, 0, NULL, 0);
	CHECK_EQ(peer_seen.count, 2);
	CHECK_EQ(peer_seen.sequence, peer.acked + 3 * SHORT);
	CHECK_EQ(peer_seen.bytes, closed ? 0 : SHORT / 2);
	wire_end();
}

TEST(tcp_write_appends_to_nothing_that_is_sent_again)
{
	check_end_of_stream(false);
}

TEST(tcp_fin_is_put_to_nothing_that_is_sent_again)
{
	check_end_of_stream(true);
}

TEST(tcp_two_duplicates_let_two_segments_out)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 20000 };
	unsigned int number;

	send_ten(&peer);
	for (number = 1; number <= 2; number++) {
		duplicate(&peer, number, peer.acked);
		CHECK_EQ(peer_seen.count, number);
		CHECK_EQ(peer_seen.sequence, peer.acked + (9 + number) * MSS);
	}
	wire_end();
}

/* Segments 0, 2 and, of those sent meanwhile, 12 are lost. */
TEST(tcp_each_hole_is_sent_again_at_once)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 20000 };
	const unsigned int holes[] = { 2, 12 };
	unsigned int i;

	send_ten(&peer);
	const uint32_t first = peer.acked;

	for (i = 3; i <= 11; i++) {
		duplicate(&peer, i, first);
		CHECK(i != 5 || peer_seen.sequence == first);
	}
	CHECK_EQ(peer_seen.sequence, first + 13 * MSS);
	for (i = 0; i < ARRAY_SIZE(holes); i++) {
		peer_listen();
		peer.acked = first + holes[i] * MSS;
		duplicate(&peer, holes[i] + 1, first);
		CHECK(peer_seen.count >= 1);
		CHECK_EQ(peer_seen.sequence, peer.acked);
		/* Once: what comes late tells of the same hole. */
		peer_listen();
		duplicate(&peer, holes[i] + 1, first);
		CHECK(peer_seen.sequence != peer.acked);
	}
	wire_end();
}

/* The first round trip took none of the timer's ticks: 0.8 s are left of one. */
TEST(tcp_first_timeout_is_about_a_second)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 20000 };

	send_ten(&peer);
	wire_run(600, NULL);
	CHECK_EQ(peer_seen.count, 0);
	wire_run(400, NULL);
	CHECK_EQ(peer_seen.count, 1);
	CHECK_EQ(peer_seen.sequence, peer.acked);
	wire_end();
}

/* The FIN of a segment whose second half does not fit the peer's window. */
TEST(tcp_fin_comes_with_the_last_byte)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 1000 };
	static unsigned char data[400];

	wire_start();
	listen_here();
	peer_connect(&peer);
	peer_send(&peer, TCP_ACK, NULL, 0, "x", 1);
	peer.sequence++;
	peer.window = 100;
	peer_send(&peer, TCP_ACK, NULL, 0, "y", 1);
	peer.sequence++;
	CHECK_EQ(tcp_active_pcbs->snd_wnd, 100);
	CHECK_EQ(tcp_write(tcp_active_pcbs, data, sizeof(data), 0), ERR_OK);
	CHECK_EQ(tcp_shutdown(tcp_active_pcbs, 0, 1), ERR_OK);
	wire_run(2000, NULL);
	/* The persist timer cuts what the window takes. */
	CHECK_EQ(peer_seen.bytes, 100);
	CHECK_EQ(peer_seen.flags & TCP_FIN, 0);
	peer.acked += 100;
	peer.window = 1000;
	peer_send(&peer, TCP_ACK, NULL, 0, NULL, 0);
	CHECK_EQ(peer_seen.bytes, 300);
	CHECK_EQ(peer_seen.flags & TCP_FIN, TCP_FIN);
	wire_end();
}

/* A neighbour solicitation for us, with these options. */
static void solicit(const void *options, size_t bytes)
{
	unsigned char message[24 + 64] = { 135 };

	memcpy(&message[8], link_local, 16);
	memcpy(&message[24], options, bytes);
	packet6_sum(link_local, NEXT_ICMP6, message, 24 + bytes, 2);
	packet6_send(link_local, NEXT_ICMP6, message, 24 + bytes);
}

static unsigned int advertisements;
static unsigned char answer[1500];
static size_t answer_bytes;

static void watch6(struct netif *from, const struct pbuf *p)
{
	(void)from;
	answer_bytes = pbuf_copy_partial(p, answer, sizeof(answer), 0);
	if (answer[0] >> 4 == 6 && answer[6] == NEXT_ICMP6 && answer[40] == 136)
		advertisements++;
}

TEST(nd6_option_of_length_0_is_no_address)
{
	static const unsigned char no_length[] = { 1, 0 };
	static const unsigned char nonce_first[] = { 14, 1, 0, 0, 0, 0, 0, 0,
		                                     1,  1, 2, 3, 4, 5, 6, 7 };
	const u8_t *found = NULL;
	ip6_addr_t neighbour;

	start6();
	wire_watch = watch6;
	advertisements = 0;
	wire_ends[1].hwaddr_len = 6;
	solicit(no_length, sizeof(no_length));
	CHECK_EQ(advertisements, 0);
	solicit(nonce_first, sizeof(nonce_first));
	CHECK_EQ(advertisements, 1);
	memcpy(neighbour.addr, packet6_from, 16);
	ip6_addr_assign_zone(&neighbour, IP6_UNICAST, &wire_ends[1]);
	CHECK_EQ(nd6_get_next_hop_addr_or_queue(&wire_ends[1], NULL, &neighbour,
	                                        &found),
	         ERR_OK);
	CHECK(memcmp(found, &nonce_first[10], 6) == 0);
	wire_end();
}

TEST(nd6_advertisement_needs_the_address_it_is_about)
{
	unsigned char message[24 + 8] = { 136, [4] = 0x20 };
	static const unsigned char address[] = { 1, 1, 2, 3, 4, 5, 6, 7 };
	const u8_t *found = NULL;
	ip6_addr_t neighbour;

	start6();
	wire_ends[1].hwaddr_len = 6;
	solicit(address, sizeof(address));
	memcpy(&message[8], packet6_from, 16);
	/* A source's address where the target's should be. */
	memcpy(&message[24], "\1\1\x99\x99\x99\x99\x99\x99", 8);
	packet6_sum(all_nodes, NEXT_ICMP6, message, sizeof(message), 2);
	packet6_send(all_nodes, NEXT_ICMP6, message, sizeof(message));
	/* Nothing where it should be. */
	message[24] = 2;
	message[25] = 0;
	packet6_sum(all_nodes, NEXT_ICMP6, message, 26, 2);
	packet6_send(all_nodes, NEXT_ICMP6, message, 26);
	memcpy(neighbour.addr, packet6_from, 16);
	ip6_addr_assign_zone(&neighbour, IP6_UNICAST, &wire_ends[1]);
	CHECK_EQ(nd6_get_next_hop_addr_or_queue(&wire_ends[1], NULL, &neighbour,
	                                        &found),
	         ERR_OK);
	CHECK(memcmp(found, &address[2], 6) == 0);
	wire_end();
}

/* An infinite lifetime has its upper bit set. */
TEST(nd6_server_for_ever_is_taken)
{
	static unsigned char message[16 + 24] = {
		134, 0, 0, 0,   64,  0,   0,   30,   [16] = 25,
		3,   0, 0, 255, 255, 255, 255, 0xfd, [39] = 53
	};

	start6();
	packet6_sum(all_nodes, NEXT_ICMP6, message, sizeof(message), 2);
	packet6_send(all_nodes, NEXT_ICMP6, message, sizeof(message));
	CHECK(IP_IS_V6(dns_getserver(0)));
	CHECK_EQ(((const u8_t *)ip_2_ip6(dns_getserver(0))->addr)[15], 53);
	dns_setserver(0, NULL);
	wire_end();
}

TEST(ip6_header_that_is_not_there_is_not_read)
{
	static const unsigned char kinds[] = { NEXT_HOP_BY_HOP, NEXT_DEST, 43,
		                               NEXT_FRAGMENT };
	static const unsigned char end_in_type[] = { 59, 0, 1, 3, 0, 0, 0, 1 };
	const unsigned int before =
		lwip_stats.ip6.lenerr + lwip_stats.ip6_frag.lenerr;
	unsigned int i, bytes;

	start6();
	for (i = 0; i < sizeof(kinds); i++)
		for (bytes = 0; bytes < 8; bytes++)
			packet6_send(link_local, kinds[i], "\x3b\0\0\0\0\0\0\0",
			             bytes);
	packet6_send(link_local, NEXT_HOP_BY_HOP, end_in_type, 8);
	packet6_send(link_local, NEXT_DEST, end_in_type, 8);
	CHECK_EQ(lwip_stats.ip6.lenerr + lwip_stats.ip6_frag.lenerr - before,
	         4 * 8 + 2);
	wire_end();
}

static unsigned char datagram[65535];
static size_t datagram_bytes;
static unsigned int datagrams, header_next, header_bytes;

static void take_datagram(void *arg, struct udp_pcb *pcb, struct pbuf *p,
                          const ip_addr_t *from, u16_t port)
{
	(void)arg, (void)pcb, (void)from, (void)port;
	datagrams++;
	datagram_bytes = pbuf_copy_partial(p, datagram, sizeof(datagram), 0);
	header_next = IP6H_NEXTH(ip6_current_header());
	header_bytes = IP6H_PLEN(ip6_current_header());
	pbuf_free(p);
}

static struct udp_pcb *open_udp(void)
{
	struct udp_pcb *pcb = udp_new_ip_type(IPADDR_TYPE_V6);

	CHECK_EQ(udp_bind(pcb, IP6_ADDR_ANY, 7), ERR_OK);
	udp_recv(pcb, take_datagram, NULL);
	datagrams = 0;
	return pcb;
}

/* A datagram to port 7 of so many bytes, its UDP header among them. */
static void make_datagram(unsigned char whole[32], unsigned int bytes)
{
	unsigned int i;

	memset(whole, 0, 32);
	whole[3] = 7;
	whole[5] = (unsigned char)bytes;
	for (i = 8; i < 32; i++)
		whole[i] = (unsigned char)(i * 7);
	packet6_sum(link_local, NEXT_UDP, whole, bytes, 6);
}

/* Bytes [@from, @to) of it as a fragment; @extra: of another header before. */
static void send_part(const unsigned char *whole, unsigned int from,
                      unsigned int to, bool is_last, unsigned int number)
{
	unsigned char part[8 + 65535] = { NEXT_UDP, 0,
		                          (unsigned char)(from >> 8),
		                          (unsigned char)(from | !is_last) };

	part[7] = (unsigned char)number;
	memcpy(&part[8], whole, to - from);
	packet6_send(link_local, NEXT_FRAGMENT, part, 8 + to - from);
}

TEST(ip6_fragments_with_a_hole_wait)
{
	unsigned char whole[32];
	struct udp_pcb *pcb;

	start6();
	pcb = open_udp();
	make_datagram(whole, 32);
	send_part(&whole[0], 0, 8, false, 1);
	send_part(&whole[24], 24, 32, true, 1);
	send_part(&whole[16], 16, 24, false, 1);
	CHECK_EQ(datagrams, 0);
	send_part(&whole[8], 8, 16, false, 1);
	CHECK_EQ(datagrams, 1);
	CHECK_EQ(datagram_bytes, 24);
	CHECK(memcmp(datagram, &whole[8], 24) == 0);
	udp_remove(pcb);
	wire_end();
}

TEST(ip6_fragments_behind_the_last_are_no_datagram)
{
	unsigned char whole[32];
	struct udp_pcb *pcb;

	start6();
	pcb = open_udp();
	make_datagram(whole, 24);
	send_part(&whole[8], 8, 16, true, 2);
	send_part(&whole[16], 16, 24, false, 2);
	send_part(&whole[0], 0, 8, false, 2);
	CHECK_EQ(datagrams, 0);
	udp_remove(pcb);
	wire_end();
}

TEST(ip6_header_after_reassembly_is_the_datagrams)
{
	unsigned char whole[32];
	struct udp_pcb *pcb;

	start6();
	pcb = open_udp();
	make_datagram(whole, 32);
	send_part(&whole[16], 16, 32, true, 3);
	send_part(&whole[0], 0, 8, false, 3);
	send_part(&whole[8], 8, 16, false, 3);
	CHECK_EQ(datagrams, 1);
	CHECK_EQ(header_next, NEXT_UDP);
	CHECK_EQ(header_bytes, 32);
	udp_remove(pcb);
	wire_end();
}

TEST(ip6_fragment_comes_back_as_it_was)
{
	unsigned char whole[32], sent[40 + 8 + 16];

	start6();
	make_datagram(whole, 32);
	send_part(whole, 0, 16, false, 4);
	wire_watch = watch6;
	answer_bytes = 0;
	wire_run(62000, NULL);
	/* Time exceeded, of a fragment: 8 bytes, then the packet. */
	CHECK_EQ(answer_bytes, 40 + 8 + sizeof(sent));
	CHECK_EQ(answer[6], NEXT_ICMP6);
	CHECK_EQ(answer[40], 3);
	CHECK_EQ(answer[41], 1);
	memcpy(sent, "\x60\0\0\0\0\x18\x2c\xff", 8);
	memcpy(&sent[8], packet6_from, 16);
	memcpy(&sent[24], link_local, 16);
	memcpy(&sent[40], "\x11\0\0\1\0\0\0\4", 8);
	memcpy(&sent[48], whole, 16);
	CHECK(memcmp(&answer[48], sent, sizeof(sent)) == 0);
	wire_end();
}

TEST(ip6_datagram_of_more_than_16_bits_is_refused)
{
	static unsigned char part[65000];
	struct udp_pcb *pcb;
	unsigned int before;

	start6();
	pcb = open_udp();
	before = lwip_stats.ip6_frag.proterr;
	send_part(part, 0, 64800, false, 5);
	send_part(part, 64800, 65528, true, 5);
	CHECK_EQ(lwip_stats.ip6_frag.proterr - before, 1);
	CHECK_EQ(datagrams, 0);
	udp_remove(pcb);
	wire_end();
}

static unsigned int sent_packets;

static void count_packets(struct netif *from, const struct pbuf *p)
{
	(void)from, (void)p;
	sent_packets++;
}

/* The path to a peer that says it takes 40 bytes. */
TEST(path_mtu_is_never_below_1280)
{
	unsigned char message[8 + 40] = { 2, [7] = 40 };
	struct udp_pcb *pcb;
	const u8_t *found;
	ip_addr_t to = IPADDR6_INIT(0, 0, 0, 0);
	struct pbuf *p;

	start6();
	wire_ends[1].hwaddr_len = 6;
	solicit("\1\1\2\3\4\5\6\7", 8);
	memcpy(ip_2_ip6(&to)->addr, packet6_from, 16);
	ip6_addr_assign_zone(ip_2_ip6(&to), IP6_UNICAST, &wire_ends[1]);
	CHECK_EQ(nd6_get_next_hop_addr_or_queue(&wire_ends[1], NULL,
	                                        ip_2_ip6(&to), &found),
	         ERR_OK);
	CHECK_EQ(nd6_get_destination_mtu(ip_2_ip6(&to), &wire_ends[1]), 1500);
	message[8] = 0x60;
	memcpy(&message[8 + 8], link_local, 16);
	memcpy(&message[8 + 24], packet6_from, 16);
	packet6_sum(link_local, NEXT_ICMP6, message, sizeof(message), 2);
	packet6_send(link_local, NEXT_ICMP6, message, sizeof(message));
	CHECK_EQ(nd6_get_destination_mtu(ip_2_ip6(&to), &wire_ends[1]), 1280);

	pcb = udp_new_ip_type(IPADDR_TYPE_V6);
	p = pbuf_alloc(PBUF_TRANSPORT, 2000, PBUF_RAM);
	memset(p->payload, 0, p->len);
	sent_packets = 0;
	wire_watch = count_packets;
	CHECK_EQ(udp_sendto_if(pcb, p, &to, 7, &wire_ends[1]), ERR_OK);
	CHECK_EQ(sent_packets, 2);
	pbuf_free(p);
	udp_remove(pcb);
	/* What is larger than it was is not believed either. */
	message[6] = 5;
	message[7] = 0xdc;
	packet6_sum(link_local, NEXT_ICMP6, message, sizeof(message), 2);
	packet6_send(link_local, NEXT_ICMP6, message, sizeof(message));
	CHECK_EQ(nd6_get_destination_mtu(ip_2_ip6(&to), &wire_ends[1]), 1280);
	wire_end();
}

/**** DHCP ****/

static struct netif lan;
static unsigned char asked[600];

static err_t lan_output(struct netif *from, struct pbuf *p,
                        const ip4_addr_t *to)
{
	(void)from, (void)to;
	pbuf_copy_partial(p, asked, sizeof(asked), 0);
	return ERR_OK;
}

static err_t lan_output6(struct netif *from, struct pbuf *p,
                         const ip6_addr_t *to)
{
	(void)from, (void)p, (void)to;
	return ERR_OK;
}

static err_t lan_link_output(struct netif *from, struct pbuf *p)
{
	(void)from, (void)p;
	return ERR_OK;
}

static err_t lan_init(struct netif *netif)
{
	netif->mtu = 1500;
	netif->hwaddr_len = 6;
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
	               NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP;
	netif->output = lan_output;
	netif->output_ip6 = lan_output6;
	netif->linkoutput = lan_link_output;
	return ERR_OK;
}

static void lan_start(void)
{
	wire_start();
	memset(&lan, 0, sizeof(lan));
	netif_add(&lan, NULL, NULL, NULL, NULL, lan_init, ip_input);
	netif_set_link_up(&lan);
	netif_set_up(&lan);
}

/* An offer or ack of 10.9.0.5 to what was asked last, by a server of many. */
static void serve(unsigned int type, unsigned int servers)
{
	unsigned char reply[28 + 240 + 100] = { 0x45, [8] = 64, [9] = 17 };
	unsigned char *udp = &reply[20], *dhcp = &udp[8], *at = &dhcp[240];
	size_t bytes;

	memcpy(&reply[12], "\x0a\x09\0\1\xff\xff\xff\xff", 8);
	memcpy(dhcp, "\2\1\6", 3);
	memcpy(&dhcp[4], &asked[28 + 4], 4);
	memcpy(&dhcp[16], "\x0a\x09\0\5", 4);
	memcpy(&dhcp[236], "\x63\x82\x53\x63", 4);
	memcpy(at, "\x35\1", 2), at[2] = (unsigned char)type, at += 3;
	memcpy(at, "\x36\4\x0a\x09\0\1\1\4\xff\xff\xff\0", 12), at += 12;
	memcpy(at, "\x33\4\0\0\x0e\x10", 6), at += 6;
	*at++ = 6;
	*at++ = (unsigned char)(4 * servers);
	while (servers-- > 0) {
		memcpy(at, "\x08\x08\0", 3);
		at[3] = (unsigned char)servers;
		at += 4;
	}
	*at++ = 255;
	bytes = (size_t)(at - udp);
	memcpy(udp, "\0\x43\0\x44", 4);
	udp[4] = (unsigned char)(bytes >> 8), udp[5] = (unsigned char)bytes;
	reply[2] = (unsigned char)((20 + bytes) >> 8);
	reply[3] = (unsigned char)(20 + bytes);
	*(uint16_t *)&reply[10] = inet_chksum(reply, 20);
	wire_inject(&lan, reply, 20 + bytes);
}

static unsigned int asked_type(void)
{
	return asked[28 + 242];
}

TEST(dhcp_server_may_name_more_servers_than_fit)
{
	lan_start();
	CHECK_EQ(dhcp_start(&lan), ERR_OK);
	CHECK_EQ(asked_type(), DHCP_DISCOVER);
	serve(DHCP_OFFER, 12);
	CHECK_EQ(asked_type(), DHCP_REQUEST);
	serve(DHCP_ACK, 12);
	wire_run(3000, NULL);
	CHECK(dhcp_supplied_address(&lan));
	CHECK_EQ(lwip_ntohl(netif_ip4_addr(&lan)->addr), 0x0a090005);
	CHECK_EQ(lwip_ntohl(ip_2_ip4(dns_getserver(2))->addr), 0x08080009);
	dhcp_release_and_stop(&lan);
	dhcp_cleanup(&lan);
	netif_remove(&lan);
	wire_end();
}

/**** mDNS ****/

static unsigned int conflicts;

static void count_conflicts(struct netif *netif, u8_t result)
{
	(void)netif;
	if (result == MDNS_PROBING_CONFLICT)
		conflicts++;
}

/* Somebody says that he is us.local, by an address that takes @bytes. */
static void claim_name(unsigned int bytes)
{
	unsigned char packet[28 + 12 + 30] = { 0x45, [8] = 255, [9] = 17 };
	unsigned char *udp = &packet[20], *dns = &udp[8];
	static const unsigned char record[] = "\2us\5local\0\0\1\0\1\0\0\0\170";
	const size_t length = 8 + 12 + sizeof(record) - 1 + 2 + 4;
	size_t at = 12;

	packet[3] = (unsigned char)(20 + length);
	memcpy(&packet[12], "\x0a\x09\0\7\xe0\0\0\xfb", 8);
	memcpy(udp, "\x14\xe9\x14\xe9\0", 5);
	udp[5] = (unsigned char)length;
	dns[2] = 0x84;
	dns[7] = 1;
	memcpy(&dns[at], record, sizeof(record) - 1);
	at += sizeof(record) - 1;
	dns[at] = (unsigned char)(bytes >> 8),
	dns[at + 1] = (unsigned char)bytes;
	*(uint16_t *)&packet[10] = inet_chksum(packet, 20);
	wire_inject(&lan, packet, 20 + length);
}

TEST(mdns_record_that_does_not_fit_is_none)
{
	ip4_addr_t address, mask;

	lan_start();
	IP4_ADDR(&address, 10, 9, 0, 5);
	IP4_ADDR(&mask, 255, 255, 255, 0);
	netif_set_addr(&lan, &address, &mask, NULL);
	netif_create_ip6_linklocal_address(&lan, 1);
	netif_ip6_addr_set_state(&lan, 0, IP6_ADDR_PREFERRED);
	mdns_resp_init();
	conflicts = 0;
	mdns_resp_register_name_result_cb(count_conflicts);
	CHECK_EQ(mdns_resp_add_netif(&lan, "us", 120), ERR_OK);
	wire_run(400, NULL);
	/* 65,500: it would go on before the packet. */
	claim_name(5);
	claim_name(65500);
	CHECK_EQ(conflicts, 0);
	claim_name(4);
	CHECK_EQ(conflicts, 1);
	CHECK_EQ(mdns_resp_remove_netif(&lan), ERR_OK);
	netif_remove(&lan);
	wire_end();
}
