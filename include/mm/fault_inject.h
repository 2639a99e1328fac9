/* SPDX-License-Identifier: MIT */
/*
 * Fail the k-th allocation of a kind, to prove every error path. `fail=page:3`
 * on the command line does it in any image built with CONFIG_FAULT_INJECT.
 * Context: any. Counts are shared by all harts.
 */
#ifndef MM_FAULT_INJECT_H
#define MM_FAULT_INJECT_H

#include <stdbool.h>

/* Pages (any order), page-table pages, small objects, address space. */
enum fault_kind {
	FAULT_PAGE,
	FAULT_TABLE,
	FAULT_SLAB,
	FAULT_VSPACE,
	FAULT_KINDS
};

/* Fail the @nth (1 = next) request of @kind, once; 0 switches it off. */
void fault_inject_set(enum fault_kind kind, unsigned long nth);

/* Requests of @kind since the last set. */
unsigned long fault_inject_seen(enum fault_kind kind);

/* Reads fail=KIND:N; refuses to boot when it is not that. Context: boot. */
void fault_inject_init(void);

bool fault_inject_hit(enum fault_kind kind);

static inline bool should_fail(enum fault_kind kind)
{
	return CONFIG_FAULT_INJECT && fault_inject_hit(kind);
}

#endif /* MM_FAULT_INJECT_H */
