/* SPDX-License-Identifier: MIT */
/*
 * What a ring is made of. The device may write any part of what is shared at any
 * time; nothing is read back from there but what the device is to say.
 */
#ifndef DRIVERS_VIRTIO_RING_INTERNAL_H
#define DRIVERS_VIRTIO_RING_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"
#include "drivers/virtio_ring.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "rings are little-endian");

#define DESCRIPTOR_NEXT     1u /* virtio 1.2, 2.7.5 */
#define DESCRIPTOR_WRITE    2u
#define DESCRIPTOR_INDIRECT 4u

#define AVAIL_NO_INTERRUPT 1u /* 2.7.6 */
#define USED_NO_NOTIFY     1u /* 2.7.8 */

/* Its length, flags and next in one word: one store. */
struct ring_descriptor {
	uint64_t address;
	uint64_t rest;
};

/* Behind heads[]: the used_event. */
struct ring_avail {
	uint16_t flags;
	uint16_t index;
	uint16_t heads[];
};

/* Behind elements[]: the avail_event. */
struct ring_used {
	uint16_t flags;
	uint16_t index;
	struct {
		uint32_t id;
		uint32_t bytes;
	} elements[];
};

/* No chain begins with this descriptor; above every serial. */
#define SERIAL_NONE UINT64_MAX

/*
 * One a descriptor, of 64 bytes. A chain is known by its first; of the others only
 * ->next is used, which is also the list of the free ones.
 */
struct ring_chain {
	void *token;
	uint64_t serial; /* which one it is of all that were added */
	struct ring_chain *next;
	struct ring_chain *last;            /* of this chain */
	struct ring_descriptor *descriptor; /* [I] */
	uint64_t named;                     /* [I] DESCRIPTOR_NAMED() */
	uint64_t descriptors;               /* of this chain */
	uint32_t writable;                  /* bytes */
};

_Static_assert(sizeof(struct ring_chain) == 64, "quick to find");

/* As ->next of a descriptor, where that is in its word. */
#define DESCRIPTOR_NAMED(number) ((uint64_t)(number) << 48)

struct virtio_ring {
	struct virtio_ring_view view; /* its index: of used, or broken_index */
	/* Chains, ever: added, given to the device (back from it: ->view). */
	uint64_t added;
	uint64_t published;
	uint64_t room;               /* free descriptors; 0 of a broken one */
	struct ring_chain *free;     /* the first of them */
	struct ring_chain *chains;   /* [I] */
	uint64_t mask;               /* [I] entries - 1 */
	struct ring_avail *avail;    /* [I] shared, as used and descriptors */
	struct ring_used *used;      /* [I] */
	const uint16_t *avail_event; /* [I] in used */
	uint16_t *used_event;        /* [I] in avail */
	uint16_t broken_index;
	bool event_index;    /* [I] */
	uint64_t plain_room; /* [I] for chains of two without tables; see add */
	struct ring_descriptor *descriptors; /* [I] */
	struct ring_descriptor **tables;     /* [I] one a descriptor, or NULL */
	uint64_t phys_offset;                /* [I] */
	const char *broken;                  /* [A] NULL: it is not */
	unsigned int nr_tables;              /* descriptors that have one */
	unsigned int given_back;             /* that take_back looked at */
};

static inline uint64_t ring_phys(const struct virtio_ring *ring,
                                 const void *address)
{
	return (uintptr_t)address + ring->phys_offset;
}

static inline const char *ring_broken(const struct virtio_ring *ring)
{
	return __atomic_load_n(&ring->broken, __ATOMIC_RELAXED);
}

/* It is out no more; its token stays until there is another. */
void ring_free_chain(struct virtio_ring *ring, struct ring_chain *chain);

#endif /* DRIVERS_VIRTIO_RING_INTERNAL_H */
