/* SPDX-License-Identifier: MIT */
/* Harts: calls, interrupts, who is who, timers, locks. */
#include "core/hart.h"
#include "core/lock.h"
#include "core/machine.h"
#include "core/timer.h"
#include "later.h"
#include "pages.h"
#include "test.h"

struct visit {
	unsigned int index;
	bool interrupted;
	unsigned int times;
};

static void note_visit(void *argument)
{
	struct visit *visit = argument;

	visit->index = this_hart->index;
	visit->interrupted = in_interrupt();
	visit->times++;
}

TEST(harts_are_numbered_densely_and_have_their_ids)
{
	CHECK(nr_harts >= 1 && nr_harts <= CONFIG_NR_HARTS);
	CHECK_EQ(harts[0], &boot_hart);
	for (unsigned int i = 0; i < nr_harts; i++) {
		CHECK_EQ(harts[i]->index, i);
		CHECK(harts[i]->online);
		for (unsigned int n = 0; n < i; n++)
			CHECK(harts[n]->id != harts[i]->id);
	}
	CHECK_EQ(this_hart->index, 0);
	CHECK_EQ(harts[0]->id, machine.hart_ids[0]);
}

TEST(call_runs_on_the_hart_that_was_named)
{
	for (unsigned int i = 1; i < nr_harts; i++) {
		struct visit visit = { 0 };

		for (unsigned int n = 1; n <= 50; n++) {
			hart_call_start(i, note_visit, &visit);
			hart_call_wait(i);
			CHECK_EQ(visit.times, n);
		}
		CHECK_EQ(visit.index, i);
		CHECK(!visit.interrupted);
	}
	if (nr_harts < 2)
		test_skip("needs two harts");
}

TEST(second_call_waits_for_the_first)
{
	struct visit visit = { 0 };

	if (nr_harts < 2)
		test_skip("needs two harts");
	for (unsigned int n = 0; n < 200; n++)
		hart_call_start(1, note_visit, &visit);
	hart_call_wait(1);
	CHECK_EQ(visit.times, 200);
}

TEST(interrupt_runs_in_an_interrupt_on_the_hart_that_was_named)
{
	if (nr_harts < 2)
		test_skip("needs two harts");
	for (unsigned int i = 1; i < nr_harts; i++) {
		struct visit visit = { 0 };
		unsigned long before = READ_ONCE(harts[i]->ipis);

		for (unsigned int n = 0; n < 20; n++)
			hart_interrupt(i, note_visit, &visit);
		CHECK_EQ(visit.index, i);
		CHECK_EQ(visit.times, 20);
		CHECK(visit.interrupted);
		CHECK(READ_ONCE(harts[i]->ipis) > before);
	}
}

static void spin_until_told(void *argument)
{
	while (!__atomic_load_n((bool *)argument, __ATOMIC_ACQUIRE))
		;
}

TEST(interrupt_reaches_a_hart_that_is_busy)
{
	struct visit visit = { 0 };
	bool stop = false;

	if (nr_harts < 2)
		test_skip("needs two harts");
	hart_call_start(1, spin_until_told, &stop);
	hart_interrupt(1, note_visit, &visit);
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	hart_call_wait(1);
	CHECK(visit.interrupted && visit.index == 1);
}

TEST(timer_interrupt_comes_not_before_its_time)
{
	for (unsigned int i = 0; i < 5; i++) {
		struct visit visit = { 0 };
		uint64_t start = timer_now_ns();

		in_timer_interrupt(note_visit, &visit);
		CHECK(timer_now_ns() - start >= 100000);
		CHECK_EQ(visit.times, 1);
		CHECK(visit.interrupted);
	}
}

TEST(idle_ends_at_its_deadline)
{
	uint64_t start = timer_now_ns(), now = start;

	while (now < start + 3000000) {
		hart_idle(start + 3000000);
		now = timer_now_ns();
	}
	CHECK(now - start < 2000000000ul);
}

TEST(time_moves_forward)
{
	uint64_t last = timer_now_ns();

	for (unsigned int i = 0; i < 1000; i++) {
		uint64_t now = timer_now_ns();

		CHECK(now >= last);
		last = now;
	}
}

static struct spinlock count_lock = SPINLOCK_INIT(LOCK_CONSOLE, "test");
static unsigned long count_value;

static void count_up(void *argument)
{
	(void)argument;
	for (unsigned int i = 0; i < 20000; i++) {
		unsigned long flags = spin_lock_irqsave(&count_lock);

		count_value = READ_ONCE(count_value) + 1;
		spin_unlock_irqrestore(&count_lock, flags);
	}
}

TEST(spinlock_excludes_every_other_hart)
{
	count_value = 0;
	for (unsigned int i = 1; i < nr_harts; i++)
		hart_call_start(i, count_up, NULL);
	count_up(NULL);
	for (unsigned int i = 1; i < nr_harts; i++)
		hart_call_wait(i);
	CHECK_EQ(count_value, 20000ul * nr_harts);
}

/* tp is the C library's and gp the hart's, also after traps. */
TEST(registers_survive_interrupts)
{
	unsigned long tp, ticks = this_hart->timer_ticks;

	__asm__ volatile("mv %0, tp" : "=r"(tp));
	timer_set_ns(timer_now_ns() + 200000);
	for (unsigned int i = 0;
	     READ_ONCE(this_hart->timer_ticks) == ticks && i < 100000000; i++)
		;
	CHECK(READ_ONCE(this_hart->timer_ticks) != ticks);
	{
		unsigned long now;

		__asm__ volatile("mv %0, tp" : "=r"(now));
		CHECK_EQ(now, tp);
	}
	CHECK_EQ(this_hart, &boot_hart);
}

/* Floating-point registers belong to the interrupted code. */
TEST(floating_point_survives_interrupts)
{
	volatile double x = 1.0;
	unsigned int rounds = 0;
	unsigned long ticks;

	/* On a busy host the first ticks may come before the loop begins. */
	for (unsigned int shot = 0; shot < 5 || (!rounds && shot < 500);
	     shot++) {
		ticks = READ_ONCE(this_hart->timer_ticks);
		timer_set_ns(timer_now_ns() + 100000);
		while (READ_ONCE(this_hart->timer_ticks) == ticks) {
			double y = x;

			for (unsigned int i = 0; i < 20; i++)
				y = y * 1.5;
			for (unsigned int i = 0; i < 20; i++)
				y = y / 1.5;
			CHECK(y > 0.999999 && y < 1.000001);
			rounds++;
		}
	}
	CHECK(rounds > 0);
}

static void set_flag(void *flag)
{
	*(volatile bool *)flag = true;
}

/* A nap is over soon, hides no call that is due, and leaves no alarm behind. */
TEST(nap_ends_with_its_time_and_keeps_other_calls)
{
	uint64_t start = timer_now_ns();
	volatile bool called = false;
	unsigned long ticks = READ_ONCE(this_hart->timer_ticks);
	struct later later;

	later_at(&later, start + 2000000, set_flag, (void *)&called);
	while (!called) {
		timer_nap(100000);
		CHECK(timer_now_ns() - start < 2000000000ul);
	}
	CHECK(timer_now_ns() - start >= 2000000);
	/* One of the network's timers may have been due. */
	ticks = READ_ONCE(this_hart->timer_ticks) - ticks;
	CHECK(ticks >= 1 && ticks <= 2);
}
