/* SPDX-License-Identifier: MIT */
/*
 * What all sockets are, whatever their family: a file with a queue that is woken at
 * each new thing, a word that says what it is ready for, and operations of its kind.
 * docs/sockets.md
 *
 * The word ->events is kept up to date by the family under the family's lock, so
 * that poll() and epoll look at a socket without any lock.
 *
 * Context: threads, interrupts on, no spinlock held.
 */
#ifndef POSIX_SOCKET_SOCKET_INTERNAL_H
#define POSIX_SOCKET_SOCKET_INTERNAL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "core/compiler.h"
#include "core/wait.h"
#include "posix/file.h"

/* An address as the application gives it or gets it; [0, bytes) of it is valid. */
struct address {
	union {
		struct sockaddr any;
		struct sockaddr_storage storage;
		char raw[sizeof(struct sockaddr_storage)];
	};
	socklen_t bytes;
};

/* Memory of the application in pieces, and how far it has been moved. */
struct parts {
	const struct iovec *at;
	size_t offset; /* in *at */
	size_t left;   /* of all */
};

/* One send or receive. */
struct message {
	struct parts parts;
	unsigned int flags;      /* MSG_* of the call */
	bool never_waits;        /* O_NONBLOCK or MSG_DONTWAIT */
	struct address *address; /* to whom; from whom; NULL: nobody asks */
	char *control;           /* sent: a copy; received: the application's */
	size_t control_bytes;    /* of it; received: room that is left */
	size_t control_done;     /* received: written */
	unsigned int result;     /* received: MSG_TRUNC | MSG_CTRUNC ... */
	bool close_on_exec;      /* received: MSG_CMSG_CLOEXEC */
};

struct socket;

/* The value of an option as it is given; gets are at most this long. */
#define OPTION_BYTES 256u

struct option {
	int level, name;
	unsigned int bytes; /* given, or room; then what there is */
	union {
		int number;
		long align;
		unsigned char data[OPTION_BYTES];
	};
};

/*
 * NULL: -EOPNOTSUPP. All return 0 or a count, or -errno. Blocking ones wait with no
 * lock held.
 */
struct socket_ops {
	int (*bind)(struct socket *socket, const struct address *address);
	int (*listen)(struct socket *socket, int backlog);
	/* A new socket for what came; its peer's address into *@from. */
	int (*accept)(struct socket *socket, bool never_waits,
	              struct address *from, struct socket **socket_out);
	int (*connect)(struct socket *socket, const struct address *address,
	               bool never_waits);
	long (*send)(struct socket *socket, struct message *message);
	/*
	 * From @offset of @page on; it may keep the page for as long as it needs.
	 * NULL: send().
	 */
	long (*send_page)(struct socket *socket, struct page *page,
	                  size_t offset, struct message *message);
	long (*receive)(struct socket *socket, struct message *message);
	int (*shutdown)(struct socket *socket, int how);
	int (*name)(struct socket *socket, struct address *name_out);
	int (*peer_name)(struct socket *socket, struct address *name_out);
	/* Options that posix/socket/option.c does not know; NULL: none. */
	int (*set_option)(struct socket *socket, const struct option *option);
	int (*get_option)(struct socket *socket, struct option *option);
	/* An option that option.c has stored in @socket was changed; or NULL. */
	void (*option_changed)(struct socket *socket, int name);
	long (*ioctl)(struct socket *socket, unsigned long request,
	              void *argument);
	/* The last descriptor is gone: @socket is the family's to free. */
	void (*release)(struct socket *socket);
};

/* What setsockopt() switches on and off at level SOL_SOCKET. */
enum socket_switch {
	SWITCH_REUSE_ADDRESS = 1,
	SWITCH_REUSE_PORT = 2,
	SWITCH_KEEP_ALIVE = 4,
	SWITCH_BROADCAST = 8,
	SWITCH_OUT_OF_BAND_INLINE = 16,
	SWITCH_PASS_CREDENTIALS = 32,
	SWITCH_DONT_ROUTE = 64,
	SWITCH_TIMESTAMP = 128,
};

