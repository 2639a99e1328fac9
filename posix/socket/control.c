/* SPDX-License-Identifier: MIT */
/*
 * Control messages on the way to the application: each is a header and its data,
 * padded to 8 bytes. What does not fit is cut, and MSG_CTRUNC says so.
 */
#include <errno.h>

#include "core/user_access.h"
#include "posix/socket/socket_internal.h"

/* As Linux has it: the length is a long. */
struct control_header {
	size_t bytes;
	int level, type;
};

void message_put_control(struct message *message, int level, int type,
                         const void *data, size_t bytes)
{
	struct control_header header = {
		.bytes = sizeof(header) + bytes,
		.level = level,
		.type = type,
	};
	char *to = message->control + message->control_done;
	size_t space = (header.bytes + 7) & ~7ul;

	if (message->control_bytes < sizeof(header)) {
		message->result |= MSG_CTRUNC;
		return;
	}
	if (message->control_bytes < header.bytes) {
		message->result |= MSG_CTRUNC;
		header.bytes = message->control_bytes;
	}
	if (copy_to_user(to, &header, sizeof(header)) ||
	    copy_to_user(to + sizeof(header), data,
	                 header.bytes - sizeof(header))) {
		message->result |= MSG_CTRUNC;
		return;
	}
	if (space > message->control_bytes)
		space = message->control_bytes;
	message->control_done += space;
	message->control_bytes -= space;
}
