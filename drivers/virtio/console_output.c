/* SPDX-License-Identifier: MIT */
/*
 * Text is copied into buffers that the device reads. Whoever writes holds a
 * spinlock or panics, so nothing here sleeps and no interrupt is wanted: a write
 * looks for what has been read, and waits a moment until its own was, so that the
 * last words get out before the machine is switched off. A reader on the host that
 * does not read costs one such moment, then the buffers, then text.
 *
 * A panic may come in the middle of a write. The ring is then left alone, and the
 * device that was the console before says the rest.
 */
#include <errno.h>
#include <linux/slab.h>
#include <string.h>

#include "console_internal.h"
#include "core/timer.h"

#define QUEUE        1u /* 5.3.2 */
#define BUFFERS      32u
#define BUFFER_BYTES 512ul
#define ORDER        2u /* of the pages that hold them */
#define MOMENT_NS    2000000u
#define PATIENCE_NS  100000000u

_Static_assert(BUFFER_BYTES *BUFFERS == PAGE_SIZE << ORDER, "buffers in pages");

static struct {
	struct virtio_queue *queue;
	const struct console_device *before;
	struct page *pages;
	char *free[BUFFERS];
	unsigned int nr_free;
	unsigned int is_writing; /* [A] */
	bool is_slow;            /* it did not read within a moment */
	bool is_stuck;           /* nor within our patience */
	unsigned long lost;
} output;

int console_output_make(struct virtio_device *device)
{
	char *buffer;
	int err;

	err = virtio_queue_start_plain(device, QUEUE, BUFFERS, &output.queue);
	if (err)
		return err;
	output.pages = alloc_pages(GFP_KERNEL, ORDER);
	if (!output.pages)
		return -ENOMEM;
	buffer = page_address(output.pages);
	while (output.nr_free < BUFFERS) {
		output.free[output.nr_free++] = buffer;
		buffer += BUFFER_BYTES;
	}
	return 0;
}

void console_output_free(void)
{
	if (output.pages)
		__free_pages(output.pages, ORDER);
	output.pages = NULL;
	output.nr_free = 0;
}

void console_output_begin(const struct console_device *before)
{
	output.before = before;
	virtio_ring_disable_interrupt(output.queue->ring);
}

void console_output_end(void)
{
	(void)console_register(output.before);
}

const char *console_output_broken(void)
{
	return virtio_ring_broken(output.queue->ring);
}

unsigned long console_output_lost(void)
{
	return READ_ONCE(output.lost);
}

static void reap(void)
{
	uint32_t unused;
	char *buffer;

	while ((buffer = virtio_ring_take(output.queue->ring, &unused))) {
		output.free[output.nr_free++] = buffer;
		output.is_stuck = false;
	}
}

/* Until @wanted buffers are free. False: they are not, in @ns. */
static bool wait_for_buffers(unsigned int wanted, uint64_t ns)
{
	uint64_t deadline_ns = timer_now_ns() + ns;

	for (;;) {
		reap();
		if (output.nr_free >= wanted)
			return true;
		if (timer_now_ns() >= deadline_ns || console_output_broken())
			return false;
	}
}

static char *take_buffer(void)
{
	if (output.nr_free == 0 && !output.is_stuck) {
		virtio_queue_kick(output.queue);
		output.is_stuck = !wait_for_buffers(1, PATIENCE_NS);
	}
	if (output.nr_free == 0)
		return NULL;
	return output.free[--output.nr_free];
}

/* How many of them it took; 0: none are taken any more. */
static size_t add_text(const char *bytes, size_t count)
{
	size_t part = count < BUFFER_BYTES ? count : BUFFER_BYTES;
	char *buffer = take_buffer();
	struct virtio_piece piece;

	if (!buffer)
		return 0;
	memcpy(buffer, bytes, part);
	piece.phys = virt_to_phys(buffer);
	piece.bytes = (uint32_t)part;
	if (virtio_ring_add(output.queue->ring, &piece, 1, 0, buffer) == 0)
		return part;
	output.free[output.nr_free++] = buffer;
	return 0;
}

/* Returns how many went to the device, or were lost on the way there. */
static size_t write_to_device(const char *bytes, size_t count)
{
	size_t done = 0;
	size_t part;

	reap();
	while (done < count &&
	       (part = add_text(bytes + done, count - done)) > 0)
		done += part;
	virtio_queue_kick(output.queue);
	output.is_slow =
		!wait_for_buffers(BUFFERS, output.is_slow ? 0 : MOMENT_NS);
	if (console_output_broken())
		return done;
	output.lost += count - done;
	return count;
}

void console_output_write(const char *bytes, size_t count)
{
	size_t done = 0;

	if (!__atomic_load_n(&output.is_writing, __ATOMIC_RELAXED) &&
	    !console_output_broken()) {
		__atomic_store_n(&output.is_writing, 1, __ATOMIC_SEQ_CST);
		done = write_to_device(bytes, count);
		__atomic_store_n(&output.is_writing, 0, __ATOMIC_SEQ_CST);
	}
	if (done < count)
		output.before->write(bytes + done, count - done);
}
