/* SPDX-License-Identifier: MIT */
/*
 * Views of the network, line by line, for the shell and /proc/net. Those of an
 * image whose network has not started are empty. Context: threads, the network's
 * lock not held.
 */
#ifndef NET_SHOW_H
#define NET_SHOW_H

#include "lib/lines.h"

struct netif;

/* "eth0", "lo": as Linux names them. Context: any. */
const char *net_interface_name(const struct netif *netif);

/* Each interface: state, addresses, what its device does, frames and bytes. */
void net_show_interfaces(line_emit *emit, void *context);

/* Where packets go, IPv4 and IPv6. */
void net_show_routes(line_emit *emit, void *context);

/* Every connection and bound port: protocol, both ends, state, bytes queued. */
void net_show_connections(line_emit *emit, void *context);

/* Neighbours whose hardware address is known. */
void net_show_neighbours(line_emit *emit, void *context);

/* Pools of the stack: used, most, limit, refused. */
void net_show_pools(line_emit *emit, void *context);

/* Everything that is counted, as "name value"; names are stable. */
void net_show_counters(line_emit *emit, void *context);

/* /proc/net/dev as Linux writes it. */
void net_show_dev(line_emit *emit, void *context);

#endif /* NET_SHOW_H */
