/* SPDX-License-Identifier: MIT */
/*
 * File descriptors: 0, 1 and 2, the console. There is no file system, so nothing
 * else can be opened.
 *
 * Context: the thread of main().
 */
#ifndef POSIX_FILE_H
#define POSIX_FILE_H

#include <stdbool.h>

bool file_is_open(int fd);

#endif /* POSIX_FILE_H */
