/* SPDX-License-Identifier: MIT */
/*
 * Ticks and nanoseconds convert by one wide multiplication with factors made at
 * boot (a division costs more and 10 MHz is not every platform). The hardware
 * has one deadline a hart; it is the soonest of the pending calls and the alarm.
 */
#include "core/timer.h"

#include "arch/barrier.h"
#include "arch/csr.h"
#include "arch/sbi.h"
#include "core/assert.h"
#include "core/hart.h"
#include "core/machine.h"
#include "core/trap.h"

#define NS_PER_S 1000000000ul

static uint64_t ns_per_tick;  /* 32.32 fixed point */
static uint64_t ticks_per_ns; /* 0.64 fixed point */

uint64_t timer_ticks_to_ns(uint64_t ticks)
{
	return (uint64_t)((unsigned __int128)ticks * ns_per_tick >> 32);
}

/* Rounded up: a deadline in ticks is never before the one in nanoseconds. */
static uint64_t ns_to_ticks(uint64_t ns)
{
	return (uint64_t)((unsigned __int128)ns * ticks_per_ns >> 64) + 1;
}

uint64_t timer_now_ns(void)
{
	return timer_ticks_to_ns(read_time());
}

static void timer_program_at(uint64_t at_ns)
{
	uint64_t at_ticks =
		at_ns == UINT64_MAX ? UINT64_MAX : ns_to_ticks(at_ns);

	if (isa_has(ISA_SSTC))
		csr_write(0x14d, at_ticks); /* stimecmp */
	else
		sbi_set_timer(at_ticks);
}

/* When this hart is next wanted. */
static uint64_t timer_due_ns(void)
{
	const struct hart_timer *timer = &this_hart->timer;

	if (timer->nr_calls > 0 && timer->calls[0].at_ns < timer->alarm_ns)
		return timer->calls[0].at_ns;
	return timer->alarm_ns;
}

static void timer_program(void)
{
	timer_program_at(timer_due_ns());
}

void timer_set_ns(uint64_t at_ns)
{
	unsigned long flags = irq_save();

	this_hart->timer.alarm_ns = at_ns;
	timer_program();
	irq_restore(flags);
}

/* The interrupt is not taken before the timer is what it was. */
void timer_nap(uint64_t ns)
{
	unsigned long flags = irq_save();
	uint64_t until_ns = timer_now_ns() + ns;

	if (until_ns < timer_due_ns())
		timer_program_at(until_ns);
	wait_for_interrupt();
	timer_program();
	irq_restore(flags);
}

void timer_call_at(uint64_t at_ns, void (*function)(void *argument),
                   void *argument)
{
	struct hart_timer *timer = &this_hart->timer;
	unsigned long flags = irq_save();
	unsigned int i = timer->nr_calls;

	ASSERT(i < TIMER_CALLS);
	for (; i > 0 && timer->calls[i - 1].at_ns > at_ns; i--)
		timer->calls[i] = timer->calls[i - 1];
	timer->calls[i] = (struct timer_call){ at_ns, function, argument };
	timer->nr_calls++;
	timer_program();
	irq_restore(flags);
}

static void timer_drop(struct hart_timer *timer, unsigned int i)
{
	timer->nr_calls--;
	for (; i < timer->nr_calls; i++)
		timer->calls[i] = timer->calls[i + 1];
}

bool timer_cancel(void (*function)(void *argument), const void *argument)
{
	struct hart_timer *timer = &this_hart->timer;
	unsigned long flags = irq_save();
	unsigned int i = 0;
	bool found;

	while (i < timer->nr_calls && (timer->calls[i].function != function ||
	                               timer->calls[i].argument != argument))
		i++;
	found = i < timer->nr_calls;
	if (found) {
		timer_drop(timer, i);
		timer_program();
	}
	irq_restore(flags);
	return found;
}

/* Takes the first call off the list when it is due. */
static bool timer_take_due(uint64_t now_ns, struct timer_call *call_out)
{
	struct hart_timer *timer = &this_hart->timer;

	if (timer->nr_calls == 0 || timer->calls[0].at_ns > now_ns)
		return false;
	*call_out = timer->calls[0];
	timer_drop(timer, 0);
	return true;
}

static void timer_interrupt(void)
{
	uint64_t now_ns = timer_now_ns();
	struct timer_call call;

	this_hart->timer_ticks++;
	if (this_hart->timer.alarm_ns <= now_ns)
		this_hart->timer.alarm_ns = UINT64_MAX;
	while (timer_take_due(now_ns, &call))
		call.function(call.argument);
	timer_program();
}

void timer_init_hart(void)
{
	this_hart->timer.alarm_ns = UINT64_MAX;
	timer_program();
	csr_set(sie, SIE_STIE);
}

/* (hz << 64) / NS_PER_S in two steps of long division; pre: hz < NS_PER_S */
static uint64_t ticks_per_ns_at(uint64_t hz)
{
	uint64_t rest = (hz << 32) % NS_PER_S;

	return (hz << 32) / NS_PER_S << 32 | (rest << 32) / NS_PER_S;
}

void timer_init(void)
{
	uint64_t hz = machine.timebase_hz;

	ns_per_tick = (NS_PER_S << 32) / hz;
	ticks_per_ns = ticks_per_ns_at(hz);
	trap_set_interrupt(IRQ_TIMER, timer_interrupt);
	timer_init_hart();
}
