/* SPDX-License-Identifier: MIT */
/* The two directions of the virtio console. */
#ifndef DRIVERS_VIRTIO_CONSOLE_INTERNAL_H
#define DRIVERS_VIRTIO_CONSOLE_INTERNAL_H

#include <stdbool.h>

#include "core/console.h"
#include "drivers/virtio.h"

/*
 * Make the queue and its buffers; 0 or -errno. Undone by giving the device back,
 * then ..._free().
 */
int console_input_make(struct virtio_device *device) __must_check;
int console_output_make(struct virtio_device *device) __must_check;
void console_input_free(void);
void console_output_free(void);

extern const struct console_input virtio_console_input;

/* The device works; @interrupts: it says when there is input. */
void console_input_begin(bool interrupts);

/* It does not any more: what it gave and nobody has taken is lost. */
void console_input_end(void);

/* It takes over from @before, which has the rest when the device fails. */
void console_output_begin(const struct console_device *before);
void console_output_end(void); /* @before is the console again */
void console_output_write(const char *bytes, size_t count);

/* Take what has come to the console, if anybody listens. Context: interrupt. */
void console_input_came(void);

/* What a queue is broken by, or NULL. */
const char *console_input_broken(void);
const char *console_output_broken(void);

/* Bytes that found no room in time. */
unsigned long console_output_lost(void);

/* console.c: look whether the device is still to be trusted. No lock held. */
void console_look_after(void);

#endif /* DRIVERS_VIRTIO_CONSOLE_INTERNAL_H */
