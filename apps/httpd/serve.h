/* SPDX-License-Identifier: MIT */
/* serve - what a request asks for becomes an answer in the connection. */
#ifndef HTTPD_SERVE_H
#define HTTPD_SERVE_H

#include <stdbool.h>

#include "path.h"
#include "text.h"

struct conn;

/* conn->request is whole, and its body passed. */
void serve_request(struct conn *conn);

/* A file or a folder at @path below the root. */
void serve_path(struct conn *conn, const char *path);

/* Pages that are made when they are asked for; false: @path is none. */
bool serve_page(struct conn *conn, const char *path);

/* The folder @fd, which is closed. */
void serve_listing(struct conn *conn, int fd, const char *path);

#endif /* HTTPD_SERVE_H */
