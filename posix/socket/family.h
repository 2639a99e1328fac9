/* SPDX-License-Identifier: MIT */
/* The kinds of sockets: who makes which. */
#ifndef POSIX_SOCKET_FAMILY_H
#define POSIX_SOCKET_FAMILY_H

#include "posix/socket/socket_internal.h"

/* Each: 0 with *@socket_out, or -EPROTONOSUPPORT, -ESOCKTNOSUPPORT, -ENOMEM... */
int unix_make(int type, int protocol, struct socket **socket_out);
int unix_pair(int type, int protocol, struct socket *sockets[2]);
int inet_make(int family, int type, int protocol, struct socket **socket_out);
int netlink_make(int type, int protocol, struct socket **socket_out);

#endif /* POSIX_SOCKET_FAMILY_H */
