/* SPDX-License-Identifier: MIT */
/* Thousands of connections: how they are found, and what becomes of them. */
#include <stdlib.h>

#include "host_port.h"
#include "net/pools.h"
#include "packets.h"
#include "tests/image/test.h"
#include "transfer.h"
#include "wire.h"

#include "lwip/priv/tcp_priv.h"

#define MANY 10000u
#define PORT 80

static struct tcp_pcb *pcbs[MANY];

/* Connection @n: ends that differ in a little. */
static void set_ends(struct tcp_pcb *pcb, unsigned int n)
{
	if (n % 2 == 0) {
		IP_ADDR4(&pcb->local_ip, 10, 0, 2, 1);
		IP_ADDR4(&pcb->remote_ip, 10, 1, n >> 8 & 3, n & 0xfe);
	} else {
		IP_ADDR6(&pcb->local_ip, 0xfd, 0, 0, 1);
		IP_ADDR6(&pcb->remote_ip, 0xfd, 0, 0, n & 0x3ff);
	}
	pcb->local_port = PORT;
	pcb->remote_port = (u16_t)(1024 + (n >> 10));
}

static struct tcp_pcb *find(unsigned int n)
{
	struct tcp_pcb ends;

	set_ends(&ends, n);
	return tcp_find(&ends.local_ip, ends.local_port, &ends.remote_ip,
	                ends.remote_port, NULL);
}

static void open_many(void)
{
	unsigned int n;

	for (n = 0; n < MANY; n++) {
		pcbs[n] = tcp_new();
		CHECK(pcbs[n]);
		set_ends(pcbs[n], n);
		pcbs[n]->state = ESTABLISHED;
		TCP_REG_ACTIVE(pcbs[n]);
	}
}

TEST(connections_are_found_among_ten_thousand)
{
	unsigned int n;

	wire_start();
	net_pools_start(1ul << 30);
	open_many();
	for (n = 0; n < MANY; n++)
		CHECK(find(n) == pcbs[n]);
	CHECK(!find(MANY));
	for (n = 0; n < MANY; n += 3)
		tcp_abort(pcbs[n]);
	for (n = 0; n < MANY; n++)
		CHECK(find(n) == (n % 3 == 0 ? NULL : pcbs[n]));
	wire_end();
}

TEST(connections_share_chains_of_a_few)
{
	unsigned int n, longest = 0;

	wire_start();
	net_pools_start(1ul << 30);
	open_many();
	for (n = 0; n < MANY; n++) {
		const struct tcp_pcb *pcb = pcbs[n];
		unsigned int length = 0;

		for (; pcb; pcb = pcb->hash_next)
			length++;
		longest = length > longest ? length : longest;
	}
	/* 2.4 on the average. */
	CHECK(longest <= 16);
	wire_end();
}

TEST(connections_bound_to_another_interface_are_not_found)
{
	struct tcp_pcb *pcb;

	wire_start();
	pcb = tcp_new();
	set_ends(pcb, 0);
	pcb->state = ESTABLISHED;
	tcp_bind_netif(pcb, &wire_ends[1]);
	TCP_REG_ACTIVE(pcb);
	CHECK(tcp_find(&pcb->local_ip, PORT, &pcb->remote_ip, pcb->remote_port,
	               &wire_ends[1]) == pcb);
	CHECK(!tcp_find(&pcb->local_ip, PORT, &pcb->remote_ip, pcb->remote_port,
	                &wire_ends[0]));
	wire_end();
}

static void transfer_little(void)
{
	struct transfer transfer = { .bytes = 100,
		                     .flags = TCP_WRITE_FLAG_COPY };

	CHECK_EQ(transfer_open(&transfer), ERR_OK);
	transfer_run(&transfer, 1000);
	CHECK_EQ(transfer.received, 100);
	CHECK(transfer.is_closed);
	transfer_close(&transfer);
	/* The last ack of all. */
	wire_run(3, NULL);
}

static unsigned int count(const struct tcp_pcb *list)
{
	unsigned int n = 0;

	for (; list; list = list->next)
		n++;
	return n;
}

