/* SPDX-License-Identifier: MIT */
/*
 * Random bytes: ChaCha20 keyed from all of the device tree's rng-seed (256 bits
 * with QEMU) and the boot's timing. Where the tree gives none the key holds no more
 * than the timing, until a device adds to it (drivers/virtio_rng.h): then the bytes
 * are good for hash seeds and canaries, not for keys. With seed=N on the command
 * line it is a fixed sequence, on purpose.
 *
 * Context: any. Locking: LOCK_RANDOM, a leaf.
 */
#ifndef CORE_RANDOM_H
#define CORE_RANDOM_H

#include <stddef.h>

void random_fill(void *to, size_t count);

/*
 * Mix @bytes into the key. It holds afterwards what it held before and what is in
 * them: nobody who knows only the one or the other knows it. Nothing with seed=N.
 */
void random_add(const void *bytes, size_t count);

/* What applications may get before more entropy is wanted. */
#define RANDOM_STALE_BYTES 65536u

/*
 * Call @want when that many have been counted. Context of @want: threads, no lock
 * held. NULL: nothing.
 */
void random_set_source(void (*want)(void));
void random_count(size_t bytes);

#endif /* CORE_RANDOM_H */
