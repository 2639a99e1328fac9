/* SPDX-License-Identifier: MIT */
/*
 * io - bytes from and to the other end, in plain or through TLS. Never waits:
 * -EAGAIN when it would have to.
 */
#ifndef HTTPD_IO_H
#define HTTPD_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct conn;

/* Bytes received, 0 at the end, or a negative errno. */
ssize_t io_receive(struct conn *conn, char *to, size_t room);

/* Bytes taken, or a negative errno. @more: others follow at once. */
ssize_t io_send(struct conn *conn, const char *from, size_t length, bool more);

/* The same from a file; 0: it has become shorter. */
ssize_t io_send_file(struct conn *conn, int fd, uint64_t at, uint64_t length);

#endif /* HTTPD_IO_H */
