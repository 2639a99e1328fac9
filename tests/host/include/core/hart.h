/* SPDX-License-Identifier: MIT */
/* Two harts that take turns: the test says whose turn it is. */
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

struct hart {
	void *local[HART_LOCALS];
	unsigned int index;
};

extern struct hart *this_hart;
extern struct hart boot_hart;
extern struct hart *harts[CONFIG_NR_HARTS];
extern unsigned int nr_harts;

static inline bool in_interrupt(void)
{
	return false;
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

#endif /* CORE_HART_H */
