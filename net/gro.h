/* SPDX-License-Identifier: MIT */
/*
 * Generic receive offload: frames of one connection that follow each other become one
 * packet before lwIP sees them, for a device that does not join them. Knows no device.
 * For net/ alone; the network's lock is held.
 */
#ifndef NET_GRO_H
#define NET_GRO_H

#include <stdbool.h>

struct pbuf;

/* Smaller frames are not worth to be held: acknowledgements, requests. */
#define GRO_LEAST 256u

/*
 * @p, a received Ethernet frame in one part with IP's header at a multiple of 8,
 * follows what is held and is now part of it. @sum_is_good: TCP's checksum has been
 * looked at. False: it does not, and is as it was.
 */
bool gro_join(struct pbuf *p, bool sum_is_good);

/*
 * @p may be the first of several, and is held: gro_end() is the caller's to call.
 * pre: nothing is held. False: it is as it was.
 */
bool gro_hold(struct pbuf *p, bool sum_is_good);

/*
 * What is held as a packet, its checksums all looked at; ->gso_size says, if it was
 * several, the payload of the first. NULL: nothing is.
 */
struct pbuf *gro_end(void);

struct gro_counters {
	unsigned long frames;  /* that became part of ... */
	unsigned long packets; /* ... one of these */
};

extern struct gro_counters gro_counters;

#endif /* NET_GRO_H */
