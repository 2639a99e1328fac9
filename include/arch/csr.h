/* SPDX-License-Identifier: MIT */
/* Supervisor control and status registers (privileged spec, chapter 4). */
#ifndef ARCH_CSR_H
#define ARCH_CSR_H

#define SSTATUS_SIE        (1ul << 1)
#define SSTATUS_SPIE       (1ul << 5)
#define SSTATUS_SPP        (1ul << 8)
#define SSTATUS_VS         (3ul << 9)
#define SSTATUS_VS_INITIAL (1ul << 9)
#define SSTATUS_VS_CLEAN   (2ul << 9)
#define SSTATUS_FS         (3ul << 13)
#define SSTATUS_FS_INITIAL (1ul << 13)
#define SSTATUS_FS_CLEAN   (2ul << 13)
#define SSTATUS_FS_DIRTY   SSTATUS_FS
#define SSTATUS_SUM        (1ul << 18)

#define SIE_SSIE (1ul << 1) /* software: inter-hart */
#define SIE_STIE (1ul << 5) /* timer */
#define SIE_SEIE (1ul << 9) /* external: PLIC */

#define SCAUSE_INTERRUPT (1ul << 63)
#define IRQ_SOFTWARE     1
#define IRQ_TIMER        5
#define IRQ_EXTERNAL     9

#define EXC_INST_MISALIGNED  0
#define EXC_INST_ACCESS      1
#define EXC_ILLEGAL          2
#define EXC_BREAKPOINT       3
#define EXC_LOAD_MISALIGNED  4
#define EXC_LOAD_ACCESS      5
#define EXC_STORE_MISALIGNED 6
#define EXC_STORE_ACCESS     7
#define EXC_ECALL_U          8
#define EXC_INST_PAGE        12
#define EXC_LOAD_PAGE        13
#define EXC_STORE_PAGE       15

#define SATP_MODE_SV39 (8ul << 60)

#ifndef __ASSEMBLER__

#define csr_read(csr)                                                 \
	({                                                            \
		unsigned long csr_value;                              \
		__asm__ volatile("csrr %0, " #csr : "=r"(csr_value)); \
		csr_value;                                            \
	})
#define csr_write(csr, value) \
	__asm__ volatile("csrw " #csr ", %0" : : "rK"(value) : "memory")
#define csr_set(csr, bits) \
	__asm__ volatile("csrs " #csr ", %0" : : "rK"(bits) : "memory")
#define csr_clear(csr, bits) \
	__asm__ volatile("csrc " #csr ", %0" : : "rK"(bits) : "memory")
#define csr_read_clear(csr, bits)                         \
	({                                                \
		unsigned long csr_value;                  \
		__asm__ volatile("csrrc %0, " #csr ", %1" \
		                 : "=r"(csr_value)        \
		                 : "rK"(bits)             \
		                 : "memory");             \
		csr_value;                                \
	})

/* Interrupts off; returns what irq_restore() needs. */
static inline unsigned long irq_save(void)
{
	return csr_read_clear(sstatus, SSTATUS_SIE);
}

/* @flags as irq_save() read them: every other bit it sets was set and still is. */
static inline void irq_restore(unsigned long flags)
{
	csr_set(sstatus, flags);
}

/*
 * The same where the hart may have run another thread since: F and V registers were
 * saved, so they are no longer dirty.
 */
static inline void irq_restore_after_switch(unsigned long flags)
{
	csr_set(sstatus, flags & SSTATUS_SIE);
}

/* Retired instructions; under -icount shift=0 also virtual nanoseconds. */
static inline unsigned long read_instret(void)
{
	return csr_read(instret);
}

/* The platform timer; its frequency is machine.timebase_hz. */
static inline unsigned long read_time(void)
{
	return csr_read(time);
}

#endif /* __ASSEMBLER__ */
#endif /* ARCH_CSR_H */
