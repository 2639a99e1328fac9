/* SPDX-License-Identifier: MIT */
/* status - the statuses that this server answers with, and their words. */
#ifndef HTTPD_STATUS_H
#define HTTPD_STATUS_H

/* "404 Not Found"; @status is one of the server's. */
const char *status_line(unsigned int status);

/* 0, 1, ... below STATUSES_MOST for a counter of each. */
unsigned int status_index(unsigned int status);

/* The other way round; 0: @index is beyond the last. */
unsigned int status_at(unsigned int index);

#endif /* HTTPD_STATUS_H */
