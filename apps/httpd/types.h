/* SPDX-License-Identifier: MIT */
/* types - the media type of a file, by the end of its name. */
#ifndef HTTPD_TYPES_H
#define HTTPD_TYPES_H

const char *type_of(const char *path);

#endif /* HTTPD_TYPES_H */
