/* SPDX-License-Identifier: MIT */
/*
 * The layout is the legacy one (virtio 1.2, 2.7.2), which is a modern one as well:
 *
 *   | descriptors | available, used_event | to ->align | used, avail_event |
 *
 * A broken ring reads the used index from a word of its own, which is never near
 * what was taken: so the quick path has no question of its own for that.
 */
#include <string.h>

#include "core/assert.h"
#include "drivers/virtio_ring_setup.h"
#include "ring_internal.h"

#define AVAIL_BYTES(entries) \
	(sizeof(struct ring_avail) + ((entries) + 1ul) * sizeof(uint16_t))
#define USED_BYTES(entries)                                            \
	(sizeof(struct ring_used) +                                    \
	 (entries) * sizeof(((struct ring_used *)NULL)->elements[0]) + \
	 sizeof(uint16_t))
#define DESCRIPTOR_BYTES(entries) ((entries) * sizeof(struct ring_descriptor))
#define PLAIN_PIECES              2u /* with tables */
#define TABLE_BYTES               DESCRIPTOR_BYTES(VIRTIO_CHAIN_MAX)

static size_t used_offset(const struct virtio_ring_shape *shape)
{
	return ALIGN_UP(DESCRIPTOR_BYTES(shape->entries) +
	                        AVAIL_BYTES(shape->entries),
	                shape->align);
}

size_t virtio_ring_shared_bytes(const struct virtio_ring_shape *shape)
{
	return used_offset(shape) + USED_BYTES(shape->entries);
}

size_t virtio_ring_private_bytes(const struct virtio_ring_shape *shape)
{
	return sizeof(struct virtio_ring) +
	       shape->entries * (sizeof(struct ring_chain) +
	                         sizeof(struct ring_descriptor *));
}

static void place_parts(struct virtio_ring *ring, char *shared,
                        const struct virtio_ring_shape *shape)
{
	ring->descriptors = (void *)shared;
	ring->avail = (void *)(shared + DESCRIPTOR_BYTES(shape->entries));
	ring->used = (void *)(shared + used_offset(shape));
	ring->view.used_index = &ring->used->index;
	ring->used_event = &ring->avail->heads[shape->entries];
	ring->avail_event = (void *)&ring->used->elements[shape->entries];
	ring->chains = (void *)(ring + 1);
	ring->tables = (void *)(ring->chains + shape->entries);
}

struct virtio_ring *virtio_ring_init(const struct virtio_ring_shape *shape,
                                     void *private_memory, void *shared)
{
	struct virtio_ring *ring = private_memory;
	unsigned int i;

	ASSERT(IS_POWER_OF_2(shape->entries) && IS_POWER_OF_2(shape->align));
	ASSERT(shape->entries <= VIRTIO_RING_ENTRIES_MAX && shape->align >= 4);
	memset(private_memory, 0, virtio_ring_private_bytes(shape));
	memset(shared, 0, virtio_ring_shared_bytes(shape));
	place_parts(ring, shared, shape);
	ring->room = shape->entries;
	ring->mask = shape->entries - 1;
	ring->plain_room = 1;
	ring->event_index = shape->event_index;
	ring->phys_offset = shape->phys_offset;
	ring->free = ring->chains;
	for (i = 0; i < shape->entries; i++) {
		struct ring_chain *chain = &ring->chains[i];

		chain->serial = SERIAL_NONE;
		chain->descriptor = &ring->descriptors[i];
		chain->named = DESCRIPTOR_NAMED(i);
		/* Of the last free one it is looked at, and not used. */
		chain->next = &ring->chains[(i + 1) & ring->mask];
	}
	return ring;
}

unsigned int virtio_ring_add_tables(struct virtio_ring *ring, void *memory,
                                    size_t bytes)
{
	unsigned int entries = virtio_ring_entries(ring);
	struct ring_descriptor *table = memory;

	while (ring->nr_tables < entries && bytes >= TABLE_BYTES) {
		ring->tables[ring->nr_tables++] = table;
		table += VIRTIO_CHAIN_MAX;
		bytes -= TABLE_BYTES;
	}
	if (ring->nr_tables == entries)
		ring->plain_room = entries / 2 > 1 ? entries / 2 : 1;
	return entries - ring->nr_tables;
}

struct virtio_ring_parts virtio_ring_parts(const struct virtio_ring *ring)
{
	return (struct virtio_ring_parts){
		.descriptors = ring_phys(ring, ring->descriptors),
		.available = ring_phys(ring, ring->avail),
		.used = ring_phys(ring, ring->used),
	};
}

unsigned int virtio_ring_entries(const struct virtio_ring *ring)
{
	return (unsigned int)ring->mask + 1;
}

/*
 * Whoever takes meanwhile sees the one word or the other. Whoever adds meanwhile may
 * have room again; its chain then comes back with the others.
 */
void virtio_ring_break(struct virtio_ring *ring, const char *why)
{
	const char *expected = NULL;

	if (!__atomic_compare_exchange_n(&ring->broken, &expected, why, false,
	                                 __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return;
	ring->room = 0;
	ring->published = ring->added;
	ring->broken_index = (uint16_t)READ_ONCE(ring->view.taken) ^ 0x8000u;
	__atomic_store_n(&ring->view.used_index, &ring->broken_index,
	                 __ATOMIC_RELEASE);
}

void *virtio_ring_take_back(struct virtio_ring *ring)
{
	virtio_ring_break(ring, "what was out of it was taken back");
	ring->published = ring->added;
	for (; ring->given_back <= ring->mask; ring->given_back++) {
		struct ring_chain *chain = &ring->chains[ring->given_back];

		if (chain->serial == SERIAL_NONE)
			continue;
		ring_free_chain(ring, chain);
		ring->room = 0;
		ring->given_back++;
		return chain->token;
	}
	return NULL;
}

void virtio_ring_abandon(struct virtio_ring *ring)
{
	ring->given_back = virtio_ring_entries(ring);
}
