/* SPDX-License-Identifier: MIT */
/*
 * Memory that TCP sends from without a copy. It is given back when the last packet
 * that refers to it is gone: acknowledged, and out of the device's queue.
 *
 *      net_memory_init(&memory, release);
 *      err = net_send_from(&memory, pcb, data, bytes, flags);
 *      net_memory_put(&memory);
 *
 * Locking: the stack's lock; release() is called with it. Context: threads.
 */
#ifndef NET_REFERENCE_H
#define NET_REFERENCE_H

#include <stdint.h>

#include "lwip/err.h"

struct tcp_pcb;

struct net_memory {
	unsigned int references; /* [N] */
	void (*release)(struct net_memory *memory);
};

/* With one reference, the caller's. */
static inline void net_memory_init(struct net_memory *memory,
                                   void (*release)(struct net_memory *memory))
{
	memory->references = 1;
	memory->release = release;
}

static inline void net_memory_put(struct net_memory *memory)
{
	if (--memory->references == 0)
		memory->release(memory);
}

/* tcp_write() of @bytes at @data, which are @memory's; all of them or none. */
err_t net_send_from(struct net_memory *memory, struct tcp_pcb *pcb,
                    const void *data, uint16_t bytes, uint8_t flags);

#endif /* NET_REFERENCE_H */
