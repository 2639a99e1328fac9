/* SPDX-License-Identifier: MIT */
/*
 * A network device from its features to its first buffers. Receive queues are kept
 * full of pages, so that the device never has to be told of new ones while it
 * runs; what has been sent is looked for when the next frames are, and interrupts
 * only when a send was refused.
 */
#include <errno.h>
#include <string.h>

#include "core/hart.h"
#include "core/log.h"
#include "drivers/virtio/net_internal.h"
#include "drivers/virtio_net.h"
#include "mm/kmem.h"
#include "mm/page_alloc.h"

/* 5.1.3 */
#define F_CSUM       0u
#define F_GUEST_CSUM 1u
#define F_MTU        3u
#define F_MAC        5u
#define F_GUEST_TSO4 7u
#define F_GUEST_TSO6 8u
#define F_HOST_TSO4  11u
#define F_HOST_TSO6  12u
#define F_MRG_RXBUF  15u
#define F_STATUS     16u
#define F_CTRL_VQ    17u
#define F_MQ         22u
#define F_ANY_LAYOUT 27u

#define BIT(n) (1ul << (n))
#define WANTED                                                             \
	(BIT(F_CSUM) | BIT(F_GUEST_CSUM) | BIT(F_MTU) | BIT(F_MAC) |       \
	 BIT(F_GUEST_TSO4) | BIT(F_GUEST_TSO6) | BIT(F_HOST_TSO4) |        \
	 BIT(F_HOST_TSO6) | BIT(F_MRG_RXBUF) | BIT(F_STATUS) | BIT(F_MQ) | \
	 BIT(F_CTRL_VQ) | BIT(F_ANY_LAYOUT))

/* struct virtio_net_config (5.1.4) */
#define CONFIG_MAC    0u
#define CONFIG_STATUS 6u
#define CONFIG_PAIRS  8u
#define CONFIG_MTU    10u

#define STATUS_LINK_UP 1u
#define ETHERNET_BYTES 14u
#define MTU_USUAL      1500u
#define MTU_LEAST      68u /* RFC 791 */

/* A page of buffers for so many free ones: a sixteenth of memory at most. */
#define PAGES_FOR_EACH_BUFFER 16u
#define BUFFERS_LEAST         16u

static uint16_t config_number(struct virtio_net *net, size_t offset)
{
	uint16_t value;

	virtio_read_config(net->device, offset, &value, sizeof(value));
	return value;
}

static unsigned int pairs_to_use(struct virtio_net *net)
{
	unsigned int pairs;

	if (!virtio_has(net->device, F_MQ))
		return 1;
	pairs = config_number(net, CONFIG_PAIRS);
	if (pairs > NET_PAIRS_MAX)
		pairs = NET_PAIRS_MAX;
	if (pairs > nr_harts)
		pairs = nr_harts;
	return pairs > 0 ? pairs : 1;
}

/* The device's own when it has one; else one that is nobody's (IEEE 802, 8.2.2). */
static void read_mac(struct virtio_net *net)
{
	static const uint8_t local[6] = { 0x52, 0x54, 0x00, 0x76, 0x69, 0x72 };

	memcpy(net->info.mac, local, sizeof(local));
	if (virtio_has(net->device, F_MAC)) {
		virtio_read_config(net->device, CONFIG_MAC, net->info.mac,
		                   sizeof(net->info.mac));
	}
}

static uint16_t read_mtu(struct virtio_net *net)
{
	uint16_t mtu = MTU_USUAL;

	if (virtio_has(net->device, F_MTU))
		mtu = config_number(net, CONFIG_MTU);
	/* A larger one would want buffers that not every device joins. */
	return mtu < MTU_LEAST || mtu > MTU_USUAL ? MTU_USUAL : mtu;
}

static void read_info(struct virtio_net *net)
{
	struct virtio_device *device = net->device;
	struct virtio_net_info *info = &net->info;

	info->is_modern = virtio_is_modern(device);
	net->joins = virtio_has(device, F_MRG_RXBUF);
	info->header_bytes =
		net->joins || info->is_modern
			? sizeof(struct virtio_net_header)
			: offsetof(struct virtio_net_header, buffers);
	info->header_stands_alone =
		!info->is_modern && !virtio_has(device, F_ANY_LAYOUT);
	info->sums = virtio_has(device, F_CSUM);
	info->sums_received = virtio_has(device, F_GUEST_CSUM);
	info->cuts_tcp4 = info->sums && virtio_has(device, F_HOST_TSO4);
	info->cuts_tcp6 = info->sums && virtio_has(device, F_HOST_TSO6);
	info->large_frames = virtio_has(device, F_GUEST_TSO4) ||
	                     virtio_has(device, F_GUEST_TSO6);
	if (!info->large_frames)
		net->rx_offset = -(info->header_bytes + ETHERNET_BYTES) % 8;
	net->has_status = virtio_has(device, F_STATUS);
	net->tells_once = virtio_has(device, VIRTIO_F_EVENT_IDX);
	read_mac(net);
	info->mtu = read_mtu(net);
	info->pairs = pairs_to_use(net);
}

static unsigned int buffers_to_keep(const struct virtio_net *net)
{
	const unsigned int pages = net_buffer_pages(net) * net->info.pairs;
	unsigned long count = nr_free_pages() / PAGES_FOR_EACH_BUFFER / pages;

	if (count < BUFFERS_LEAST)
		return BUFFERS_LEAST;
	return count > NET_RX_ENTRIES ? NET_RX_ENTRIES : (unsigned int)count;
}

