/* SPDX-License-Identifier: MIT */
/*
 * Two interfaces of the one stack, and a wire between them: what one sends the other
 * gets a millisecond later, each packet in memory of exactly its size. Large segments
 * are cut by net/gso.c, or brought whole as by a device that joins them again, and
 * packets are lost or swapped.
 */
#ifndef TESTS_HOST_WIRE_H
#define TESTS_HOST_WIRE_H

#include <stdbool.h>

#include "lwip/ip_addr.h"
#include "lwip/netif.h"

extern struct netif wire_ends[2];
/* Their addresses, of IPv4 and IPv6. */
extern ip_addr_t wire_address[2], wire_address6[2];

/* Of a hundred packets; 0 at the start of each test. */
extern unsigned int wire_lost_pct, wire_swapped_pct;

/* Large segments are not cut; false at the start of each test. */
extern bool wire_brings_whole;

/* What comes at a time is joined by net/gro.c; false at the start of each test. */
extern bool wire_joins;

/* Since wire_start(): packets that an end handed over, and segments they became. */
extern unsigned long wire_packets, wire_segments;
/* Called with each packet before it is cut, if it is set. */
extern void (*wire_watch)(struct netif *from, const struct pbuf *p);

/* At the start of each test: nothing on the wire, no connection. */
void wire_start(void);

/* Time goes on for so many milliseconds, or until *done. */
void wire_run(unsigned int ms, const bool *done);

/* A packet for an end as if it had come: @bytes from the IP header on. */
void wire_inject(struct netif *to, const void *packet, size_t bytes);

/* A packet as a received Ethernet frame, in memory that ends where it does. */
struct pbuf *wire_frame(const void *packet, size_t bytes);

/*
 * At the end of each test: every connection is aborted, and no memory of lwIP's is
 * left when what it remembers has been forgotten.
 */
void wire_end(void);

#endif /* TESTS_HOST_WIRE_H */
