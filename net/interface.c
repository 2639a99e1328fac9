/* SPDX-License-Identifier: MIT */
/*
 * Frames between lwIP and the device. Both ways without a copy: what is received
 * becomes a pbuf (net/frame.c), what is sent is described to the device piece by
 * piece where it is, and the pbuf is held until the device is done. lwIP does not
 * send a segment again while somebody else holds it.
 *
 * The device's header is put into the room that lwIP leaves in front of each frame
 * (PBUF_LINK_ENCAPSULATION_HLEN).
 */
#include "net/interface.h"

#include <errno.h>
#include <string.h>

#include "core/log.h"
#include "drivers/virtio.h"
#include "drivers/virtio_net.h"
#include "net/frame.h"
#include "net/offload.h"
#include "net/services.h"
#include "net/show.h"
#include "netif/ethernet.h"

#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/netif.h"
#include "lwip/pbuf.h"
#include "lwip/snmp.h"
#include "lwip/tcp.h"

/* Frames that the device is told of at once, though more may follow soon. */
#define FLUSH_FRAMES 16u

unsigned long interface_tx_copied;

static struct {
	struct netif netif;
	struct virtio_net *device; /* NULL: none */
	const struct virtio_net_info *info;
	uint16_t flags;         /* what lwIP has to compute and check */
	unsigned int unflushed; /* [A] frames */
	bool starved;           /* buffers are missing */
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

/* 0: they are too many, or not mapped. */
static unsigned int pieces_of(const struct pbuf *p, struct virtio_piece *pieces)
{
	unsigned int count = 0;

	for (; p; p = p->next) {
		unsigned int more;

		if (p->len == 0)
			continue;
		more = virtio_pieces(p->payload, p->len, &pieces[count],
		                     VIRTIO_CHAIN_MAX - count);
		if (more == 0)
			return 0;
		count += more;
	}
	return count;
}

/* For devices that want the header in a piece of its own. */
static unsigned int set_header_apart(struct virtio_piece *pieces,
                                     unsigned int count)
{
	const uint32_t header = interface.info->header_bytes;

	if (count == 0 || count == VIRTIO_CHAIN_MAX ||
	    pieces[0].bytes <= header)
		return 0;
	memmove(&pieces[1], &pieces[0], count * sizeof(pieces[0]));
	pieces[0].bytes = header;
	pieces[1].phys += header;
	pieces[1].bytes -= header;
	return count + 1;
}

static void take_back_sent(void)
{
	struct pbuf *p;

	while ((p = virtio_net_sent(interface.device)))
		pbuf_free(p);
}

static int queue_frame(struct pbuf *p)
{
	struct virtio_piece pieces[VIRTIO_CHAIN_MAX];
	unsigned int count = pieces_of(p, pieces);
	int err;

	if (unlikely(interface.info->header_stands_alone))
		count = set_header_apart(pieces, count);
	if (unlikely(count == 0))
		return -EINVAL;
	err = virtio_net_send(interface.device, pieces, count, p);
	if (unlikely(err == -ENOSPC)) {
		take_back_sent();
		err = virtio_net_send(interface.device, pieces, count, p);
	}
	return err;
}

/* With the device's header; the frame is as before when it was not sent. */
static int send_as_it_is(struct pbuf *p)
{
	const uint8_t header = interface.info->header_bytes;
	int err;

	if (unlikely(pbuf_add_header(p, header)))
		return -EINVAL;
	offload_describe(p, interface.info, p->payload);
	err = queue_frame(p);
	pbuf_remove_header(p, header);
	if (likely(!err)) {
		pbuf_ref(p);
		WRITE_ONCE(interface.unflushed, interface.unflushed + 1);
	}
	return err;
}

/* A frame in too many pieces, or without room in front of it, in one piece. */
static int send_a_copy(struct pbuf *p)
{
	struct pbuf *flat = pbuf_clone(PBUF_RAW_TX, PBUF_RAM, p);
	int err;

	if (!flat)
		return -ENOMEM;
	interface_tx_copied++;
	err = send_as_it_is(flat);
	pbuf_free(flat);
	return err;
}

static err_t link_output(struct netif *netif, struct pbuf *p)
{
	int err = send_as_it_is(p);

	(void)netif;
	if (unlikely(err == -EINVAL))
		err = send_a_copy(p);
	if (likely(!err))
		return ERR_OK;
	return err == -EIO ? ERR_IF : err == -EINVAL ? ERR_BUF : ERR_MEM;
}

/* What lwIP computes and checks itself, because the device does not. */
static uint16_t checksum_flags(const struct virtio_net_info *info)
{
	uint16_t flags = NETIF_CHECKSUM_ENABLE_ALL;

	if (info->sums)
		flags &= (uint16_t)~NETIF_CHECKSUM_GEN_TCP;
	return flags;
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
	netif->linkoutput = link_output;
	services_read_names();
	netif->hostname = services_host_name();
	interface.flags = checksum_flags(info);
	NETIF_SET_CHECKSUM_CTRL(netif, interface.flags);
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
	frame_init();
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

/* Sums that the device has not looked at are lwIP's to check. */
static void give(const struct virtio_net_frame *frame)
{
	struct netif *netif = &interface.netif;
	const uint16_t unchecked =
		interface.flags & ~(uint16_t)(NETIF_CHECKSUM_CHECK_TCP |
	                                      NETIF_CHECKSUM_CHECK_UDP);
	struct pbuf *p;

	NETIF_SET_CHECKSUM_CTRL(netif, frame->sum_is_good ? unchecked
	                                                  : interface.flags);
	p = frame_to_pbuf(interface.device, frame);
	if (likely(p) && netif->input(p, netif) != ERR_OK)
		pbuf_free(p);
}

unsigned int interface_work(unsigned int budget)
{
	struct virtio_net_frame frame;
	unsigned int count = 0;

	if (!interface.device)
		return 0;
	take_back_sent();
	while (count < budget && virtio_net_receive(interface.device, &frame)) {
		give(&frame);
		count++;
	}
	if (count > 0 || interface.starved)
		interface.starved = !virtio_net_refill(interface.device);
	if (unlikely(virtio_net_link_changed(interface.device) ||
	             virtio_net_is_stopped(interface.device)))
		look_after_link();
	return count;
}

bool interface_is_unflushed(void)
{
	return READ_ONCE(interface.unflushed) > 0;
}

bool interface_should_flush(void)
{
	return interface.unflushed >= FLUSH_FRAMES;
}

void interface_flush(void)
{
	WRITE_ONCE(interface.unflushed, 0);
	virtio_net_kick(interface.device);
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
