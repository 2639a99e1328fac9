/* SPDX-License-Identifier: MIT */
/* path - from a request's target to the path of a file, and back. Pure. */
#ifndef HTTPD_PATH_H
#define HTTPD_PATH_H

#include <stddef.h>

#include "request.h"

#define PATH_MOST 1024u /* with the NUL */

/*
 * The path of @target, decoded, without dot segments and repeated slashes, with a
 * slash at its start. Returns 0; 400 for a broken escape, a control character or
 * a path that leaves its root; 414 when it is too long.
 */
int path_from_target(struct slice target, char path[PATH_MOST]);

/*
 * @path with each byte that a URL does not hold as %XX; returns the length
 * without the NUL. @room is 3 * strlen(path) + 1.
 */
size_t path_escape(const char *path, char *out);

#endif /* HTTPD_PATH_H */
