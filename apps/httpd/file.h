/* SPDX-License-Identifier: MIT */
/* file - a file as the answer, whole or in parts, or that nobody needs it. */
#ifndef HTTPD_FILE_H
#define HTTPD_FILE_H

struct conn;
struct entry;

void file_answer(struct conn *conn, struct entry *entry);

#endif /* HTTPD_FILE_H */
