/* SPDX-License-Identifier: MIT */
/*
 * What libFuzzer chooses: the driver's calls, and what the device writes into all
 * that is shared, between any two of them. Whatever it is, a token comes back once
 * and only while it is out, no more bytes are told than its chain holds, and what
 * is left comes back at the end. The sanitizers see every step beside the memory.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/assert.h"
#include "ring_device.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *next, *end;
};

static struct ring_device *device;
static struct virtio_ring *ring;
static unsigned int out;

/* Its address is the token. */
static struct note {
	uint64_t writable_bytes;
	bool is_out;
} notes[VIRTIO_RING_ENTRIES_MAX + 1];

static unsigned int take_byte(struct input *input)
{
	return input->next < input->end ? *input->next++ : 0;
}

static uint32_t take_word(struct input *input)
{
	uint32_t word = 0;

	for (unsigned int i = 0; i < sizeof(word); i++)
		word = word << 8 | take_byte(input);
	return word;
}

static struct note *free_note(void)
{
	struct note *note = notes;

	while (note->is_out)
		note++;
	return note;
}

static void add(struct input *input)
{
	unsigned int readable = take_byte(input) % (VIRTIO_CHAIN_MAX + 2);
	unsigned int writable = take_byte(input) % (VIRTIO_CHAIN_MAX + 2);
	struct virtio_piece pieces[2 * (VIRTIO_CHAIN_MAX + 2)];
	unsigned int room = virtio_ring_room(ring);
	struct note *note = free_note();
	int err;

	note->writable_bytes = 0;
	for (unsigned int i = 0; i < readable + writable; i++) {
		pieces[i].phys = i;
		pieces[i].bytes = take_byte(input);
		if (i >= readable)
			note->writable_bytes += pieces[i].bytes;
	}
	err = virtio_ring_add(ring, pieces, readable, writable, note);
	note->is_out = !err;
	out += !err;
	ASSERT(!err || err == -EINVAL || err == -ENOSPC || err == -EIO);
	ASSERT(virtio_ring_room(ring) < room || err);
	ASSERT(err != -EIO || virtio_ring_broken(ring));
}

static void got(struct note *note)
{
	ASSERT(note >= notes && note < notes + ARRAY_SIZE(notes));
	ASSERT(note->is_out && out > 0);
	note->is_out = false;
	out--;
}

static void take(void)
{
	bool may_have = virtio_ring_has_used(ring);
	uint32_t written = 0;
	struct note *note = virtio_ring_take(ring, &written);

	if (!note)
		return;
	ASSERT(may_have && !virtio_ring_broken(ring));
	ASSERT(written <= note->writable_bytes);
	got(note);
}

/* The device: true, false, or anything. */
static void write_shared(struct input *input)
{
	size_t at = take_word(input) % device->shared_bytes;
	size_t count = take_byte(input);

	while (count-- > 0 && at < device->shared_bytes)
		device->shared[at++] = (char)take_byte(input);
}

static void write_element(struct input *input)
{
	unsigned int at = take_byte(input) % device->entries;

	device->used->elements[at].id = take_word(input);
	device->used->elements[at].bytes = take_word(input);
}

static void say_used(struct input *input)
{
	ring_device_say_used(device, take_byte(input) % device->entries,
	                     take_byte(input) % 4);
}

static void step(struct input *input)
{
	switch (take_byte(input) % 10) {
	case 0:
	case 1:
		add(input);
		break;
	case 2:
		(void)virtio_ring_publish(ring);
		break;
	case 3:
	case 4:
		take();
		break;
	case 5:
		virtio_ring_disable_interrupt(ring);
		break;
	case 6:
		if (take_byte(input) % 2)
			(void)!virtio_ring_enable_interrupt(ring);
		else
			(void)!virtio_ring_enable_interrupt_late(ring);
		break;
	case 7:
		write_shared(input);
		break;
	case 8:
		write_element(input);
		device->used->index += (uint16_t)(take_byte(input) % 3);
		break;
	default:
		say_used(input);
		break;
	}
	ASSERT(virtio_ring_outstanding(ring) == out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, data + size };
	unsigned int entries = 1u << take_byte(&input) % 7;
	struct note *note;

	device = ring_device_make(entries, take_byte(&input) % 8);
	ring = device->ring;
	memset(notes, 0, sizeof(notes));
	out = 0;
	while (input.next < input.end)
		step(&input);
	while ((note = virtio_ring_take_back(ring)))
		got(note);
	ASSERT(out == 0 && virtio_ring_outstanding(ring) == 0);
	ring_device_free(device);
	return 0;
}
