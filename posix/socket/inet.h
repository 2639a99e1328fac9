/* SPDX-License-Identifier: MIT */
/*
 * Internet sockets on lwIP's raw API. Everything of lwIP's, and all of these
 * sockets but what is copied, is touched with the stack's lock held ([N]);
 * callbacks of lwIP run with it.
 */
#ifndef POSIX_SOCKET_INET_H
#define POSIX_SOCKET_INET_H

#include <stdbool.h>
#include <stdint.h>

#include "net/stack.h"
#include "posix/socket/socket_internal.h"

#include "lwip/err.h"
#include "lwip/ip_addr.h"

struct netif;

/* One end of a connection. */
struct inet_end {
	ip_addr_t address;
	uint16_t port;
};

struct inet {
	struct socket socket;
	bool only_v6;           /* [N] IPV6_V6ONLY */
	uint8_t ttl, tos;       /* [N] of what it sends */
	struct inet_end local;  /* [N] as it is told; port 0: none yet */
	struct inet_end remote; /* [N] port 0: none */
};

static inline struct inet *inet_of(struct socket *socket)
{
	return container_of(socket, struct inet, socket);
}

/* posix/socket/inet.c */
void inet_init(struct inet *inet, const struct socket_ops *ops, int family,
               int type, int protocol);
/* The type of a pcb for @inet: IPv4, IPv6 or both. */
uint8_t inet_ip_type(const struct inet *inet);
int inet_errno(err_t err);
/* Is @address one of this machine's? */
bool inet_is_local(const ip_addr_t *address);
/* Where packets to @to would come from; -ENETUNREACH. */
int inet_source(const ip_addr_t *to, ip_addr_t *from_out) __must_check;
/*
 * There is a way to @to, or none will come by waiting: DHCP may be asking still, and
 * what is sent right after the boot shall not fail for that. Returns 0, or -EINTR.
 */
int inet_wait_for_route(const ip_addr_t *to, bool never_waits,
                        uint64_t deadline_ns) __must_check;
/* socket_wait() after a look at what has come in. */
int inet_wait(struct socket *socket, unsigned int events,
              uint64_t deadline_ns) __must_check;
int inet_name(struct socket *socket, struct address *name_out);
int inet_peer_name(struct socket *socket, struct address *name_out);

/* posix/socket/inet_address.c */
int inet_end_get(const struct inet *inet, const struct address *address,
                 struct inet_end *end_out) __must_check;
void inet_end_put(const struct inet *inet, const struct inet_end *end,
                  struct address *to);
/* The wildcard stands for this machine itself, as where to send. */
void inet_end_reachable(struct inet_end *end);

/* posix/socket/inet_option.c: level IPPROTO_IP and IPPROTO_IPV6 */
int inet_set_option(struct inet *inet, const struct option *option,
                    bool *changed);
int inet_get_option(struct inet *inet, struct option *option);

/* posix/socket/interface.c: SIOCGIF*; -ENOTTY: it is none of these */
long interface_ioctl(unsigned long request, void *argument);
/* "lo", "eth0" */
void interface_name(const struct netif *netif, char name[16]);
short interface_flags(const struct netif *netif); /* IFF_* */
struct netif *interface_by_name(const char *name);
/* SO_BINDTODEVICE: 0 with the index, 0 for none, in @inet->socket.interface. */
int interface_bind(struct inet *inet, const struct option *option);

/* The kinds. */
int stream_make(int family, struct socket **socket_out);
int datagram_make(int family, int type, int protocol,
                  struct socket **socket_out);

#endif /* POSIX_SOCKET_INET_H */
