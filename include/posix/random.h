/* SPDX-License-Identifier: MIT */
/* Random bytes (core/random.h) for an application. */
#ifndef POSIX_RANDOM_H
#define POSIX_RANDOM_H

#include <stddef.h>

/*
 * How many it got before a page that is not there, -EFAULT when that is none.
 * Context: threads.
 */
long random_fill_user(void *to, size_t count);

#endif /* POSIX_RANDOM_H */
