/* SPDX-License-Identifier: MIT */
/*
 * lwIP's options, each with its reason; what is not here is as opt.h has it. They
 * are the same in every configuration: what depends on memory is decided when the
 * network starts (net/pools.c), and the numbers here are its upper limits.
 */
#ifndef NET_LWIP_LWIPOPTS_H
#define NET_LWIP_LWIPOPTS_H

/**** How it runs ****/

/* No thread and no mailbox: callers of the raw API hold the stack's lock. */
#define NO_SYS                  1
#define LWIP_NETCONN            0
#define LWIP_SOCKET             0
#define SYS_LIGHTWEIGHT_PROT    0
#define LWIP_ASSERT_CORE_LOCKED LWIP_IF_ASSERTS(net_must_be_locked)
#define LWIP_HOOK_FILENAME      "lwip_hooks.h"
/* musl has the functions, and files that include both want those. */
#define LWIP_DONT_PROVIDE_BYTEORDER_FUNCTIONS
#define LWIP_CHKSUM net_checksum

/* An assertion costs 11 % of a request: only in images that check themselves. */
#ifdef LWIP_NOASSERT
#define LWIP_IF_ASSERTS(function) LWIP_NO_CHECK
#define LWIP_NO_CHECK()
#else
#define LWIP_IF_ASSERTS(function) function
#endif

/**** Memory: net/pools.c, net/memory.c in place of memp.c, mem.c ****/

#define MEM_LIBC_MALLOC 1 /* sizes are size_t, no heap of lwIP's own */
/* As if pools were fixed: lwIP asserts on failed timers otherwise. */
#define MEMP_MEM_MALLOC 0
#define MEM_ALIGNMENT   8
/* Receive buffers are the driver's (custom pbufs), all else is PBUF_RAM. */
#define PBUF_POOL_SIZE           0
#define LWIP_SUPPORT_CUSTOM_PBUF 1
/* One receive buffer may hold more than 255 packets' worth of references. */
#define LWIP_PBUF_REF_T u16_t

/*
 * At most this many, with much memory (net/pools.c has the rule). lwIP itself reads
 * them only to check options against each other.
 */
#define MEMP_NUM_TCP_PCB        16384
#define MEMP_NUM_TCP_PCB_LISTEN 1024
#define MEMP_NUM_UDP_PCB        4096
#define MEMP_NUM_RAW_PCB        256
#define MEMP_NUM_TCP_SEG        65535
#define MEMP_NUM_PBUF           65535
#define MEMP_NUM_FRAG_PBUF      1024
#define MEMP_NUM_REASSDATA      16
#define MEMP_NUM_ARP_QUEUE      256
#define MEMP_NUM_ND6_QUEUE      256
#define MEMP_NUM_IGMP_GROUP     64
#define MEMP_NUM_MLD6_GROUP     64
/* mDNS probes, ping, and whatever an app starts, beside lwIP's own. */
#define MEMP_NUM_SYS_TIMEOUT (LWIP_NUM_SYS_TIMEOUT_INTERNAL + 32)

/**** TCP ****/

#define TCP_MSS \
	1460 /* Ethernet's 1,500 less two headers; clamps the peer's too */
/* Windows above 64 KiB: bandwidth times delay of a host on the same machine. */
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE  7
/*
 * What the pcbs get is tcp_wnd_limit and tcp_snd_buf_limit, set at the start
 * by free memory; these are their largest values.
 */
#define TCP_WND          (1024 * 1024)
#define TCP_SND_BUF      (512 * 1024)
#define TCP_SND_QUEUELEN 1024  /* >= 2 * TCP_SND_BUF / TCP_MSS */
#define TCP_SNDLOWAT     32768 /* the default breaks lwIP's own check */
/*
 * Of this pcb's own window: a peer without scaling never sees more than 64 KiB of it.
 * Halves acks of bulk data.
 */
#define TCP_WND_UPDATE_THRESHOLD (TCP_WND_MAX(pcb) / 4)
#define TCP_OVERSIZE             TCP_MSS
/* The peer learns what has come behind a gap. Senders here read that there is one. */
#define LWIP_TCP_SACK_OUT 1
/* Without limits a remote decides how much memory is held out of order. */
#define TCP_OOSEQ_MAX_BYTES        1
#define TCP_OOSEQ_BYTES_LIMIT(pcb) tcp_wnd_limit
#define TCP_OOSEQ_MAX_PBUFS        512
/* Off: the header stays at 40 bytes, and the payload is aligned behind it. */
#define LWIP_TCP_TIMESTAMPS 0
/*
 * 50 ms: delayed acks and retransmissions of a local network are not asked to wait
 * for 250. What a tick costs with idle connections is cut by a patch.
 */
