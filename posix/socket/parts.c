/* SPDX-License-Identifier: MIT */
/*
 * Memory of the application in pieces, and addresses. The pieces' list is a copy;
 * what it points to may be anything.
 */
#include <errno.h>
#include <sys/uio.h>

#include "core/user_access.h"
#include "posix/socket/socket_internal.h"

char *parts_piece(struct parts *parts, size_t *bytes_out)
{
	while (parts->offset == parts->at->iov_len) {
		parts->at++;
		parts->offset = 0;
	}
	*bytes_out = parts->at->iov_len - parts->offset;
	if (*bytes_out > parts->left)
		*bytes_out = parts->left;
	return (char *)parts->at->iov_base + parts->offset;
}

void parts_skip(struct parts *parts, size_t bytes)
{
	parts->left -= bytes;
	while (bytes > 0) {
		const size_t here = parts->at->iov_len - parts->offset;

		if (bytes < here) {
			parts->offset += bytes;
			return;
		}
		bytes -= here;
		parts->at++;
		parts->offset = 0;
	}
}

int parts_take(struct parts *parts, void *to, size_t bytes)
{
	while (bytes > 0) {
		size_t count;
		const char *from = parts_piece(parts, &count);

		if (count > bytes)
			count = bytes;
		if (copy_from_user(to, from, count))
			return -EFAULT;
		parts->offset += count;
		parts->left -= count;
		to = (char *)to + count;
		bytes -= count;
	}
	return 0;
}

int parts_put(struct parts *parts, const void *from, size_t bytes)
{
	while (bytes > 0) {
		size_t count;
		char *to = parts_piece(parts, &count);

		if (count > bytes)
			count = bytes;
		if (copy_to_user(to, from, count))
			return -EFAULT;
		parts->offset += count;
		parts->left -= count;
		from = (const char *)from + count;
		bytes -= count;
	}
	return 0;
}

int address_get(struct address *to, const void *user, socklen_t bytes)
{
	if (bytes > sizeof(to->storage))
		return -EINVAL;
	to->bytes = bytes;
	return bytes > 0 ? copy_from_user(to->raw, user, bytes) : 0;
}

int address_put(const struct address *address, void *user,
                socklen_t *user_bytes)
{
	socklen_t room;

	if (get_user(room, user_bytes))
		return -EFAULT;
	if ((int)room < 0)
		return -EINVAL;
	if (room > address->bytes)
		room = address->bytes;
	if (room > 0 && copy_to_user(user, address->raw, room))
		return -EFAULT;
	return put_user(address->bytes, user_bytes);
}
