/* SPDX-License-Identifier: MIT */
/*
 * How Unix-domain sockets come together. connect() makes the other end itself and
 * leaves it with the listener: data can be sent before accept() takes it.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "mm/kmem.h"
#include "posix/socket/unix.h"

#define BACKLOG_MAX 4096u

void unix_join(struct unix_socket *a, struct unix_socket *b)
{
	const struct ucred own = unix_credentials();

	a->peer = unix_hold(b);
	b->peer = unix_hold(a);
	a->peer_credentials = b->peer_credentials = own;
	a->state = b->state = UNIX_CONNECTED;
	unix_update(a, true);
	unix_update(b, true);
}

int unix_listen(struct socket *socket, int backlog)
{
	struct unix_socket *unix = unix_of(socket);
	int err = 0;

	mutex_lock(&unix_lock);
	if (!unix->name || unix->state == UNIX_CONNECTED) {
		err = -EINVAL;
	} else {
		unix->backlog = (unsigned int)backlog < BACKLOG_MAX
		                        ? (unsigned int)backlog
		                        : BACKLOG_MAX;
		unix->state = UNIX_LISTENS;
		unix->peer_credentials = unix_credentials();
		WRITE_ONCE(socket->listens, true);
		unix_update(unix, false);
		wait_queue_wake_all(&unix->room);
	}
	mutex_unlock(&unix_lock);
	return err;
}

static struct unix_socket *take_pending(struct unix_socket *listener)
	__must_hold(&unix_lock)
{
	struct unix_socket *first = listener->pending;

	if (!first)
		return NULL;
	listener->pending = first->pending_next;
	listener->nr_pending--;
	unix_update(listener, false);
	wait_queue_wake(&listener->room, 1);
	return first;
}

static int try_accept(struct unix_socket *listener, struct address *from,
                      struct unix_socket **accepted)
{
	int err = 0;

	mutex_lock(&unix_lock);
	if (listener->state != UNIX_LISTENS || listener->shut_read) {
		err = -EINVAL;
	} else {
		*accepted = take_pending(listener);
		if (*accepted)
			unix_address_of((*accepted)->peer, from);
		else
			err = -EAGAIN;
	}
	mutex_unlock(&unix_lock);
	return err;
}

int unix_accept(struct socket *socket, bool never_waits, struct address *from,
                struct socket **socket_out)
{
	const uint64_t deadline = never_waits ? 0 : receive_deadline(socket);
	struct unix_socket *accepted;

	for (;;) {
		int err = try_accept(unix_of(socket), from, &accepted);

		if (!err)
			*socket_out = &accepted->socket;
		if (err != -EAGAIN || never_waits)
			return err;
		err = socket_wait(socket, POLLIN | POLLHUP, deadline);
		if (err)
			return err;
	}
}

static bool backlog_is_full(const struct unix_socket *listener)
{
	return READ_ONCE(listener->nr_pending) > READ_ONCE(listener->backlog);
}

/* @other is the end that accept() will return. -EAGAIN: no room. */
static int try_connect(struct unix_socket *unix, struct unix_socket *listener,
                       struct unix_socket *other) __must_hold(&unix_lock)
{
	if (unix->state != UNIX_ALONE)
		return unix->state == UNIX_CONNECTED ? -EISCONN : -EINVAL;
	if (listener->dead || listener->state != UNIX_LISTENS ||
	    listener->shut_read)
		return -ECONNREFUSED;
	if (listener->socket.type != unix->socket.type)
		return -EPROTOTYPE;
	if (backlog_is_full(listener))
		return -EAGAIN;
	unix_join(unix, other);
	unix->peer_credentials = listener->peer_credentials;
	if (listener->name) {
		__atomic_fetch_add(&listener->name->references, 1,
		                   __ATOMIC_RELAXED);
		other->name = listener->name;
	}
	other->pending_next = NULL;
	if (listener->pending)
		listener->pending_last->pending_next = other;
	else
		listener->pending = other;
	listener->pending_last = other;
	listener->nr_pending++;
	unix_update(listener, true);
	return 0;
}

static int connect_to(struct unix_socket *unix, struct unix_socket *listener,
                      struct unix_socket *other, bool never_waits)
{
	const uint64_t deadline = send_deadline(&unix->socket);

	for (;;) {
		int err;

		mutex_lock(&unix_lock);
		err = try_connect(unix, listener, other);
		mutex_unlock(&unix_lock);
		if (err != -EAGAIN || never_waits)
			return err;
		err = wait_for(&listener->room,
		               !backlog_is_full(listener) ||
		                       READ_ONCE(listener->dead),
		               deadline, THREAD_INTERRUPTIBLE);
		if (err)
			return err == -ETIMEDOUT ? -EAGAIN : err;
	}
}

static int connect_joined(struct unix_socket *unix,
                          struct unix_socket *listener, bool never_waits)
{
	struct unix_socket *other = unix_create(unix->socket.type);
	int err;

	if (!other)
		return -ENOMEM;
	err = connect_to(unix, listener, other, never_waits);
	if (err)
		unix_put(other);
	return err;
}

/* @peer, a reference that is taken over, or NULL: nowhere. */
static void set_peer(struct unix_socket *unix, struct unix_socket *peer)
{
	struct unix_socket *before;

	mutex_lock(&unix_lock);
	before = unix->peer;
	unix->peer = peer;
	unix->state = peer ? UNIX_CONNECTED : UNIX_ALONE;
	unix_update(unix, false);
	mutex_unlock(&unix_lock);
	if (before)
		unix_put(before);
}

/* A peer that is connected itself takes datagrams of its own peer only. */
static int connect_datagrams(struct unix_socket *unix, struct unix_socket *peer)
{
	int err = 0;

	mutex_lock(&unix_lock);
	if (peer->socket.type != SOCK_DGRAM)
		err = -EPROTOTYPE;
	else if (peer->peer && peer->peer != unix)
		err = -EPERM;
	mutex_unlock(&unix_lock);
	if (!err)
		set_peer(unix, unix_hold(peer));
	return err;
}

int unix_connect(struct socket *socket, const struct address *address,
                 bool never_waits)
{
	struct unix_socket *unix = unix_of(socket), *to;
	int err;

	if (address->any.sa_family == AF_UNSPEC && socket->type == SOCK_DGRAM) {
		set_peer(unix, NULL);
		return 0;
	}
	if (READ_ONCE(socket->switches) & SWITCH_PASS_CREDENTIALS) {
		err = unix_autobind(unix);
		if (err)
			return err;
	}
	err = unix_find(address, &to);
	if (err)
		return err;
	if (socket->type == SOCK_DGRAM)
		err = connect_datagrams(unix, to);
	else
		err = connect_joined(unix, to, never_waits);
	unix_put(to);
	return err;
}
