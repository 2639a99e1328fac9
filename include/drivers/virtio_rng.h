/* SPDX-License-Identifier: MIT */
/*
 * The virtio entropy device (virtio 1.2, 5.4) as a source of core/random.h: read once
 * when it starts, and again when the generator wants more. An image in which nobody
 * starts it has none of it.
 */
#ifndef DRIVERS_VIRTIO_RNG_H
#define DRIVERS_VIRTIO_RNG_H

/*
 * Start it, if that was not done; waits for no entropy. 0; -ENODEV: there is none,
 * or it does not work; -ENOMEM. Context: threads, no lock held.
 */
int virtio_rng_start(void);

/* Bytes that it has given, ever. */
unsigned long virtio_rng_bytes(void);

#endif /* DRIVERS_VIRTIO_RNG_H */
