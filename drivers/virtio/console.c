/* SPDX-License-Identifier: MIT */
/*
 * One port, without the control queues of several (VIRTIO_CONSOLE_F_MULTIPORT is not
 * asked for): queue 0 is input, queue 1 is output. The UART stays the console until
 * the device works, and has what the device does not take when it fails.
 */
#include <errno.h>
#include <string.h>

#include "console_internal.h"
#include "core/cmdline.h"
#include "core/log.h"
#include "core/work.h"
#include "drivers/virtio_console.h"
#include "mm/kthread.h"

static struct virtio_device *device;
static bool lost_is_told;

static const struct console_device virtio_console = {
	.name = "virtio",
	.write = console_output_write,
	.written = console_look_after,
};

static void stop(struct work *work)
{
	const char *why = console_output_broken();

	(void)work;
	virtio_stop(device, why ? why : console_input_broken());
	console_output_end();
	/* No two devices fill the console's ring. */
	console_input_end();
	console_register_input(NULL);
}

static struct work stop_work = { .function = stop };

void console_look_after(void)
{
	if ((console_output_broken() || console_input_broken()) &&
	    !virtio_is_stopped(device))
		work_queue(&stop_work);
	if (console_output_lost() > 0 && !lost_is_told) {
		lost_is_told = true;
		log_warn("console virtio: its host did not read, %lu bytes "
		         "are lost",
		         console_output_lost());
	}
}

static void device_interrupt(void *unused)
{
	(void)unused;
	console_input_came();
}

/* -ENODEV of virtio_start(): input is polled. */
static int start_device(void)
{
	int err;

	err = virtio_negotiate(device, 0);
	if (!err)
		err = console_input_make(device);
	if (!err)
		err = console_output_make(device);
	if (!err)
		err = kthread_work_init();
	if (err)
		return err;
	err = virtio_start(device, device_interrupt, NULL, NULL);
	if (err && err != -ENODEV)
		return err;
	console_input_begin(!err);
	console_output_begin(console_register(&virtio_console));
	console_register_input(&virtio_console_input);
	return 0;
}

void virtio_console_start(void)
{
	const char *choice = cmdline_get("console");
	int err;

	if (!choice || strcmp(choice, "virtio") != 0)
		return;
	device = virtio_claim(VIRTIO_ID_CONSOLE, "virtio-console");
	if (!device) {
		log_error("console=virtio: there is no such device; %s stays "
		          "the console",
		          console_name());
		return;
	}
	err = start_device();
	if (!err)
		return;
	if (virtio_release(device)) {
		console_input_free();
		console_output_free();
	}
	log_error("console=virtio: the device cannot be used (error %d); %s "
	          "stays the console",
	          -err, console_name());
}
