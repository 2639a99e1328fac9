/* SPDX-License-Identifier: MIT */
/*
 * Harts. gp always holds the running hart's struct, so reading per-hart state
 * is one load. Logical numbers are dense, 0 is the boot hart; SBI hart ids may
 * have gaps and any id may boot.
 *
 * A subsystem's own per-hart state hangs in ->local[], a slot each, so that
 * core need not know its type.
 */
#ifndef CORE_HART_H
#define CORE_HART_H

#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"
#include "core/run_queue.h"
#include "core/timer.h"

enum hart_local {
	HART_LOCAL_PAGES, /* mm/page_alloc.c */
	HART_LOCAL_KMEM,  /* mm/kmem.c */
	HART_LOCAL_VMAP,  /* mm/vm_area.c */
	HART_LOCALS
};

struct trap_frame; /* core/trap.h */
struct thread;     /* core/thread.h */

typedef void hart_function(void *argument);

struct hart {
	/* Offsets of the first five are known to core/trap.S (asm_offsets). */
	uintptr_t trap_stack_top; /* [I] direct-mapped or image memory */
	uintptr_t
		trap_stack_bottom; /* [H] lowered once to the emergency stack */
	uintptr_t emergency_top;   /* [I] stack for a fault on the trap stack */
	uintptr_t trap_scratch[2]; /* [H] entry code spills here */
	void *local[HART_LOCALS];  /* [I] once the hart runs */
	unsigned int index;        /* [I] logical number */
	unsigned int id;           /* [I] SBI hart id */
	unsigned int irq_depth;    /* [H] > 0 while an interrupt is handled */
	unsigned int locks_held;   /* [H] CONFIG_LOCK_DEBUG */
	/* [H] CONFIG_LOCK_DEBUG; vmlist_lock alone is a lock of every hart */
	const void *held[CONFIG_NR_HARTS + 8];
	unsigned int online; /* [A] 1 once it takes calls */
	unsigned int idle;   /* [A] 1 while it waits and touches no vmalloc
	                                address; see mm/tlb.c, flush on wake */
	unsigned int flush_on_wake;   /* [A] */
	hart_function *call;          /* [A] mailbox of hart_call_start() */
	void *call_argument;          /* [A] */
	hart_function *interrupt;     /* [A] mailbox of hart_interrupt() */
	void *interrupt_argument;     /* [A] */
	struct hart_timer timer;      /* [H] */
	unsigned long ipis;           /* [H] inter-hart interrupts taken */
	unsigned long timer_ticks;    /* [H] timer interrupts taken */
	unsigned long asleep_instret; /* [H] counted while it slept: QEMU's */
	/* [H] what the interrupt being handled broke into, NULL outside one */
	const struct trap_frame *interrupted;
	bool watches;          /* [H] its watchdog's timer is pending */
	struct thread *thread; /* [A] that runs; written by the hart alone */
	struct run_queue queue;
	struct thread *caller;               /* [I] serves hart_call_start() */
	unsigned long contended[LOCK_RANKS]; /* [H] locks waited for, by rank */
};

register struct hart *this_hart __asm__("gp");

extern struct hart boot_hart;
extern struct hart *harts[CONFIG_NR_HARTS]; /* [0, nr_harts) are not NULL */
extern unsigned int nr_harts;               /* harts that are online */

static inline bool in_interrupt(void)
{
	return this_hart->irq_depth != 0;
}

/*
 * Run @function(@argument) on a hart that is online and not hart 0: start returns
 * once the call is handed over (it waits while the hart still runs an earlier
 * one), wait returns when the hart is done with it. The function runs in a thread
 * of its own there, which keeps that hart, and may do what threads may.
 * Context: threads, but that one; not in interrupts.
 */
void hart_call_start(unsigned int index, hart_function *function,
                     void *argument);
void hart_call_wait(unsigned int index);

/*
 * Run @function(@argument) in an interrupt on a hart and wait for it; on all of
 * them, one after the other, on this one with interrupts off and no interrupt.
 * The caller may go from hart to hart meanwhile.
 * Context: interrupts on, no spinlock held.
 */
void hart_interrupt(unsigned int index, hart_function *function,
                    void *argument);
void hart_run_everywhere(hart_function *function, void *argument);

/*
 * What mm/tlb.c registers: @wake is called when a hart leaves idle with a flush
 * owed, @interrupt in each inter-hart interrupt.
 */
typedef void hart_hook(void);
void hart_set_hooks(hart_hook *wake, hart_hook *interrupt);

/*
 * Wait for an interrupt, or until timer_now_ns() >= @until_ns, whichever is
 * first (UINT64_MAX: no deadline). May return early. The hart counts as idle
 * meanwhile. Context: interrupts on.
 */
void hart_idle(uint64_t until_ns);

/* Serves hart_call_start() of a hart, @argument, for ever: its thread ->caller. */
void hart_serve_calls(void *argument);

/* The inter-hart interrupt; then this hart is online. */
void hart_init_this(void);

/* Stop this hart for ever, because another one panics. */
void hart_stop_this(void) __dead;

/*
 * Make every other hart stop for ever, with interrupts off; for panic. Returns
 * how many did not within @timeout_ns (those that spin with interrupts off).
 */
unsigned int hart_stop_others(uint64_t timeout_ns);

#endif /* CORE_HART_H */