TEST(time_wait_ends_after_two_msl)
{
	wire_start();
	transfer_little();
	CHECK_EQ(count(tcp_tw_pcbs), 1);
	wire_run(2 * TCP_MSL - 200, NULL);
	CHECK_EQ(count(tcp_tw_pcbs), 1);
	wire_run(400, NULL);
	CHECK_EQ(count(tcp_tw_pcbs), 0);
	wire_end();
}

/* More connections than there are pcbs, one after another, none of them waits. */
TEST(time_wait_makes_room_when_pcbs_run_out)
{
	const uint32_t before_ms = host_now_ms;
	struct tcp_pcb *oldest, *newest;
	unsigned int i;

	wire_start();
	net_pools_start(1ul << 20);
	for (i = 0; i < 500; i++)
		transfer_little();
	CHECK(host_now_ms - before_ms < 8000);
	CHECK(count(tcp_tw_pcbs) > 50 && count(tcp_tw_pcbs) <= 64);
	/* The list is in the order of time, the oldest last. */
	newest = oldest = tcp_tw_pcbs;
	for (; oldest->next; oldest = oldest->next)
		CHECK((s32_t)(oldest->tmr - oldest->next->tmr) >= 0);
	while (newest->next)
		tcp_abort(newest->next);
	CHECK_EQ(count(tcp_tw_pcbs), 1);
	net_pools_start(256ul << 20);
	wire_end();
}

static err_t accept_all(void *arg, struct tcp_pcb *pcb, err_t err)
{
	(void)arg;
	if (pcb && err == ERR_OK)
		tcp_backlog_delayed(pcb);
	return ERR_OK;
}

/* Of end 1, at PORT. */
static struct tcp_pcb *listen_for(u16_t backlog)
{
	struct tcp_pcb *pcb = tcp_new();

	ip_set_option(pcb, SOF_REUSEADDR);
	tcp_bind_netif(pcb, &wire_ends[1]);
	CHECK_EQ(tcp_bind(pcb, &wire_address[1], PORT), ERR_OK);
	pcb = tcp_listen_with_backlog(pcb, backlog);
	CHECK(pcb);
	tcp_accept(pcb, accept_all);
	return pcb;
}

TEST(listen_holds_more_than_255_connections)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 8000 };
	struct seen last;
	unsigned int i;

	wire_start();
	listen_for(600);
	for (i = 0; i < 600; i++, peer.port++) {
		peer.sequence = i * 100000;
		peer_connect(&peer);
	}
	CHECK_EQ(count(tcp_active_pcbs), 600);
	last = peer_seen;
	peer_send(&peer, TCP_SYN, NULL, 0, NULL, 0);
	CHECK_EQ(peer_seen.count, last.count);
	CHECK_EQ(count(tcp_active_pcbs), 600);
	wire_end();
}

/* A connection that end 1 has closed, in TIME_WAIT. */
static void close_first(struct peer *peer)
{
	listen_for(10);
	peer_connect(peer);
	CHECK_EQ(tcp_close(tcp_active_pcbs), ERR_OK);
	CHECK_EQ(peer_seen.flags, TCP_FIN | TCP_ACK);
	peer->acked++;
	peer_send(peer, TCP_FIN | TCP_ACK, NULL, 0, NULL, 0);
	peer->sequence++;
	CHECK_EQ(count(tcp_tw_pcbs), 1);
	CHECK_EQ(count(tcp_active_pcbs), 0);
}

TEST(time_wait_yields_to_a_syn_above_it)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 8000 };
	uint32_t last_sent;

	wire_start();
	close_first(&peer);
	last_sent = peer.acked;
	peer.sequence += 10;
	peer.acked = 0;
	peer_connect(&peer);
	CHECK((int32_t)(peer.acked - last_sent) > 0);
	CHECK_EQ(count(tcp_tw_pcbs), 0);
	CHECK_EQ(count(tcp_active_pcbs), 1);
	wire_end();
}

