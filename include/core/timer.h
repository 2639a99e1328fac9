/* SPDX-License-Identifier: MIT */
/*
 * Time: nanoseconds since boot from the time CSR, one-shot timer by Sstc where
 * the ISA string has it, else by SBI (TIME extension, chapter 6).
 *
 * Timers are of the hart that sets them and touch no other. A hart has few
 * calls: whoever has many deadlines, threads that sleep for instance, keeps
 * their order himself and sets a call for the soonest.
 * cost: setting, cancelling and running a call 50 to 100 instructions; with SBI
 * the firmware's besides, some hundreds for each.
 */
#ifndef CORE_TIMER_H
#define CORE_TIMER_H

#include <stdbool.h>
#include <stdint.h>

/* Calls that one hart may have pending. */
#define TIMER_CALLS 8u

struct timer_call {
	uint64_t at_ns;
	void (*function)(void *argument);
	void *argument;
};

/* One for each hart, in struct hart. */
struct hart_timer {
	struct timer_call calls[TIMER_CALLS]; /* [H] soonest first */
	unsigned int nr_calls;                /* [H] */
	uint64_t alarm_ns; /* [H] of timer_set_ns(), UINT64_MAX: none */
};

/* Reads the timer's frequency, then serves the boot hart. */
void timer_init(void);

/* The same for a hart that starts. */
void timer_init_hart(void);

/* cost: about 8 instructions */
uint64_t timer_now_ns(void);
uint64_t timer_ticks_to_ns(uint64_t ticks);

/*
 * Interrupt this hart at @at_ns, once, so that hart_idle() ends; UINT64_MAX:
 * not any more. Calls of timer_call_at() are not disturbed.
 */
void timer_set_ns(uint64_t at_ns);

/* Sleep until an interrupt is pending, but not longer than @ns. */
void timer_nap(uint64_t ns);

/*
 * Run @function in the timer interrupt of this hart at @at_ns, once.
 * Never before its time, and late while interrupts are off. Calls for the same
 * time run in the order in which they were set. @function may set calls, also
 * itself again.
 * pre: fewer than TIMER_CALLS calls are pending on this hart
 */
void timer_call_at(uint64_t at_ns, void (*function)(void *argument),
                   void *argument);

/*
 * Take the soonest such call of this hart back. False: none was pending; it has
 * run, or never was.
 */
bool timer_cancel(void (*function)(void *argument), const void *argument);

#endif /* CORE_TIMER_H */
