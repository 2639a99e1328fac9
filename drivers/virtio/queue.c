/* SPDX-License-Identifier: MIT */
/*
 * The memory of queues. What the device reads and writes is a block of pages, in
 * the legacy layout also for modern devices, only closer. Indirect tables are
 * pages of their own, so that none of it needs large blocks.
 */
#include <errno.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "core/assert.h"
#include "drivers/virtio.h"
#include "drivers/virtio_ring_setup.h"
#include "mm/page_alloc.h"
#include "virtio_internal.h"

#define MODERN_ALIGN 64u

struct own_queue {
	struct virtio_queue queue;
	struct own_queue *next;
	struct page *shared;
	unsigned int order;  /* of shared */
	struct page *tables; /* chained by ->private */
};

static void free_queue(struct own_queue *queue)
{
	while (queue->tables) {
		struct page *page = queue->tables;

		queue->tables = (struct page *)page->private;
		__free_pages(page, 0);
	}
	if (queue->shared)
		__free_pages(queue->shared, queue->order);
	kvfree(queue->queue.ring);
	kfree(queue);
}

static int add_ring(struct own_queue *queue,
                    const struct virtio_ring_shape *shape)
{
	size_t bytes = virtio_ring_shared_bytes(shape);
	void *private_memory =
		kvmalloc(virtio_ring_private_bytes(shape), GFP_KERNEL);

	while (PAGE_SIZE << queue->order < bytes)
		queue->order++;
	queue->shared = alloc_pages(GFP_KERNEL, queue->order);
	if (!private_memory || !queue->shared) {
		kvfree(private_memory);
		return -ENOMEM;
	}
	queue->queue.ring = virtio_ring_init(shape, private_memory,
	                                     page_address(queue->shared));
	return 0;
}

static int add_tables(struct own_queue *queue)
{
	unsigned int missing;

	do {
		struct page *page = alloc_pages(GFP_KERNEL, 0);

		if (!page)
			return -ENOMEM;
		page->private = (uintptr_t)queue->tables;
		queue->tables = page;
		missing = virtio_ring_add_tables(queue->queue.ring,
		                                 page_address(page), PAGE_SIZE);
	} while (missing > 0);
	return 0;
}

static struct own_queue *make_queue(struct virtio_device *device,
                                    unsigned int entries, bool with_tables)
{
	const struct virtio_ring_shape shape = {
		.entries = entries,
		.align = device->modern ? MODERN_ALIGN : PAGE_SIZE,
		.event_index = virtio_has(device, VIRTIO_F_EVENT_IDX),
		.phys_offset = -DIRECT_BASE,
	};
	struct own_queue *queue = kzalloc(sizeof(*queue), GFP_KERNEL);
	int err;

	if (!queue)
		return NULL;
	err = add_ring(queue, &shape);
	if (!err && with_tables && virtio_has(device, VIRTIO_F_INDIRECT_DESC))
		err = add_tables(queue);
	if (!err)
		return queue;
	free_queue(queue);
	return NULL;
}

static void write_address(const struct virtio_device *device, unsigned int reg,
                          uint64_t phys)
{
	virtio_write(device, reg, (uint32_t)phys);
	virtio_write(device, reg + 4, (uint32_t)(phys >> 32));
}

/* The register that says whether the selected queue is in use. */
static unsigned int in_use_register(const struct virtio_device *device)
{
	return device->modern ? REG_QUEUE_READY : REG_QUEUE_PFN;
}

/* The selected queue is its now. False: it does not take it. */
static bool hand_over(const struct virtio_device *device,
                      const struct virtio_ring *ring)
{
	struct virtio_ring_parts parts = virtio_ring_parts(ring);
	uint32_t in_use = 1;

	virtio_write(device, REG_QUEUE_NUM, virtio_ring_entries(ring));
	if (device->modern) {
		write_address(device, REG_QUEUE_DESC, parts.descriptors);
		write_address(device, REG_QUEUE_DRIVER, parts.available);
		write_address(device, REG_QUEUE_DEVICE, parts.used);
	} else {
		virtio_write(device, REG_QUEUE_ALIGN, PAGE_SIZE);
		in_use = (uint32_t)PFN_DOWN(parts.descriptors);
	}
	virtio_write(device, in_use_register(device), in_use);
	return virtio_read(device, in_use_register(device)) == in_use;
}

/* 0: there is no such queue. Else a power of 2. */
static unsigned int entries_to_have(const struct virtio_device *device,
                                    unsigned int entries)
{
	uint32_t max = virtio_read(device, REG_QUEUE_NUM_MAX);

	if (max == 0)
		return 0;
	while (entries > max)
		entries /= 2;
	return entries;
}

static int start_queue(struct virtio_device *device, unsigned int index,
                       unsigned int entries, bool with_tables,
                       struct virtio_queue **queue_out)
{
	struct own_queue *queue;

	ASSERT(IS_POWER_OF_2(entries) && entries <= VIRTIO_RING_ENTRIES_MAX);
	virtio_write(device, REG_QUEUE_SEL, index);
	entries = entries_to_have(device, entries);
	if (entries == 0)
		return -ENOENT;
	if (virtio_read(device, in_use_register(device)) != 0)
		return -EIO;
	queue = make_queue(device, entries, with_tables);
	if (!queue)
		return -ENOMEM;
	if (!hand_over(device, queue->queue.ring)) {
		virtio_write(device, in_use_register(device), 0);
		free_queue(queue);
		return -EIO;
	}
	queue->queue.device = device;
	queue->queue.index = index;
	queue->next = device->queues;
	device->queues = queue;
	*queue_out = &queue->queue;
	return 0;
}

int virtio_queue_start(struct virtio_device *device, unsigned int index,
                       unsigned int entries, struct virtio_queue **queue_out)
{
	return start_queue(device, index, entries, true, queue_out);
}

int virtio_queue_start_plain(struct virtio_device *device, unsigned int index,
                             unsigned int entries,
                             struct virtio_queue **queue_out)
{
	return start_queue(device, index, entries, false, queue_out);
}

void virtio_queues_break(const struct virtio_device *device, const char *why)
{
	const struct own_queue *queue;

	for (queue = device->queues; queue; queue = queue->next) {
		virtio_ring_break(queue->queue.ring, why);
		if (device->is_stuck)
			virtio_ring_abandon(queue->queue.ring);
	}
}

void virtio_queues_free(struct virtio_device *device)
{
	while (device->queues) {
		struct own_queue *queue = device->queues;

		device->queues = queue->next;
		free_queue(queue);
	}
}

static void notify(struct virtio_queue *queue)
{
	virtio_write(queue->device, REG_QUEUE_NOTIFY, queue->index);
	queue->kicks++;
}

void virtio_queue_publish(struct virtio_queue *queue)
{
	if (virtio_ring_publish(queue->ring))
		notify(queue);
}

void virtio_queue_remind(struct virtio_queue *queue)
{
	if (virtio_ring_is_forgotten(queue->ring))
		notify(queue);
}

void virtio_queue_kick(struct virtio_queue *queue)
{
	virtio_queue_publish(queue);
	if (!virtio_ring_is_untold(queue->ring))
		return;
	/* QEMU takes a lock for it, which is a fence. */
	(void)virtio_read(queue->device, REG_STATUS);
	virtio_queue_remind(queue);
}
