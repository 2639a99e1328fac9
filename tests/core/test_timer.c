/* SPDX-License-Identifier: MIT */
/* One-shot timers of a hart: order, time, cancelling, and whose they are. */
#include "arch/csr.h"
#include "core/hart.h"
#include "core/symbol.h"
#include "core/timer.h"
#include "core/trap.h"
#include "test.h"

#define SOON_NS  50000u
#define LIMIT_NS 2000000000ul

/* What ran, in order. */
static unsigned int ran[16];
static unsigned int nr_ran; /* [A] */
static bool all_in_interrupt;

static void note(void *argument)
{
	unsigned int at = nr_ran;

	ran[at] = (unsigned int)(uintptr_t)argument;
	all_in_interrupt &= in_interrupt();
	__atomic_store_n(&nr_ran, at + 1, __ATOMIC_RELEASE);
}

static void note_at(uint64_t at_ns, unsigned int number)
{
	timer_call_at(at_ns, note, (void *)(uintptr_t)number);
}

static uint64_t begin(void)
{
	nr_ran = 0;
	all_in_interrupt = true;
	return timer_now_ns();
}

static void wait_for(unsigned int count)
{
	uint64_t start = timer_now_ns();

	while (__atomic_load_n(&nr_ran, __ATOMIC_ACQUIRE) < count)
		CHECK(timer_now_ns() - start < LIMIT_NS);
}

/* Long enough for a call that must not come. */
static void wait_until(uint64_t at_ns)
{
	while (timer_now_ns() < at_ns + 2 * SOON_NS)
		;
}

TEST(calls_run_in_the_order_of_their_times)
{
	unsigned long flags = irq_save();
	uint64_t start = begin();

	note_at(start + 3 * SOON_NS, 3);
	note_at(start + SOON_NS, 1);
	note_at(start + 4 * SOON_NS, 4);
	note_at(start + 2 * SOON_NS, 2);
	irq_restore(flags);
	wait_for(4);
	for (unsigned int i = 0; i < 4; i++)
		CHECK_EQ(ran[i], i + 1);
	CHECK(timer_now_ns() >= start + 4 * SOON_NS);
	CHECK(all_in_interrupt);
}

TEST(calls_of_one_time_run_in_the_order_they_were_set)
{
	unsigned long flags = irq_save();
	uint64_t start = begin();

	for (unsigned int i = 0; i < TIMER_CALLS; i++)
		note_at(start + SOON_NS, i);
	irq_restore(flags);
	wait_for(TIMER_CALLS);
	for (unsigned int i = 0; i < TIMER_CALLS; i++)
		CHECK_EQ(ran[i], i);
}

TEST(call_for_a_past_time_runs_at_once)
{
	unsigned long flags = irq_save();
	uint64_t start = begin();

	note_at(0, 1);
	note_at(start, 2);
	irq_restore(flags);
	wait_for(2);
	CHECK_EQ(ran[0], 1);
	CHECK_EQ(ran[1], 2);
}

TEST(interrupts_off_delay_calls_and_lose_none)
{
	unsigned long flags = irq_save();
	uint64_t start = begin();
	unsigned int early;

	note_at(start + SOON_NS, 1);
	note_at(start + 2 * SOON_NS, 2);
	wait_until(start + 2 * SOON_NS);
	early = READ_ONCE(nr_ran);
	irq_restore(flags);
	CHECK_EQ(early, 0);
	wait_for(2);
	CHECK_EQ(ran[0], 1);
}

TEST(cancelled_call_does_not_run_and_others_do)
{
	unsigned long flags = irq_save();
	uint64_t start = begin();
	bool first, again, unknown;

	note_at(start + SOON_NS, 1);
	note_at(start + 2 * SOON_NS, 2);
	note_at(start + 3 * SOON_NS, 1);
	first = timer_cancel(note, (void *)1);
	again = timer_cancel(note, (void *)1);
	unknown = timer_cancel(note, (void *)1);
	irq_restore(flags);
	CHECK(first && again && !unknown);
	wait_for(1);
	wait_until(start + 3 * SOON_NS);
	CHECK_EQ(READ_ONCE(nr_ran), 1);
	CHECK_EQ(ran[0], 2);
	CHECK(!timer_cancel(note, (void *)2));
}

