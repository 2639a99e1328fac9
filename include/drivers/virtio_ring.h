/* SPDX-License-Identifier: MIT */
/*
 * A split virtqueue (virtio 1.2, 2.7; legacy layout 2.7.2) as a pure structure: its
 * memory is given, nothing here allocates, sleeps, locks or touches a register, so
 * it also runs on the host. Indirect descriptors (2.7.5.3) and event indexes
 * (2.7.7.2) are used when they were negotiated.
 *
 * What the device writes is believed by nobody: an index, id or length that cannot
 * be breaks the ring, which then gives nothing out any more; ->broken says why.
 *
 * Context: any. Locking: the caller's, one user at a time.
 */
#ifndef DRIVERS_VIRTIO_RING_H
#define DRIVERS_VIRTIO_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/compiler.h"

#define VIRTIO_RING_ENTRIES_MAX 1024u
/* Pieces of one chain: a 64 KiB frame in pages, its headers and its ends. */
#define VIRTIO_CHAIN_MAX 20u

/* Physically contiguous memory. */
struct virtio_piece {
	uint64_t phys;
	uint32_t bytes; /* > 0 */
};

struct virtio_ring;

/*
 * Add a chain: first @readable pieces that the device reads, then @writable ones
 * that it writes. @token (not NULL) comes back from virtio_ring_take(). Nothing is
 * seen by the device before virtio_ring_publish(). -ENOSPC: no room now; -EINVAL:
 * no piece, more than VIRTIO_CHAIN_MAX, or an empty one; -EIO: broken.
 */
int virtio_ring_add(struct virtio_ring *ring, const struct virtio_piece *pieces,
                    unsigned int readable, unsigned int writable,
                    void *token) __must_check;

/*
 * What was added is the device's. True: it wants to be notified (2.7.13). Nothing
 * added since the last time: false.
 */
bool virtio_ring_publish(struct virtio_ring *ring);

/*
 * The token of a chain that the device is done with, and how many bytes it wrote,
 * at most as many as the writable pieces hold. NULL: none, or broken.
 */
void *virtio_ring_take(struct virtio_ring *ring, uint32_t *written_out);

/* What a look at a ring needs; stands first in it. */
struct virtio_ring_view {
	const uint16_t *used_index; /* [A] where the device says how many */
	uint64_t taken;             /* chains back from it, ever */
	bool is_untold; /* the device did not want to know of the last ones */
};

/* Is there something to take, or is it broken? <= 6 instructions */
static inline bool virtio_ring_has_used(const struct virtio_ring *ring)
{
	const struct virtio_ring_view *view = (const void *)ring;

	return READ_ONCE(*READ_ONCE(view->used_index)) !=
	       (uint16_t)READ_ONCE(view->taken);
}

static inline bool virtio_ring_is_untold(const struct virtio_ring *ring)
{
	const struct virtio_ring_view *view = (const void *)ring;

	return view->is_untold;
}

/*
 * Does the device sleep, although there are chains for it? It did not say that it
 * would when they were published, or that was not seen: QEMU before 8.1 executes no
 * fence when its machine has one hart, so that publishing looks at the wish before
 * the index is there for the device. To be asked some time later. Notify it then.
 */
bool virtio_ring_is_forgotten(const struct virtio_ring *ring);

/* Interrupts are not wanted; a hint, some may come all the same. */
void virtio_ring_disable_interrupt(struct virtio_ring *ring);

/* The next used chain interrupts. False: there is one already, take it first. */
bool virtio_ring_enable_interrupt(struct virtio_ring *ring) __must_check;

/* The same, but not before three quarters of what is out has been used. */
bool virtio_ring_enable_interrupt_late(struct virtio_ring *ring) __must_check;

/* Chains of one piece, or of any number with indirect descriptors, with room. */
unsigned int virtio_ring_room(const struct virtio_ring *ring);

/* Chains with room, however many pieces each has. */
unsigned int virtio_ring_fits(const struct virtio_ring *ring);
unsigned int virtio_ring_outstanding(const struct virtio_ring *ring);

/* Chains that the device has and has not used, as far as it says. */
unsigned int virtio_ring_unused(const struct virtio_ring *ring);

/*
 * Any token that is still out, for giving back when the device was reset; it is
 * not out any more. NULL: none left.
 */
void *virtio_ring_take_back(struct virtio_ring *ring);

/* NULL, or what the device did wrong, as text. */
const char *virtio_ring_broken(const struct virtio_ring *ring);

#endif /* DRIVERS_VIRTIO_RING_H */
