/* SPDX-License-Identifier: MIT */
/* A host has no interrupts to switch off, they always were on; and no clock. */
#ifndef ARCH_CSR_H
#define ARCH_CSR_H

#define SSTATUS_SIE (1ul << 1)

static inline unsigned long irq_save(void)
{
	return SSTATUS_SIE;
}

static inline void irq_restore(unsigned long flags)
{
	(void)flags;
}

static inline unsigned long read_time(void)
{
	return 0;
}

static inline unsigned long read_instret(void)
{
	return 0;
}

#endif /* ARCH_CSR_H */
