/* SPDX-License-Identifier: MIT */
/*
 * Time: nanoseconds since boot from the time CSR, one-shot timer by Sstc where
 * the ISA string has it, else by SBI (TIME extension, chapter 6).
 *
 * A timer is of the hart that starts it, until it has run or was stopped.
 * cost: starting and running one about 150 instructions; with SBI the firmware's
 * besides, some hundreds for each.
 */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/csr.h"
#include "core/lock_type.h"

struct hart;

/*
 * @function(@timer) runs once, in the timer interrupt of the hart that started it,
 * at @at_ns or later; those of one time in the order in which they were started. It
 * may start the timer again. However many may be pending.
 */
struct timer {
	uint64_t at_ns;                        /* [L] */
	void (*function)(struct timer *timer); /* [I] */
	struct hart *hart; /* [A] pending there; NULL: not */
	struct timer *child, *next, *previous; /* [L] pairing heap */
};

/* One for each hart, in struct hart. */
struct hart_timer {
	uint64_t alarm_ns; /* [H] of timer_set_ns(), UINT64_MAX: none */
	uint64_t slice_ns; /* [H] of timer_set_slice(), UINT64_MAX: none */
	struct spinlock lock;
	struct timer *soonest; /* [L] root of the pairing heap */
	uint64_t soonest_ns; /* [A] its time; this hart alone makes it sooner */
	struct timer *running; /* [L] whose function runs */
	unsigned int pending;  /* [L] timers in the heap */
};

/* Reads the timer's frequency, then serves the boot hart. */
void timer_init(void);

/* The same for a hart that starts: its timers by another, then itself. */
void timer_prepare_hart(struct hart *hart);
void timer_init_hart(void);

/* cost: about 10 instructions */
uint64_t timer_now_ns(void);
uint64_t timer_ticks_to_ns(uint64_t ticks);

/* The same two where no instruction is to be lost. */
extern uint64_t timer_ns_per_tick; /* 32.32 fixed point */

static inline uint64_t timer_ticks_to_ns_inline(uint64_t ticks)
{
	return (uint64_t)((unsigned __int128)ticks * timer_ns_per_tick >> 32);
}

static inline uint64_t timer_now_ns_inline(void)
{
	return timer_ticks_to_ns_inline(read_time());
}

/*
 * Interrupt this hart at @at_ns, once, so that hart_idle() ends; UINT64_MAX:
 * not any more. Timers are not disturbed.
 */
void timer_set_ns(uint64_t at_ns);

/* The same for the slice of the thread that runs: calls what is registered. */
void timer_set_slice(uint64_t at_ns);
void timer_on_slice(void (*function)(void));

/* Sleep until an interrupt is pending, but not longer than @ns. */
void timer_nap(uint64_t ns);

/*
 * Start @timer, whose function is set and which is not pending. Context: any, no
 * lock of rank LOCK_TIMER or above held. cost: O(1)
 */
void timer_start(struct timer *timer, uint64_t at_ns);

/*
 * Not pending any more, and its function does not run any more on another hart,
 * also when that starts the timer again. True: it was pending, so it has not run.
 * Context: as timer_start(); not from under a lock that @function takes.
 * cost: O(log n) on average
 */
bool timer_stop(struct timer *timer);

#endif /* CORE_TIMER_H */