#define TCP_TMR_INTERVAL  50
#define LWIP_TCP_RTO_TIME 1000 /* RFC 6298: the first timeout is 1 s */
/*
 * TIME_WAIT of 4 s. Two minutes of it fill every pcb under repeated load, and on
 * a network of one hop no segment lives that long. Beyond, the oldest is reused.
 */
#define TCP_MSL            2000
#define TCP_LISTEN_BACKLOG 1
#define LWIP_TCP_KEEPALIVE 1 /* TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT */
/* SO_REUSEADDR; and what is for many is given to all that asked, as on Linux. */
#define SO_REUSE          1
#define SO_REUSE_RXTOALL  1
#define LWIP_HOOK_TCP_ISN net_first_sequence
/* Who owns memory that is not copied learns when it is free again. */
#define LWIP_HOOK_TCP_REFERENCE net_tcp_reference

/**** Checksums: a device with offload switches them off for its interface ****/

#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define LWIP_INLINE_IP_CHKSUM        1 /* of IPv4's header, as it is written */

/**** IPv4 ****/

#define IP_DEFAULT_TTL   64 /* Linux's */
#define IP_SOF_BROADCAST 1  /* sending needs SO_BROADCAST, as on Linux */
/* A datagram of 64 KiB comes in 45 fragments; two of them at a time. */
#define IP_REASS_MAX_PBUFS 128
#define ARP_TABLE_SIZE \
	64 /* hosts of a network; the last one is found at once */
#define ARP_QUEUEING          1 /* what is sent before the answer is not lost */
#define LWIP_NETIF_HWADDRHINT 1 /* each pcb knows its entry: no search */
#define LWIP_RAW              1 /* ping */
#define LWIP_IGMP             1 /* IP_ADD_MEMBERSHIP, mDNS */

#define LWIP_DHCP 1
/* Asking whether somebody has the address already delays every start by a second. */
#define DHCP_DOES_ARP_CHECK       0
#define DHCP_COARSE_TIMER_SECS    1 /* leases of a minute are renewed in time */
#define LWIP_DHCP_GET_NTP_SRV     1
#define LWIP_DHCP_MAX_NTP_SERVERS 2
#define LWIP_NETIF_HOSTNAME       1 /* routers show it in their lists */

#define LWIP_DNS                      1
#define DNS_TABLE_SIZE                16
#define DNS_MAX_SERVERS               3 /* of resolv.conf */
#define LWIP_DNS_SUPPORT_MDNS_QUERIES 1 /* x.local */

/**** IPv6 with addresses from routers (SLAAC), DNS servers too ****/

#define LWIP_IPV6                      1
#define LWIP_IPV6_NUM_ADDRESSES        4
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS  1
#define LWIP_ND6_NUM_NEIGHBORS         32
#define LWIP_ND6_NUM_DESTINATIONS      32
#define LWIP_ND6_RDNSS_MAX_DNS_SERVERS DNS_MAX_SERVERS
#define IPV6_FRAG_COPYHEADER           1 /* pointers of 8 bytes do not fit the header */

/**** Interfaces ****/

/* The device's header goes before Ethernet's: net/interface.c */
#define PBUF_LINK_ENCAPSULATION_HLEN   16
#define LWIP_NETIF_LOOPBACK            1 /* an interface's own address, too */
#define LWIP_HAVE_LOOPIF               1
#define LWIP_NETIF_EXT_STATUS_CALLBACK 1 /* mDNS, and lines on the console */
#define LWIP_NUM_NETIF_CLIENT_DATA     2 /* mDNS, one to spare */

/**** mDNS, SNTP ****/

#define LWIP_MDNS_RESPONDER         1
#define MDNS_MAX_SERVICES           4
#define SNTP_SERVER_DNS             1 /* servers by name */
#define SNTP_MAX_SERVERS            4
#define SNTP_STARTUP_DELAY          0 /* there is no crowd that boots at once */
#define SNTP_CHECK_RESPONSE         2 /* an answer to our question, from its server */
#define SNTP_SET_SYSTEM_TIME_US     net_set_time
#define SNTP_GET_SYSTEM_TIME(s, us) net_get_time(&(s), &(us))

/**** Counters for netstat -s: about 30 instructions a packet ****/

#define LWIP_STATS       1
#define LWIP_STATS_LARGE 1 /* 32 bits */
#define MEM_STATS        0 /* net/pools.h has these */
#define MEMP_STATS       0

#endif /* NET_LWIP_LWIPOPTS_H */
