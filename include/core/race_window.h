/* SPDX-License-Identifier: MIT */
/*
 * Points where two harts may meet at the worst moment. A test opens one; whoever
 * then gets there runs the test's function first, which lets another hart act
 * before it returns. So a race that is a few instructions wide is met in every
 * run. Without CONFIG_RACE_WINDOWS a point is no code at all.
 */
#ifndef CORE_RACE_WINDOW_H
#define CORE_RACE_WINDOW_H

#include <stdbool.h>

#include "core/compiler.h"

enum race_point {
	RACE_FLUSH_ASKED,   /* not clean; about to flush or to wait */
	RACE_FLUSH_FENCED,  /* every hart has fenced, none knows it */
	RACE_FLUSH_TOLD,    /* a hart is about to answer a flush */
	RACE_IDLE_SEEN,     /* a hart was seen idle, no note is left */
	RACE_HART_WAKES,    /* idle no more, its note not yet read */
	RACE_DRAIN_TAKEN,   /* addresses and tables taken, not flushed */
	RACE_AREA_BUILT,    /* all is done but to publish it */
	RACE_AREA_FOUND,    /* to be freed, not yet won */
	RACE_AREA_STAMPED,  /* freed, the flush it waits for is known */
	RACE_MAPPING_FOUND, /* of vm_map_ram(), not yet won */
	RACE_MAPPING_DONE,  /* unmapped and stamped, length still there */
	RACE_PASS_BEGINS,   /* a block is clean, not yet looked at */
	RACE_TABLE_WALKED,  /* a walk has left the root table */
	RACE_THREAD_MOVES,  /* from one hart's queue, not yet on the other's */
	RACE_COMPLETION_DONE, /* it is so, nobody is woken yet */
	RACE_THREAD_OFF_LIST, /* it has ended, and is not yet buried */
	RACE_THREAD_WAITS,    /* it has looked, and is about to wait */
	RACE_QUEUE_JOINED,    /* a sleeper is there to be woken */
	RACE_POINTS
};

/*
 * Context: that of the point; locks may be held and interrupts off, so it spins
 * on atomics with a limit of time, and calls nothing of mm under a lock.
 */
typedef void race_function(void *argument);

/* Context: threads; open and close by one hart, which knows when no hart is in. */
void race_window_open(enum race_point point, race_function *function,
                      void *argument);
void race_window_close(enum race_point point);

extern bool race_windows_open; /* [A] any of them */
void race_window_reached(enum race_point point) __cold;

static __always_inline void race_window(enum race_point point)
{
	if (CONFIG_RACE_WINDOWS &&
	    unlikely(__atomic_load_n(&race_windows_open, __ATOMIC_RELAXED)))
		race_window_reached(point);
}

#endif /* CORE_RACE_WINDOW_H */
