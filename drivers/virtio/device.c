/* SPDX-License-Identifier: MIT */
/*
 * A device that works: its interrupt, its configuration, its end. A reset is waited
 * for, because only then the device writes no memory any more; one that does not
 * come to an end is told, and what the device may write is never given back.
 */
#include <errno.h>
#include <string.h>

#include "arch/barrier.h"
#include "core/irq.h"
#include "core/log.h"
#include "core/machine.h"
#include "core/timer.h"
#include "drivers/virtio.h"
#include "virtio_internal.h"

#define INTERRUPT_USED   1u
#define INTERRUPT_CONFIG 2u

#define RESET_NS         1000000000ul
#define CONFIG_READS_MAX 1000u

void virtio_reset(struct virtio_device *device)
{
	uint64_t deadline_ns = timer_now_ns() + RESET_NS;

	virtio_write(device, REG_STATUS, 0);
	while (virtio_read(device, REG_STATUS) != 0) {
		if (timer_now_ns() < deadline_ns)
			continue;
		device->is_stuck = true;
		log_error("%s: the virtio device at %#lx does not reset",
		          device->driver, device->place->base);
		return;
	}
}

/* It may ask for a reset with this interrupt: 2.1.2 */
static void configuration_changed(struct virtio_device *device)
{
	if (device->modern &&
	    virtio_read(device, REG_STATUS) & STATUS_NEEDS_RESET) {
		virtio_queues_break(device, "it wants to be reset");
		device->used(device->argument);
	} else if (device->changed) {
		device->changed(device->argument);
	}
}

static bool virtio_interrupt(void *argument)
{
	struct virtio_device *device = argument;
	uint32_t status = virtio_read(device, REG_INTERRUPT_STATUS);

	if (status == 0)
		return false;
	virtio_write(device, REG_INTERRUPT_ACK, status);
	io_mb(); /* what comes from now on interrupts again */
	device->interrupts++;
	if (status & INTERRUPT_USED)
		device->used(device->argument);
	if (status & INTERRUPT_CONFIG)
		configuration_changed(device);
	return true;
}

static int request_interrupt(struct virtio_device *device)
{
	unsigned int number = machine_irq(device->place);
	int err;

	if (number == 0)
		return -ENODEV;
	err = irq_request(number, virtio_interrupt, device, device->driver);
	if (!err)
		device->irq = number;
	return err;
}

int virtio_start(struct virtio_device *device, void (*used)(void *argument),
                 void (*changed)(void *argument), void *argument)
{
	int err;

	device->used = used;
	device->changed = changed;
	device->argument = argument;
	err = request_interrupt(device);
	if (err && err != -ENODEV)
		return err;
	virtio_write(device, REG_STATUS,
	             virtio_read(device, REG_STATUS) | STATUS_DRIVER_OK);
	return err;
}

void virtio_stop(struct virtio_device *device, const char *why)
{
	if (__atomic_exchange_n(&device->stopped, 1, __ATOMIC_ACQ_REL))
		return;
	virtio_reset(device);
	virtio_queues_break(device, why ? why : "it was given back");
	if (device->irq != 0)
		(void)irq_free(device->irq);
	device->irq = 0;
	if (why)
		log_error("%s: the virtio device at %#lx is stopped: %s",
		          device->driver, device->place->base, why);
}

bool virtio_is_stopped(const struct virtio_device *device)
{
	return __atomic_load_n(&device->stopped, __ATOMIC_ACQUIRE);
}

unsigned long virtio_interrupts(const struct virtio_device *device)
{
	return READ_ONCE(device->interrupts);
}

/* 4.2.2.2: a field by accesses of its own width; a legacy device's by bytes. */
static void copy_config(const struct virtio_device *device, size_t offset,
                        unsigned char *to, size_t bytes)
{
	const volatile char __iomem *from =
		device->registers + REG_CONFIG + offset;
	size_t i;

	if (device->modern && bytes == 2) {
		uint16_t value = readw(from);

		memcpy(to, &value, sizeof(value));
		return;
	}
	if (device->modern && (bytes == 4 || bytes == 8)) {
		for (i = 0; i < bytes; i += 4) {
			uint32_t value = readl(from + i);

			memcpy(to + i, &value, sizeof(value));
		}
		return;
	}
	for (i = 0; i < bytes; i++)
		to[i] = readb(from + i);
}

/* A legacy device has no generation: 0. */
static uint32_t generation(const struct virtio_device *device)
{
	return device->modern ? virtio_read(device, REG_CONFIG_GENERATION) : 0;
}

void virtio_read_config(struct virtio_device *device, size_t offset, void *to,
                        size_t bytes)
{
	unsigned int reads = CONFIG_READS_MAX;
	uint32_t before;

	memset(to, 0, bytes);
	if (offset + bytes > device->place->size - REG_CONFIG)
		return;
	do {
		before = generation(device);
		copy_config(device, offset, to, bytes);
	} while (generation(device) != before && --reads > 0);
}
