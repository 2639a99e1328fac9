/* SPDX-License-Identifier: MIT */
/*
 * lwIP's objects and buffers: from kmalloc(), each kind up to a number that follows
 * from the memory there is, so that no remote takes it all; and counted.
 *
 * Locking: the stack's lock (net/stack.h). Context: threads.
 */
#ifndef NET_POOLS_H
#define NET_POOLS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Limits for a machine with this much free memory, and the windows of TCP. Once,
 * before lwip_init().
 */
void net_pools_start(size_t free_bytes);

/* Objects that are kept for the next who wants one go. True: there were some. */
bool net_pools_give_back(void);

/* What netstat -s shows of one kind of object. */
struct net_pool_usage {
	const char *name;
	unsigned int bytes; /* of one object */
	unsigned int used;
	unsigned int peak;
	unsigned int limit;
	unsigned long refused;
};

unsigned int net_pools_count(void);
void net_pools_usage(unsigned int index, struct net_pool_usage *out);

/* Of packets and send buffers, of any size. */
struct net_memory_usage {
	size_t used_bytes;
	size_t peak_bytes;
	size_t limit_bytes;
	unsigned long blocks;
	unsigned long refused;
};

void net_memory_usage(struct net_memory_usage *out);

/*
 * What was received out of order goes, and its senders send it again: for when
 * receive buffers run out. Not from a callback of lwIP. Returns pcbs that had some.
 */
unsigned int net_free_out_of_order(void);

#endif /* NET_POOLS_H */
