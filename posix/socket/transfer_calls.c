/* SPDX-License-Identifier: MIT */
/*
 * The calls that move data: send and receive, to and from addresses, with vectors
 * and control messages, one message or several.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "core/timer.h"
#include "core/user_access.h"
#include "mm/kmem.h"
#include "posix/clock.h"
#include "posix/socket/socket_internal.h"
#include "posix/syscalls.h"

#define FEW_PIECES        8u
#define CONTROL_MAX_BYTES 20480u /* of one send */
#define COUNT_MAX         ((size_t)INT_MAX & ~(PAGE_SIZE - 1))
#define MESSAGES_MAX      1024u

/* Memory that a message of sendmsg() or recvmsg() needs in the kernel. */
struct message_memory {
	struct msghdr header;
	struct address address;
	struct iovec few[FEW_PIECES];
	struct iovec *pieces; /* few, or more */
	char *control;        /* of a send */
};

static void start(struct message *message, const struct file *file,
                  unsigned int flags)
{
	*message = (struct message){
		.flags = flags,
		.never_waits = file->flags & O_NONBLOCK || flags & MSG_DONTWAIT,
		.close_on_exec = flags & MSG_CMSG_CLOEXEC,
	};
}

SYSCALL(sendto,
        (int fd, const void *from, size_t count, unsigned int flags,
         const void *name, socklen_t bytes),
        a, (void *)b, c, d, (void *)e, f)
{
	struct address address;
	struct message message;
	struct socket *socket;
	struct iovec piece;
	struct file *file;
	long sent = socket_get(fd, &file, &socket);

	if (sent)
		return sent;
	start(&message, file, flags);
	parts_init(&message.parts, &piece, (void *)from,
	           count < COUNT_MAX ? count : COUNT_MAX);
	if (name) {
		sent = address_get(&address, name, bytes);
		message.address = &address;
	}
	if (!sent)
		sent = socket_send(socket, &message);
	file_put(file);
	return sent;
}

SYSCALL(recvfrom,
        (int fd, void *to, size_t count, unsigned int flags, void *name,
         socklen_t *bytes),
        a, (void *)b, c, d, (void *)e, (void *)f)
{
	struct address address;
	struct message message;
	struct socket *socket;
	struct iovec piece;
	struct file *file;
	long got = socket_get(fd, &file, &socket);

	if (got)
		return got;
	start(&message, file, flags);
	parts_init(&message.parts, &piece, to,
	           count < COUNT_MAX ? count : COUNT_MAX);
	address.bytes = 0;
	if (name)
		message.address = &address;
	got = socket_receive(socket, &message);
	if (got >= 0 && name) {
		const int err = address_put(&address, name, bytes);

		got = err ? err : got;
	}
	file_put(file);
	return got;
}

/* The list of pieces, checked. */
static int get_pieces(struct message_memory *memory, struct parts *parts)
{
	const unsigned int count = memory->header.msg_iovlen;
	size_t total = 0;
	unsigned int i;

	memory->pieces = memory->few;
	if (count > IOV_MAX)
		return -EMSGSIZE;
	if (count > FEW_PIECES)
		memory->pieces =
			kmalloc(count * sizeof(struct iovec), GFP_KERNEL);
	if (!memory->pieces)
		return -ENOMEM;
	if (count > 0 && copy_from_user(memory->pieces, memory->header.msg_iov,
	                                count * sizeof(struct iovec)))
		return -EFAULT;
	for (i = 0; i < count; i++) {
		if ((ssize_t)memory->pieces[i].iov_len < 0)
			return -EINVAL;
		if (memory->pieces[i].iov_len > COUNT_MAX - total)
			memory->pieces[i].iov_len = COUNT_MAX - total;
		total += memory->pieces[i].iov_len;
	}
	parts->at = memory->pieces;
	parts->offset = 0;
	parts->left = total;
	return 0;
}

static int get_header(struct message_memory *memory,
                      const struct msghdr *header, struct parts *parts)
{
	memory->pieces = memory->few;
	memory->control = NULL;
	if (copy_from_user(&memory->header, header, sizeof(*header)))
		return -EFAULT;
	return get_pieces(memory, parts);
}

static void drop_memory(struct message_memory *memory)
{
	if (memory->pieces != memory->few)
		kfree(memory->pieces);
	kfree(memory->control);
}

static int get_control(struct message_memory *memory, struct message *message)
{
	const size_t bytes = memory->header.msg_controllen;

	if (bytes == 0 || !memory->header.msg_control)
		return 0;
	if (bytes > CONTROL_MAX_BYTES)
		return -ENOBUFS;
	memory->control = kmalloc(bytes, GFP_KERNEL);
	if (!memory->control)
		return -ENOMEM;
	if (copy_from_user(memory->control, memory->header.msg_control, bytes))
		return -EFAULT;
	message->control = memory->control;
	message->control_bytes = bytes;
	return 0;
}

static long send_one(const struct file *file, struct socket *socket,
                     const struct msghdr *header, unsigned int flags)
{
	struct message_memory memory;
	struct message message;
	long sent;

	start(&message, file, flags);
	sent = get_header(&memory, header, &message.parts);
	if (!sent)
		sent = get_control(&memory, &message);
	if (!sent && memory.header.msg_name && memory.header.msg_namelen) {
		sent = address_get(&memory.address, memory.header.msg_name,
		                   memory.header.msg_namelen);
		message.address = &memory.address;
	}
	if (!sent)
		sent = socket_send(socket, &message);
	drop_memory(&memory);
	return sent;
}

