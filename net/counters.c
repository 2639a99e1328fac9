/* SPDX-License-Identifier: MIT */
/*
 * Everything that is counted on a packet's way, under one name each: what docs,
 * /metrics and tests go by.
 */
#include <stddef.h>

#include "core/compiler.h"
#include "drivers/virtio_net.h"
#include "net/frame.h"
#include "net/gro.h"
#include "net/gso.h"
#include "net/interface.h"
#include "net/pools.h"
#include "net/show.h"
#include "net/stack.h"
#include "net/transmit.h"

#include "lwip/netif.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/stats.h"

struct named {
	const char *name;
	size_t offset;
};

#define OF_DEVICE(member)                                            \
	{                                                            \
		"device_" #member,                                   \
			offsetof(struct virtio_net_counters, member) \
	}
static const struct named device[] = {
	OF_DEVICE(frames_in),  OF_DEVICE(frames_out), OF_DEVICE(bytes_in),
	OF_DEVICE(bytes_out),  OF_DEVICE(buffers_in), OF_DEVICE(large_in),
	OF_DEVICE(large_out),  OF_DEVICE(ring_full),  OF_DEVICE(starved),
	OF_DEVICE(malformed),  OF_DEVICE(kicks_in),   OF_DEVICE(kicks_out),
	OF_DEVICE(interrupts),
};

#define OF_FRAMES(member)                                                  \
	{                                                                  \
		"frames_" #member, offsetof(struct frame_counters, member) \
	}
static const struct named frames[] = {
	OF_FRAMES(copied),      OF_FRAMES(copied_bytes),
	OF_FRAMES(mapped),      OF_FRAMES(pages_mapped),
	OF_FRAMES(unmapped),    OF_FRAMES(short_frames),
	OF_FRAMES(long_frames), OF_FRAMES(no_memory),
	OF_FRAMES(pinned),      OF_FRAMES(pinned_peak),
};

#define OF_GSO(member)                                                \
	{                                                             \
		"gso_" #member, offsetof(struct gso_counters, member) \
	}
static const struct named of_gso[] = {
	OF_GSO(segments),
	OF_GSO(frames),
	OF_GSO(copied),
	OF_GSO(lost),
};

#define OF_GRO(member)                                                \
	{                                                             \
		"gro_" #member, offsetof(struct gro_counters, member) \
	}
static const struct named of_gro[] = {
	OF_GRO(frames),
	OF_GRO(packets),
	OF_GRO(acks),
};

#define OF_STACK(member)                                                \
	{                                                               \
		"stack_" #member, offsetof(struct net_counters, member) \
	}
static const struct named of_stack[] = {
	OF_STACK(flushes),   OF_STACK(polled), OF_STACK(asked),
	OF_STACK(by_thread), OF_STACK(rounds), OF_STACK(listens),
};

#define OF_PROTOCOL(member)                                   \
	{                                                     \
#member, offsetof(struct stats_proto, member) \
	}
static const struct named of_protocol[] = {
	OF_PROTOCOL(xmit),   OF_PROTOCOL(recv),    OF_PROTOCOL(drop),
	OF_PROTOCOL(chkerr), OF_PROTOCOL(lenerr),  OF_PROTOCOL(memerr),
	OF_PROTOCOL(rterr),  OF_PROTOCOL(proterr), OF_PROTOCOL(opterr),
	OF_PROTOCOL(err),
};

static const struct {
	const char *name;
	const struct stats_proto *counters;
} protocols[] = {
	{ "link", &lwip_stats.link },
	{ "arp", &lwip_stats.etharp },
	{ "ip4", &lwip_stats.ip },
	{ "ip4_frag", &lwip_stats.ip_frag },
	{ "icmp4", &lwip_stats.icmp },
	{ "ip6", &lwip_stats.ip6 },
	{ "ip6_frag", &lwip_stats.ip6_frag },
	{ "icmp6", &lwip_stats.icmp6 },
	{ "nd6", &lwip_stats.nd6 },
	{ "udp", &lwip_stats.udp },
	{ "tcp", &lwip_stats.tcp },
};

