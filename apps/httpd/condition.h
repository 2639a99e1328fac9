/* SPDX-License-Identifier: MIT */
/* condition - conditional requests (RFC 9110, 13): does the answer go out? */
#ifndef HTTPD_CONDITION_H
#define HTTPD_CONDITION_H

#include <stdbool.h>

struct entry;
struct request;

/* 200: go on; 304 or 412. */
unsigned int condition_status(const struct request *request,
                              const struct entry *entry);

/* The Range field holds: there is no If-Range, or it names this very file. */
bool condition_range(const struct request *request, const struct entry *entry);

#endif /* HTTPD_CONDITION_H */
