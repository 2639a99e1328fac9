/* SPDX-License-Identifier: MIT */
/* Hooks of lwIP that the kernel fills: LWIP_HOOK_FILENAME of lwipopts.h. */
#ifndef NET_LWIP_HOOKS_H
#define NET_LWIP_HOOKS_H

#include "lwip/ip_addr.h"

/*
 * A connection's first sequence number (RFC 6528): a clock of 4 us plus a keyed
 * hash of both ends, so that nobody else can tell it, and the same two ends
 * find it above that of their last connection.
 */
u32_t net_first_sequence(const ip_addr_t *local, u16_t local_port,
                         const ip_addr_t *remote, u16_t remote_port);

/*
 * A pbuf that refers to @bytes at @data, which tcp_write() was told not to copy;
 * NULL: no memory. include/net/reference.h
 */
struct pbuf;
struct pbuf *net_tcp_reference(const void *data, u16_t bytes);

#endif /* NET_LWIP_HOOKS_H */
