/* SPDX-License-Identifier: MIT */
/*
 * Fences between harts (unprivileged spec, RVWMO) and to devices. C code that
 * shares words uses __atomic builtins; these are for what they cannot say.
 */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

/* Orders all memory accesses of this hart. */
static inline void smp_mb(void)
{
	__asm__ volatile("fence rw, rw" : : : "memory");
}

/* Orders memory and device accesses. */
static inline void io_mb(void)
{
	__asm__ volatile("fence iorw, iorw" : : : "memory");
}

/* In a spin loop: Zihintpause's pause, a plain hint where it is unknown. */
static inline void cpu_relax(void)
{
	__asm__ volatile(".4byte 0x0100000f" : : : "memory");
}

/* Until an interrupt is pending, whether or not sstatus.SIE is set. */
static inline void wait_for_interrupt(void)
{
	__asm__ volatile("wfi" : : : "memory");
}

/* Instruction fetches of this hart see earlier stores. */
static inline void fence_i(void)
{
	__asm__ volatile("fence.i" : : : "memory");
}

#endif /* ARCH_BARRIER_H */
