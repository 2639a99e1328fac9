/* SPDX-License-Identifier: MIT */
/*
 * mbedTLS does no I/O of its own here: it is given our socket calls, and says when
 * it wants to be called again. Random numbers come from getrandom(), which is one
 * generator for all, so none is kept per connection.
 */
#include "tls.h"

#include <errno.h>
#include <mbedtls/error.h>
#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn.h"

#define PEM_MOST   65536u
#define PIECE_MOST 4096u /* of a file, a call */

struct tls_worker {
	mbedtls_x509_crt certificate;
	mbedtls_pk_context key;
	mbedtls_ssl_config config;
};

struct tls_server {
	unsigned int workers;
	struct tls_worker worker[];
};

struct tls_conn {
	mbedtls_ssl_context ssl;
	int fd;
	bool wants_out;
};

static int draw(void *context, unsigned char *to, size_t length)
{
	(void)context;
	while (length > 0) {
		const ssize_t got = getrandom(to, length, 0);

		if (got < 0 && errno != EINTR)
			return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
		if (got > 0) {
			to += got;
			length -= (size_t)got;
		}
	}
	return 0;
}

/* --- certificate and key ------------------------------------------------- */

/* With a NUL behind it, as the parsers want it. */
static unsigned char *read_pem(const char *path, size_t *length_out)
{
	unsigned char *pem = malloc(PEM_MOST + 1);
	FILE *file = fopen(path, "re");
	size_t length = 0;

	if (pem && file)
		length = fread(pem, 1, PEM_MOST, file);
	if (!file || !pem || ferror(file)) {
		fprintf(stderr, "httpd: https: %s: %s\n", path,
		        strerror(errno));
		free(pem);
		pem = NULL;
	} else {
		pem[length] = '\0';
		*length_out = length + 1;
	}
	if (file)
		fclose(file);
	return pem;
}

static bool refuse(const char *path, const char *what, int err)
{
	char reason[128] = "";

	if (err)
		mbedtls_strerror(err, reason, sizeof(reason));
	fprintf(stderr, "httpd: https: %s: %s%s%s\n", path, what,
	        err ? ": " : "", reason);
	return false;
}

static bool load_certificate(struct tls_worker *worker, const char *path)
{
	size_t length = 0;
	unsigned char *pem = read_pem(path, &length);
	int err;

	if (!pem)
		return false;
	err = mbedtls_x509_crt_parse(&worker->certificate, pem, length);
	free(pem);
	/* Positive: so many of several could not be read. */
	return err == 0 ||
	       refuse(path, "no certificate in PEM", err < 0 ? err : 0);
}

static bool load_key(struct tls_worker *worker, const char *path)
{
	size_t length = 0;
	unsigned char *pem = read_pem(path, &length);
	int err;

	if (!pem)
		return false;
	err = mbedtls_pk_parse_key(&worker->key, pem, length, NULL, 0);
	memset(pem, 0, length);
	free(pem);
	if (err)
		return refuse(path, "no key in PEM", err);
	err = mbedtls_pk_check_pair(&worker->certificate.pk, &worker->key);
	return err == 0 || refuse(path, "not the certificate's key", 0);
}

static bool configure(struct tls_worker *worker)
{
	static const char *protocols[] = { "http/1.1", NULL };
	mbedtls_ssl_config *config = &worker->config;

	if (mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_SERVER,
	                                MBEDTLS_SSL_TRANSPORT_STREAM,
	                                MBEDTLS_SSL_PRESET_DEFAULT) != 0 ||
	    mbedtls_ssl_conf_own_cert(config, &worker->certificate,
	                              &worker->key) != 0 ||
	    mbedtls_ssl_conf_alpn_protocols(config, protocols) != 0) {
		fputs("httpd: https: no memory\n", stderr);
		return false;
	}
	mbedtls_ssl_conf_rng(config, draw, NULL);
	mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3,
	                             MBEDTLS_SSL_MINOR_VERSION_3);
	return true;
}

