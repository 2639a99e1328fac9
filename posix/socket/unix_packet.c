/* SPDX-License-Identifier: MIT */
/*
 * Packets: bytes of one send, the sender, and what was passed with them. Files in
 * flight are references; a packet that is thrown away closes them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/vmalloc.h>
#include <string.h>

#include "mm/kmem.h"
#include "posix/socket/unix.h"

struct unix_packet *unix_packet_create(struct unix_socket *sender, size_t bytes)
{
	struct unix_packet *packet =
		kvmalloc(sizeof(*packet) + bytes, GFP_KERNEL);

	if (!packet)
		return NULL;
	packet->next = NULL;
	packet->sender = unix_hold(sender);
	packet->files = NULL;
	packet->bytes = bytes;
	packet->taken = 0;
	packet->credentials = false;
	return packet;
}

static void free_files(struct unix_files *files)
{
	while (files->count > 0)
		file_put(files->files[--files->count]);
	kfree(files);
}

void unix_packet_free(struct unix_packet *packet)
{
	if (packet->files)
		free_files(packet->files);
	unix_put(packet->sender);
	kvfree(packet);
}

void unix_packet_queue(struct unix_socket *to, struct unix_packet *packet)
{
	if (to->first)
		to->last->next = packet;
	else
		to->first = packet;
	to->last = packet;
	to->waiting++;
	to->waiting_bytes += packet->bytes;
	packet->sender->sent_bytes += packet->bytes;
	unix_update(packet->sender, false);
	unix_update(to, true);
}

struct unix_packet *unix_packet_take(struct unix_socket *unix)
{
	struct unix_packet *packet = unix->first;
	struct unix_socket *sender = packet->sender;

	unix->first = packet->next;
	unix->waiting--;
	unix->waiting_bytes -= packet->bytes - packet->taken;
	sender->sent_bytes -= packet->bytes;
	unix_update(unix, false);
	if (sender != unix)
		unix_update(sender, false);
	wait_queue_wake(&unix->room, 1);
	return packet;
}

/* Files by their descriptors; those of a message before are there already. */
static int add_files(struct unix_packet *packet, const int *fds,
                     unsigned int count)
{
	unsigned int i;

	if (!packet->files)
		packet->files = kzalloc(sizeof(*packet->files), GFP_KERNEL);
	if (!packet->files)
		return -ENOMEM;
	if (packet->files->count + count > UNIX_FILES_MAX)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		struct file *file = file_get(fds[i]);

		if (!file)
			return -EBADF;
		packet->files->files[packet->files->count++] = file;
	}
	return 0;
}

static int add_credentials(struct unix_packet *packet, const void *data,
                           size_t bytes)
{
	const struct ucred own = unix_credentials();

	if (bytes != sizeof(packet->from))
		return -EINVAL;
	memcpy(&packet->from, data, bytes);
	packet->credentials = true;
	/* The superuser may say what it likes. */
	return own.uid == 0 || memcmp(&own, data, bytes) == 0 ? 0 : -EPERM;
}

static int add_control(struct unix_packet *packet, int level, int type,
                       const void *data, size_t bytes)
{
	if (level != SOL_SOCKET)
		return 0;
	switch (type) {
	case SCM_RIGHTS:
		return add_files(packet, data, bytes / sizeof(int));
	case SCM_CREDENTIALS:
		return add_credentials(packet, data, bytes);
	default:
		return -EINVAL;
	}
}

int unix_packet_control(struct unix_packet *packet,
                        const struct message *message)
{
	size_t at = 0;

	while (message->control_bytes - at >= sizeof(struct cmsghdr)) {
		const struct cmsghdr *header =
			(const void *)(message->control + at);
		const size_t bytes = header->cmsg_len;
		int err;

		if (bytes < sizeof(*header) ||
		    bytes > message->control_bytes - at)
			return -EINVAL;
		err = add_control(packet, header->cmsg_level, header->cmsg_type,
		                  CMSG_DATA(header), bytes - sizeof(*header));
		if (err)
			return err;
		at += (bytes + 7) & ~7ul;
		if (at > message->control_bytes)
			break;
	}
	return 0;
}

/* As many as there are descriptors and room for. */
static unsigned int install_files(const struct unix_files *files, int *fds,
                                  struct message *message)
{
	const size_t room = message->control_bytes;
	unsigned int count = 0;

	while (count < files->count &&
	       room >= sizeof(struct cmsghdr) + (count + 1) * sizeof(int)) {
		struct file *file = file_hold(files->files[count]);
		const int fd = fd_install_new(file, message->close_on_exec);

		if (fd < 0)
			break;
		fds[count++] = fd;
	}
	if (count < files->count)
		message->result |= MSG_CTRUNC;
	return count;
}

static void give_files(struct unix_packet *packet, struct message *message,
                       bool peek)
{
	struct unix_files *files = packet->files;
	int *fds = kmalloc(files->count * sizeof(int), GFP_KERNEL);
	unsigned int count = 0;

	if (fds)
		count = install_files(files, fds, message);
	else
		message->result |= MSG_CTRUNC;
	if (count > 0)
		message_put_control(message, SOL_SOCKET, SCM_RIGHTS, fds,
		                    count * sizeof(int));
	kfree(fds);
	if (peek)
		return;
	packet->files = NULL;
	free_files(files);
}

void unix_give_control(const struct unix_socket *unix,
                       struct unix_packet *packet, struct message *message,
                       bool peek)
{
	if (READ_ONCE(unix->socket.switches) & SWITCH_PASS_CREDENTIALS) {
		const struct ucred from =
			packet->credentials ? packet->from : unix_credentials();

		message_put_control(message, SOL_SOCKET, SCM_CREDENTIALS, &from,
		                    sizeof(from));
	}
	if (unlikely(packet->files))
		give_files(packet, message, peek);
}
