/* SPDX-License-Identifier: MIT */
/*
 * The device has buffers to write to. What it wrote stays in them until the
 * console's ring has room: a full ring keeps the buffers, the device finds none,
 * and its sender waits.
 */
#include <errno.h>
#include <linux/slab.h>

#include "console_internal.h"
#include "core/lock.h"

#define QUEUE        0u /* 5.3.2 */
#define BUFFERS      16u
#define BUFFER_BYTES (PAGE_SIZE / BUFFERS)

static struct spinlock input_lock =
	SPINLOCK_INIT(LOCK_CONSOLE_DEVICE, "virtio_console");
static struct {
	struct virtio_queue *queue; /* [I] */
	struct page *page;          /* [I] */
	char *buffer;               /* [L] that is being read; NULL: none */
	const char *next;           /* [L] */
	uint32_t left;              /* [L] bytes from there on */
	bool interrupts;            /* [I] */
	bool is_listening;          /* [L] */
} input;

/* Its own again: to write to. */
static void give_buffer(char *buffer)
{
	const struct virtio_piece piece = { virt_to_phys(buffer),
		                            BUFFER_BYTES };

	/* Of a broken ring nothing comes any more. */
	(void)!virtio_ring_add(input.queue->ring, &piece, 0, 1, buffer);
}

int console_input_make(struct virtio_device *device)
{
	int err;

	err = virtio_queue_start_plain(device, QUEUE, BUFFERS, &input.queue);
	if (err)
		return err;
	input.page = alloc_page(GFP_KERNEL);
	return input.page ? 0 : -ENOMEM;
}

void console_input_free(void)
{
	if (input.page)
		__free_page(input.page);
	input.page = NULL;
}

void console_input_begin(bool interrupts)
{
	char *buffer = page_address(input.page);
	unsigned int i;

	input.interrupts = interrupts;
	for (i = 0; i < BUFFERS && virtio_ring_room(input.queue->ring); i++)
		give_buffer(buffer + i * BUFFER_BYTES);
	virtio_queue_kick(input.queue);
}

void console_input_end(void)
{
	unsigned long flags = spin_lock_irqsave(&input_lock);

	input.is_listening = false;
	input.left = 0;
	spin_unlock_irqrestore(&input_lock, flags);
}

const char *console_input_broken(void)
{
	return virtio_ring_broken(input.queue->ring);
}

/* -1: there is none. */
static int next_byte(void) __must_hold(input_lock)
{
	while (input.left == 0) {
		if (input.buffer) {
			give_buffer(input.buffer);
			virtio_queue_kick(input.queue);
		}
		input.buffer = virtio_ring_take(input.queue->ring, &input.left);
		if (!input.buffer) {
			input.left = 0;
			return -1;
		}
		input.next = input.buffer;
	}
	input.left--;
	return (unsigned char)*input.next++;
}

/* To the console while it has room. Then it is quiet, or interrupts again. */
static bool drain(void) __must_hold(input_lock)
{
	bool taken = false;

	do {
		while (console_has_room()) {
			int byte = next_byte();

			if (byte < 0)
				break;
			console_receive((unsigned char)byte);
			taken = true;
		}
	} while (console_has_room() && !console_input_broken() &&
	         !virtio_ring_enable_interrupt(input.queue->ring));
	return taken;
}

void console_input_came(void)
{
	unsigned long flags = spin_lock_irqsave(&input_lock);
	bool taken = input.is_listening && drain();

	spin_unlock_irqrestore(&input_lock, flags);
	if (taken)
		console_received();
	console_look_after();
}

static int input_read(void)
{
	unsigned long flags = spin_lock_irqsave(&input_lock);
	int byte = next_byte();

	spin_unlock_irqrestore(&input_lock, flags);
	console_look_after();
	return byte;
}

static int input_listen(void)
{
	unsigned long flags;

	if (!input.interrupts)
		return -ENODEV;
	flags = spin_lock_irqsave(&input_lock);
	input.is_listening = true;
	spin_unlock_irqrestore(&input_lock, flags);
	console_input_came();
	return 0;
}

/* A full ring is what stops it. */
static void input_set_receiving(bool on)
{
	(void)on;
}

const struct console_input virtio_console_input = {
	.read = input_read,
	.listen = input_listen,
	.set_receiving = input_set_receiving,
	.resume = console_input_came,
};
