/* SPDX-License-Identifier: MIT */
/*
 * A virtio console (virtio 1.2, 5.3), its first port, instead of the UART:
 * `console=virtio`, in images with CONFIG_VIRTIO_CONSOLE.
 */
#ifndef DRIVERS_VIRTIO_CONSOLE_H
#define DRIVERS_VIRTIO_CONSOLE_H

/*
 * If the command line says so: what is written from now on goes to the device, and
 * input comes from there. Without such a device, or memory, one line says why and
 * nothing changes. Context: thread, before anybody listens.
 */
void virtio_console_start(void);

#endif /* DRIVERS_VIRTIO_CONSOLE_H */
