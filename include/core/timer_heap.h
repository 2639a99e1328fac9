/* SPDX-License-Identifier: MIT */
/* The heap of core/timer.c, apart so that it can be tested by itself. */
#ifndef CORE_TIMER_HEAP_H
#define CORE_TIMER_HEAP_H

#include "core/timer.h"

/* @*root: the soonest, NULL when there is none. O(1), and O(log n) on average. */
void timer_heap_add(struct timer **root, struct timer *timer);
void timer_heap_remove(struct timer **root, struct timer *timer);

#endif /* CORE_TIMER_HEAP_H */
