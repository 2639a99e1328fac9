/* SPDX-License-Identifier: MIT */
/* A function with an argument in the timer interrupt of this hart, once. */
#ifndef TESTS_LATER_H
#define TESTS_LATER_H

#include "core/compiler.h"
#include "core/timer.h"

struct later {
	struct timer timer;
	void (*function)(void *argument);
	void *argument;
};

static inline void later_run(struct timer *timer)
{
	const struct later *later = container_of(timer, struct later, timer);

	later->function(later->argument);
}

/* @later is not pending, and stays until the function has run. */
static inline void later_at(struct later *later, uint64_t at_ns,
                            void (*function)(void *argument), void *argument)
{
	later->timer = (struct timer){ .function = later_run };
	later->function = function;
	later->argument = argument;
	timer_start(&later->timer, at_ns);
}

#endif /* TESTS_LATER_H */
