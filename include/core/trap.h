/* SPDX-License-Identifier: MIT */
/*
 * Traps. The frame is saved on the hart's own trap stack, which is never in the
 * vmalloc window: a fault on a thread's stack must not need that stack, and a
 * lazily visible mapping must not be needed to repair lazily visible mappings.
 */
#ifndef CORE_TRAP_H
#define CORE_TRAP_H

#include <stdbool.h>

#include "core/compiler.h"

/* Offsets are fixed for core/trap.S by static_assert in core/trap.c. */
struct trap_frame {
	unsigned long x[32]; /* x[0] is unused */
	unsigned long sepc;
	unsigned long sstatus;
	unsigned long scause;
	unsigned long stval;
};

/*
 * A page-fault handler returns 0 when it repaired the cause, and the access is
 * retried; else the signal that Linux has for it (SIGSEGV, SIGBUS). Context: trap
 * stack, interrupts off. When the interrupted code had them off as well, it may
 * hold any lock: the handler then takes none and allocates nothing.
 */
typedef int fault_handler(struct trap_frame *frame);
void trap_set_page_fault_handler(fault_handler *handler);

/*
 * Asked about an exception that nobody repaired and no access expected, before
 * it ends in panic: @signal is what Linux has for it, @address the one that was
 * accessed. True: @frame has been changed (or the thread will see a signal), go
 * on with it. Context: as above. NULL: nobody is asked.
 */
typedef bool fault_signal_handler(struct trap_frame *frame, int signal,
                                  unsigned long address);
void trap_set_fault_signal(fault_signal_handler *handler);

/* Interrupt handlers by number (IRQ_SOFTWARE ...); set once at boot. */
typedef void interrupt_handler(void);
void trap_set_interrupt(unsigned int number, interrupt_handler *handler);

/*
 * Serve an interrupt that is pending by a call, where nobody needs the registers that
 * a trap would save; what else is pending traps when interrupts are on again. Context:
 * the idle thread, interrupts off.
 */
void trap_serve_pending(void);

/* stvec, sscratch, sie of the calling hart. */
void trap_init_hart(void);

/* What scause means, in words. */
const char *trap_name(unsigned long scause);

/*
 * Probing accesses: 0, or -EFAULT when the access traps; never panics.
 * For peek, tests and the console. Aligned 2, 4 and 8 bytes are one access;
 * others go by bytes and stop at the first that traps. Context: any.
 */
int probe_read(const void *address, void *to, unsigned int bytes) __must_check;
int probe_write(void *address, const void *from,
                unsigned int bytes) __must_check;

#endif /* CORE_TRAP_H */
