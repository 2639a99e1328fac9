/* SPDX-License-Identifier: MIT */
/*
 * The simulated machine, as the headers in arch/ see it. Random choices of its
 * own are repeated with the seed, and take nothing from the model's.
 */
#ifndef SIM_H
#define SIM_H

#include <stdint.h>

extern unsigned long sim_sstatus;
extern unsigned long sim_instret;

/* Other harts may do something now: translate ahead of need. */
void sim_tick(void);

/* Interrupts may be on again: what waits for that happens now. */
void sim_take_interrupts(void);

/* sfence.vma of the running hart: everything; the leaf entries of an address. */
void sim_fence_all(void);
void sim_fence_page(uintptr_t va);

void sim_wait_in_vain(void);

#endif /* SIM_H */
