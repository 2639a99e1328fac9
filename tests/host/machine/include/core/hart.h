/* SPDX-License-Identifier: MIT */
/* Harts of the simulated machine: the model says whose turn it is. */
#ifndef CORE_HART_H
#define CORE_HART_H

#include <stdbool.h>
#include <stdint.h>

#include "core/compiler.h"

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

void hart_set_hooks(hart_hook *wake, hart_hook *interrupt);

#endif /* CORE_HART_H */
