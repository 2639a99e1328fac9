/* SPDX-License-Identifier: MIT */
/* Which family makes what socket() asks for. */
#include "posix/socket/family.h"

#include <errno.h>

int socket_make(int family, int type, int protocol, struct socket **socket_out)
{
	if (type < 0 || type > SOCK_PACKET)
		return -EINVAL;
	switch (family) {
	case AF_UNIX:
		return unix_make(type, protocol, socket_out);
	case AF_INET:
	case AF_INET6:
		return inet_make(family, type, protocol, socket_out);
	case AF_NETLINK:
		return netlink_make(type, protocol, socket_out);
	default:
		return -EAFNOSUPPORT;
	}
}
