/* SPDX-License-Identifier: MIT */
/* Limits of the process, for those who keep them. Context: any. */
#ifndef POSIX_RLIMIT_H
#define POSIX_RLIMIT_H

#include <stdint.h>

/* The soft limit of @resource (RLIMIT_NOFILE ...); RLIM_INFINITY: none. */
uint64_t rlimit_get(unsigned int resource);

#endif /* POSIX_RLIMIT_H */
