/* SPDX-License-Identifier: MIT */
/*
 * Bytes go to the registered device, or to the firmware: DBCN where it has it,
 * else the legacy calls. One lock for output, so that a write of a whole line
 * stays a line. A reader polls: without pause while bytes keep coming, so that
 * pasted text is not lost, else idling 10 ms between looks.
 */
#include "core/console.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "arch/barrier.h"
#include "arch/early_map.h"
#include "arch/sbi.h"
#include "core/hart.h"
#include "core/lock.h"
#include "core/timer.h"

#define POLL_PAUSE_NS 10000000u
#define FLOW_NS       200000u /* a byte is followed by another within this */

enum sbi_console { SBI_CONSOLE_UNKNOWN, SBI_CONSOLE_LEGACY, SBI_CONSOLE_DBCN };

static struct spinlock console_lock =
	SPINLOCK_INIT(LOCK_CONSOLE, "console_lock");
static enum sbi_console sbi_kind;
static uint64_t flowing_until_ns; /* of the one reader */

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
	.read = sbi_read,
};
static const struct console_device *device = &sbi_device;

void console_register(const struct console_device *new_device)
{
	device = new_device;
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

void console_puts(const char *string)
{
	console_write(string, strlen(string));
}

int console_poll(void)
{
	int byte = device->read();

	if (byte >= 0)
		flowing_until_ns = timer_now_ns() + FLOW_NS;
	return byte;
}

int console_getc(void)
{
	for (;;) {
		int byte = console_poll();
		uint64_t now = timer_now_ns();

		if (byte >= 0)
			return byte;
		if (now >= flowing_until_ns)
			hart_idle(now + POLL_PAUSE_NS);
	}
}
