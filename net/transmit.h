/* SPDX-License-Identifier: MIT */
/* Frames to the device. For net/ alone; the network's lock is held. */
#ifndef NET_TRANSMIT_H
#define NET_TRANSMIT_H

#include <stdbool.h>

#include "core/compiler.h"

#include "lwip/err.h"

struct netif;
struct pbuf;
struct virtio_net;

/* Frames go to @net. Before the first of them. */
void transmit_init(struct virtio_net *net);

/* netif.linkoutput. ERR_MEM: no room now; ERR_BUF: it cannot be sent; ERR_IF. */
err_t transmit(struct netif *netif, struct pbuf *p);

/* What the device has sent is freed, and what it had no room for is tried again. */
void transmit_take_back(void);

/* [A] Frames that the device has not been told of. */
extern unsigned int transmit_unflushed;
void transmit_flush(void);

/* Frames that it is told of at once, though more may follow soon. */
#define TRANSMIT_FLUSH_FRAMES 16u

/* Context: any, no lock needed. */
static inline bool transmit_is_unflushed(void)
{
	return READ_ONCE(transmit_unflushed) > 0;
}

static inline bool transmit_should_flush(void)
{
	return transmit_unflushed >= TRANSMIT_FLUSH_FRAMES;
}

extern unsigned long transmit_copied; /* packets in too many pieces */

#endif /* NET_TRANSMIT_H */