struct socket {
	const struct socket_ops *ops; /* [I] */
	int family, type, protocol;   /* [I] */
	ino_t number;                 /* [I] */
	unsigned int events;          /* [A] POLL* of now but POLLERR */
	int error;                    /* [A] positive; told once, then 0 */
	bool listens;                 /* [A] */
	unsigned int switches;        /* [A] enum socket_switch */
	unsigned int send_bytes;      /* [A] SO_SNDBUF as it is told */
	unsigned int receive_bytes;   /* [A] SO_RCVBUF as it is told */
	uint64_t send_timeout_ns;     /* [A] 0: none */
	uint64_t receive_timeout_ns;  /* [A] 0: none */
	struct linger linger;         /* [A] */
	unsigned int interface;       /* [A] SO_BINDTODEVICE; 0: none */
	struct wait_queue queue;      /* woken at each new thing */
};

#define BUFFER_BYTES     212992u /* SO_SNDBUF and SO_RCVBUF at first */
#define BUFFER_MAX_BYTES (2u * BUFFER_BYTES)

extern const struct file_ops socket_ops;

/* @socket is zeroed memory with more behind it. */
void socket_init(struct socket *socket, const struct socket_ops *ops,
                 int family, int type, int protocol);

/*
 * A file for @socket, which it owns then; NULL: no memory, and @socket is released.
 */
struct file *socket_file(struct socket *socket,
                         unsigned int flags) __must_check;

/* The socket behind @fd; its file, with a reference, in *@file_out. -EBADF... */
int socket_get(int fd, struct file **file_out,
               struct socket **socket_out) __must_check;

/* socket(): posix/socket/family.c knows all kinds. */
int socket_make(int family, int type, int protocol,
                struct socket **socket_out) __must_check;

/* The events are @events now; if @news, tell that there is something new. */
void socket_set_events(struct socket *socket, unsigned int events, bool news);

/* POLL* of now. */
static inline unsigned int socket_events(const struct socket *socket)
{
	return __atomic_load_n(&socket->events, __ATOMIC_ACQUIRE) |
	       (READ_ONCE(socket->error) ? POLLERR : 0);
}

/* For what is waited at most. */
uint64_t socket_deadline(uint64_t timeout_ns);
static inline uint64_t receive_deadline(const struct socket *socket)
{
	return socket_deadline(READ_ONCE(socket->receive_timeout_ns));
}
static inline uint64_t send_deadline(const struct socket *socket)
{
	return socket_deadline(READ_ONCE(socket->send_timeout_ns));
}

/* Until one of @events is there. 0, -EAGAIN: it took too long, -EINTR. */
int socket_wait(struct socket *socket, unsigned int events,
                uint64_t deadline_ns) __must_check;

/* The pending error, negative, which is then forgotten; or 0. */
int socket_take_error(struct socket *socket);

/* posix/socket/parts.c: from and to the application; -EFAULT. */
int parts_take(struct parts *parts, void *to, size_t bytes) __must_check;
int parts_put(struct parts *parts, const void *from, size_t bytes) __must_check;
/* Where @parts is, and how many bytes lie there in one piece. */
char *parts_piece(struct parts *parts, size_t *bytes_out);
void parts_skip(struct parts *parts, size_t bytes);

/* One piece. */
static inline void parts_init(struct parts *parts, struct iovec *piece,
                              void *memory, size_t bytes)
{
	piece->iov_base = memory;
	piece->iov_len = bytes;
	parts->at = piece;
	parts->offset = 0;
	parts->left = bytes;
}

/* posix/socket/control.c: one control message more, as far as there is room. */
void message_put_control(struct message *message, int level, int type,
                         const void *data, size_t bytes);

/* send() and receive() with what all families have in common. */
long socket_send(struct socket *socket, struct message *message);
long socket_receive(struct socket *socket, struct message *message);

/* An address of the application's; -EINVAL, -EFAULT. */
int address_get(struct address *to, const void *user,
                socklen_t bytes) __must_check;
/* To the application, as much as it has room for. */
int address_put(const struct address *address, void *user,
                socklen_t *user_bytes) __must_check;

/* posix/socket/option.c */
int socket_set_option(struct socket *socket,
                      const struct option *option) __must_check;
int socket_get_option(struct socket *socket,
                      struct option *option) __must_check;
/* A number as the value of @option. */
int option_put_number(struct option *option, int number);
/* The value that is given: -EINVAL when it is too short. */
int option_number(const struct option *option, int *number_out) __must_check;

#endif /* POSIX_SOCKET_SOCKET_INTERNAL_H */
