/* SPDX-License-Identifier: MIT */
/*
 * What is left to the device: the checksum of TCP, and cutting large segments. For
 * net/ alone.
 */
#ifndef NET_OFFLOAD_H
#define NET_OFFLOAD_H

#include <stdbool.h>

struct netif;
struct virtio_net_info;

/* How large segments may be that lwIP makes for @netif. */
void offload_init(struct netif *netif, const struct virtio_net_info *info);

/* Does the device cut segments of the version of IP that @frame is? */
bool offload_cuts(const struct virtio_net_info *info, const void *frame);

/*
 * Fill the device's header at @start, behind which the frame of @bytes begins, and
 * leave in the frame what the device needs to complete it. @gso_size: the payload of
 * each segment that the device is to make of it; 0: it is one.
 */
void offload_describe(void *start, const struct virtio_net_info *info,
                      unsigned int bytes, unsigned int gso_size);

#endif /* NET_OFFLOAD_H */
