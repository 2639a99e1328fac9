/* SPDX-License-Identifier: MIT */
/* A device, for the files of the transport. */
#ifndef DRIVERS_VIRTIO_VIRTIO_INTERNAL_H
#define DRIVERS_VIRTIO_VIRTIO_INTERNAL_H

#include <linux/io.h>
#include <stdbool.h>
#include <stdint.h>

#include "drivers/virtio.h"

/* Registers: virtio 1.2, 4.2.2; 4.2.4 for legacy ones. */
#define REG_MAGIC               0x000u
#define REG_VERSION             0x004u
#define REG_DEVICE_ID           0x008u
#define REG_DEVICE_FEATURES     0x010u
#define REG_DEVICE_FEATURES_SEL 0x014u
#define REG_DRIVER_FEATURES     0x020u
#define REG_DRIVER_FEATURES_SEL 0x024u
#define REG_GUEST_PAGE_SIZE     0x028u /* legacy */
#define REG_QUEUE_SEL           0x030u
#define REG_QUEUE_NUM_MAX       0x034u
#define REG_QUEUE_NUM           0x038u
#define REG_QUEUE_ALIGN         0x03cu /* legacy */
#define REG_QUEUE_PFN           0x040u /* legacy */
#define REG_QUEUE_READY         0x044u
#define REG_QUEUE_NOTIFY        0x050u
#define REG_INTERRUPT_STATUS    0x060u
#define REG_INTERRUPT_ACK       0x064u
#define REG_STATUS              0x070u
#define REG_QUEUE_DESC          0x080u /* low word, high word */
#define REG_QUEUE_DRIVER        0x090u
#define REG_QUEUE_DEVICE        0x0a0u
#define REG_CONFIG_GENERATION   0x0fcu
#define REG_CONFIG              0x100u

/* 2.1 */
#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER      2u
#define STATUS_DRIVER_OK   4u
#define STATUS_FEATURES_OK 8u
#define STATUS_NEEDS_RESET 64u
#define STATUS_FAILED      128u

struct own_queue;

struct virtio_device {
	const struct machine_device *place;
	volatile char __iomem *registers;
	const char *driver;
	bool modern; /* version 2 */
	uint64_t features;
	struct own_queue *queues;
	void (*used)(void *argument);
	void (*changed)(void *argument);
	void *argument;
	unsigned int irq;         /* 0: none was had */
	unsigned long interrupts; /* of the hart that has it */
	unsigned int stopped;     /* [A] 1: it is */
	bool is_stuck;            /* it does not reset: may write memory yet */
};

static inline uint32_t virtio_read(const struct virtio_device *device,
                                   unsigned int reg)
{
	return readl(device->registers + reg);
}

static inline void virtio_write(const struct virtio_device *device,
                                unsigned int reg, uint32_t value)
{
	writel(value, device->registers + reg);
}

/* Until it says that it is. Nothing of its queues is left then. */
void virtio_reset(struct virtio_device *device);

/* queue.c; of a device that is stuck, they are abandoned as well. */
void virtio_queues_break(const struct virtio_device *device, const char *why);
void virtio_queues_free(struct virtio_device *device);

#endif /* DRIVERS_VIRTIO_VIRTIO_INTERNAL_H */
