/* SPDX-License-Identifier: MIT */
/*
 * map - the address space and the figures as JSON, for the page at `/`.
 *
 * Addresses of areas are offsets in the window, since a number of JSON holds no
 * 64 bits: [offset, bytes, kind, caller, pages, guarded, physical, owner].
 */
#ifndef HTTPD_MAP_H
#define HTTPD_MAP_H

#include "text.h"

#define MAP_AREAS_MOST 8192u /* more are counted, and left out */

void map_write(struct text *text);

#endif /* HTTPD_MAP_H */
