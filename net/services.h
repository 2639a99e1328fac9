/* SPDX-License-Identifier: MIT */
/*
 * ntp=SERVER: the time of day comes from there, again every hour; ntp=dhcp: from
 * whom DHCP names. hostname=NAME: DHCP hears it, and NAME.local finds this host
 * (mDNS). For net/ alone. Context: threads, the network's lock held.
 */
#ifndef NET_SERVICES_H
#define NET_SERVICES_H

struct netif;

/* First of all, once. */
void services_read_names(void);

/* hostname= or "vireo". */
const char *services_host_name(void);

/* Once, when @netif has been added, before it has an address. */
void services_begin(struct netif *netif);

/* @netif may have an address now, or another one. */
void services_address_changed(struct netif *netif);

#endif /* NET_SERVICES_H */
