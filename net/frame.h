/* SPDX-License-Identifier: MIT */
/* Received frames as lwIP's pbufs, without a copy. For net/ alone. */
#ifndef NET_FRAME_H
#define NET_FRAME_H

#include <stdbool.h>

struct pbuf;
struct virtio_net;
struct virtio_net_frame;

/* Before the first frame. */
void frame_init(void);

/*
 * @frame, whose pages are taken over, as one flat pbuf. NULL: it was dropped, and
 * counted why. The network's lock is held, also when the pbuf is freed.
 */
struct pbuf *frame_to_pbuf(struct virtio_net *net,
                           const struct virtio_net_frame *frame);

/* What is kept for the next frame goes. True: there was some. */
bool frame_give_back(void);

struct frame_counters {
	unsigned long copied; /* small frames, into a pbuf */
	unsigned long copied_bytes;
	unsigned long mapped; /* several pages side by side */
	unsigned long pages_mapped;
	unsigned long unmapped;
	unsigned long short_frames; /* dropped: less than its own header */
	unsigned long long_frames;  /* dropped: more than a pbuf can say */
	unsigned long no_memory;    /* dropped */
	unsigned long pinned;       /* pages that pbufs have now */
	unsigned long pinned_peak;
};

extern struct frame_counters frame_counters;

#endif /* NET_FRAME_H */
