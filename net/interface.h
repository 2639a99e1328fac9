/* SPDX-License-Identifier: MIT */
/*
 * The network device as an interface of lwIP. For net/ alone; the network's lock is
 * held where nothing else is said.
 */
#ifndef NET_INTERFACE_H
#define NET_INTERFACE_H

#include <stdbool.h>

#include "core/compiler.h"

struct netif;
struct virtio_net_counters;
struct virtio_net_info;

/*
 * Find the first network device; the same one again when it was found before.
 * @event runs in an interrupt when there is something to do. -ENODEV: there is none;
 * -ENOMEM; -EIO. Without lock, before others use it.
 */
int interface_open(void (*event)(void *unused)) __must_check;

/* Its interface, after lwip_init(). */
void interface_add(void);

/* NULL: there is no device. */
struct netif *interface_netif(void);
const struct virtio_net_info *interface_info(void);
void interface_read_counters(struct virtio_net_counters *out);

/* Is there something for interface_work()? Context: any, no lock needed. */
bool interface_has_work(void);

/*
 * Take what has come in, at most @budget frames, and what was sent; look after the
 * link and the buffers. Returns how many frames.
 */
unsigned int interface_work(unsigned int budget);

/* Packets that came together are acknowledged once: now. */
void interface_acknowledge(void);

/*
 * Interrupt for the next frame. False: there is one already, or it cannot: look
 * again.
 */
bool interface_listen(void) __must_check;
void interface_hush(void);

/* Buffers are missing, or nothing interrupts: it has to be looked at by the clock. */
bool interface_needs_clock(void);

#endif /* NET_INTERFACE_H */
