/* SPDX-License-Identifier: MIT */
/* What the network was configured with, and whether that goes on. */
#ifndef NET_CONFIGURED_H
#define NET_CONFIGURED_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/lines.h"

/*
 * An address is asked for by DHCP and has not come yet, nor has that been going on
 * for long. Who cannot reach a host may wait for the end of it then.
 */
bool net_is_configuring(void);

/*
 * Until net_is_configuring() ends or @deadline_ns has come. Returns 0, or -EINTR.
 * Context: threads, the network's lock not held.
 */
int net_wait_configured(uint64_t deadline_ns);

/*
 * Lines as /etc/resolv.conf has them, of the name servers that are known when
 * net_is_configuring() has ended; it is waited for. Context: threads, the network's
 * lock not held.
 */
void net_show_resolv(line_emit *emit, void *context);

#endif /* NET_CONFIGURED_H */
