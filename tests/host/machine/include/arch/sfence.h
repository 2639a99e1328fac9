/* SPDX-License-Identifier: MIT */
/* The fences of the simulated hart. */
#ifndef ARCH_SFENCE_H
#define ARCH_SFENCE_H

#include "../sim.h"

static inline void sfence_vma_all(void)
{
	sim_fence_all();
}

static inline void sfence_vma_page(uintptr_t va)
{
	sim_fence_page(va);
}

static inline void sfence_inval_begin(void)
{
}

static inline void sfence_inval_page(uintptr_t va)
{
	sim_fence_page(va);
}

static inline void sfence_inval_end(void)
{
}

#endif /* ARCH_SFENCE_H */
