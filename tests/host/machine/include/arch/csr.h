/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of the simulated hart. Each time mm switches them is a moment at
 * which other harts may look at memory: sim_tick().
 */
#ifndef ARCH_CSR_H
#define ARCH_CSR_H

#include "../sim.h"

#define SSTATUS_SIE    (1ul << 1)
#define SSTATUS_SPIE   (1ul << 5)
#define EXC_INST_PAGE  12
#define EXC_LOAD_PAGE  13
#define EXC_STORE_PAGE 15

#define csr_read(csr) sim_##csr

static inline unsigned long irq_save(void)
{
	unsigned long flags = sim_sstatus & SSTATUS_SIE;

	sim_sstatus &= ~SSTATUS_SIE;
	sim_tick();
	return flags;
}

static inline void irq_restore(unsigned long flags)
{
	sim_tick();
	sim_sstatus |= flags;
	sim_take_interrupts();
}

static inline unsigned long read_instret(void)
{
	return sim_instret += 100;
}

static inline unsigned long read_time(void)
{
	return read_instret();
}

#endif /* ARCH_CSR_H */
