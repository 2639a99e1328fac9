/* SPDX-License-Identifier: MIT */
/* Pools and their limits, and what happens when memory ends at any moment. */
#include <stdio.h>
#include <string.h>

#include "host_port.h"
#include "net/pools.h"
#include "tests/image/test.h"
#include "transfer.h"
#include "wire.h"

#include "lwip/mem.h"
#include "lwip/memp.h"
#include "lwip/pbuf.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/timeouts.h"
#include "lwip/udp.h"

static struct net_pool_usage usage_of(memp_t kind)
{
	struct net_pool_usage usage;

	net_pools_usage(kind, &usage);
	return usage;
}

TEST(pools_grow_with_memory)
{
	wire_start();
	net_pools_start(14ul << 20);
	CHECK_EQ(usage_of(MEMP_TCP_PCB).limit, 224);
	CHECK_EQ(tcp_wnd_limit, 65536);
	CHECK_EQ(tcp_snd_buf_limit, 131072);
	net_pools_start(60ul << 20);
	CHECK_EQ(usage_of(MEMP_TCP_PCB).limit, 960);
	CHECK_EQ(tcp_wnd_limit, 524288);
	net_pools_start(1ul << 40);
	CHECK_EQ(usage_of(MEMP_TCP_PCB).limit, 16384);
	CHECK_EQ(usage_of(MEMP_TCP_SEG).limit, 65535);
	CHECK_EQ(tcp_wnd_limit, 1048576);
	net_pools_start(1);
	CHECK_EQ(usage_of(MEMP_TCP_PCB).limit, 64);
	CHECK(usage_of(MEMP_TCP_SEG).limit >= TCP_SND_QUEUELEN);
	net_pools_start(256ul << 20);
	wire_end();
}

TEST(pool_refuses_above_its_limit_and_counts)
{
	const unsigned int limit = 32;
	const unsigned long before = usage_of(MEMP_UDP_PCB).refused;
	struct udp_pcb *pcbs[33];
	unsigned int i;

	wire_start();
	net_pools_start(1);
	for (i = 0; i < limit; i++) {
		pcbs[i] = udp_new();
		CHECK(pcbs[i]);
	}
	CHECK_EQ(usage_of(MEMP_UDP_PCB).used, limit);
	CHECK(!udp_new());
	CHECK_EQ(usage_of(MEMP_UDP_PCB).refused - before, 1);
	for (i = 0; i < limit; i++)
		udp_remove(pcbs[i]);
	CHECK_EQ(usage_of(MEMP_UDP_PCB).used, 0);
	CHECK(usage_of(MEMP_UDP_PCB).peak >= limit);
	net_pools_start(256ul << 20);
	wire_end();
}

static void nothing(void *arg)
{
	(void)arg;
}

TEST(timers_need_no_memory)
{
	wire_start();
	host_fail(1, 1000);
	sys_timeout(100000, nothing, NULL);
	CHECK_EQ(host_failed(), 0);
	sys_untimeout(nothing, NULL);
	wire_end();
}

TEST(memory_is_counted_and_limited)
{
	struct net_memory_usage usage;
	void *some, *more;

	wire_start();
	net_pools_start(400000);
	some = mem_malloc(60000);
	CHECK(some);
	net_memory_usage(&usage);
	CHECK_EQ(usage.blocks, 1);
	CHECK(usage.used_bytes >= 60000 && usage.used_bytes < 60100);
	CHECK_EQ(usage.limit_bytes, 100000);
	CHECK(!mem_malloc(40001));
	CHECK(!mem_malloc(SIZE_MAX));
	CHECK(!mem_calloc(SIZE_MAX / 2, 3));
	more = mem_calloc(10, 100);
	CHECK(more);
	CHECK(memchr(more, 0, 1000) == more);
	CHECK(mem_trim(some, 10) == some);
	mem_free(some);
	mem_free(more);
	mem_free(NULL);
	net_memory_usage(&usage);
	CHECK_EQ(usage.blocks, 0);
	CHECK_EQ(usage.used_bytes, 0);
	net_pools_start(256ul << 20);
	wire_end();
}

/*
 * A connection, a request and its end, with the @nth allocation failing and @more
 * after it. It arrives all the same, or an error has been told: nobody waits for
 * ever, and nothing is left. Returns whether that many were asked for.
 */
static bool survives(unsigned long nth, unsigned long more, bool is_v6)
{
	struct transfer transfer = { .bytes = 20000,
		                     .flags = TCP_WRITE_FLAG_COPY,
		                     .is_v6 = is_v6 };
	bool has_failed;
	err_t err;

	wire_start();
	wire_ends[0].gso_max = is_v6 ? NETIF_GSO_MAX : 0;
	host_fail(nth, more);
	err = transfer_open(&transfer);
	if (err == ERR_OK) {
		transfer_run(&transfer, 120000);
		if (transfer.errors == 0)
			CHECK_EQ(transfer.received, transfer.bytes);
		CHECK(transfer.is_closed || transfer.errors > 0);
	} else {
		CHECK_EQ(err, ERR_MEM);
	}
	has_failed = host_failed() > 0;
	host_fail(0, 0);
	transfer_close(&transfer);
	wire_end();
	return has_failed;
}

static void sweep(unsigned long more, bool is_v6)
{
	unsigned long nth = 1;

	while (survives(nth, more, is_v6))
		nth++;
	printf("# %lu allocations\n", nth);
	CHECK(nth > 20);
}

TEST(connection_survives_any_failure)
{
	sweep(0, false);
}

TEST(connection_survives_any_failure_over_ipv6)
{
	sweep(0, true);
}

TEST(connection_survives_any_three_failures)
{
	sweep(2, false);
}

TEST(connection_survives_any_twenty_failures)
{
	sweep(19, false);
}

/* A datagram in fragments, there and back together, with each failure. */
static bool survives_fragments(unsigned long nth, bool is_v6)
{
	struct udp_pcb *pcb;
	struct pbuf *p;
	bool has_failed;
	err_t err;

	wire_start();
	pcb = udp_new_ip_type(is_v6 ? IPADDR_TYPE_V6 : IPADDR_TYPE_V4);
	p = pbuf_alloc(PBUF_TRANSPORT, 9000, PBUF_RAM);
	memset(p->payload, 0, p->len);
	host_fail(nth, 0);
	err = udp_sendto_if(pcb, p,
	                    is_v6 ? &wire_address6[1] : &wire_address[1], 7,
	                    &wire_ends[0]);
	CHECK(err == ERR_OK || err == ERR_MEM);
	wire_run(10, NULL);
	has_failed = host_failed() > 0;
	host_fail(0, 0);
	pbuf_free(p);
	udp_remove(pcb);
	wire_end();
	return has_failed;
}

TEST(fragments_survive_any_failure)
{
	unsigned long nth = 1;

	while (survives_fragments(nth, false))
		nth++;
	CHECK(nth > 10);
	nth = 1;
	while (survives_fragments(nth, true))
		nth++;
	CHECK(nth > 10);
}

TEST(out_of_order_data_goes_when_it_must)
{
	struct transfer transfer = { .bytes = 1 << 20,
		                     .flags = TCP_WRITE_FLAG_COPY };

	wire_start();
	wire_lost_pct = 10;
	CHECK_EQ(transfer_open(&transfer), ERR_OK);
	while (!transfer.is_closed && transfer.errors == 0) {
		transfer_run(&transfer, 7);
		if (net_free_out_of_order() > 0)
			CHECK_EQ(net_free_out_of_order(), 0);
	}
	CHECK_EQ(transfer.received, transfer.bytes);
	transfer_close(&transfer);
	wire_end();
}
