/* SPDX-License-Identifier: MIT */
/*
 * From a request to who answers it: the cache, a page that is made, a file, a
 * folder's index or its listing.
 */
#define _GNU_SOURCE /* O_CLOEXEC with openat() */
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer.h"
#include "cache.h"
#include "conn.h"
#include "file.h"
#include "server.h"
#include "worker.h"

#define INDEX "index.html"

/* A FIFO or a device must not make us wait, or become our terminal. */
#define OPEN_FLAGS (O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)

static unsigned int status_of(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
		return 403;
	case ENOENT:
	case ENOTDIR:
	case ELOOP:
	case ENAMETOOLONG:
		return 404;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return 503;
	default:
		return 500;
	}
}

/* The cache holds descriptors; they are the first to go when there are none. */
static int open_path(struct worker *worker, const char *path)
{
	int fd = openat(server.root_fd, path, OPEN_FLAGS);

	if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
		cache_clear(&worker->cache);
		fd = openat(server.root_fd, path, OPEN_FLAGS);
	}
	return fd;
}

static void serve_file(struct conn *conn, int fd, const char *path,
                       const struct stat *stat)
{
	struct entry *entry;

	if (!S_ISREG(stat->st_mode) || !(stat->st_mode & 0444)) {
		close(fd);
		answer_status(conn, 403);
		return;
	}
	entry = cache_add(conn->worker, conn->request.target, path, fd, stat);
	if (!entry) {
		answer_status(conn, 503);
		return;
	}
	file_answer(conn, entry);
	entry_put(entry);
}

/* @path ends with a slash. */
static void serve_folder(struct conn *conn, int fd, const char *path)
{
	char index[PATH_MOST + sizeof(INDEX)];
	struct stat stat;
	int index_fd;

	snprintf(index, sizeof(index), "%s" INDEX, path);
	index_fd = open_path(conn->worker, index + 1);
	if (index_fd >= 0 && fstat(index_fd, &stat) == 0 &&
	    !S_ISDIR(stat.st_mode)) {
		close(fd);
		serve_file(conn, index_fd, index + 1, &stat);
		return;
	}
	if (index_fd >= 0)
		close(index_fd);
	if (!server.options.lists_folders) {
		close(fd);
		answer_status(conn, 403);
		return;
	}
	serve_listing(conn, fd, path);
}

void serve_path(struct conn *conn, const char *path)
{
	const char *below = path[1] ? path + 1 : ".";
	const int fd = open_path(conn->worker, below);
	struct stat stat;

	if (fd < 0) {
		answer_status(conn, status_of(errno));
		return;
	}
	if (fstat(fd, &stat) != 0) {
		close(fd);
		answer_status(conn, 500);
		return;
	}
	if (!S_ISDIR(stat.st_mode)) {
		serve_file(conn, fd, below, &stat);
		return;
	}
	if (path[strlen(path) - 1] == '/') {
		serve_folder(conn, fd, path);
		return;
	}
	close(fd);
	answer_redirect(conn, path);
}

static void serve_target(struct conn *conn)
{
	const struct slice target = conn->request.target;
	struct entry *entry = cache_find(conn->worker, target);
	char path[PATH_MOST];
	int status;

	if (entry) {
		file_answer(conn, entry);
		return;
	}
	status = path_from_target(target, path);
	if (status)
		answer_status(conn, (unsigned int)status);
	else if (!serve_page(conn, path))
		serve_path(conn, path);
}

void serve_request(struct conn *conn)
{
	switch (conn->request.method) {
	case METHOD_GET:
	case METHOD_HEAD:
		serve_target(conn);
		break;
	case METHOD_OPTIONS:
		answer_status(conn, 204);
		break;
	case METHOD_OTHER:
		answer_status(conn, 405);
		break;
	case METHOD_UNKNOWN:
		answer_status(conn, 501);
		break;
	}
}
