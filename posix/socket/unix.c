/* SPDX-License-Identifier: MIT */
/*
 * Unix-domain sockets: made, shut down, released. When one goes its peer learns it
 * at once, and keeps a reference of what is left, so that nobody has to ask
 * whether a peer exists.
 */
#define _GNU_SOURCE
#include "posix/socket/unix.h"

#include <errno.h>
#include <sys/ioctl.h>

#include "core/user_access.h"
#include "mm/kmem.h"
#include "posix/socket/family.h"
#include "posix/socket/inet.h"
#include "posix/syscalls.h"

struct mutex unix_lock = MUTEX_INIT("unix sockets");

struct ucred unix_credentials(void)
{
	return (struct ucred){
		.pid = sys_getpid(0, 0, 0, 0, 0, 0),
		.uid = sys_geteuid(0, 0, 0, 0, 0, 0),
		.gid = sys_getegid(0, 0, 0, 0, 0, 0),
	};
}

static const struct socket_ops *ops_of(int type)
{
	switch (type) {
	case SOCK_STREAM:
		return &unix_stream_ops;
	case SOCK_SEQPACKET:
		return &unix_packet_ops;
	default:
		return &unix_datagram_ops;
	}
}

static bool is_joined(const struct unix_socket *unix)
{
	return unix->socket.type != SOCK_DGRAM;
}

/* As Linux: while not more than a quarter of the room is taken. */
static bool may_send(const struct unix_socket *unix) __must_hold(&unix_lock)
{
	if (unix->sent_bytes * 4 > unix->socket.send_bytes)
		return false;
	return is_joined(unix) || !unix->peer ||
	       unix->peer->waiting < UNIX_PACKETS_MAX;
}

void unix_update(struct unix_socket *unix, bool news)
{
	unsigned int events = 0;

	if (unix->first || unix->pending)
		events |= POLLIN | POLLRDNORM;
	if (unix->shut_read)
		events |= POLLIN | POLLRDNORM | POLLRDHUP;
	if ((unix->shut_read && unix->shut_write) ||
	    (is_joined(unix) && unix->state == UNIX_ALONE))
		events |= POLLHUP;
	if (unix->state != UNIX_LISTENS && may_send(unix))
		events |= POLLOUT | POLLWRNORM;
	socket_set_events(&unix->socket, events, news);
}

struct unix_socket *unix_create(int type)
{
	struct unix_socket *unix = kzalloc(sizeof(*unix), GFP_KERNEL);

	if (!unix)
		return NULL;
	socket_init(&unix->socket, ops_of(type), AF_UNIX, type, 0);
	unix->references = 1;
	mutex_init(&unix->reading, "unix socket");
	wait_queue_init(&unix->room, "unix socket room");
	mutex_lock(&unix_lock);
	unix_update(unix, false);
	mutex_unlock(&unix_lock);
	return unix;
}

void unix_put(struct unix_socket *unix)
{
	if (__atomic_fetch_sub(&unix->references, 1, __ATOMIC_ACQ_REL) != 1)
		return;
	if (unix->name)
		unix_name_put(unix->name);
	kfree(unix);
}

static int check_kind(int *type, int protocol)
{
	if (protocol != 0 && protocol != PF_UNIX)
		return -EPROTONOSUPPORT;
	if (*type == SOCK_RAW)
		*type = SOCK_DGRAM; /* as Linux */
	if (*type != SOCK_STREAM && *type != SOCK_DGRAM &&
	    *type != SOCK_SEQPACKET)
		return -ESOCKTNOSUPPORT;
	return 0;
}

int unix_make(int type, int protocol, struct socket **socket_out)
{
	struct unix_socket *unix;
	const int err = check_kind(&type, protocol);

	if (err)
		return err;
	unix = unix_create(type);
	if (!unix)
		return -ENOMEM;
	*socket_out = &unix->socket;
	return 0;
}

int unix_pair(int type, int protocol, struct socket *sockets[2])
{
	struct unix_socket *a, *b;
	const int err = check_kind(&type, protocol);

	if (err)
		return err;
	a = unix_create(type);
	if (!a)
		return -ENOMEM;
	b = unix_create(type);
	if (!b) {
		unix_put(a);
		return -ENOMEM;
	}
	mutex_lock(&unix_lock);
	unix_join(a, b);
	mutex_unlock(&unix_lock);
	sockets[0] = &a->socket;
	sockets[1] = &b->socket;
	return 0;
}

/* The other end: its reads end behind what it has, its writes fail. */
static void shut_peer(struct unix_socket *peer, bool read, bool write)
	__must_hold(&unix_lock)
{
	peer->shut_read |= read;
	peer->shut_write |= write;
	unix_update(peer, true);
	wait_queue_wake_all(&peer->room);
}

