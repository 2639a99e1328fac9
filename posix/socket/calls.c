/* SPDX-License-Identifier: MIT */
/*
 * The calls that make, name and join sockets. Each finds the socket, copies what
 * the application gave, and leaves the rest to the family.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>

#include "core/user_access.h"
#include "net/stack.h"
#include "posix/heap.h"
#include "posix/proc/proc.h"
#include "posix/socket/family.h"
#include "posix/socket/socket_internal.h"
#include "posix/syscalls.h"

#define TYPE_FLAGS (SOCK_CLOEXEC | SOCK_NONBLOCK)

_Static_assert(SOCK_CLOEXEC == O_CLOEXEC && SOCK_NONBLOCK == O_NONBLOCK, "");

/* Takes @socket over. */
static int install(struct socket *socket, int flags)
{
	struct file *file = socket_file(socket, flags);

	return file ? fd_install_new(file, flags & SOCK_CLOEXEC) : -ENOMEM;
}

SYSCALL(socket, (int family, int type, int protocol), a, b, c)
{
	struct socket *socket;
	int err = socket_make(family, type & ~TYPE_FLAGS, protocol, &socket);

	return err ? err : install(socket, type);
}

LINKED_WITH(sys_socket, proc_network, proc_populate_net);
HOLDS_MEMORY(sys_socket, net_give_back);

static long give_pair(struct socket *sockets[2], int *fds, int flags)
{
	int second, first = install(sockets[0], flags);

	if (first < 0) {
		sockets[1]->ops->release(sockets[1]);
		return first;
	}
	second = install(sockets[1], flags);
	if (second < 0) {
		fd_close(first);
		return second;
	}
	if (put_user(first, &fds[0]) || put_user(second, &fds[1])) {
		fd_close(first);
		fd_close(second);
		return -EFAULT;
	}
	return 0;
}

SYSCALL(socketpair, (int family, int type, int protocol, int *fds), a, b, c,
        (int *)d)
{
	struct socket *sockets[2];
	int err;

	if (family != AF_UNIX)
		return family == AF_INET || family == AF_INET6 ? -EOPNOTSUPP
		                                               : -EAFNOSUPPORT;
	err = unix_pair(type & ~TYPE_FLAGS, protocol, sockets);
	return err ? err : give_pair(sockets, fds, type & TYPE_FLAGS);
}

SYSCALL(bind, (int fd, const void *name, socklen_t bytes), a, (void *)b, c)
{
	struct address address;
	struct socket *socket;
	struct file *file;
	int err = socket_get(fd, &file, &socket);

	if (err)
		return err;
	err = address_get(&address, name, bytes);
	if (!err)
		err = socket->ops->bind ? socket->ops->bind(socket, &address)
		                        : -EOPNOTSUPP;
	file_put(file);
	return err;
}

SYSCALL(listen, (int fd, int backlog), a, b)
{
	struct socket *socket;
	struct file *file;
	int err = socket_get(fd, &file, &socket);

	if (err)
		return err;
	err = socket->ops->listen ? socket->ops->listen(socket, backlog)
	                          : -EOPNOTSUPP;
	file_put(file);
	return err;
}

static int accept_from(struct file *file, struct socket *socket, int flags,
                       struct address *from, struct file **file_out)
{
	struct socket *accepted;
	int err = -EOPNOTSUPP;

	if (socket->ops->accept)
		err = socket->ops->accept(socket, file->flags & O_NONBLOCK,
		                          from, &accepted);
	if (err)
		return err;
	*file_out = socket_file(accepted, flags);
	return *file_out ? 0 : -ENOMEM;
}

/* The descriptor is there before a connection is taken for it. */
static long accept_call(int fd, void *name, socklen_t *bytes, int flags)
{
	struct file *file, *accepted;
	struct address from;
	struct socket *socket;
	int new_fd, err;

	if (flags & ~TYPE_FLAGS)
		return -EINVAL;
	err = socket_get(fd, &file, &socket);
	if (err)
		return err;
	new_fd = fd_reserve(flags & SOCK_CLOEXEC);
	err = new_fd < 0 ? new_fd
	                 : accept_from(file, socket, flags, &from, &accepted);
	file_put(file);
	if (err) {
		if (new_fd >= 0)
			fd_unreserve(new_fd);
		return err;
	}
	err = name ? address_put(&from, name, bytes) : 0;
	if (err) {
		fd_unreserve(new_fd);
		file_put(accepted);
		return err;
	}
	fd_fill(new_fd, accepted);
	return new_fd;
}

