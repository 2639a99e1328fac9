/* SPDX-License-Identifier: MIT */
/*
 * Which devices there are. The first driver that asks has every place of the
 * machine's list looked at, places side by side in one mapping; which place is
 * whose is said here. Registers stay mapped while somebody has the device. Nothing
 * is looked for before a driver asks: an image without one has none of this.
 */
#include <errno.h>
#include <linux/slab.h>

#include "core/log.h"
#include "core/machine.h"
#include "core/mutex.h"
#include "drivers/virtio.h"
#include "virtio_internal.h"

#define MAGIC          0x74726976u /* "virt" */
#define VERSION_LEGACY 1u
#define VERSION_MODERN 2u

/* What this transport can do, whatever the device is. */
#define COMMON_FEATURES \
	(1ul << VIRTIO_F_INDIRECT_DESC | 1ul << VIRTIO_F_EVENT_IDX)

static struct mutex claim_mutex = MUTEX_INIT("virtio_claim");
static uint32_t claimed __guarded_by(claim_mutex); /* bit per place */
_Static_assert(MACHINE_VIRTIO_SLOTS <= 32, "bits of claimed");
/* Of each place; 0: there is no device. The first @nr_known were looked at. */
static uint32_t kinds[MACHINE_VIRTIO_SLOTS] __guarded_by(claim_mutex);
static unsigned int nr_known __guarded_by(claim_mutex);

static bool is_usable(const struct machine_device *place)
{
	return place->size >= REG_CONFIG;
}

/* What follows the place @first in memory, up or down; where that ends. */
static unsigned int end_of_run(unsigned int first, uint64_t *low,
                               uint64_t *high)
{
	const struct machine_device *place = &machine.virtio[first];
	unsigned int i;

	*low = place->base;
	*high = place->base + place->size;
	for (i = first + 1; i < machine.nr_virtio; i++) {
		place = &machine.virtio[i];
		if (!is_usable(place))
			break;
		if (place->base == *high)
			*high += place->size;
		else if (place->base + place->size == *low)
			*low = place->base;
		else
			break;
	}
	return i;
}

/* An empty place says that it is no device: 4.2.2. */
static uint32_t kind_at(const volatile char __iomem *registers)
{
	return readl(registers + REG_MAGIC) == MAGIC
	               ? readl(registers + REG_DEVICE_ID)
	               : 0;
}

static bool look_at_run(void) __must_hold(claim_mutex)
{
	uint64_t low, high;
	const unsigned int end = end_of_run(nr_known, &low, &high);
	volatile char __iomem *registers = ioremap(low, high - low);

	if (!registers)
		return false;
	for (; nr_known < end; nr_known++)
		kinds[nr_known] = kind_at(
			registers + (machine.virtio[nr_known].base - low));
	iounmap(registers);
	return true;
}

/* False: no memory; what was not looked at is, by the next who asks. */
static bool look_everywhere(void) __must_hold(claim_mutex)
{
	while (nr_known < machine.nr_virtio) {
		if (!is_usable(&machine.virtio[nr_known]))
			nr_known++;
		else if (!look_at_run())
			return false;
	}
	return true;
}

static bool version_is_known(struct virtio_device *device)
{
	const uint32_t version = virtio_read(device, REG_VERSION);

	device->modern = version == VERSION_MODERN;
	if (version == VERSION_MODERN || version == VERSION_LEGACY)
		return true;
	log_warn("virtio at %#lx: version %u is not known", device->place->base,
	         version);
	return false;
}

static struct virtio_device *open_device(const struct machine_device *place,
                                         const char *driver)
{
	struct virtio_device *device = kzalloc(sizeof(*device), GFP_KERNEL);

	if (device) {
		device->place = place;
		device->driver = driver;
		device->registers = ioremap(place->base, place->size);
	}
	if (device && device->registers && version_is_known(device))
		return device;
	if (!device || !device->registers)
		log_error("%s: no memory for its device", driver);
	else
		iounmap(device->registers);
	kfree(device);
	return NULL;
}

struct virtio_device *virtio_claim(uint32_t kind, const char *driver)
{
	struct virtio_device *device = NULL;
	unsigned int i;

	if (kind == 0)
		return NULL;
	mutex_lock(&claim_mutex);
	if (!look_everywhere())
		log_error("%s: no memory to look for its device", driver);
	for (i = 0; i < nr_known && !device; i++) {
		if (kinds[i] != kind || (claimed >> i & 1))
			continue;
		device = open_device(&machine.virtio[i], driver);
		if (device)
			claimed |= 1u << i;
	}
	mutex_unlock(&claim_mutex);
	if (!device)
		return NULL;
	virtio_reset(device);
	if (device->is_stuck)
		return NULL;
	virtio_write(device, REG_STATUS, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	if (!device->modern)
		virtio_write(device, REG_GUEST_PAGE_SIZE, PAGE_SIZE);
	log_info("%s: virtio %s device at %#lx", driver,
	         device->modern ? "modern" : "legacy", device->place->base);
	return device;
}

bool virtio_release(struct virtio_device *device)
{
	if (!device)
		return true;
	virtio_stop(device, NULL);
	if (device->is_stuck)
		return false;
	virtio_queues_free(device);
	iounmap(device->registers);
	mutex_lock(&claim_mutex);
	claimed &= ~(1u << (device->place - machine.virtio));
	mutex_unlock(&claim_mutex);
	kfree(device);
	return true;
}

static uint64_t read_features(const struct virtio_device *device)
{
	uint64_t features;

	virtio_write(device, REG_DEVICE_FEATURES_SEL, 0);
	features = virtio_read(device, REG_DEVICE_FEATURES);
	if (!device->modern)
		return features;
	virtio_write(device, REG_DEVICE_FEATURES_SEL, 1);
	return features | (uint64_t)virtio_read(device, REG_DEVICE_FEATURES)
	                          << 32;
}

static void write_features(const struct virtio_device *device)
{
	virtio_write(device, REG_DRIVER_FEATURES_SEL, 0);
	virtio_write(device, REG_DRIVER_FEATURES, (uint32_t)device->features);
	if (!device->modern)
		return;
	virtio_write(device, REG_DRIVER_FEATURES_SEL, 1);
	virtio_write(device, REG_DRIVER_FEATURES,
	             (uint32_t)(device->features >> 32));
}

/* 3.1.1, steps 5 and 6 */
static bool is_agreed(const struct virtio_device *device)
{
	if (!virtio_has(device, VIRTIO_F_VERSION_1))
		return false;
	virtio_write(device, REG_STATUS,
	             STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK);
	return virtio_read(device, REG_STATUS) & STATUS_FEATURES_OK;
}

uint64_t virtio_offered(struct virtio_device *device)
{
	return read_features(device);
}

int virtio_negotiate(struct virtio_device *device, uint64_t wanted)
{
	wanted |=
		COMMON_FEATURES | 1ul << (device->modern ? VIRTIO_F_VERSION_1
	                                                 : VIRTIO_F_ANY_LAYOUT);
	device->features = read_features(device) & wanted;
	write_features(device);
	if (!device->modern || is_agreed(device))
		return 0;
	virtio_stop(device, "it does not agree on its features");
	return -EIO;
}

bool virtio_has(const struct virtio_device *device, unsigned int feature)
{
	return device->features >> feature & 1;
}

bool virtio_is_modern(const struct virtio_device *device)
{
	return device->modern;
}
