/* SPDX-License-Identifier: MIT */
/*
 * Random bytes: ChaCha20 keyed from machine.seed. Where the device tree gives no
 * rng-seed the key holds no more than the boot's timing, and with seed=N on the
 * command line it is a fixed sequence, on purpose. At most 64 bits of entropy go
 * in: good for hash seeds and canaries, not for long-lived keys.
 *
 * Context: the thread of main(), and boot before it. No lock.
 */
#ifndef POSIX_RANDOM_H
#define POSIX_RANDOM_H

#include <stddef.h>

void random_fill(void *to, size_t count);

#endif /* POSIX_RANDOM_H */