SYSCALL(accept, (int fd, void *name, socklen_t *bytes), a, (void *)b, (void *)c)
{
	return accept_call(fd, name, bytes, 0);
}

SYSCALL(accept4, (int fd, void *name, socklen_t *bytes, int flags), a,
        (void *)b, (void *)c, d)
{
	return accept_call(fd, name, bytes, flags);
}

SYSCALL(connect, (int fd, const void *name, socklen_t bytes), a, (void *)b, c)
{
	struct address address;
	struct socket *socket;
	struct file *file;
	int err = socket_get(fd, &file, &socket);

	if (err)
		return err;
	err = address_get(&address, name, bytes);
	if (!err && bytes < sizeof(sa_family_t))
		err = -EINVAL;
	if (!err) {
		err = socket->ops->connect
		              ? socket->ops->connect(socket, &address,
		                                     file->flags & O_NONBLOCK)
		              : -EOPNOTSUPP;
	}
	file_put(file);
	return err;
}

typedef int name_function(struct socket *socket, struct address *name_out);

static long name_call(struct file *file, struct socket *socket,
                      name_function *name, void *to, socklen_t *bytes)
{
	struct address address;
	int err = name ? name(socket, &address) : -EOPNOTSUPP;

	if (!err)
		err = address_put(&address, to, bytes);
	file_put(file);
	return err;
}

SYSCALL(getsockname, (int fd, void *to, socklen_t *bytes), a, (void *)b,
        (void *)c)
{
	struct socket *socket;
	struct file *file;
	int err = socket_get(fd, &file, &socket);

	return err ? err
	           : name_call(file, socket, socket->ops->name, to, bytes);
}

SYSCALL(getpeername, (int fd, void *to, socklen_t *bytes), a, (void *)b,
        (void *)c)
{
	struct socket *socket;
	struct file *file;
	int err = socket_get(fd, &file, &socket);

	return err ? err
	           : name_call(file, socket, socket->ops->peer_name, to, bytes);
}

SYSCALL(shutdown, (int fd, int how), a, b)
{
	struct socket *socket;
	struct file *file;
	int err = socket_get(fd, &file, &socket);

	if (err)
		return err;
	if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR)
		err = -EINVAL;
	else
		err = socket->ops->shutdown ? socket->ops->shutdown(socket, how)
		                            : -EOPNOTSUPP;
	file_put(file);
	return err;
}

SYSCALL(setsockopt,
        (int fd, int level, int name, const void *value, socklen_t bytes), a, b,
        c, (void *)d, e)
{
	struct option option = { .level = level, .name = name };
	struct socket *socket;
	struct file *file;
	int err = socket_get(fd, &file, &socket);

	if (err)
		return err;
	if ((int)bytes < 0)
		err = -EINVAL;
	option.bytes = bytes < OPTION_BYTES ? bytes : OPTION_BYTES;
	if (!err && option.bytes > 0)
		err = copy_from_user(option.data, value, option.bytes);
	if (!err)
		err = socket_set_option(socket, &option);
	file_put(file);
	return err;
}

static int get_option(struct socket *socket, struct option *option, void *to,
                      socklen_t *bytes)
{
	socklen_t room;
	int err;

	if (get_user(room, bytes))
		return -EFAULT;
	if ((int)room < 0)
		return -EINVAL;
	option->bytes = room;
	err = socket_get_option(socket, option);
	if (err)
		return err;
	if (option->bytes > room)
		option->bytes = room;
	if (option->bytes > 0 && copy_to_user(to, option->data, option->bytes))
		return -EFAULT;
	return put_user(option->bytes, bytes);
}

SYSCALL(getsockopt, (int fd, int level, int name, void *to, socklen_t *bytes),
        a, b, c, (void *)d, (void *)e)
{
	struct option option = { .level = level, .name = name };
	struct socket *socket;
	struct file *file;
	int err = socket_get(fd, &file, &socket);

	if (err)
		return err;
	err = get_option(socket, &option, to, bytes);
	file_put(file);
	return err;
}
