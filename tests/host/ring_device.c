/* SPDX-License-Identifier: MIT */
/*
 * Its own reading of the layout, and no code of the ring's. Each part of the memory
 * is as long as it has to be, so that the sanitizer sees one step beyond.
 */
#include "ring_device.h"

#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "tests/image/test.h"

#define NEXT     1u
#define WRITE    2u
#define INDIRECT 4u

#define LEGACY_ALIGN 4096u
#define OFFSET       0x80000000ul /* physical minus virtual */

static void *rubbish_memory(size_t align, size_t bytes)
{
	void *memory = aligned_alloc(align, ALIGN_UP(bytes, align));

	if (!memory)
		abort();
	memset(memory, 0xa5, bytes);
	return memory;
}

static void find_parts(struct ring_device *device)
{
	struct virtio_ring_parts parts = virtio_ring_parts(device->ring);

	device->descriptors = (void *)(parts.descriptors - OFFSET);
	device->avail = (void *)(parts.available - OFFSET);
	device->used = (void *)(parts.used - OFFSET);
	device->used_event = &device->avail->heads[device->entries];
	device->avail_event = (void *)&device->used->elements[device->entries];
}

/* In pieces, as pages come. */
static void give_tables(struct ring_device *device)
{
	size_t step =
		5 * VIRTIO_CHAIN_MAX * sizeof(struct device_descriptor) + 9;
	size_t at = 0;
	unsigned int missing;

	device->tables_bytes = (device->entries / 5 + 1) * (step + 7);
	device->tables = rubbish_memory(16, device->tables_bytes);
	do {
		missing = virtio_ring_add_tables(device->ring,
		                                 device->tables + at, step);
		at += ALIGN_UP(step, 16);
	} while (missing > 0);
	ASSERT(at <= device->tables_bytes);
}

struct ring_device *ring_device_make(unsigned int entries, unsigned int flags)
{
	struct ring_device *device = calloc(1, sizeof(*device));
	struct virtio_ring_shape shape = {
		.entries = entries,
		.align = flags & DEVICE_LEGACY ? LEGACY_ALIGN : 4,
		.event_index = flags & DEVICE_EVENTS,
		.phys_offset = OFFSET,
	};

	if (!device)
		abort();
	device->entries = entries;
	device->has_events = flags & DEVICE_EVENTS;
	device->shared_bytes = virtio_ring_shared_bytes(&shape);
	device->shared = rubbish_memory(shape.align < 16 ? 16 : shape.align,
	                                device->shared_bytes);
	device->ring = virtio_ring_init(
		&shape, rubbish_memory(16, virtio_ring_private_bytes(&shape)),
		device->shared);
	find_parts(device);
	if (flags & DEVICE_TABLES)
		give_tables(device);
	return device;
}

void ring_device_free(struct ring_device *device)
{
	free(device->tables);
	free(device->shared);
	free(device->ring);
	free(device);
}

static void add_piece(struct device_chain *chain,
                      const struct device_descriptor *descriptor)
{
	unsigned int i = chain->count++;

	ASSERT(i < VIRTIO_CHAIN_MAX);
	chain->pieces[i].phys = descriptor->address;
	chain->pieces[i].bytes = descriptor->bytes;
	chain->is_writable[i] = descriptor->flags & WRITE;
	if (descriptor->flags & WRITE)
		chain->writable_bytes += descriptor->bytes;
}

static void read_chain(const struct ring_device *device, uint16_t head,
                       struct device_chain *chain)
{
	const struct device_descriptor *table = device->descriptors;
	const struct device_descriptor *descriptor = &table[head];
	unsigned int entries = device->entries;

	*chain = (struct device_chain){ .head = head };
	if (descriptor->flags & INDIRECT) {
		ASSERT(descriptor->flags == INDIRECT && descriptor->bytes > 0);
		entries = descriptor->bytes / sizeof(*table);
		ASSERT(descriptor->bytes % sizeof(*table) == 0);
		table = (void *)(descriptor->address - OFFSET);
		descriptor = table;
	}
	for (;;) {
		add_piece(chain, descriptor);
		if (!(descriptor->flags & NEXT))
			return;
		ASSERT(descriptor->next < entries);
		descriptor = &table[descriptor->next];
	}
}

void ring_device_look(struct ring_device *device,
                      void (*check)(const struct device_chain *chain))
{
	if (!device->is_awake)
		return;
	while (device->seen != device->avail->index) {
		struct device_chain *chain = &device->had[device->nr_had++];
		unsigned int at = device->seen++ % device->entries;

		ASSERT(device->nr_had <= device->entries);
		ASSERT(device->avail->heads[at] < device->entries);
		read_chain(device, device->avail->heads[at], chain);
		if (check)
			check(chain);
	}
	*device->avail_event = device->seen;
	device->is_awake = false;
}

void ring_device_say_used(struct ring_device *device, uint32_t id,
                          uint32_t bytes)
{
	unsigned int at = device->used->index % device->entries;

	device->used->elements[at].id = id;
	device->used->elements[at].bytes = bytes;
	device->used->index++;
}

/* 2.7.7.2, with the old index just before the new one. */
static bool wants_interrupt(const struct ring_device *device)
{
	if (device->has_events)
		return *device->used_event ==
		       (uint16_t)(device->used->index - 1);
	return !(device->avail->flags & 1);
}

bool ring_device_use_any(struct ring_device *device)
{
	struct device_chain chain;
	unsigned int i;

	if (device->nr_had == 0)
		return false;
	i = test_random() % device->nr_had;
	chain = device->had[i];
	device->had[i] = device->had[--device->nr_had];
	ring_device_say_used(device, chain.head,
	                     test_random() % (chain.writable_bytes + 1));
	device->interrupts += wants_interrupt(device);
	return true;
}

static void fill_randomly(void *to, size_t bytes)
{
	char *next = to;

	for (size_t i = 0; i < bytes; i++)
		next[i] = (char)test_random();
}

void ring_device_scribble(struct ring_device *device)
{
	fill_randomly(device->descriptors,
	              device->entries * sizeof(*device->descriptors));
	fill_randomly(device->avail->heads, device->entries * sizeof(uint16_t));
	if (device->tables)
		fill_randomly(device->tables, device->tables_bytes);
}

void ring_device_rubbish(struct ring_device *device)
{
	struct device_used *used = device->used;
	unsigned int at = test_random() % device->entries;

	switch (test_random() % 8) {
	case 0:
		fill_randomly(device->shared, device->shared_bytes);
		break;
	case 1:
		ring_device_scribble(device);
		break;
	case 2:
		used->index += (uint16_t)(test_random() % 3);
		break;
	case 3:
		fill_randomly(&used->elements[at], sizeof(used->elements[at]));
		break;
	default:
		ring_device_say_used(device, test_random() % device->entries,
		                     test_random() % 2);
		break;
	}
}
