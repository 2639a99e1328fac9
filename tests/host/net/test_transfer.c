/* SPDX-License-Identifier: MIT */
/* Bytes over TCP, with and without a device that cuts segments, and with loss. */
#include "net/gro.h"
#include "tests/image/test.h"
#include "transfer.h"
#include "wire.h"

#include "lwip/priv/tcp_priv.h"

#define MB (1024ul * 1024)

static size_t largest;
static unsigned long acks; /* and all else that the receiver sends */

static void watch(struct netif *from, const struct pbuf *p)
{
	acks += from == &wire_ends[1];
	if (p->gso_size > 0 && p->tot_len > largest)
		largest = p->tot_len;
}

/* All arrives, in so many milliseconds of the simulated clock. */
static void check_transfer(struct transfer transfer, unsigned int ms)
{
	largest = 0;
	acks = 0;
	wire_watch = watch;
	CHECK_EQ(transfer_open(&transfer), ERR_OK);
	transfer_run(&transfer, ms);
	CHECK_EQ(transfer.received, transfer.bytes);
	CHECK(transfer.is_closed);
	CHECK_EQ(transfer.errors, 0);
	transfer_close(&transfer);
	wire_end();
}

static void with_loss(unsigned int lost_pct, u16_t gso_max, bool is_v6)
{
	wire_start();
	wire_lost_pct = lost_pct;
	wire_ends[0].gso_max = gso_max;
	check_transfer((struct transfer){ .bytes = 8 * MB,
	                                  .flags = TCP_WRITE_FLAG_COPY,
	                                  .is_v6 = is_v6 },
	               lost_pct > 0 ? 1500000 : 2000);
}

TEST(transfer_of_8_mb_arrives)
{
	with_loss(0, 0, false);
	CHECK_EQ(largest, 0);
}

TEST(transfer_by_large_segments_arrives)
{
	with_loss(0, NETIF_GSO_MAX, false);
	CHECK(largest > 4 * TCP_MSS);
}

/* Between two devices that both know them: few packets, as large as they may be. */
static void whole(bool is_v6)
{
	wire_start();
	wire_brings_whole = true;
	wire_ends[0].gso_max = NETIF_GSO_MAX;
	check_transfer((struct transfer){ .bytes = 8 * MB,
	                                  .flags = TCP_WRITE_FLAG_COPY,
	                                  .is_v6 = is_v6 },
	               2000);
	CHECK(largest > NETIF_GSO_MAX - TCP_MSS);
	CHECK(wire_packets < 8 * MB / NETIF_GSO_MAX * 5);
}

TEST(transfer_by_whole_large_segments_arrives)
{
	whole(false);
}

TEST(transfer_by_whole_large_segments_over_ipv6_arrives)
{
	whole(true);
}

TEST(transfer_with_2_pct_lost_arrives)
{
	with_loss(2, 0, false);
}

TEST(transfer_by_large_segments_with_2_pct_lost_arrives)
{
	with_loss(2, NETIF_GSO_MAX, false);
}

TEST(transfer_by_large_segments_with_10_pct_lost_arrives)
{
	wire_start();
	wire_lost_pct = 10;
	wire_ends[0].gso_max = NETIF_GSO_MAX;
	check_transfer((struct transfer){ .bytes = 2 * MB,
	                                  .flags = TCP_WRITE_FLAG_COPY },
	               3000000);
}

/* By frames that are joined again, as many as come at a time. */
static void joined(unsigned int lost_pct, unsigned int swapped_pct, bool is_v6)
{
	const struct gro_counters before = gro_counters;

	wire_start();
	wire_joins = true;
	wire_lost_pct = lost_pct;
	wire_swapped_pct = swapped_pct;
	wire_ends[0].gso_max = NETIF_GSO_MAX;
	check_transfer((struct transfer){ .bytes = 8 * MB, .is_v6 = is_v6 },
	               lost_pct + swapped_pct > 0 ? 1500000 : 3000);
	CHECK(gro_counters.frames - before.frames > 4 * MB / TCP_MSS);
	/* None is kept back for the next one. */
	CHECK(acks >= gro_counters.packets - before.packets);
}

TEST(transfer_by_joined_segments_arrives)
{
	joined(0, 0, false);
}

TEST(transfer_by_joined_segments_over_ipv6_arrives)
{
	joined(0, 0, true);
}

TEST(transfer_by_joined_segments_with_2_pct_lost_arrives)
{
	joined(2, 0, false);
}

TEST(transfer_by_joined_segments_out_of_order_arrives)
{
	joined(1, 5, true);
}

TEST(transfer_out_of_order_arrives)
{
	wire_start();
	wire_swapped_pct = 20;
	wire_ends[0].gso_max = NETIF_GSO_MAX;
	check_transfer((struct transfer){ .bytes = 8 * MB,
	                                  .flags = TCP_WRITE_FLAG_COPY },
	               60000);
}

TEST(transfer_without_copies_arrives)
{
	wire_start();
	wire_ends[0].gso_max = NETIF_GSO_MAX;
	wire_lost_pct = 1;
	check_transfer((struct transfer){ .bytes = 8 * MB }, 1500000);
}

/* Each is appended to the last segment that waits. */
TEST(transfer_in_small_pieces_arrives)
{
	wire_start();
	wire_ends[0].gso_max = NETIF_GSO_MAX;
	wire_lost_pct = 1;
	check_transfer((struct transfer){ .bytes = 1 * MB,
	                                  .chunk = 777,
	                                  .flags = TCP_WRITE_FLAG_COPY |
	                                           TCP_WRITE_FLAG_MORE },
	               1500000);
}

/* The window closes again and again, below the size of what waits. */
TEST(transfer_to_a_slow_reader_arrives)
{
	wire_start();
	wire_ends[0].gso_max = NETIF_GSO_MAX;
	check_transfer((struct transfer){ .bytes = 4 * MB,
	                                  .flags = TCP_WRITE_FLAG_COPY,
	                                  .slow_bytes = 1000 },
	               60000);
}

TEST(transfer_to_a_reader_of_odd_sizes_arrives)
{
	wire_start();
	wire_ends[0].gso_max = 10000;
	wire_lost_pct = 1;
	check_transfer((struct transfer){ .bytes = 1 * MB,
	                                  .flags = TCP_WRITE_FLAG_COPY,
	                                  .slow_bytes = 333 },
	               1500000);
}

/* What was made for one device leaves by another. */
TEST(transfer_goes_on_when_the_device_cuts_no_more)
{
	struct transfer transfer = { .bytes = 8 * MB,
		                     .flags = TCP_WRITE_FLAG_COPY };

	wire_start();
	wire_ends[0].gso_max = NETIF_GSO_MAX;
	wire_brings_whole = true;
	CHECK_EQ(transfer_open(&transfer), ERR_OK);
	while (transfer.received == 0 || !transfer.sender->unsent ||
	       transfer.sender->unsent->len <= TCP_MSS) {
		CHECK(transfer.received < transfer.bytes);
		transfer_run(&transfer, 1);
	}
	wire_ends[0].gso_max = 0;
	transfer_run(&transfer, 60000);
	CHECK_EQ(transfer.received, transfer.bytes);
	CHECK(transfer.is_closed);
	transfer_close(&transfer);
	wire_end();
}
