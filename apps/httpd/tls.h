/* SPDX-License-Identifier: MIT */
/*
 * tls - TLS 1.2 by mbedTLS, under the same calls as a plain socket.
 *
 * The certificate and its key are read once; each worker has a configuration of
 * its own, since an RSA key changes while it signs.
 */
#ifndef HTTPD_TLS_H
#define HTTPD_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct conn;
struct tls_conn;
struct tls_server;

/*
 * For @workers workers. NULL: @certificate or @key cannot be used, and one line
 * says why.
 */
struct tls_server *tls_server_open(const char *certificate, const char *key,
                                   unsigned int workers);
void tls_server_close(struct tls_server *tls);

/* NULL: no memory. @worker: its number. */
struct tls_conn *tls_conn_open(struct tls_server *tls, unsigned int worker,
                               int fd);
void tls_conn_close(struct tls_conn *tls);

/* 0 when done, -EAGAIN, or another negative errno. */
int tls_handshake(struct conn *conn);

/* Waits for room, not for bytes. */
bool tls_wants_out(const struct conn *conn);

/* As those of io.h. */
ssize_t tls_receive(struct conn *conn, char *to, size_t room);
ssize_t tls_send(struct conn *conn, const char *from, size_t length);
ssize_t tls_send_file(struct conn *conn, int fd, uint64_t at, size_t length);

/* Says goodbye, if there is room to. */
void tls_finish(struct conn *conn);

#endif /* HTTPD_TLS_H */
