/* SPDX-License-Identifier: MIT */
/* The sifive,test device: a store to it ends QEMU with an exit status. */
#ifndef DRIVERS_FINISHER_H
#define DRIVERS_FINISHER_H

/* Registers itself with core/power.c; without the device nothing changes. */
void finisher_init(void);

#endif /* DRIVERS_FINISHER_H */
