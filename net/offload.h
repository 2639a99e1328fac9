/* SPDX-License-Identifier: MIT */
/*
 * What is left to the device: the checksum of TCP, and cutting large segments. For
 * net/ alone.
 */
#ifndef NET_OFFLOAD_H
#define NET_OFFLOAD_H

struct netif;
struct pbuf;
struct virtio_net_header;
struct virtio_net_info;

/* How large segments may be that lwIP makes for @netif. */
void offload_init(struct netif *netif, const struct virtio_net_info *info);

/*
 * Fill @header, which stands in front of the frame in @p, and leave in the frame
 * what the device needs to complete it.
 */
void offload_describe(struct pbuf *p, const struct virtio_net_info *info,
                      struct virtio_net_header *header);

#endif /* NET_OFFLOAD_H */