static void show_longs(const struct lines *to, const struct named *names,
                       unsigned int count, const void *from)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		const unsigned long *value =
			(const void *)((const char *)from + names[i].offset);

		lines_say(to, "%s %lu", names[i].name, *value);
	}
}

static void show_protocols(const struct lines *to)
{
	unsigned int i;
	unsigned int j;

	for (i = 0; i < ARRAY_SIZE(protocols); i++) {
		const char *from = (const char *)protocols[i].counters;

		for (j = 0; j < ARRAY_SIZE(of_protocol); j++) {
			const STAT_COUNTER *value =
				(const void *)(from + of_protocol[j].offset);

			lines_say(to, "%s_%s %lu", protocols[i].name,
			          of_protocol[j].name, (unsigned long)*value);
		}
	}
}

static void show_connections(const struct lines *to)
{
	const struct tcp_pcb *pcb;
	unsigned long active = 0;
	unsigned long waiting = 0;

	for (pcb = tcp_active_pcbs; pcb; pcb = pcb->next)
		active++;
	for (pcb = tcp_tw_pcbs; pcb; pcb = pcb->next)
		waiting++;
	lines_say(to, "tcp_connections %lu", active);
	lines_say(to, "tcp_time_wait %lu", waiting);
}

static void show_memory(const struct lines *to)
{
	struct net_memory_usage memory;

	net_memory_usage(&memory);
	lines_say(to, "memory_bytes %zu", memory.used_bytes);
	lines_say(to, "memory_bytes_peak %zu", memory.peak_bytes);
	lines_say(to, "memory_bytes_limit %zu", memory.limit_bytes);
	lines_say(to, "memory_blocks %lu", memory.blocks);
	lines_say(to, "memory_refused %lu", memory.refused);
}

void net_show_counters(line_emit *emit, void *context)
{
	const struct lines to = { emit, context };
	struct virtio_net_counters of_device;

	net_lock();
	interface_read_counters(&of_device);
	show_longs(&to, device, ARRAY_SIZE(device), &of_device);
	lines_say(&to, "device_copied_out %lu", transmit_copied);
	show_longs(&to, of_gro, ARRAY_SIZE(of_gro), &gro_counters);
	show_longs(&to, of_gso, ARRAY_SIZE(of_gso), &gso_counters);
	show_longs(&to, frames, ARRAY_SIZE(frames), &frame_counters);
	show_longs(&to, of_stack, ARRAY_SIZE(of_stack), &net_counters);
	show_connections(&to);
	show_memory(&to);
	show_protocols(&to);
	net_unlock();
}

void net_show_pools(line_emit *emit, void *context)
{
	const struct lines to = { emit, context };
	unsigned int i;

	lines_say(&to, "%-16s %6s %7s %7s %7s %8s", "pool", "bytes", "used",
	          "peak", "limit", "refused");
	net_lock();
	for (i = 0; i < net_pools_count(); i++) {
		struct net_pool_usage pool;

		net_pools_usage(i, &pool);
		lines_say(&to, "%-16s %6u %7u %7u %7u %8lu", pool.name,
		          pool.bytes, pool.used, pool.peak, pool.limit,
		          pool.refused);
	}
	net_unlock();
}

void net_show_dev(line_emit *emit, void *context)
{
	const struct lines to = { emit, context };
	struct virtio_net_counters counters;
	struct netif *netif;

	lines_say(&to, "Inter-|   Receive                                     "
	               "           |  Transmit");
	lines_say(&to, " face |bytes    packets errs drop fifo frame "
	               "compressed multicast|bytes    packets errs drop fifo "
	               "colls carrier compressed");
	net_lock();
	interface_read_counters(&counters);
	NETIF_FOREACH(netif)
	{
		const bool real = netif == interface_netif();

		lines_say(&to,
		          "%6s: %lu %lu %lu %lu 0 0 0 0 %lu %lu 0 %lu "
		          "0 0 0 0",
		          net_interface_name(netif),
		          real ? counters.bytes_in : 0,
		          real ? counters.frames_in : 0,
		          real ? counters.malformed : 0,
		          real ? frame_counters.no_memory : 0,
		          real ? counters.bytes_out : 0,
		          real ? counters.frames_out : 0,
		          real ? counters.ring_full : 0);
	}
	net_unlock();
}
