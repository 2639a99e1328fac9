/* SPDX-License-Identifier: MIT */
/*
 * Says when a hart has stopped scheduling; for core/sched_idle.c. What it says is
 * in docs/scheduling.md. `watchdog=SECONDS` on the command line, 0: never.
 *
 * Context: the idle thread, interrupts off, no lock held.
 */
#ifndef CORE_WATCHDOG_H
#define CORE_WATCHDOG_H

#include <stdbool.h>

#include "core/hart.h"

extern uint64_t watchdog_asked; /* [A] idle harts that are to watch others */

/* This hart is about to run threads and watches nobody yet. */
void watchdog_begin(void);

/* It idles, and was asked to watch. */
void watchdog_join(void);

static inline bool watchdog_asks(const struct hart *hart)
{
	return READ_ONCE(watchdog_asked) >> hart->index & 1;
}

#endif /* CORE_WATCHDOG_H */