TEST(time_wait_stays_when_a_syn_is_old)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 8000 };
	uint32_t expected;

	wire_start();
	close_first(&peer);
	expected = peer.sequence;
	peer.sequence -= 1000;
	peer_send(&peer, TCP_SYN, NULL, 0, NULL, 0);
	CHECK_EQ(peer_seen.flags, TCP_ACK);
	CHECK_EQ(peer_seen.acked, expected);
	CHECK_EQ(count(tcp_tw_pcbs), 1);
	wire_end();
}

TEST(connect_takes_another_port_each_time)
{
	static bool taken[65536];
	unsigned int i;

	wire_start();
	net_pools_start(1ul << 30);
	for (i = 0; i < 2000; i++) {
		struct tcp_pcb *pcb = tcp_new();

		tcp_bind_netif(pcb, &wire_ends[0]);
		ip_addr_copy(pcb->local_ip, wire_address[0]);
		CHECK_EQ(tcp_connect(pcb, &wire_address[1], 9, NULL), ERR_OK);
		CHECK(pcb->local_port >= 0xc000);
		CHECK(!taken[pcb->local_port]);
		taken[pcb->local_port] = true;
	}
	wire_end();
}

/* Two destinations may see the same port, and a listener's is nobody's else. */
TEST(connect_avoids_the_ports_of_listeners)
{
	struct tcp_pcb *listener, *pcb;
	unsigned int i;

	wire_start();
	for (i = 0; i < 100; i++) {
		listener = tcp_new();
		CHECK_EQ(tcp_bind(listener, &wire_address[0], 0), ERR_OK);
	}
	for (i = 0; i < 200; i++) {
		const struct tcp_pcb *other;

		pcb = tcp_new();
		tcp_bind_netif(pcb, &wire_ends[0]);
		ip_addr_copy(pcb->local_ip, wire_address[0]);
		CHECK_EQ(tcp_connect(pcb, &wire_address[1], 9, NULL), ERR_OK);
		for (other = tcp_bound_pcbs; other; other = other->next)
			CHECK(other->local_port != pcb->local_port);
	}
	wire_end();
}

TEST(first_flight_is_ten_segments)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 60000 };
	static const unsigned char options[] = { 2, 4, 1460 >> 8, 1460 & 0xff };
	static unsigned char data[30000];
	unsigned int before;

	wire_start();
	listen_for(10);
	peer_listen();
	peer_send(&peer, TCP_SYN, options, sizeof(options), NULL, 0);
	peer.sequence++;
	peer.acked = peer_seen.sequence + 1;
	peer_send(&peer, TCP_ACK, NULL, 0, NULL, 0);
	before = peer_seen.count;
	CHECK_EQ(tcp_write(tcp_active_pcbs, data, sizeof(data), 0), ERR_OK);
	CHECK_EQ(tcp_output(tcp_active_pcbs), ERR_OK);
	CHECK_EQ(peer_seen.count - before, 10);
	wire_end();
}

TEST(delayed_ack_comes_within_two_ticks)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 8000 };

	wire_start();
	listen_for(10);
	peer_connect(&peer);
	wire_run(1000, NULL);
	peer_send(&peer, TCP_ACK, NULL, 0, "x", 1);
	CHECK_EQ(peer_seen.count, 1);
	wire_run(2 * TCP_TMR_INTERVAL, NULL);
	CHECK_EQ(peer_seen.count, 2);
	CHECK_EQ(peer_seen.acked, peer.sequence + 1);
	wire_end();
}

TEST(keepalive_asks_a_connection_that_is_idle)
{
	struct peer peer = { .port = 1000, .to_port = PORT, .window = 8000 };

	wire_start();
	listen_for(10);
	peer_connect(&peer);
	ip_set_option(tcp_active_pcbs, SOF_KEEPALIVE);
	tcp_active_pcbs->keep_idle = 10000;
	tcp_active_pcbs->keep_intvl = 1000;
	tcp_active_pcbs->keep_cnt = 3;
	wire_run(9000, NULL);
	CHECK_EQ(peer_seen.count, 1);
	wire_run(2000, NULL);
	CHECK_EQ(peer_seen.count, 2);
	CHECK_EQ(peer_seen.sequence, peer.acked - 1);
	wire_run(4000, NULL);
	CHECK(!tcp_active_pcbs);
	wire_end();
}
