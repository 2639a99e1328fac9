/* SPDX-License-Identifier: MIT */
/*
 * Virtio devices behind memory-mapped registers (virtio 1.2, 4.2), legacy (version
 * 1, 4.2.4) and modern (version 2) ones. They are found through the device tree;
 * registers are mapped by ioremap() and rings come from the page allocator. DMA
 * addresses are what the page tables say (vmalloc_to_page()): virtio_pieces() cuts
 * any kernel memory per page.
 *
 * A device that misbehaves is reported once and reset (virtio_stop()); its driver
 * then gives back what is out.
 *
 * Context: threads, no spinlock held, where nothing else is said.
 */
#ifndef DRIVERS_VIRTIO_H
#define DRIVERS_VIRTIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/compiler.h"
#include "drivers/virtio_ring.h"

#define VIRTIO_ID_NET     1u
#define VIRTIO_ID_CONSOLE 3u
#define VIRTIO_ID_RNG     4u

/* Bits of all kinds of devices (6.); below are bits of one kind. */
#define VIRTIO_F_ANY_LAYOUT    27u /* legacy: how a chain is cut is free */
#define VIRTIO_F_INDIRECT_DESC 28u
#define VIRTIO_F_EVENT_IDX     29u
#define VIRTIO_F_VERSION_1     32u

struct virtio_device;

struct virtio_queue {
	struct virtio_ring *ring;
	struct virtio_device *device;
	unsigned int index;
	unsigned long kicks; /* notifications written */
};

/*
 * The next device of @kind that nobody has, now @driver's: reset, acknowledged.
 * NULL: none left. @driver stays valid: a name for /proc/interrupts and reports.
 */
struct virtio_device *virtio_claim(uint32_t kind, const char *driver);

/* Bits of all that it could do; before virtio_negotiate(). */
uint64_t virtio_offered(struct virtio_device *device);

/*
 * Choose the features that @wanted (bits) and the device have in common, and the
 * bits for all kinds that this transport uses. -EIO: the device does not agree, it
 * is given up.
 */
int virtio_negotiate(struct virtio_device *device,
                     uint64_t wanted) __must_check;
bool virtio_has(const struct virtio_device *device, unsigned int feature);
bool virtio_is_modern(const struct virtio_device *device);

/*
 * Set queue @index up with at most @entries (a power of two) chains. -ENOENT: the
 * device has no such queue; -ENOMEM; -EIO. It lives as long as the device.
 */
int virtio_queue_start(struct virtio_device *device, unsigned int index,
                       unsigned int entries,
                       struct virtio_queue **queue_out) __must_check;

/*
 * The same without indirect descriptors, for a queue whose chains are of a piece or
 * two: a third of the memory. Chains take a descriptor for each piece.
 */
int virtio_queue_start_plain(struct virtio_device *device, unsigned int index,
                             unsigned int entries,
                             struct virtio_queue **queue_out) __must_check;

/*
 * Begin to work (DRIVER_OK). @used runs in an interrupt when a queue has used
 * chains, @changed (or NULL) when the configuration changed. -ENODEV: no interrupt
 * can be had: the device works and is to be polled. Or what irq_request() says:
 * then it was not begun.
 */
int virtio_start(struct virtio_device *device, void (*used)(void *argument),
                 void (*changed)(void *argument), void *argument) __must_check;

/* Read device-specific configuration, consistent (2.5.2). Context: any. */
void virtio_read_config(struct virtio_device *device, size_t offset, void *to,
                        size_t bytes);

/* Publish what was added, and notify if the device wants it. Context: any. */
void virtio_queue_kick(struct virtio_queue *queue);

/*
 * The same in two steps for who cannot wait until QEMU has let go of what it does
 * meanwhile: some time after the first, before all sleep, the second notifies a
 * device that sleeps for all that (virtio_ring_is_forgotten()).
 */
void virtio_queue_publish(struct virtio_queue *queue);
void virtio_queue_remind(struct virtio_queue *queue);

/*
 * Reset it and report @why; it does not write memory any more after this. Taking
 * back what is out of its rings is the caller's; of one that does not reset nothing
 * comes back.
 */
void virtio_stop(struct virtio_device *device, const char *why);
bool virtio_is_stopped(const struct virtio_device *device);

/*
 * Give it back, reset, without a report; its queues are gone with it, and it may be
 * claimed again. False: it does not reset, so that memory which it may write to must
 * stay; it is stopped, and nobody's. NULL is nothing.
 */
bool virtio_release(struct virtio_device *device);

/* Interrupts that the device had served, for counters. */
unsigned long virtio_interrupts(const struct virtio_device *device);

/*
 * Cut [address, +bytes), the caller's kernel memory of any kind, into at most @max
 * pieces; neighbours in physical memory are one piece. Returns how many; 0: none,
 * not mapped, or more than @max. Context: any, also with locks held.
 */
unsigned int virtio_pieces(const void *address, size_t bytes,
                           struct virtio_piece *pieces, unsigned int max);

#endif /* DRIVERS_VIRTIO_H */
