/* SPDX-License-Identifier: MIT */
/*
 * Generic receive offload: frames of one connection that follow each other become one
 * packet before lwIP sees them, for a device that does not join them. Knows no device.
 * For net/ alone; the network's lock is held.
 */
#ifndef NET_GRO_H
#define NET_GRO_H

#include <stdbool.h>

#define GRO_LEAST    256u
#define GRO_ACK_MOST 74u /* over IPv6 */

struct pbuf;

/* Is a frame of @bytes worth to be held? Requests are not, acknowledgements are. */
static inline bool gro_is_worth(unsigned int bytes)
{
	return bytes >= GRO_LEAST || bytes <= GRO_ACK_MOST;
}

/*
 * @p, a received Ethernet frame in one part with IP's header at a multiple of 8,
 * follows what is held and is now part of it, or takes its place. @sum_is_good: TCP's
 * checksum has been looked at. False: it does not, and is as it was.
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
	unsigned long acks;    /* that a later one took the place of */
};

extern struct gro_counters gro_counters;

#endif /* NET_GRO_H */
