/* SPDX-License-Identifier: MIT */
/*
 * Fail the k-th request of a kind, to prove every error path, in any image; by
 * hand with `fail=page:3`. What is a request:
 *
 *   page     a call for one block, of whatever order; each page or block that a
 *            call for many is given
 *   table    a page-table page; also a page
 *   slab     a small object; also a page when a slab is made for it
 *   vspace   a hole to cut; an area from a hart's pool is none
 *
 * The short paths know nothing of it. While a kind is armed the harts' stacks
 * of pages or objects are empty and have no room, so that every request takes
 * the long path, where it is counted.
 */
#ifndef MM_FAULT_INJECT_H
#define MM_FAULT_INJECT_H

#include <stdbool.h>

#include "core/compiler.h"

enum fault_kind {
	FAULT_PAGE,
	FAULT_TABLE,
	FAULT_SLAB,
	FAULT_VSPACE,
	FAULT_KINDS
};

/*
 * Fail the @nth (1 = next) request of @kind, once; 0 switches it off. Until then
 * the kind stays armed. Requests of all harts are counted together. Context:
 * thread, interrupts on, no lock held.
 */
void fault_inject_set(enum fault_kind kind, unsigned long nth);

/* The @nth and every @every-th after it; @every 0: the @nth alone. */
void fault_inject_repeat(enum fault_kind kind, unsigned long nth,
                         unsigned long every);

/* Requests of @kind since the last set, while armed. */
unsigned long fault_inject_seen(enum fault_kind kind);

/* Reads fail=KIND:N[+M]; refuses to boot when it is not that. Context: boot. */
void fault_inject_init(void);

struct fault_point {
	unsigned long nth;   /* [A] 0: not armed */
	unsigned long every; /* [A] */
	unsigned long seen;  /* [A] */
};

extern struct fault_point fault_points[FAULT_KINDS];

bool fault_inject_hit(enum fault_kind kind);

static inline bool fault_is_armed(enum fault_kind kind)
{
	return READ_ONCE(fault_points[kind].nth) != 0;
}

/* Context: any. */
static inline bool should_fail(enum fault_kind kind)
{
	return unlikely(fault_is_armed(kind)) && fault_inject_hit(kind);
}

#endif /* MM_FAULT_INJECT_H */
