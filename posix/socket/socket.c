/* SPDX-License-Identifier: MIT */
/*
 * A socket as a file. read() and write() are receives and sends of one piece with
 * no flags; everything else is the family's. Who waits does so on one queue for
 * both directions and looks at the word of events again after each wake.
 */
#include <errno.h>
#include <fcntl.h>

#include "core/timer.h"
#include "mm/page.h"
#include "posix/poll.h"
#include "posix/signal.h"
#include "posix/socket/socket_internal.h"

static ino_t last_number; /* [A] */

void socket_init(struct socket *socket, const struct socket_ops *ops,
                 int family, int type, int protocol)
{
	socket->ops = ops;
	socket->family = family;
	socket->type = type;
	socket->protocol = protocol;
	socket->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
	socket->send_bytes = BUFFER_BYTES;
	socket->receive_bytes = BUFFER_BYTES;
	wait_queue_init(&socket->queue, "socket");
}

void socket_set_events(struct socket *socket, unsigned int events, bool news)
{
	const bool more = (events & ~READ_ONCE(socket->events)) != 0;

	__atomic_store_n(&socket->events, events, __ATOMIC_RELEASE);
	if (more || news)
		wait_queue_wake_all(&socket->queue);
}

uint64_t socket_deadline(uint64_t timeout_ns)
{
	uint64_t deadline;

	if (timeout_ns == 0 ||
	    __builtin_add_overflow(timer_now_ns(), timeout_ns, &deadline))
		return UINT64_MAX;
	return deadline;
}

int socket_wait(struct socket *socket, unsigned int events,
                uint64_t deadline_ns)
{
	int err = 0;

	while (!(socket_events(socket) & events) && !err) {
		err = poll_sleep_for(&socket->queue,
		                     socket_events(socket) & events,
		                     deadline_ns, THREAD_INTERRUPTIBLE);
	}
	return err == -ETIMEDOUT ? -EAGAIN : err;
}

int socket_take_error(struct socket *socket)
{
	if (likely(!READ_ONCE(socket->error)))
		return 0;
	return -__atomic_exchange_n(&socket->error, 0, __ATOMIC_ACQ_REL);
}

long socket_send(struct socket *socket, struct message *message)
{
	long sent;

	if (unlikely(!socket->ops->send))
		return -EOPNOTSUPP;
	sent = socket->ops->send(socket, message);
	if (unlikely(sent == -EPIPE) && socket->type == SOCK_STREAM &&
	    !(message->flags & MSG_NOSIGNAL))
		signal_send(SIGPIPE);
	return sent;
}

long socket_receive(struct socket *socket, struct message *message)
{
	if (unlikely(!socket->ops->receive))
		return -EOPNOTSUPP;
	return socket->ops->receive(socket, message);
}

static long socket_read(struct file *file, void *to, size_t count,
                        off_t *position)
{
	struct iovec piece;
	struct message message = {
		.never_waits = file->flags & O_NONBLOCK,
	};

	(void)position;
	if (unlikely(count == 0))
		return 0;
	parts_init(&message.parts, &piece, to, count);
	return socket_receive(file->data, &message);
}

static long socket_write(struct file *file, const void *from, size_t count,
                         off_t *position)
{
	struct iovec piece;
	struct message message = {
		.never_waits = file->flags & O_NONBLOCK,
	};

	(void)position;
	parts_init(&message.parts, &piece, (void *)from, count);
	return socket_send(file->data, &message);
}

/* For sendfile(). */
static long socket_write_page(struct file *file, struct page *page,
                              size_t offset, size_t count, bool more)
{
	struct socket *socket = file->data;
	struct iovec piece;
	struct message message = {
		.flags = more ? MSG_MORE : 0,
		.never_waits = file->flags & O_NONBLOCK,
	};
	long sent;

	parts_init(&message.parts, &piece, (char *)page_address(page) + offset,
	           count);
	if (!socket->ops->send_page)
		return socket_send(socket, &message);
	sent = socket->ops->send_page(socket, page, offset, &message);
	if (sent == -EPIPE)
		signal_send(SIGPIPE);
	return sent;
}

static unsigned int socket_ready(struct file *file)
{
	return socket_events(file->data);
}

static long socket_ioctl(struct file *file, unsigned long request,
                         void *argument)
{
	struct socket *socket = file->data;

	if (!socket->ops->ioctl)
		return -ENOTTY;
	return socket->ops->ioctl(socket, request, argument);
}

static int socket_stat(struct file *file, struct stat *stat_out)
{
	const struct socket *socket = file->data;

	*stat_out = (struct stat){
		.st_ino = socket->number,
		.st_mode = S_IFSOCK | 0777,
		.st_nlink = 1,
		.st_blksize = PAGE_SIZE,
	};
	return 0;
}

static void socket_release(struct file *file)
{
	struct socket *socket = file->data;

	socket->ops->release(socket);
}

const struct file_ops socket_ops = {
	.read = socket_read,
	.write = socket_write,
	.write_page = socket_write_page,
	.ioctl = socket_ioctl,
	.ready = socket_ready,
	.stat = socket_stat,
	.release = socket_release,
};

struct file *socket_file(struct socket *socket, unsigned int flags)
{
	struct file *file =
		file_create(&socket_ops, O_RDWR | (flags & O_NONBLOCK), socket,
	                    &socket->queue);

	if (!file)
		socket->ops->release(socket);
	return file;
}

int socket_get(int fd, struct file **file_out, struct socket **socket_out)
{
	struct file *file = file_get(fd);

	if (unlikely(!file))
		return -EBADF;
	if (unlikely(file->ops != &socket_ops)) {
		file_put(file);
		return -ENOTSOCK;
	}
	*file_out = file;
	*socket_out = file->data;
	return 0;
}
