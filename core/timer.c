/* SPDX-License-Identifier: MIT */
/*
 * Ticks and nanoseconds convert by one wide multiplication with factors made at
 * boot (a division costs more and 10 MHz is not every platform). The hardware
 * has one deadline a hart; it is the soonest of the timers, the slice and the alarm.
 */
#include "core/timer.h"

#include "arch/barrier.h"
#include "arch/csr.h"
#include "arch/sbi.h"
#include "core/assert.h"
#include "core/hart.h"
#include "core/lock.h"
#include "core/machine.h"
#include "core/pause.h"
#include "core/timer_heap.h"
#include "core/trap.h"

#define NS_PER_S 1000000000ul

uint64_t timer_ns_per_tick;   /* [I] 32.32 fixed point */
static uint64_t ticks_per_ns; /* 0.64 fixed point */
static void (*on_slice)(void);

uint64_t timer_ticks_to_ns(uint64_t ticks)
{
	return timer_ticks_to_ns_inline(ticks);
}

/* Rounded up: a deadline in ticks is never before the one in nanoseconds. */
static uint64_t ns_to_ticks(uint64_t ns)
{
	return (uint64_t)((unsigned __int128)ns * ticks_per_ns >> 64) + 1;
}

uint64_t timer_now_ns(void)
{
	return timer_now_ns_inline();
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

/*
 * When this hart is next wanted. Other harts may stop timers meanwhile, which
 * makes it too soon: an interrupt that finds nothing to do.
 */
static uint64_t timer_due_ns(void)
{
	const struct hart_timer *timer = &this_hart->timer;
	uint64_t soonest_ns = READ_ONCE(timer->soonest_ns);
	uint64_t due_ns = timer->alarm_ns;

	if (timer->slice_ns < due_ns)
		due_ns = timer->slice_ns;
	if (soonest_ns < due_ns)
		due_ns = soonest_ns;
	return due_ns;
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

void timer_set_slice(uint64_t at_ns)
{
	this_hart->timer.slice_ns = at_ns;
	timer_program();
}

void timer_on_slice(void (*function)(void))
{
	on_slice = function;
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

static void note_soonest(struct hart_timer *timers) __must_hold(timers->lock)
{
	WRITE_ONCE(timers->soonest_ns,
	           timers->soonest ? timers->soonest->at_ns : UINT64_MAX);
}

void timer_start(struct timer *timer, uint64_t at_ns)
{
	unsigned long flags = irq_save();
	struct hart_timer *own = &this_hart->timer;

	spin_lock(&own->lock);
	DEBUG_ASSERT(timer->function && !timer->hart);
	timer->at_ns = at_ns;
	timer_heap_add(&own->soonest, timer);
	own->pending++;
	WRITE_ONCE(timer->hart, this_hart);
	if (own->soonest == timer) {
		note_soonest(own);
		timer_program();
	}
	spin_unlock(&own->lock);
	irq_restore(flags);
}

/* The hart on which @timer is pending, with its timers locked; NULL: on none. */
static struct hart *lock_hart_of(struct timer *timer) __no_lock_analysis
{
	for (;;) {
		/* Partner: take_due_timer(). Not pending, then perhaps running. */
		struct hart *hart =
			__atomic_load_n(&timer->hart, __ATOMIC_ACQUIRE);

		if (!hart)
			return NULL;
		spin_lock(&hart->timer.lock);
		if (timer->hart == hart)
			return hart;
		spin_unlock(&hart->timer.lock);
	}
}

/*
 * A function that runs on another hart has ended when this returns. Interrupts
 * off: a thread that waits here may not start a timer of its own.
 */
static void wait_while_running(const struct timer *timer)
{
	struct pause pause = { 0 };
	unsigned int i;

	for (i = 0; i < nr_harts; i++) {
		const struct hart *hart = harts[i];

		while (hart != this_hart &&
		       __atomic_load_n(&hart->timer.running,
		                       __ATOMIC_ACQUIRE) == timer)
			pause_before_next_look(&pause);
	}
}

/* False: it was not pending. */
static bool stop_once(struct timer *timer) __no_lock_analysis
{
	struct hart *hart = lock_hart_of(timer);

	if (!hart)
		return false;
	timer_heap_remove(&hart->timer.soonest, timer);
	hart->timer.pending--;
	note_soonest(&hart->timer);
	WRITE_ONCE(timer->hart, NULL);
	spin_unlock(&hart->timer.lock);
	return true;
}

/* What a hart programmed for it stays: an interrupt that finds nothing to do. */
bool timer_stop(struct timer *timer)
{
	unsigned long flags = irq_save();
	bool stopped = false;

	do {
		stopped |= stop_once(timer);
		wait_while_running(timer);
	} while (unlikely(READ_ONCE(timer->hart)));
	irq_restore(flags);
	return stopped;
}

static struct timer *take_due_timer(uint64_t now_ns)
{
	struct hart_timer *own = &this_hart->timer;
	struct timer *timer;

	if (READ_ONCE(own->soonest_ns) > now_ns)
		return NULL;
	spin_lock(&own->lock);
	timer = own->soonest;
	if (timer && timer->at_ns <= now_ns) {
		timer_heap_remove(&own->soonest, timer);
		own->pending--;
		note_soonest(own);
		/* Partner: timer_stop() finds it pending, or running. */
		__atomic_store_n(&own->running, timer, __ATOMIC_SEQ_CST);
		__atomic_store_n(&timer->hart, NULL, __ATOMIC_RELEASE);
	} else {
		timer = NULL;
	}
	spin_unlock(&own->lock);
	return timer;
}

static void timer_interrupt(void)
{
	struct hart_timer *own = &this_hart->timer;
	uint64_t now_ns = timer_now_ns();
	struct timer *timer;

	this_hart->timer_ticks++;
	if (own->alarm_ns <= now_ns)
		own->alarm_ns = UINT64_MAX;
	while ((timer = take_due_timer(now_ns))) {
		timer->function(timer);
		__atomic_store_n(&own->running, NULL, __ATOMIC_RELEASE);
	}
	if (own->slice_ns <= now_ns) {
		own->slice_ns = UINT64_MAX;
		on_slice();
	}
	timer_program();
}

void timer_prepare_hart(struct hart *hart)
{
	hart->timer.alarm_ns = UINT64_MAX;
	hart->timer.slice_ns = UINT64_MAX;
	hart->timer.soonest_ns = UINT64_MAX;
	hart->timer.lock =
		(struct spinlock)SPINLOCK_INIT(LOCK_TIMER, "timers of a hart");
}

void timer_init_hart(void)
{
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

	timer_ns_per_tick = (NS_PER_S << 32) / hz;
	ticks_per_ns = ticks_per_ns_at(hz);
	trap_set_interrupt(IRQ_TIMER, timer_interrupt);
	timer_prepare_hart(this_hart);
	timer_init_hart();
}