/* What recvmsg() tells in the header itself. */
static int put_header(const struct message_memory *memory,
                      const struct message *message, struct msghdr *header)
{
	const struct address *address = message->address;

	if (address) {
		socklen_t room = memory->header.msg_namelen;

		if (room > address->bytes)
			room = address->bytes;
		if (room > 0 &&
		    copy_to_user(memory->header.msg_name, address->raw, room))
			return -EFAULT;
		if (put_user(address->bytes, &header->msg_namelen))
			return -EFAULT;
	}
	if (put_user((size_t)message->control_done,
	             (size_t *)(void *)&header->msg_controllen))
		return -EFAULT;
	return put_user(
		(int)(message->result | (message->flags & MSG_CMSG_CLOEXEC)),
		&header->msg_flags);
}

static long receive_one(const struct file *file, struct socket *socket,
                        struct msghdr *header, unsigned int flags)
{
	struct message_memory memory;
	struct message message;
	long got;

	start(&message, file, flags);
	got = get_header(&memory, header, &message.parts);
	if (!got && (int)memory.header.msg_namelen < 0)
		got = -EINVAL;
	if (memory.header.msg_name) {
		memory.address.bytes = 0;
		message.address = &memory.address;
	}
	if (!got) {
		message.control = memory.header.msg_control;
		if (message.control)
			message.control_bytes = memory.header.msg_controllen;
		got = socket_receive(socket, &message);
	}
	if (got >= 0) {
		const int err = put_header(&memory, &message, header);

		got = err ? err : got;
	}
	drop_memory(&memory);
	return got;
}

SYSCALL(sendmsg, (int fd, const struct msghdr *header, unsigned int flags), a,
        (void *)b, c)
{
	struct socket *socket;
	struct file *file;
	long sent = socket_get(fd, &file, &socket);

	if (sent)
		return sent;
	sent = send_one(file, socket, header, flags);
	file_put(file);
	return sent;
}

SYSCALL(recvmsg, (int fd, struct msghdr *header, unsigned int flags), a,
        (void *)b, c)
{
	struct socket *socket;
	struct file *file;
	long got = socket_get(fd, &file, &socket);

	if (got)
		return got;
	got = receive_one(file, socket, header, flags);
	file_put(file);
	return got;
}

SYSCALL(sendmmsg,
        (int fd, struct mmsghdr *headers, unsigned int count,
         unsigned int flags),
        a, (void *)b, c, d)
{
	struct socket *socket;
	struct file *file;
	unsigned int done = 0;
	long sent = socket_get(fd, &file, &socket);

	if (sent)
		return sent;
	if (count > MESSAGES_MAX)
		count = MESSAGES_MAX;
	for (; done < count; done++) {
		sent = send_one(file, socket, &headers[done].msg_hdr, flags);
		if (sent >= 0 &&
		    put_user((unsigned int)sent, &headers[done].msg_len))
			sent = -EFAULT;
		if (sent < 0)
			break;
	}
	file_put(file);
	return done > 0 ? (long)done : sent;
}

/* The wait for all; 0: it does not end. */
static int get_timeout(const struct timespec *timeout, uint64_t *deadline_out)
{
	struct timespec time;

	*deadline_out = UINT64_MAX;
	if (!timeout)
		return 0;
	if (copy_from_user(&time, timeout, sizeof(time)))
		return -EFAULT;
	if (!timespec_is_sane(&time))
		return -EINVAL;
	if (__builtin_add_overflow(timer_now_ns(), timespec_ns(&time),
	                           deadline_out))
		*deadline_out = UINT64_MAX;
	return 0;
}

/* An error behind the first message is told by the next call. */
static long receive_many(const struct file *file, struct socket *socket,
                         struct mmsghdr *headers, unsigned int count,
                         unsigned int flags, uint64_t deadline)
{
	unsigned int done = 0;
	long got = 0;

	while (done < count) {
		got = receive_one(file, socket, &headers[done].msg_hdr,
		                  flags & ~(unsigned int)MSG_WAITFORONE);
		if (got >= 0 &&
		    put_user((unsigned int)got, &headers[done].msg_len))
			got = -EFAULT;
		if (got < 0)
			break;
		done++;
		if (flags & MSG_WAITFORONE)
			flags |= MSG_DONTWAIT;
		if (timer_now_ns() >= deadline)
			break;
	}
	if (done > 0 && got < 0 && got != -EAGAIN && got != -EINTR &&
	    got != -EFAULT)
		__atomic_store_n(&socket->error, (int)-got, __ATOMIC_RELEASE);
	return done > 0 ? (long)done : got;
}

SYSCALL(recvmmsg,
        (int fd, struct mmsghdr *headers, unsigned int count,
         unsigned int flags, const struct timespec *timeout),
        a, (void *)b, c, d, (void *)e)
{
	struct socket *socket;
	struct file *file;
	uint64_t deadline;
	long got = get_timeout(timeout, &deadline);

	if (!got)
		got = socket_get(fd, &file, &socket);
	if (got)
		return got;
	got = receive_many(file, socket, headers, count, flags, deadline);
	file_put(file);
	return got;
}
