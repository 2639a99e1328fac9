/* SPDX-License-Identifier: MIT */
/* Timers: order, time, stopping, and whose they are. */
#include "arch/csr.h"
#include "core/hart.h"
#include "core/symbol.h"
#include "core/timer.h"
#include "core/trap.h"
#include "later.h"
#include "test.h"

#define SOON_NS  50000u
#define LIMIT_NS 2000000000ul

/* Long enough for a call that must not come. */
static void wait_until(uint64_t at_ns)
{
	while (timer_now_ns() < at_ns + 2 * SOON_NS)
		;
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
	struct later later;

	later_at(&later, timer_now_ns() + SOON_NS, look, seen);
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

#define MANY 200u

static struct noted {
	struct timer timer;
	uint64_t late_by;
	unsigned int runs; /* [A] */
	unsigned int rank;
} noteds[MANY];

static unsigned int nr_noted; /* in interrupts of hart 0 */

static void note_timer(struct timer *timer)
{
	struct noted *noted = container_of(timer, struct noted, timer);

	noted->late_by = timer_now_ns() - timer->at_ns;
	noted->rank = nr_noted++;
	__atomic_fetch_add(&noted->runs, 1, __ATOMIC_RELEASE);
}

static struct noted *begin_timers(void)
{
	nr_noted = 0;
	for (unsigned int i = 0; i < MANY; i++)
		noteds[i] = (struct noted){ .timer.function = note_timer };
	return noteds;
}

static bool has_run(const struct noted *noted)
{
	uint64_t start = timer_now_ns();

	while (!__atomic_load_n(&noted->runs, __ATOMIC_ACQUIRE) &&
	       timer_now_ns() - start < LIMIT_NS)
		;
	return __atomic_load_n(&noted->runs, __ATOMIC_ACQUIRE);
}

TEST(timer_runs_once_and_not_before_its_time)
{
	struct noted *noted = begin_timers();
	unsigned long flags = irq_save();
	uint64_t start = timer_now_ns();
	const struct hart *hart;

	timer_start(&noted->timer, start + 4 * SOON_NS);
	hart = noted->timer.hart;
	irq_restore(flags);
	CHECK_EQ(hart, this_hart);
	CHECK(has_run(noted));
	CHECK(timer_now_ns() >= start + 4 * SOON_NS);
	CHECK((long)noted->late_by >= 0);
	wait_until(timer_now_ns());
	CHECK_EQ(noted->runs, 1);
	CHECK(!noted->timer.hart && !timer_stop(&noted->timer));
}

TEST(timer_of_the_past_runs_at_once_and_one_of_never_does_not)
{
	struct noted *noted = begin_timers();

	timer_start(&noted[0].timer, 0);
	timer_start(&noted[1].timer, UINT64_MAX);
	CHECK(has_run(&noted[0]));
	wait_until(timer_now_ns());
	CHECK_EQ(noted[1].runs, 0);
	CHECK(timer_stop(&noted[1].timer));
}

TEST(timers_run_in_the_order_of_their_times)
{
	struct noted *noted = begin_timers();
	unsigned long flags = irq_save();
	uint64_t start = timer_now_ns();

	for (unsigned int i = 0; i < MANY; i++)
		timer_start(&noted[i].timer, start + (i * 37 % MANY) * 1000);
	for (unsigned int i = 0; i < MANY; i += 3)
		CHECK(timer_stop(&noted[i].timer));
	irq_restore(flags);
	wait_until(start + MANY * 1000);
	for (unsigned int i = 0; i < MANY; i++) {
		CHECK_EQ(noted[i].runs, i % 3 != 0);
		for (unsigned int n = 0; n < i && i % 3 != 0; n++) {
			if (n % 3 != 0)
				CHECK((noted[i].rank < noted[n].rank) ==
				      (i * 37 % MANY < n * 37 % MANY));
		}
	}
}

TEST(timers_of_one_time_run_in_the_order_they_were_started)
{
	struct noted *noted = begin_timers();
	unsigned long flags = irq_save();
	uint64_t at_ns = timer_now_ns() + SOON_NS;

	for (unsigned int i = 0; i < 20; i++)
		timer_start(&noted[i].timer, at_ns);
	irq_restore(flags);
	for (unsigned int i = 0; i < 20; i++) {
		CHECK(has_run(&noted[i]));
		CHECK_EQ(noted[i].rank, i);
	}
}

TEST(interrupts_off_delay_timers_and_lose_none)
{
	struct noted *noted = begin_timers();
	unsigned long flags = irq_save();
	uint64_t start = timer_now_ns();
	unsigned int early;

	timer_start(&noted[0].timer, start + SOON_NS);
	timer_start(&noted[1].timer, start + 2 * SOON_NS);
	wait_until(start + 2 * SOON_NS);
	early = nr_noted;
	irq_restore(flags);
	CHECK_EQ(early, 0);
	CHECK(has_run(&noted[0]) && has_run(&noted[1]));
	CHECK_EQ(noted[0].rank, 0);
}

static void note_and_again(struct timer *timer)
{
	note_timer(timer);
	if (nr_noted < 5)
		timer_start(timer, timer_now_ns() + SOON_NS);
}

TEST(timer_may_start_itself_again)
{
	struct noted *noted = begin_timers();
	uint64_t start = timer_now_ns();

	noted->timer.function = note_and_again;
	timer_start(&noted->timer, start + SOON_NS);
	while (__atomic_load_n(&noted->runs, __ATOMIC_ACQUIRE) < 5)
		CHECK(timer_now_ns() - start < LIMIT_NS);
	CHECK(timer_now_ns() >= start + 5 * SOON_NS);
	CHECK(!timer_stop(&noted->timer));
}

TEST(alarm_and_timers_do_not_disturb_each_other)
{
	struct noted *noted = begin_timers();
	uint64_t start = timer_now_ns();
	unsigned long ticks = READ_ONCE(this_hart->timer_ticks);

	timer_start(&noted[0].timer, start + 4 * SOON_NS);
	timer_set_ns(start + SOON_NS);
	while (READ_ONCE(this_hart->timer_ticks) == ticks)
		CHECK(timer_now_ns() - start < LIMIT_NS);
	CHECK(has_run(&noted[0]));
	timer_start(&noted[1].timer, timer_now_ns() + 2 * SOON_NS);
	timer_set_ns(timer_now_ns() + 4 * SOON_NS);
	timer_set_ns(UINT64_MAX);
	CHECK(has_run(&noted[1]));
}

/* Its function keeps its hart until it is told; the stop must wait. */
static bool function_runs, function_may_end; /* [A] */

static void run_for_long(struct timer *timer)
{
	uint64_t start = timer_now_ns();

	__atomic_store_n(&function_runs, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&function_may_end, __ATOMIC_ACQUIRE) &&
	       timer_now_ns() - start < LIMIT_NS / 100)
		;
	timer_start(timer, timer_now_ns() + LIMIT_NS);
	__atomic_store_n(&function_runs, false, __ATOMIC_RELEASE);
}

