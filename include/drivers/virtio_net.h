/* SPDX-License-Identifier: MIT */
/*
 * Network devices (virtio 1.2, 5.1): frames in and out as pages and pieces of
 * memory; knows no protocol. Checksums and segmentation are left to the device
 * where it offers that, and it may use as many buffers for a frame as it needs
 * (VIRTIO_NET_F_MRG_RXBUF), each a page; without that and with large frames a
 * buffer is VIRTIO_NET_FRAME_PAGES pages. With several queue pairs (5.1.6.5.5)
 * every hart sends on its own, and all are received from.
 *
 * What the device says is checked; when it cannot be the device is stopped.
 *
 * Context: threads, no spinlock held. Locking: the caller's, one user at a time,
 * where nothing else is said.
 */
#ifndef DRIVERS_VIRTIO_NET_H
#define DRIVERS_VIRTIO_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"
#include "drivers/virtio_ring.h"

struct page;
struct virtio_net;

/* 64 KiB of frame behind a header, from anywhere in the first page. */
#define VIRTIO_NET_FRAME_PAGES 17u

/* What stands before each frame (5.1.6); little endian, as this machine is. */
struct virtio_net_header {
	uint8_t flags;
	uint8_t gso_type;
	uint16_t header_bytes; /* of a frame that is to be cut */
	uint16_t gso_bytes;    /* payload of each part */
	uint16_t checksum_start;
	uint16_t checksum_offset; /* from there */
	uint16_t buffers; /* that a received frame is in; not always there */
};

#define VIRTIO_NET_NEEDS_CHECKSUM 1u
#define VIRTIO_NET_CHECKSUM_GOOD  2u
#define VIRTIO_NET_GSO_NONE       0u
#define VIRTIO_NET_GSO_TCP4       1u
#define VIRTIO_NET_GSO_TCP6       4u

struct virtio_net_info {
	uint8_t mac[6];
	uint16_t mtu;
	uint8_t header_bytes; /* of struct virtio_net_header, before frames */
	bool header_stands_alone; /* in a piece of its own */
	bool sums;                /* the device completes checksums, sent ... */
	bool sums_received;       /* ... and says which received are right */
	bool cuts_tcp4, cuts_tcp6; /* large segments when sent */
	bool large_frames;         /* of more than the MTU may be received */
	unsigned int pairs;        /* of queues */
	unsigned int tx_frames;    /* that an empty send queue surely takes */
	bool is_modern;
};

struct virtio_net_counters {
	unsigned long frames_in, frames_out, bytes_in, bytes_out;
	unsigned long buffers_in; /* pages that frames came in */
	unsigned long large_in;   /* frames in more than one page */
	unsigned long large_out;  /* frames that the device cuts */
	unsigned long ring_full;  /* sends refused */
	unsigned long starved;    /* times that no memory was there for one */
	unsigned long malformed;  /* received frames that cannot be */
	unsigned long kicks_in, kicks_out; /* notifications of queues */
	unsigned long interrupts;
};

/* A received frame. Its pages belong to whoever took it. */
struct virtio_net_frame {
	struct page *pages[VIRTIO_NET_FRAME_PAGES];
	unsigned int count;  /* pages */
	unsigned int offset; /* of the frame in the first one */
	uint32_t bytes;      /* of the frame */
	bool sum_is_good;    /* of TCP and UDP: not to be looked at */
};

/*
 * The next network device that nobody has. @event runs in an interrupt when frames
 * came, or were sent, or the link changed. -ENODEV: none left; -ENOMEM; -EIO: it
 * does not work, which has been told.
 */
int virtio_net_open(void (*event)(void *argument), void *argument,
                    struct virtio_net **net_out) __must_check;
const struct virtio_net_info *virtio_net_info(const struct virtio_net *net);
void virtio_net_read_counters(const struct virtio_net *net,
                              struct virtio_net_counters *out);

/* False also when it was stopped. */
bool virtio_net_link_is_up(struct virtio_net *net);
bool virtio_net_is_stopped(const struct virtio_net *net);

/* May the link be another than when this was asked last? */
bool virtio_net_link_changed(struct virtio_net *net);

/* Can it interrupt? Else it is to be polled. */
bool virtio_net_interrupts(const struct virtio_net *net);

/* Is there one to receive, or something wrong? Context: any. */
bool virtio_net_has_received(const struct virtio_net *net);

/* The next received frame. False: none now. */
bool virtio_net_receive(struct virtio_net *net, struct virtio_net_frame *frame);

/* A page of a frame is not needed any more. */
void virtio_net_recycle(struct virtio_net *net, struct page *page);

/*
 * New buffers for those that were taken, as many as memory allows. False: some are
 * missing; try again later, or nothing comes any more.
 */
bool virtio_net_refill(struct virtio_net *net);

/* The queue pair of this hart. Frames of one pair are sent in their order. */
unsigned int virtio_net_pair(const struct virtio_net *net);

/*
 * Do @frames go out by @pair now, whatever pieces they are in? False: the device
 * interrupts when more do.
 */
bool virtio_net_has_room(struct virtio_net *net, unsigned int pair,
                         unsigned int frames);

/*
 * Send a frame by @pair: a header, then the frame. @token (not NULL) comes back from
 * virtio_net_sent() when the memory is not used any more. Goes out with the next
 * kick. -ENOSPC: no room, and the device interrupts when there is; -EINVAL: cannot
 * be sent in that many pieces; -EIO: stopped.
 */
int virtio_net_send(struct virtio_net *net, unsigned int pair,
                    const struct virtio_piece *pieces, unsigned int count,
                    void *token) __must_check;

/* The token of a frame that was sent. NULL: none. */
void *virtio_net_sent(struct virtio_net *net);

/* What was sent is the device's to look at now. */
void virtio_net_kick(struct virtio_net *net);

/*
 * Interrupt when frames come. False: some are there already. Until then, and again
 * from the interrupt on, they are looked for by virtio_net_receive().
 */
bool virtio_net_listen(struct virtio_net *net) __must_check;

/* Do not: somebody looks for them. */
void virtio_net_hush(struct virtio_net *net);

#endif /* DRIVERS_VIRTIO_NET_H */
