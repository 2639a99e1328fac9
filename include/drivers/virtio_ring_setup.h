/* SPDX-License-Identifier: MIT */
/*
 * How a ring (drivers/virtio_ring.h) comes to be: for transports. Its memory comes
 * in two or three parts: one that the device reads and writes, one that it never
 * sees, and tables of indirect descriptors, if there are to be any.
 *
 * Context: any.
 */
#ifndef DRIVERS_VIRTIO_RING_SETUP_H
#define DRIVERS_VIRTIO_RING_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/virtio_ring.h"

struct virtio_ring_shape {
	unsigned int entries; /* a power of 2, <= VIRTIO_RING_ENTRIES_MAX */
	unsigned int align;   /* of its used part; a power of 2, >= 4 */
	bool event_index;     /* VIRTIO_F_EVENT_IDX was negotiated */
	uint64_t
		phys_offset; /* physical minus virtual address of what is shared */
};

/* Contiguous in physical memory, on a boundary of ->align and of 16 bytes. */
size_t virtio_ring_shared_bytes(const struct virtio_ring_shape *shape);
size_t virtio_ring_private_bytes(const struct virtio_ring_shape *shape);

/* An empty ring in @private_memory; what was in the memory is of no matter. */
struct virtio_ring *virtio_ring_init(const struct virtio_ring_shape *shape,
                                     void *private_memory, void *shared);

/*
 * Use @bytes at @memory for tables. VIRTIO_F_INDIRECT_DESC was negotiated; the
 * memory lies at ->phys_offset. Returns how many entries are still without: with 0
 * chains of any number of pieces take one entry each.
 */
unsigned int virtio_ring_add_tables(struct virtio_ring *ring, void *memory,
                                    size_t bytes);

/* Physical addresses of its parts, for the device. */
struct virtio_ring_parts {
	uint64_t descriptors;
	uint64_t available;
	uint64_t used;
};

struct virtio_ring_parts virtio_ring_parts(const struct virtio_ring *ring);
unsigned int virtio_ring_entries(const struct virtio_ring *ring);

/*
 * It is broken from now on, unless it is already; @why stays valid. Also while
 * somebody else uses it.
 */
void virtio_ring_break(struct virtio_ring *ring, const char *why);

/* The device does not let go: nothing that is out is ever given back. */
void virtio_ring_abandon(struct virtio_ring *ring);

#endif /* DRIVERS_VIRTIO_RING_SETUP_H */
