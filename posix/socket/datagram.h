/* SPDX-License-Identifier: MIT */
/*
 * UDP, ICMP echo ("ping") and raw IP sockets: a queue of packets with their
 * senders. They differ in what pcb lwIP has for them and in what is in a packet.
 */
#ifndef POSIX_SOCKET_DATAGRAM_H
#define POSIX_SOCKET_DATAGRAM_H

#include "core/mutex.h"
#include "posix/socket/inet.h"

#include "lwip/pbuf.h"

struct datagram_socket;
struct udp_pcb;
struct raw_pcb;

struct datagram {
	struct datagram *next;
	struct pbuf *buffer;
	struct inet_end from;
	ip_addr_t to;
	uint8_t interface;
};

/* A group that was joined; left again when the socket goes. */
struct datagram_group {
	struct datagram_group *next;
	ip_addr_t group;
	uint8_t interface; /* 0: the default one */
};

/* What is done differently; all with the stack's lock held. */
struct datagram_kind {
	int (*open)(struct datagram_socket *socket);
	void (*close)(struct datagram_socket *socket);
	int (*bind)(struct datagram_socket *socket, const struct inet_end *to);
	int (*connect)(struct datagram_socket *socket,
	               const struct inet_end *to); /* NULL: to nobody */
	int (*send)(
		struct datagram_socket *socket, struct pbuf *buffer,
		const struct inet_end *to); /* NULL: where it is connected */
	/* Options into the pcb. */
	void (*apply)(struct datagram_socket *socket);
	size_t most_bytes; /* of one */
};

struct datagram_socket {
	struct inet inet;
	const struct datagram_kind *kind; /* [I] */
	union {
		struct udp_pcb *udp; /* [N] */
		struct raw_pcb *raw; /* [N] */
	};
	struct datagram *first, *last; /* [N] */
	size_t queued_bytes;           /* [N] */
	unsigned long dropped;         /* [N] */
	bool connected;                /* [N] */
	bool shut_read, shut_write;    /* [N] */
	uint16_t echo_id;              /* [N] of a ping socket, as in memory */
	bool with_header;              /* [N] IP_HDRINCL */
	bool tell_destination;         /* [N] IP_PKTINFO */
	bool tell_ttl;                 /* [N] IP_RECVTTL */
	bool multicast_loop;           /* [N] */
	uint8_t multicast_ttl;         /* [N] */
	uint8_t multicast_interface;   /* [N] 0: by the route */
	struct datagram_group *groups; /* [N] */
};

static inline struct datagram_socket *datagram_of(struct socket *socket)
{
	return container_of(socket, struct datagram_socket, inet.socket);
}

extern const struct datagram_kind udp_kind, ping_kind, raw_kind;

/* posix/socket/udp.c: a packet of @pcb's was refused. */
void udp_kind_refused(const struct udp_pcb *pcb);
/* posix/socket/udp_error.c: from now on, as far as memory permits. */
void udp_watch_errors(void);

/* posix/socket/datagram.c */
void datagram_update(struct datagram_socket *socket, bool news);
/* @buffer, which it takes over, has come. */
void datagram_arrived(struct datagram_socket *socket, struct pbuf *buffer,
                      const struct inet_end *from);
void datagram_end_changed(struct datagram_socket *socket);

/* posix/socket/datagram_transfer.c */
long datagram_send(struct socket *socket, struct message *message);
long datagram_receive(struct socket *socket, struct message *message);
void datagram_free(struct datagram *datagram);

/* posix/socket/datagram_option.c */
int datagram_set_option(struct socket *socket, const struct option *option);
int datagram_get_option(struct socket *socket, struct option *option);
void datagram_option_changed(struct socket *socket, int name);
void datagram_leave_groups(struct datagram_socket *socket);

#endif /* POSIX_SOCKET_DATAGRAM_H */
