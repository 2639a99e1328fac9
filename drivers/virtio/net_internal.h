/* SPDX-License-Identifier: MIT */
/* A network device as its files in this folder see it. */
#ifndef DRIVERS_VIRTIO_NET_INTERNAL_H
#define DRIVERS_VIRTIO_NET_INTERNAL_H

#include <stdbool.h>

#include "drivers/virtio.h"
#include "drivers/virtio_net.h"

#define NET_PAIRS_MAX  4u
#define NET_RX_ENTRIES 256u
#define NET_TX_ENTRIES 256u

/* A receive buffer of several pages, when the device cannot join small ones. */
struct net_buffer {
	struct page *pages[VIRTIO_NET_FRAME_PAGES];
};

struct virtio_net {
	struct virtio_device *device;
	struct virtio_net_info info; /* [I] */
	struct virtio_queue *rx[NET_PAIRS_MAX];
	struct virtio_queue *tx[NET_PAIRS_MAX];
	struct virtio_queue *control; /* NULL: no need */
	void (*event)(void *argument);
	void *argument;
	unsigned int rx_offset; /* [I] where a buffer begins in its page */
	bool joins;             /* [I] MRG_RXBUF: a buffer is one page */
	bool interrupts;        /* [I] */
	bool has_status;        /* [I] it tells whether the link is up */

	bool tells_once;           /* [I] VIRTIO_F_EVENT_IDX */
	unsigned int link_changed; /* [A] */

	unsigned int buffers_wanted;  /* [I] out in each receive queue */
	struct net_buffer *buffers;   /* [I] unless ->joins */
	struct net_buffer **unposted; /* a stack of those not out */
	unsigned int nr_unposted;

	unsigned int next_rx;   /* pair that is looked at first */
	unsigned int sent_from; /* the same for what was sent */
	bool tx_waits;          /* a send was refused */
	struct page *spares[NET_RX_ENTRIES];
	unsigned int nr_spares;
	unsigned int spares_wanted; /* 0 when it was given up */
	/* ->buffers_in: besides the first of a frame */
	struct virtio_net_counters counters;
};

static inline unsigned int net_buffer_pages(const struct virtio_net *net)
{
	return net->joins || !net->info.large_frames ? 1
	                                             : VIRTIO_NET_FRAME_PAGES;
}

/* Of what was sent, each time that somebody looks for what is done, or sleeps. */
static __always_inline void net_remind(struct virtio_queue *queue)
{
	if (unlikely(virtio_ring_is_untold(queue->ring)))
		virtio_queue_remind(queue);
}

/*
 * Report and reset; nothing comes from it any more, and the buffers that it had are
 * free. What was to be sent comes back from virtio_net_sent().
 */
void net_give_up(struct virtio_net *net, const char *why);

/* net_control.c: have it use all pairs that it was set up with. 0 or -errno. */
int net_control_use_pairs(struct virtio_net *net) __must_check;

/* net_receive.c: room for buffers of several pages; their end. */
int net_buffers_make(struct virtio_net *net) __must_check;
void net_buffers_take_back(struct virtio_net *net);

#endif /* DRIVERS_VIRTIO_NET_INTERNAL_H */