static int unix_shutdown(struct socket *socket, int how)
{
	struct unix_socket *unix = unix_of(socket);
	const bool read = how != SHUT_WR, write = how != SHUT_RD;

	mutex_lock(&unix_lock);
	unix->shut_read |= read;
	unix->shut_write |= write;
	if (is_joined(unix) && unix->peer)
		shut_peer(unix->peer, write, read);
	unix_update(unix, true);
	wait_queue_wake_all(&unix->room);
	mutex_unlock(&unix_lock);
	return 0;
}

/* Everything that hung on it; freed without the lock. */
struct leftovers {
	struct unix_packet *packets;
	struct unix_socket *pending;
	struct unix_socket *peer;
};

static void detach(struct unix_socket *unix, struct leftovers *left)
	__must_hold(&unix_lock)
{
	const bool unread = unix->first != NULL;

	unix->dead = true;
	unix_name_leave(unix);
	left->peer = unix->peer;
	left->packets = unix->first;
	left->pending = unix->pending;
	while (unix->first)
		(void)unix_packet_take(unix);
	unix->pending = NULL;
	unix->peer = NULL;
	unix->shut_read = unix->shut_write = true;
	if (is_joined(unix) && left->peer && !left->peer->dead) {
		if (unread || unix->state == UNIX_ALONE)
			left->peer->socket.error = ECONNRESET;
		shut_peer(left->peer, true, true);
	}
	wait_queue_wake_all(&unix->room);
}

/* Its file's reference goes. Those that nobody has accepted are left. */
static struct unix_socket *end(struct unix_socket *unix)
{
	struct leftovers left;

	mutex_lock(&unix_lock);
	detach(unix, &left);
	mutex_unlock(&unix_lock);
	while (left.packets) {
		struct unix_packet *packet = left.packets;

		left.packets = packet->next;
		unix_packet_free(packet);
	}
	if (left.peer)
		unix_put(left.peer);
	unix_put(unix);
	return left.pending;
}

static void unix_release(struct socket *socket)
{
	struct unix_socket *pending = end(unix_of(socket));

	while (pending) {
		struct unix_socket *next = pending->pending_next;

		pending->state = UNIX_ALONE; /* its peer is reset */
		(void)end(pending);          /* it has not listened */
		pending = next;
	}
}

static long unix_ioctl(struct socket *socket, unsigned long request,
                       void *argument)
{
	struct unix_socket *unix = unix_of(socket);
	size_t bytes;

	if (request != FIONREAD && request != TIOCOUTQ)
		return interface_ioctl(request, argument);
	mutex_lock(&unix_lock);
	if (request == TIOCOUTQ)
		bytes = unix->sent_bytes;
	else if (is_joined(unix) || !unix->first)
		bytes = unix->waiting_bytes;
	else
		bytes = unix->first->bytes;
	mutex_unlock(&unix_lock);
	return put_user((int)bytes, (int *)argument);
}

static int unix_get_option(struct socket *socket, struct option *option)
{
	struct unix_socket *unix = unix_of(socket);

	if (option->level != SOL_SOCKET || option->name != SO_PEERCRED)
		return option->level == SOL_SOCKET ? -ENOPROTOOPT : -EOPNOTSUPP;
	mutex_lock(&unix_lock);
	*(struct ucred *)option->data = unix->peer_credentials;
	mutex_unlock(&unix_lock);
	if (option->bytes > sizeof(struct ucred))
		option->bytes = sizeof(struct ucred);
	return 0;
}

static int unix_set_option(struct socket *socket, const struct option *option)
{
	(void)socket;
	return option->level == SOL_SOCKET ? -ENOPROTOOPT : -EOPNOTSUPP;
}

static void unix_option_changed(struct socket *socket, int name)
{
	if (name != SO_SNDBUF && name != SO_SNDBUFFORCE)
		return;
	mutex_lock(&unix_lock);
	unix_update(unix_of(socket), false);
	mutex_unlock(&unix_lock);
}

/* What all kinds do in the same way. */
#define UNIX_OPS                                                               \
	.bind = unix_bind, .connect = unix_connect, .shutdown = unix_shutdown, \
	.name = unix_name, .peer_name = unix_peer_name,                        \
	.set_option = unix_set_option, .get_option = unix_get_option,          \
	.option_changed = unix_option_changed, .ioctl = unix_ioctl,            \
	.release = unix_release

const struct socket_ops unix_stream_ops = {
	UNIX_OPS,
	.listen = unix_listen,
	.accept = unix_accept,
	.send = unix_stream_send,
	.receive = unix_stream_receive,
};

const struct socket_ops unix_packet_ops = {
	UNIX_OPS,
	.listen = unix_listen,
	.accept = unix_accept,
	.send = unix_datagram_send,
	.receive = unix_datagram_receive,
};

const struct socket_ops unix_datagram_ops = {
	UNIX_OPS,
	.send = unix_datagram_send,
	.receive = unix_datagram_receive,
};
