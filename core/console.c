/* SPDX-License-Identifier: MIT */
/*
 * Bytes go to the registered device, or to the firmware: DBCN where it has it,
 * else the legacy calls. One lock for output, so that a write of a whole line
 * stays a line.
 *
 * Input goes through a ring when the device interrupts; then it has a lock of its
 * own, under which the device is told to stop and to go on, so that the two do
 * not cross. Else whoever wants input looks at the device.
 */
#include "core/console.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "arch/barrier.h"
#include "arch/early_map.h"
#include "arch/sbi.h"
#include "core/assert.h"
#include "core/compiler.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/mutex.h"
#include "core/timer.h"

#define FLOW_NS    200000u /* a byte is followed by another within this */
#define RING_BYTES 512u    /* a power of 2 */

enum sbi_console { SBI_CONSOLE_UNKNOWN, SBI_CONSOLE_LEGACY, SBI_CONSOLE_DBCN };

static struct spinlock console_lock =
	SPINLOCK_INIT(LOCK_CONSOLE, "console_lock");
static enum sbi_console sbi_kind;
static uint64_t flowing_until_ns; /* of the one reader */

enum input_kind { INPUT_UNKNOWN, INPUT_POLLED, INPUT_INTERRUPTS };

static struct mutex listen_mutex = MUTEX_INIT("console_listen");
static unsigned int input_kind; /* [A] enum input_kind */
static void (*input_arrived)(void);
static void (*listen_again)(void); /* [A] NULL: nobody listens yet */
static unsigned long overruns;     /* [A] */

static struct spinlock ring_lock =
	SPINLOCK_INIT(LOCK_CONSOLE_INPUT, "console_input_lock");
static unsigned char ring[RING_BYTES]; /* [L] */
static unsigned int ring_head;         /* [L] bytes put in, ever */
static unsigned int ring_tail;         /* [L] bytes taken out */
static bool ring_stopped;              /* [L] the device waits for room */

static bool sbi_has_dbcn(void)
{
	if (sbi_kind == SBI_CONSOLE_UNKNOWN)
		sbi_kind = sbi_probe(SBI_EXT_DBCN) ? SBI_CONSOLE_DBCN
		                                   : SBI_CONSOLE_LEGACY;
	return sbi_kind == SBI_CONSOLE_DBCN;
}

static void sbi_write(const char *bytes, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (sbi_has_dbcn()) {
			sbi_call(SBI_EXT_DBCN, SBI_DBCN_WRITE_BYTE, byte, 0, 0,
			         0);
		} else {
			sbi_putchar(byte);
		}
	}
}

static int sbi_read(void)
{
	static unsigned char byte; /* DBCN wants a physical address */
	struct sbi_result result;

	if (!sbi_has_dbcn())
		return (int)sbi_getchar();
	result = sbi_call(SBI_EXT_DBCN, SBI_DBCN_READ, 1, image_to_phys(&byte),
	                  0, 0);
	if (result.error || result.value != 1)
		return -1;
	return *(volatile unsigned char *)&byte;
}

static const struct console_device sbi_device = {
	.name = "sbi",
	.write = sbi_write,
};
static const struct console_device *device = &sbi_device;

static int sbi_listen(void)
{
	return -ENODEV;
}

static const struct console_input sbi_input = {
	.read = sbi_read,
	.listen = sbi_listen,
};

static const struct console_input *registered_input; /* [A] */

static const struct console_input *device_input(void)
{
	const struct console_input *registered = READ_ONCE(registered_input);

	if (registered)
		return registered;
	return device == &sbi_device ? &sbi_input : &console_device_input;
}

const struct console_device *
console_register(const struct console_device *new_device)
{
	unsigned long flags = spin_lock_irqsave(&console_lock);
	const struct console_device *before = device;

	WRITE_ONCE(device, new_device);
	spin_unlock_irqrestore(&console_lock, flags);
	return before;
}

void console_register_input(const struct console_input *new_input)
{
	void (*again)(void);

	WRITE_ONCE(registered_input, new_input);
	again = __atomic_load_n(&listen_again, __ATOMIC_ACQUIRE);
	if (again)
		again();
}

const char *console_name(void)
{
	return device->name;
}

