/* SPDX-License-Identifier: MIT */
/*
 * A device on the other side of a ring, in memory that the sanitizers watch. It
 * knows the layout from the specification alone (virtio 1.2, 2.7).
 */
#ifndef TESTS_HOST_RING_DEVICE_H
#define TESTS_HOST_RING_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/virtio_ring.h"
#include "drivers/virtio_ring_setup.h"

#define DEVICE_EVENTS 1u
#define DEVICE_TABLES 2u
#define DEVICE_LEGACY 4u

struct device_descriptor {
	uint64_t address;
	uint32_t bytes;
	uint16_t flags;
	uint16_t next;
};

struct device_avail {
	uint16_t flags;
	uint16_t index;
	uint16_t heads[];
};

struct device_used {
	uint16_t flags;
	uint16_t index;
	struct {
		uint32_t id;
		uint32_t bytes;
	} elements[];
};

/* What it has read from the ring. */
struct device_chain {
	uint16_t head;
	unsigned int count;
	struct virtio_piece pieces[VIRTIO_CHAIN_MAX];
	bool is_writable[VIRTIO_CHAIN_MAX];
	uint64_t writable_bytes;
};

struct ring_device {
	struct virtio_ring *ring;
	unsigned int entries;
	bool has_events;
	struct device_descriptor *descriptors;
	struct device_avail *avail;
	struct device_used *used;
	uint16_t *avail_event;
	const uint16_t *used_event;
	char *shared, *tables;
	size_t shared_bytes, tables_bytes;

	bool is_awake;       /* notified, and not asleep again */
	uint16_t seen;       /* of avail */
	unsigned int nr_had; /* chains that it has */
	struct device_chain had[VIRTIO_RING_ENTRIES_MAX];
	unsigned long interrupts;
};

/* @flags: DEVICE_*. It aborts when there is no memory. */
struct ring_device *ring_device_make(unsigned int entries, unsigned int flags);
void ring_device_free(struct ring_device *device);

/* When awake: take what is there, show each to @check, and sleep. */
void ring_device_look(struct ring_device *device,
                      void (*check)(const struct device_chain *chain));

/* Finish any chain that it has, all or part of it written. False: it has none. */
bool ring_device_use_any(struct ring_device *device);

/* Say that, true or not; no interrupt. */
void ring_device_say_used(struct ring_device *device, uint32_t id,
                          uint32_t bytes);

/* Write over all that only the driver writes: after that it forgets what is there. */
void ring_device_scribble(struct ring_device *device);

/* Write anything anywhere, more likely what is almost right. */
void ring_device_rubbish(struct ring_device *device);

#endif /* TESTS_HOST_RING_DEVICE_H */
