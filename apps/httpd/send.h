/* SPDX-License-Identifier: MIT */
/* send - what a connection has to say goes out as far as the socket takes it. */
#ifndef HTTPD_SEND_H
#define HTTPD_SEND_H

#include <stdbool.h>
#include <stddef.h>

#include "conn.h"

#define PART_HEAD_MOST 512u

/* 0: all is out; -EAGAIN; or another negative errno: the connection is useless. */
int send_pending(struct conn *conn);

bool sending_active(const struct conn *conn);

/* Whatever was to be sent is not: resources go back. */
void sending_end(struct conn *conn);

/* What stands before range @range of an answer in parts, or, behind the last, at
 * its end. Returns its length. */
size_t send_part_head(const struct sending *sending, unsigned int range,
                      char out[PART_HEAD_MOST]);

#endif /* HTTPD_SEND_H */