void console_write_unlocked(const char *bytes, size_t count)
{
	while (count > 0) {
		const char *newline = memchr(bytes, '\n', count);
		size_t part = newline ? (size_t)(newline - bytes) : count;

		device->write(bytes, part);
		if (!newline)
			return;
		device->write("\r\n", 2);
		bytes += part + 1;
		count -= part + 1;
	}
}

void console_write(const char *bytes, size_t count)
{
	unsigned long flags = spin_lock_irqsave(&console_lock);

	console_write_unlocked(bytes, count);
	io_mb(); /* a lock orders memory only */
	spin_unlock_irqrestore(&console_lock, flags);
}

void console_written(void)
{
	if (device->written)
		device->written();
}

void console_puts(const char *string)
{
	console_write(string, strlen(string));
}

bool console_has_room(void)
{
	unsigned long flags = spin_lock_irqsave(&ring_lock);
	bool room = ring_head - ring_tail < RING_BYTES;

	spin_unlock_irqrestore(&ring_lock, flags);
	return room;
}

/* The firmware's console never fills the ring. */
static void set_receiving(bool on)
{
	const struct console_input *input = device_input();

	if (input->set_receiving)
		input->set_receiving(on);
}

void console_receive(unsigned char byte)
{
	unsigned long flags = spin_lock_irqsave(&ring_lock);

	ASSERT(ring_head - ring_tail < RING_BYTES);
	ring[ring_head++ % RING_BYTES] = byte;
	if (ring_head - ring_tail == RING_BYTES) {
		ring_stopped = true;
		set_receiving(false);
	}
	spin_unlock_irqrestore(&ring_lock, flags);
}

void console_received(void)
{
	if (input_arrived)
		input_arrived();
}

void console_overran(void)
{
	if (__atomic_fetch_add(&overruns, 1, __ATOMIC_RELAXED) == 0)
		log_warn("console: the device lost input");
}

unsigned long console_overruns(void)
{
	return __atomic_load_n(&overruns, __ATOMIC_RELAXED);
}

static int ring_take(void)
{
	const struct console_input *input = device_input();
	unsigned long flags = spin_lock_irqsave(&ring_lock);
	bool goes_on = false;
	int byte = -1;

	if (ring_head != ring_tail)
		byte = ring[ring_tail++ % RING_BYTES];
	if (ring_stopped && ring_head - ring_tail <= RING_BYTES / 2) {
		ring_stopped = false;
		goes_on = true;
		set_receiving(true);
	}
	spin_unlock_irqrestore(&ring_lock, flags);
	if (goes_on && input->resume)
		input->resume();
	return byte;
}

static int look_for_byte(void)
{
	int byte;

	do {
		byte = device_input()->read();
	} while (byte < 0 && timer_now_ns() < flowing_until_ns);
	if (byte >= 0)
		flowing_until_ns = timer_now_ns() + FLOW_NS;
	return byte;
}

int console_poll(void)
{
	if (__atomic_load_n(&input_kind, __ATOMIC_ACQUIRE) == INPUT_INTERRUPTS)
		return ring_take();
	return look_for_byte();
}

void console_on_input(void (*arrived)(void))
{
	input_arrived = arrived;
}

static unsigned int listen(void)
{
	int err = device_input()->listen();

	if (!err)
		return INPUT_INTERRUPTS;
	log_info("console %s: input is looked for, no interrupt serves it (%d)",
	         device->name, err);
	return INPUT_POLLED;
}

/* Another device. Who waits for input looks, and may have to go on looking. */
static void listen_to_another(void)
{
	mutex_lock(&listen_mutex);
	__atomic_store_n(&input_kind, listen(), __ATOMIC_RELEASE);
	mutex_unlock(&listen_mutex);
	console_received();
}

bool console_listen(void)
{
	unsigned int kind = __atomic_load_n(&input_kind, __ATOMIC_ACQUIRE);

	if (likely(kind != INPUT_UNKNOWN))
		return kind == INPUT_INTERRUPTS;
	mutex_lock(&listen_mutex);
	if (input_kind == INPUT_UNKNOWN) {
		__atomic_store_n(&listen_again, listen_to_another,
		                 __ATOMIC_RELEASE);
		__atomic_store_n(&input_kind, listen(), __ATOMIC_RELEASE);
	}
	mutex_unlock(&listen_mutex);
	return input_kind == INPUT_INTERRUPTS;
}
