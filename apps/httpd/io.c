/* SPDX-License-Identifier: MIT */
#include "io.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "conn.h"
#include "tls.h"
#include "worker.h"

#define SEND_FILE_MOST (1u << 30) /* a size_t of any machine */

static ssize_t result_of(ssize_t result)
{
	if (result >= 0)
		return result;
	return errno == EWOULDBLOCK || errno == EINTR ? -EAGAIN : -errno;
}

ssize_t io_receive(struct conn *conn, char *to, size_t room)
{
	const ssize_t got = conn->tls ? tls_receive(conn, to, room)
	                              : result_of(recv(conn->fd, to, room, 0));

	if (got > 0)
		count_add(&conn->worker->stats.bytes_received,
		          (unsigned long)got);
	return got;
}

static ssize_t count_sent(struct conn *conn, ssize_t sent)
{
	if (sent > 0)
		count_add(&conn->worker->stats.bytes_sent, (unsigned long)sent);
	return sent;
}

ssize_t io_send(struct conn *conn, const char *from, size_t length, bool more)
{
	const int flags = MSG_NOSIGNAL | (more ? MSG_MORE : 0);

	if (conn->tls)
		return count_sent(conn, tls_send(conn, from, length));
	return count_sent(conn, result_of(send(conn->fd, from, length, flags)));
}

ssize_t io_send_file(struct conn *conn, int fd, uint64_t at, uint64_t length)
{
	const size_t most = length < SEND_FILE_MOST ? length : SEND_FILE_MOST;
	off_t offset = (off_t)at;

	if (conn->tls)
		return count_sent(conn, tls_send_file(conn, fd, at, most));
	return count_sent(conn,
	                  result_of(sendfile(conn->fd, fd, &offset, most)));
}
