/* SPDX-License-Identifier: MIT */
/*
 * Frames between lwIP and the device. Both ways without a copy: what is received
 * becomes a pbuf (net/frame.c), what is sent is read by the device where it is
 * (net/transmit.c).
 */
#include "net/interface.h"

#include <errno.h>
#include <string.h>

#include "core/log.h"
#include "drivers/virtio_net.h"
#include "net/frame.h"
#include "net/gro.h"
#include "net/offload.h"
#include "net/services.h"
#include "net/show.h"
#include "net/transmit.h"
#include "netif/ethernet.h"

#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/priv/tcp_priv.h"
#include "lwip/snmp.h"
#include "lwip/tcp.h"

static struct {
	struct netif netif;
	struct virtio_net *device; /* NULL: none */
	const struct virtio_net_info *info;
	uint16_t flags; /* what lwIP has to compute and check */
	bool joins;     /* frames of a connection, since the device does not */
	bool holds;     /* some of them; see net/gro.h */
	bool starved;   /* buffers are missing */
} interface;

struct netif *interface_netif(void)
{
	return interface.device ? &interface.netif : NULL;
}

const char *net_interface_name(const struct netif *netif)
{
	return netif == &interface.netif ? "eth0" : "lo";
}

const struct virtio_net_info *interface_info(void)
{
	return interface.info;
}

void interface_read_counters(struct virtio_net_counters *out)
{
	memset(out, 0, sizeof(*out));
	if (interface.device)
		virtio_net_read_counters(interface.device, out);
}

/* What lwIP computes and checks itself, because the device does not. */
static uint16_t checksum_flags(const struct virtio_net_info *info)
{
	uint16_t flags = NETIF_CHECKSUM_ENABLE_ALL;

	if (info->sums)
		flags &= (uint16_t)~NETIF_CHECKSUM_GEN_TCP;
	return flags;
}

/* What one host sends to itself has not all of its sums either. */
static void expect_good_sums(void)
{
	NETIF_SET_CHECKSUM_CTRL(&interface.netif,
	                        interface.flags &
	                                (uint16_t) ~(NETIF_CHECKSUM_CHECK_TCP |
	                                             NETIF_CHECKSUM_CHECK_UDP));
}

static err_t interface_init(struct netif *netif)
{
	const struct virtio_net_info *info = interface.info;

	memcpy(netif->name, "et", 2);
	memcpy(netif->hwaddr, info->mac, sizeof(info->mac));
	netif->hwaddr_len = sizeof(info->mac);
	netif->mtu = info->mtu;
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP |
	               NETIF_FLAG_ETHERNET | NETIF_FLAG_IGMP | NETIF_FLAG_MLD6;
	netif->output = etharp_output;
	netif->output_ip6 = ethip6_output;
	netif->linkoutput = transmit;
	services_read_names();
	netif->hostname = services_host_name();
	interface.flags = checksum_flags(info);
	interface.joins = !info->large_frames;
	expect_good_sums();
	offload_init(netif, info);
	return ERR_OK;
}

int interface_open(void (*event)(void *unused))
{
	int err;

	if (interface.device)
		return 0;
	err = virtio_net_open(event, NULL, &interface.device);
	if (!err)
		interface.info = virtio_net_info(interface.device);
	return err;
}

void interface_add(void)
{
	tcp_acks_by_round = 1;
	frame_init();
	transmit_init(interface.device);
	netif_add_noaddr(&interface.netif, NULL, interface_init,
	                 ethernet_input);
	if (virtio_net_link_is_up(interface.device))
		netif_set_link_up(&interface.netif);
}

static void look_after_link(void)
{
	struct netif *netif = &interface.netif;
	const bool up = virtio_net_link_is_up(interface.device);

	if (up == (netif_is_link_up(netif) != 0))
		return;
	log_notice("net: the link is %s", up ? "up" : "down");
	if (up)
		netif_set_link_up(netif);
	else
		netif_set_link_down(netif);
}

bool interface_has_work(void)
{
	return interface.device && virtio_net_has_received(interface.device);
}

/* Sums that nobody has looked at are lwIP's to check. */
static void input(struct pbuf *p, bool sum_is_good)
{
	struct netif *netif = &interface.netif;

	if (!sum_is_good)
		NETIF_SET_CHECKSUM_CTRL(netif, interface.flags);
	if (netif->input(p, netif) != ERR_OK)
		pbuf_free(p);
	if (!sum_is_good)
		expect_good_sums();
}

static void input_held(void)
{
	if (interface.holds) {
		interface.holds = false;
		input(gro_end(), true);
	}
}

/* To be one packet with those around it, or by itself. */
static void join(struct pbuf *p, bool sum_is_good)
{
	if (gro_join(p, sum_is_good))
		return;
	input_held();
	interface.holds = gro_hold(p, sum_is_good);
	if (!interface.holds)
		input(p, sum_is_good);
}

static void give(const struct virtio_net_frame *frame)
{
	struct pbuf *p = frame_to_pbuf(interface.device, frame);

	if (unlikely(!p))
		return;
	if (interface.joins && (interface.holds || gro_is_worth(p->len)))
		join(p, frame->sum_is_good);
	else
		input(p, frame->sum_is_good);
}

void interface_acknowledge(void)
{
	struct tcp_pcb *pcb = tcp_round_pcb;

	if (pcb) {
		tcp_round_pcb = NULL;
		(void)tcp_output(pcb);
	}
}

unsigned int interface_work(unsigned int budget)
{
	struct virtio_net_frame frame;
	unsigned int count = 0;

	if (!interface.device)
		return 0;
	transmit_take_back();
	while (count < budget && virtio_net_receive(interface.device, &frame)) {
		give(&frame);
		count++;
	}
	/* What follows it may be there already, for the next round. */
	if (count < budget || !virtio_net_has_received(interface.device))
		input_held();
	interface_acknowledge();
	if (count > 0 || interface.starved)
		interface.starved = !virtio_net_refill(interface.device);
	if (unlikely(virtio_net_link_changed(interface.device) ||
	             virtio_net_is_stopped(interface.device)))
		look_after_link();
	return count;
}

bool interface_listen(void)
{
	return !interface.device || virtio_net_listen(interface.device);
}

void interface_hush(void)
{
	if (interface.device)
		virtio_net_hush(interface.device);
}

bool interface_needs_clock(void)
{
	return interface.device &&
	       (interface.starved || !virtio_net_interrupts(interface.device));
}
