/* SPDX-License-Identifier: MIT */
/*
 * Futexes for the kernel's own use.
 * Context: any in which no lock of rank LOCK_WAIT or above is held.
 */
#ifndef POSIX_FUTEX_H
#define POSIX_FUTEX_H

#include <stdint.h>

/* Wake up to @count waiters of @word, which is not accessed. How many it were. */
unsigned int futex_wake(const uint32_t *word, unsigned int count);

#endif /* POSIX_FUTEX_H */
