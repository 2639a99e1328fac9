/* SPDX-License-Identifier: MIT */
/*
 * Bytes out and in. The SBI console serves from the first instruction; a device
 * driver (drivers/ns16550.c) registers itself and replaces it.
 * Writes add '\r' before '\n'. Context: any, where nothing else is said.
 *
 * Input by interrupt: the driver hands over what comes, a ring keeps it, and when
 * the ring is full the device keeps it (and its sender waits, if it can).
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

struct console_device {
	const char *name;
	void (*write)(const char *bytes, size_t count);
	/* An application wrote; or NULL. Context: thread, no lock held. */
	void (*written)(void);
};

/* Its other half, which is in images that read. */
struct console_input {
	int (*read)(void); /* one byte, or -1 when there is none */
	/*
	 * Hand over what comes by console_receive() from now on. 0 or -errno;
	 * Context: thread.
	 */
	int (*listen)(void);
	/* Whether to interrupt. Context: interrupts off, under a lock. */
	void (*set_receiving)(bool on);
	/* There is room again; or NULL. Context: thread, no lock held. */
	void (*resume)(void);
};

/* The UART's, whose driver defines it. */
extern const struct console_input console_device_input;

/* Returns the one that it was. */
const struct console_device *
console_register(const struct console_device *new_device);

/*
 * Not the console's own but this; NULL: its own again. Whoever listens does so there
 * from now on. Context: thread, no lock held.
 */
void console_register_input(const struct console_input *new_input);
const char *console_name(void);

void console_write(const char *bytes, size_t count);
void console_puts(const char *string);

/* For whoever wrote and holds no lock: the device is looked after. Context: thread. */
void console_written(void);

/* console_write() without the lock: for panic only. */
void console_write_unlocked(const char *bytes, size_t count);

/*
 * Somebody wants input: begin to take it by interrupt, if that can be had. False:
 * it cannot, so look for it by console_poll(). Context: thread.
 */
bool console_listen(void);

/*
 * Call @arrived when there is input, in an interrupt, and when another device has
 * taken over, in a thread. Before console_listen().
 */
void console_on_input(void (*arrived)(void));

/*
 * One byte if there is one, else -1. Never sleeps, but without interrupts it
 * looks on for FLOW_NS after a byte, so that pasted text is not lost.
 * Context: one thread at a time.
 */
int console_poll(void);

/* Times that a device lost input, since boot. */
unsigned long console_overruns(void);

/*
 * For devices, in their interrupt: may a byte be taken? An interrupt that was under
 * way when set_receiving(false) was called still comes.
 */
bool console_has_room(void);

/* The byte; when it is the last that has room, set_receiving(false) is called. */
void console_receive(unsigned char byte);

/* For devices: something was received before. No lock held. */
void console_received(void);

/* For devices, in their interrupt: input was lost. */
void console_overran(void);

#endif /* CORE_CONSOLE_H */
