/* SPDX-License-Identifier: MIT */
/* watched - what an epoll event points to. */
#ifndef HTTPD_WATCHED_H
#define HTTPD_WATCHED_H

enum watched_kind { WATCHED_CONN, WATCHED_LISTENER, WATCHED_STOP };

struct watched {
	enum watched_kind kind;
};

#endif /* HTTPD_WATCHED_H */