static void start_long(void *timer)
{
	timer_start(timer, timer_now_ns());
}

/* And what the function has started again is stopped too. */
TEST(stop_waits_for_the_function_on_another_hart)
{
	static struct timer timer;

	if (nr_harts < 2)
		test_skip("needs two harts");
	timer = (struct timer){ .function = run_for_long };
	function_may_end = false;
	hart_call_start(1, start_long, &timer);
	while (!__atomic_load_n(&function_runs, __ATOMIC_ACQUIRE))
		;
	timer_stop(&timer);
	CHECK(!__atomic_load_n(&function_runs, __ATOMIC_ACQUIRE));
	CHECK(!timer.hart);
	hart_call_wait(1);
}

static void start_all_later(void *unused)
{
	(void)unused;
	for (unsigned int i = 0; i < MANY; i++)
		timer_start(&noteds[i].timer,
		            timer_now_ns() + SOON_NS + i * 5000);
}

/* The other hart takes them out of its heap at the same time. */
TEST(timers_of_another_hart_are_stopped_or_have_run)
{
	struct noted *noted = begin_timers();

	if (nr_harts < 2)
		test_skip("needs two harts");
	hart_call_start(1, start_all_later, NULL);
	hart_call_wait(1);
	for (unsigned int i = MANY; i-- > 0;) {
		bool stopped = timer_stop(&noted[i].timer);

		CHECK_EQ(stopped, noted[i].runs == 0);
	}
	wait_until(timer_now_ns());
	/* The watchdog's may be pending. */
	CHECK(!harts[nr_harts - 1]->timer.soonest ||
	      harts[nr_harts - 1]->timer.soonest->at_ns ==
	              harts[nr_harts - 1]->timer.soonest_ns);
}
