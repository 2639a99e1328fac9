/* SPDX-License-Identifier: MIT */
/* Harts of the simulated machine: the model says whose turn it is. */
#ifndef CORE_HART_H
#define CORE_HART_H

#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"
#include "core/lock_type.h"
#include "core/run_queue.h"

enum hart_local {
	HART_LOCAL_PAGES,
	HART_LOCAL_KMEM,
	HART_LOCAL_VMAP,
	HART_LOCALS
};

typedef void hart_function(void *argument);
typedef void hart_hook(void);

struct hart {
	void *local[HART_LOCALS];
	unsigned int index;
	unsigned int id;
	unsigned int irq_depth;
	unsigned int locks_held;
	const void *held[CONFIG_NR_HARTS + 8];
	unsigned int online;
	unsigned int idle;
	unsigned int flush_on_wake;
	unsigned long contended[LOCK_RANKS];
	struct thread *thread;
	struct run_queue queue;
};

extern struct hart *this_hart;
extern struct hart boot_hart;
extern struct hart *harts[CONFIG_NR_HARTS];
extern unsigned int nr_harts;

static inline bool in_interrupt(void)
{
	return this_hart->irq_depth != 0;
}

/* As if the other hart took the interrupt now. */
void hart_interrupt(unsigned int index, hart_function *function,
                    void *argument);

static inline void hart_run_everywhere(hart_function *function, void *argument)
{
	function(argument);
	for (unsigned int i = 0; i < nr_harts; i++)
		if (harts[i] != this_hart)
			hart_interrupt(i, function, argument);
}

void hart_set_hooks(hart_hook *wake, hart_hook *interrupt);

#endif /* CORE_HART_H */
