/* SPDX-License-Identifier: MIT */
/* Bringing up the harts that firmware has not started. */
#ifndef BOOT_HARTS_H
#define BOOT_HARTS_H

/* Make the boot hart harts[0]: what a trap needs. Context: first of boot. */
void harts_init_boot(unsigned int id);

/* The idle thread of the boot hart. */
void harts_init_threads(void);

/*
 * Start the machine's other harts one after the other and wait for each, at
 * most a second. One that does not start ends the boot with one line.
 */
void harts_start(void);

#endif /* BOOT_HARTS_H */