/* The same function with another argument is another call. */
TEST(cancel_takes_the_soonest_of_its_kind)
{
	unsigned long flags = irq_save();
	uint64_t start = begin();
	bool found;

	note_at(start + 3 * SOON_NS, 7);
	note_at(start + SOON_NS, 7);
	note_at(start + 2 * SOON_NS, 8);
	found = timer_cancel(note, (void *)7);
	irq_restore(flags);
	CHECK(found);
	wait_for(2);
	CHECK_EQ(ran[0], 8);
	CHECK_EQ(ran[1], 7);
}

static void note_and_again(void *argument)
{
	note(argument);
	if (nr_ran < 5)
		timer_call_at(timer_now_ns() + SOON_NS, note_and_again,
		              argument);
}

TEST(call_may_set_itself_again)
{
	uint64_t start = begin();

	timer_call_at(start + SOON_NS, note_and_again, (void *)9);
	wait_for(5);
	CHECK(timer_now_ns() >= start + 5 * SOON_NS);
	CHECK(!timer_cancel(note_and_again, (void *)9));
}

TEST(alarm_and_calls_do_not_disturb_each_other)
{
	uint64_t start = begin();
	unsigned long ticks = READ_ONCE(this_hart->timer_ticks);

	note_at(start + 4 * SOON_NS, 1);
	timer_set_ns(start + SOON_NS);
	while (READ_ONCE(this_hart->timer_ticks) == ticks)
		CHECK(timer_now_ns() - start < LIMIT_NS);
	wait_for(1);
	note_at(timer_now_ns() + 2 * SOON_NS, 2);
	timer_set_ns(timer_now_ns() + 4 * SOON_NS);
	timer_set_ns(UINT64_MAX);
	wait_for(2);
	CHECK_EQ(ran[1], 2);
}

struct seen {
	const struct hart *hart;
	uintptr_t pc;
	bool done; /* [A] */
};

static void look(void *argument)
{
	struct seen *seen = argument;

	seen->hart = this_hart;
	seen->pc = this_hart->interrupted->sepc;
	__atomic_store_n(&seen->done, true, __ATOMIC_RELEASE);
}

/* Its loop is what the interrupt breaks into. */
static __noinline void spin_until_seen(void *argument)
{
	struct seen *seen = argument;

	timer_call_at(timer_now_ns() + SOON_NS, look, seen);
	while (!__atomic_load_n(&seen->done, __ATOMIC_ACQUIRE))
		;
}

TEST(timer_is_of_the_hart_that_set_it)
{
	for (unsigned int i = 0; i < nr_harts; i++) {
		struct seen seen = { 0 };

		if (i == 0) {
			spin_until_seen(&seen);
		} else {
			hart_call_start(i, spin_until_seen, &seen);
			hart_call_wait(i);
		}
		CHECK_EQ(seen.hart, harts[i]);
	}
}

static bool is_in_the_loop(uintptr_t pc)
{
	uintptr_t start;

	return symbol_lookup(pc, &start) && start == (uintptr_t)spin_until_seen;
}

/* A slow host may let the time pass before the loop is reached: again then. */
TEST(interrupt_knows_what_it_broke_into)
{
	unsigned int good = 0;

	for (unsigned int i = 0; i < 100 && good == 0; i++) {
		struct seen seen = { 0 };

		CHECK(!this_hart->interrupted);
		spin_until_seen(&seen);
		good += is_in_the_loop(seen.pc);
	}
	CHECK(good > 0);
	CHECK(!this_hart->interrupted);
}
