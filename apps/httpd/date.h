/* SPDX-License-Identifier: MIT */
/* date - points in time as HTTP writes them (RFC 9110, 5.6.7). Pure. */
#ifndef HTTPD_DATE_H
#define HTTPD_DATE_H

#include <stdbool.h>
#include <time.h>

#include "request.h"

#define DATE_BYTES 29u /* "Sun, 06 Nov 1994 08:49:37 GMT" */

void date_format(time_t time, char out[DATE_BYTES + 1]);

/* All three formats that a recipient has to know. */
bool date_parse(struct slice text, time_t *time_out);

#endif /* HTTPD_DATE_H */
