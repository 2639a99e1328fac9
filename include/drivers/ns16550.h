/* SPDX-License-Identifier: MIT */
/* The 16550 UART that the device tree names; it takes the console over. */
#ifndef DRIVERS_NS16550_H
#define DRIVERS_NS16550_H

/* Without such a device, or memory to map it, the SBI console stays. */
void ns16550_init(void);

#endif /* DRIVERS_NS16550_H */
