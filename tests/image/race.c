/* SPDX-License-Identifier: MIT */
/* Everything is atomics and time: what runs in a window may take no lock. */
#include "race.h"

#include "core/hart.h"
#include "core/timer.h"
#include "test.h"

struct race race;

bool race_is_set(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

void race_set(bool *flag)
{
	__atomic_store_n(flag, true, __ATOMIC_RELEASE);
}

void race_wait_until(const bool *flag, uint64_t limit_ns)
{
	uint64_t start = timer_now_ns();

	while (!race_is_set(flag) && timer_now_ns() - start < limit_ns)
		;
}

void race_wait_for_arrivals(unsigned int count)
{
	uint64_t start = timer_now_ns();

	while (__atomic_load_n(&race.arrived, __ATOMIC_ACQUIRE) < count &&
	       timer_now_ns() - start < RACE_NEVER_NS)
		;
}

bool race_is_first(void)
{
	return __atomic_fetch_add(&race.arrived, 1, __ATOMIC_ACQ_REL) == 0;
}

void race_begin(unsigned int harts_needed)
{
	if (!CONFIG_RACE_WINDOWS)
		test_skip("needs CONFIG_RACE_WINDOWS");
	if (nr_harts < harts_needed)
		test_skip("needs more harts");
	/* A race that failed may have left some open. */
	for (unsigned int i = 0; i < RACE_POINTS; i++)
		race_window_close(i);
	race = (struct race){ .limit_ns = RACE_NEVER_NS };
}

/* --- hart 1 is held while this hart acts -------------------------------- */

void race_hold_hart_1(void *unused)
{
	(void)unused;
	if (this_hart->index == 1 && race_is_first())
		race_wait_until(&race.open, race.limit_ns);
}

static void act_on_hart_1(void *unused)
{
	(void)unused;
	race.act();
	race_set(&race.acted);
}

void race_hold_at(enum race_point point, race_act *act)
{
	race.act = act;
	race_window_open(point, race_hold_hart_1, NULL);
	hart_call_start(1, act_on_hart_1, NULL);
	race_wait_for_arrivals(1);
	CHECK_EQ(race.arrived, 1);
}

void race_let_go(enum race_point point)
{
	race_set(&race.open);
	hart_call_wait(1);
	race_window_close(point);
}

/* --- this hart is held while hart 1 acts -------------------------------- */

static void wait_then_act(void *unused)
{
	race_wait_until(&race.open, RACE_NEVER_NS);
	act_on_hart_1(unused);
}

static void hart_1_acts(void *unused)
{
	(void)unused;
	if (this_hart->index == 0 && race_is_first()) {
		race_set(&race.open);
		race_wait_until(&race.acted, race.limit_ns);
	}
}

void race_act_at(enum race_point point, race_act *act)
{
	race.act = act;
	hart_call_start(1, wait_then_act, NULL);
	race_window_open(point, hart_1_acts, NULL);
}

void race_end_act(enum race_point point)
{
	race_window_close(point);
	CHECK(race.arrived > 0);
	hart_call_wait(1);
}

/* --- both at once ---------------------------------------------------------- */

static void meet(void *unused)
{
	(void)unused;
	__atomic_fetch_add(&race.arrived, 1, __ATOMIC_ACQ_REL);
	race_wait_for_arrivals(2);
}

void race_meet_at(enum race_point point, race_act *act)
{
	race.act = act;
	race_window_open(point, meet, NULL);
	hart_call_start(1, act_on_hart_1, NULL);
	act();
	hart_call_wait(1);
	race_window_close(point);
	CHECK(race.arrived >= 2);
}
