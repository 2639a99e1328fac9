/* SPDX-License-Identifier: MIT */
/*
 * Our options with what lwIP's own tests need otherwise: windows of a few segments
 * that they fill, counters that they look at, and no DNS, which allocates first.
 */
#ifndef TESTS_UNIT_LWIPOPTS_H
#define TESTS_UNIT_LWIPOPTS_H

#include "net/lwip/lwipopts.h"

#define LWIP_TESTMODE                 1
#define ETHARP_SUPPORT_STATIC_ENTRIES 1
#define MIB2_STATS                    1

/* They expect the questions. */
#undef DHCP_DOES_ARP_CHECK
#define DHCP_DOES_ARP_CHECK 1

/* They call DHCP's timer once a minute of theirs. */
#undef DHCP_COARSE_TIMER_SECS
#define DHCP_COARSE_TIMER_SECS 60

#undef MEM_STATS
#define MEM_STATS 1
#undef MEMP_STATS
#define MEMP_STATS 1

#undef TCP_WND
#define TCP_WND (10 * TCP_MSS)
#undef TCP_SND_BUF
#define TCP_SND_BUF (12 * TCP_MSS)
#undef TCP_SND_QUEUELEN
#define TCP_SND_QUEUELEN 40
#undef TCP_SNDLOWAT
#undef TCP_RCV_SCALE
#define TCP_RCV_SCALE 0
#undef TCP_WND_UPDATE_THRESHOLD
#undef LWIP_HOOK_TCP_ISN
#undef TCP_OOSEQ_MAX_BYTES
#undef TCP_OOSEQ_BYTES_LIMIT
#undef TCP_OOSEQ_MAX_PBUFS
#undef TCP_TMR_INTERVAL
#undef LWIP_TCP_RTO_TIME
#define TCP_LIMITED_TRANSMIT 0U
#undef SO_REUSE_RXTOALL
#define PBUF_POOL_BUFSIZE 600
#undef PBUF_POOL_SIZE
#define PBUF_POOL_SIZE 400

#undef LWIP_DHCP_GET_NTP_SRV
#undef LWIP_DNS
#define LWIP_DNS 0
#undef LWIP_DNS_SUPPORT_MDNS_QUERIES
#undef LWIP_ND6_RDNSS_MAX_DNS_SERVERS

#endif /* TESTS_UNIT_LWIPOPTS_H */
