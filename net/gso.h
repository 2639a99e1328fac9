/* SPDX-License-Identifier: MIT */
/*
 * Generic segmentation offload: a large segment as frames, for a device that does
 * not cut it. Knows no device. For net/ alone; the network's lock is held.
 */
#ifndef NET_GSO_H
#define NET_GSO_H

#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"

struct pbuf;

/* The room in front of a frame, Ethernet's, IP's and TCP's header, in words. */
#define GSO_HEADER_WORDS 17u

/* A segment while it is cut. */
struct gso {
	struct pbuf *frame;      /* each is a reference of it: gso_begin() */
	uint64_t *next;          /* where the next frame's headers go */
	unsigned int words;      /* of them, with the room in front */
	unsigned int headers;    /* bytes, without */
	unsigned int tcp;        /* where TCP's begins in them */
	const struct pbuf *part; /* the next frame's payload is here ... */
	unsigned int offset;     /* ... from this byte on */
	unsigned int left;       /* bytes of payload that are in no frame yet */
	unsigned int size;       /* of it in each frame */
	uint32_t sequence;       /* of the next frame */
	uint16_t id;             /* IPv4's */
	uint8_t flags;           /* TCP's, that only the last frame has */
	uint64_t ip_sum;  /* of what all frames have the same in IP's ... */
	uint64_t tcp_sum; /* ... and for TCP's checksum; not folded */
	uint64_t model
		[GSO_HEADER_WORDS]; /* the headers as all frames have them */
};

struct gso_frame {
	uint8_t *
		header; /* from Ethernet's on, its IP header on a boundary of 8 */
	unsigned int headers;
	const struct pbuf *part; /* its payload, in as many parts as it takes */
	unsigned int offset;
	unsigned int bytes;
	uint64_t sum; /* for TCP's checksum, but for the payload; not folded */
};

/* At most so many frames come of a segment of @bytes, headers and all. */
static inline unsigned int gso_frames(unsigned int bytes, unsigned int gso_size)
{
	return bytes / gso_size + 1;
}

/*
 * Begin to cut @segment, an Ethernet frame with ->gso_size. On 0 gso->frame has a
 * reference for each frame that gso_next() makes, to be freed when it was sent;
 * together they hold @segment. -EINVAL: no TCP, or headers in several parts;
 * -ENOMEM.
 */
int gso_begin(struct gso *gso, struct pbuf *segment) __must_check;

/* The next frame, TCP's checksum 0. False: that was all. */
bool gso_next(struct gso *gso, struct gso_frame *frame);

/* TCP's checksum, where the device does not add it. */
void gso_sum(const struct gso *gso, const struct gso_frame *frame);

struct gso_counters {
	unsigned long segments; /* that were cut ... */
	unsigned long frames;   /* ... and what they became */
	unsigned long copied;   /* frames in too many pieces */
	unsigned long lost;     /* frames that there was no memory for */
};

extern struct gso_counters gso_counters;

#endif /* NET_GSO_H */
