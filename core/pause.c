/* SPDX-License-Identifier: MIT */
/*
 * Each look is twice as far off as the one before, up to a bound, then a nap. A
 * nap ends with its time or with any interrupt; on a machine that has a processor
 * for each hart, waits hardly ever last that long.
 */
#include "core/pause.h"

#include "arch/barrier.h"
#include "core/thread.h"
#include "core/timer.h"

#define PAUSES_MAX_SHIFT 6u  /* cpu_relax() between two looks: up to 64 */
#define LOOKS_AWAKE      40u /* a few microseconds in all */
#define NAP_NS           50000u

/*
 * A thread sleeps, so that whoever it waits for can run here too, also with a
 * lower priority; what may not switch waits for the timer.
 */
static void nap(void)
{
	if (thread_may_switch()) {
		(void)thread_sleep_until(timer_now_ns() + NAP_NS,
		                         THREAD_UNINTERRUPTIBLE);
	} else {
		timer_nap(NAP_NS);
	}
}

void pause_before_next_look(struct pause *pause)
{
	unsigned int shift = pause->looks;
	unsigned int i;

	if (pause->looks >= LOOKS_AWAKE) {
		nap();
		return;
	}
	pause->looks++;
	if (shift > PAUSES_MAX_SHIFT)
		shift = PAUSES_MAX_SHIFT;
	for (i = 0; i < 1u << shift; i++)
		cpu_relax();
}