static int start_receive_queue(struct virtio_net *net, unsigned int pair)
{
	if (net_buffer_pages(net) == 1) {
		return virtio_queue_start_plain(net->device, 2 * pair,
		                                NET_RX_ENTRIES, &net->rx[pair]);
	}
	return virtio_queue_start(net->device, 2 * pair, NET_RX_ENTRIES,
	                          &net->rx[pair]);
}

/* Receive and send queues of each pair, then the one for commands (5.1.2). */
static int start_queues(struct virtio_net *net)
{
	unsigned int i;
	unsigned int control;

	for (i = 0; i < net->info.pairs; i++) {
		int err = start_receive_queue(net, i);

		if (err)
			return err;
		err = virtio_queue_start(net->device, 2 * i + 1, NET_TX_ENTRIES,
		                         &net->tx[i]);
		if (err)
			return err;
	}
	if (net->info.pairs == 1)
		return 0;
	control = 2 * config_number(net, CONFIG_PAIRS);
	return virtio_queue_start(net->device, control, 8, &net->control);
}

static void on_event(void *argument)
{
	struct virtio_net *net = argument;

	net->event(net->argument);
}

static void on_change(void *argument)
{
	struct virtio_net *net = argument;

	WRITE_ONCE(net->link_changed, 1);
	net->event(net->argument);
}

/* What needs another feature (5.1.3.1) is not asked for without it. */
static uint64_t features_to_ask(struct virtio_net *net)
{
	static const struct {
		unsigned char feature, needs;
	} pairs[] = {
		{ F_GUEST_TSO4, F_GUEST_CSUM },
		{ F_GUEST_TSO6, F_GUEST_CSUM },
		{ F_HOST_TSO4, F_CSUM },
		{ F_HOST_TSO6, F_CSUM },
		{ F_MQ, F_CTRL_VQ },
	};
	const uint64_t offered = virtio_offered(net->device);
	uint64_t wanted = WANTED;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (!(offered & BIT(pairs[i].needs)))
			wanted &= ~BIT(pairs[i].feature);
	}
	return wanted;
}

static int start(struct virtio_net *net)
{
	int err = virtio_negotiate(net->device, features_to_ask(net));

	if (err)
		return err;
	read_info(net);
	net->buffers_wanted = buffers_to_keep(net);
	net->spares_wanted = net->buffers_wanted;
	err = net_buffers_make(net);
	if (err)
		return err;
	err = start_queues(net);
	if (err)
		return err;
	net->info.tx_frames = virtio_ring_fits(net->tx[0]->ring);
	err = virtio_start(net->device, on_event, on_change, net);
	net->interrupts = err == 0;
	if (err && err != -ENODEV)
		return err;
	if (net->control)
		err = net_control_use_pairs(net);
	else
		err = 0;
	return err;
}

int virtio_net_open(void (*event)(void *argument), void *argument,
                    struct virtio_net **net_out)
{
	struct virtio_device *device = virtio_claim(VIRTIO_ID_NET, "net");
	struct virtio_net *net;
	int err;

	if (!device)
		return -ENODEV;
	net = kzalloc(sizeof(*net), GFP_KERNEL);
	if (!net) {
		virtio_release(device);
		return -ENOMEM;
	}
	net->device = device;
	net->event = event;
	net->argument = argument;
	err = start(net);
	if (err) {
		net_buffers_take_back(net);
		virtio_release(device);
		kfree(net);
		return err;
	}
	(void)virtio_net_refill(net);
	virtio_net_kick(net);
	*net_out = net;
	return 0;
}

void net_give_up(struct virtio_net *net, const char *why)
{
	if (virtio_is_stopped(net->device))
		return;
	virtio_stop(net->device, why);
	net->spares_wanted = 0;
	net_buffers_take_back(net);
}

const struct virtio_net_info *virtio_net_info(const struct virtio_net *net)
{
	return &net->info;
}

void virtio_net_read_counters(const struct virtio_net *net,
                              struct virtio_net_counters *out)
{
	unsigned int i;

	*out = net->counters;
	out->buffers_in += out->frames_in;
	out->interrupts = virtio_interrupts(net->device);
	for (i = 0; i < net->info.pairs; i++) {
		out->kicks_in += net->rx[i]->kicks;
		out->kicks_out += net->tx[i]->kicks;
	}
}

bool virtio_net_link_is_up(struct virtio_net *net)
{
	if (virtio_is_stopped(net->device))
		return false;
	return !net->has_status ||
	       (config_number(net, CONFIG_STATUS) & STATUS_LINK_UP);
}

bool virtio_net_is_stopped(const struct virtio_net *net)
{
	return virtio_is_stopped(net->device);
}

bool virtio_net_link_changed(struct virtio_net *net)
{
	if (likely(!READ_ONCE(net->link_changed)))
		return false;
	/* Before the link is looked at: what changes then is told again. */
	return __atomic_exchange_n(&net->link_changed, 0u, __ATOMIC_ACQ_REL);
}

bool virtio_net_interrupts(const struct virtio_net *net)
{
	return net->interrupts;
}

void virtio_net_hush(struct virtio_net *net)
{
	unsigned int i;

	/* An event is told of once. */
	if (net->tells_once)
		return;

	for (i = 0; i < net->info.pairs; i++) {
		virtio_ring_disable_interrupt(net->rx[i]->ring);
		virtio_ring_disable_interrupt(net->tx[i]->ring);
	}
}
