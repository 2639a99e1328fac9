/* SPDX-License-Identifier: MIT */
/* One hart runs at a time: whoever waits for another waits for ever. */
#ifndef ARCH_BARRIER_H
#define ARCH_BARRIER_H

#include "../sim.h"

static inline void smp_mb(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void cpu_relax(void)
{
	sim_wait_in_vain();
}

#endif /* ARCH_BARRIER_H */
