/* SPDX-License-Identifier: MIT */
/*
 * Unix-domain sockets: packets in memory, from one queue's end to the other.
 *
 *        socket --peer--> socket         stream, seqpacket: both ways, for good
 *          |                |            dgram: where send() goes
 *        packets          packets        what came and is not read yet
 *
 * One mutex guards how sockets hang together and all queues; it is held for a few
 * instructions, and never while memory of an application is copied. A packet is
 * filled before it is queued, and stays at the head of its queue while it is read:
 * readers of one socket take turns (->reading).
 *
 * References: the file's, the peer's, and those of packets to their sender.
 *
 * Marks: [U] unix_lock, [R] the reader's turn, [I] never changes
 */
#ifndef POSIX_SOCKET_UNIX_H
#define POSIX_SOCKET_UNIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#include "core/mutex.h"
#include "posix/inode.h"
#include "posix/socket/socket_internal.h"

#define UNIX_FILES_MAX   253u /* SCM_RIGHTS of one message, as Linux */
#define UNIX_PACKETS_MAX 512u /* in one queue of datagrams */

/* What goes with the first byte of a packet. */
struct unix_files {
	unsigned int count;
	struct file *files[UNIX_FILES_MAX];
};

struct unix_packet {
	struct unix_packet *next;   /* [U] */
	struct unix_socket *sender; /* [I] a reference */
	struct unix_files *files;   /* [R] or NULL */
	size_t bytes;               /* [I] */
	size_t taken;               /* [R] of a stream */
	bool credentials;           /* [I] the sender gave them */
	struct ucred from;          /* [I] */
	char data[];                /* [I] */
};

enum unix_state { UNIX_ALONE, UNIX_LISTENS, UNIX_CONNECTED };

/* The name of a socket; shared with those that it accepted. */
struct unix_name {
	unsigned int references;    /* [A] */
	struct inode *inode;        /* [I] a reference; NULL: abstract */
	struct unix_socket *owner;  /* [U] who is found by it; NULL: gone */
	struct unix_name *next;     /* [U] of its bucket */
	socklen_t bytes;            /* [I] of address */
	struct sockaddr_un address; /* [I] */
};

struct unix_socket {
	struct socket socket;             /* first */
	unsigned int references;          /* [A] */
	enum unix_state state;            /* [U] */
	bool shut_read;                   /* [U] */
	bool shut_write;                  /* [U] */
	bool dead;                        /* [U] its file is gone */
	struct unix_socket *peer;         /* [U] a reference, or NULL */
	struct unix_packet *first, *last; /* [U] */
	size_t waiting_bytes;             /* [U] in its queue */
	unsigned int waiting;             /* [U] packets */
	size_t sent_bytes;                /* [U] by it and not read yet */
	struct unix_socket *pending, *pending_last; /* [U] not accepted yet */
	struct unix_socket *pending_next;           /* [U] */
	unsigned int nr_pending, backlog;           /* [U] */
	struct unix_name *name;        /* [U] a reference, or NULL */
	struct ucred peer_credentials; /* [U] */
	struct mutex reading;
	struct wait_queue room; /* those who found the queue or backlog full */
};

extern struct mutex unix_lock;

static inline struct unix_socket *unix_of(struct socket *socket)
{
	return container_of(socket, struct unix_socket, socket);
}

static inline struct unix_socket *unix_hold(struct unix_socket *unix)
{
	__atomic_fetch_add(&unix->references, 1, __ATOMIC_RELAXED);
	return unix;
}

/* Context: unix_lock is not held. */
void unix_put(struct unix_socket *unix);

/* posix/socket/unix.c */
struct unix_socket *unix_create(int type);
extern const struct socket_ops unix_stream_ops, unix_packet_ops,
	unix_datagram_ops;
/* Events after a change; @news: something came. */
void unix_update(struct unix_socket *unix, bool news) __must_hold(&unix_lock);
struct ucred unix_credentials(void);

/* posix/socket/unix_name.c */
int unix_bind(struct socket *socket, const struct address *address);
int unix_autobind(struct unix_socket *unix) __must_check;
/* The socket that @address names, with a reference. */
int unix_find(const struct address *address,
              struct unix_socket **found) __must_check;
void unix_name_put(struct unix_name *name);
/* Nobody finds @unix by its name any more. */
void unix_name_leave(struct unix_socket *unix) __must_hold(&unix_lock);
int unix_name(struct socket *socket, struct address *name_out);
int unix_peer_name(struct socket *socket, struct address *name_out);
void unix_address_of(const struct unix_socket *unix, struct address *to)
	__must_hold(&unix_lock);

/* posix/socket/unix_connect.c */
int unix_listen(struct socket *socket, int backlog);
int unix_accept(struct socket *socket, bool never_waits, struct address *from,
                struct socket **socket_out);
int unix_connect(struct socket *socket, const struct address *address,
                 bool never_waits);
void unix_join(struct unix_socket *a, struct unix_socket *b)
	__must_hold(&unix_lock);

/* posix/socket/unix_packet.c */
struct unix_packet *unix_packet_create(struct unix_socket *sender,
                                       size_t bytes) __must_check;
/* Files that are in flight are closed. Context: unix_lock is not held. */
void unix_packet_free(struct unix_packet *packet);
void unix_packet_queue(struct unix_socket *to, struct unix_packet *packet)
	__must_hold(&unix_lock);
/* The first packet leaves the queue; it is the caller's to free. */
struct unix_packet *unix_packet_take(struct unix_socket *unix)
	__must_hold(&unix_lock);
/* What a message's control part says, into @packet. */
int unix_packet_control(struct unix_packet *packet,
                        const struct message *message) __must_check;
/* To the receiver; @peek: the files stay in the packet, too. */
void unix_give_control(const struct unix_socket *unix,
                       struct unix_packet *packet, struct message *message,
                       bool peek);

/* posix/socket/unix_stream.c, unix_datagram.c */
long unix_stream_send(struct socket *socket, struct message *message);
long unix_stream_receive(struct socket *socket, struct message *message);
long unix_datagram_send(struct socket *socket, struct message *message);
long unix_datagram_receive(struct socket *socket, struct message *message);

#endif /* POSIX_SOCKET_UNIX_H */