struct tls_server *tls_server_open(const char *certificate, const char *key,
                                   unsigned int workers)
{
	struct tls_server *tls =
		calloc(1, sizeof(*tls) + workers * sizeof(tls->worker[0]));

	if (!tls) {
		fputs("httpd: https: no memory\n", stderr);
		return NULL;
	}
	for (; tls->workers < workers; tls->workers++) {
		struct tls_worker *worker = &tls->worker[tls->workers];

		mbedtls_x509_crt_init(&worker->certificate);
		mbedtls_pk_init(&worker->key);
		mbedtls_ssl_config_init(&worker->config);
		if (!load_certificate(worker, certificate) ||
		    !load_key(worker, key) || !configure(worker)) {
			tls->workers++;
			tls_server_close(tls);
			return NULL;
		}
	}
	return tls;
}

void tls_server_close(struct tls_server *tls)
{
	unsigned int i;

	for (i = 0; i < tls->workers; i++) {
		mbedtls_ssl_config_free(&tls->worker[i].config);
		mbedtls_pk_free(&tls->worker[i].key);
		mbedtls_x509_crt_free(&tls->worker[i].certificate);
	}
	free(tls);
}

/* --- connections --------------------------------------------------------- */

static int result_of(ssize_t result, int again)
{
	if (result >= 0)
		return (int)result;
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR
	               ? again
	               : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static int socket_send(void *context, const unsigned char *from, size_t length)
{
	const struct tls_conn *tls = context;

	return result_of(send(tls->fd, from, length, MSG_NOSIGNAL),
	                 MBEDTLS_ERR_SSL_WANT_WRITE);
}

static int socket_receive(void *context, unsigned char *to, size_t room)
{
	const struct tls_conn *tls = context;

	return result_of(recv(tls->fd, to, room, 0), MBEDTLS_ERR_SSL_WANT_READ);
}

struct tls_conn *tls_conn_open(struct tls_server *tls, unsigned int worker,
                               int fd)
{
	struct tls_conn *conn = calloc(1, sizeof(*conn));

	if (!conn)
		return NULL;
	conn->fd = fd;
	mbedtls_ssl_init(&conn->ssl);
	if (mbedtls_ssl_setup(&conn->ssl, &tls->worker[worker].config) != 0) {
		tls_conn_close(conn);
		return NULL;
	}
	mbedtls_ssl_set_bio(&conn->ssl, conn, socket_send, socket_receive,
	                    NULL);
	return conn;
}

void tls_conn_close(struct tls_conn *tls)
{
	mbedtls_ssl_free(&tls->ssl);
	free(tls);
}

/* What mbedTLS returned, as an errno. */
static int errno_of(struct tls_conn *tls, int result)
{
	tls->wants_out = result == MBEDTLS_ERR_SSL_WANT_WRITE;
	if (tls->wants_out || result == MBEDTLS_ERR_SSL_WANT_READ)
		return -EAGAIN;
	return -EPROTO;
}

int tls_handshake(struct conn *conn)
{
	const int result = mbedtls_ssl_handshake(&conn->tls->ssl);

	return result == 0 ? 0 : errno_of(conn->tls, result);
}

bool tls_wants_out(const struct conn *conn)
{
	return conn->tls->wants_out;
}

ssize_t tls_receive(struct conn *conn, char *to, size_t room)
{
	const int got =
		mbedtls_ssl_read(&conn->tls->ssl, (unsigned char *)to, room);

	if (got == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		return 0;
	return got >= 0 ? got : errno_of(conn->tls, got);
}

ssize_t tls_send(struct conn *conn, const char *from, size_t length)
{
	const int sent = mbedtls_ssl_write(&conn->tls->ssl,
	                                   (const unsigned char *)from, length);

	return sent >= 0 ? sent : errno_of(conn->tls, sent);
}

/* A call that is repeated repeats the same bytes: mbedTLS has them already. */
ssize_t tls_send_file(struct conn *conn, int fd, uint64_t at, size_t length)
{
	char piece[PIECE_MOST];
	const ssize_t got = pread(
		fd, piece, length < sizeof(piece) ? length : sizeof(piece),
		(off_t)at);

	if (got <= 0)
		return got < 0 ? -errno : 0;
	return tls_send(conn, piece, (size_t)got);
}

void tls_finish(struct conn *conn)
{
	(void)mbedtls_ssl_close_notify(&conn->tls->ssl);
}
