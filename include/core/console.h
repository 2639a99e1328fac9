/* SPDX-License-Identifier: MIT */
/*
 * Bytes out and in. The SBI console serves from the first instruction; a device
 * driver (drivers/ns16550.c) registers itself and replaces it.
 * Writes add '\r' before '\n'. Context: any.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include <stddef.h>

struct console_device {
	const char *name;
	void (*write)(const char *bytes, size_t count);
	int (*read)(void); /* one byte, or -1 when there is none */
};

void console_register(const struct console_device *new_device);
const char *console_name(void);

void console_write(const char *bytes, size_t count);
void console_puts(const char *string);

/* console_write() without the lock: for panic only. */
void console_write_unlocked(const char *bytes, size_t count);

/* One byte if there is one, else -1. Never waits. */
int console_poll(void);

/* Waits (idle between polls) for one byte. Context: threads. */
int console_getc(void);

#endif /* CORE_CONSOLE_H */
