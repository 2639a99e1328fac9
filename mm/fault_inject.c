/* SPDX-License-Identifier: MIT */
/*
 * A counter for each kind and the number at which it fails. A request of one
 * kind may need others (a table is a page, too): each counts for itself.
 */
#include "mm/fault_inject.h"

#include <stdbool.h>
#include <string.h>

#include "core/cmdline.h"
#include "core/power.h"
#include "lib/number.h"
#include "mm/kmem.h"
#include "mm/page_alloc.h"

struct fault_point fault_points[FAULT_KINDS];

static const char *const names[FAULT_KINDS] = {
	[FAULT_PAGE] = "page",
	[FAULT_TABLE] = "table",
	[FAULT_SLAB] = "slab",
	[FAULT_VSPACE] = "vspace",
};

/* Emptying a hart's stacks is also what gives them or takes their room. */
static void fit_stacks(enum fault_kind kind)
{
	if (kind == FAULT_PAGE)
		page_alloc_drain_all();
	else if (kind == FAULT_SLAB)
		(void)kmem_shrink();
}

static void arm(enum fault_kind kind, unsigned long nth, unsigned long every)
{
	struct fault_point *point = &fault_points[kind];

	__atomic_store_n(&point->nth, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&point->every, every, __ATOMIC_RELAXED);
	__atomic_store_n(&point->seen, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&point->nth, nth, __ATOMIC_RELEASE);
}

void fault_inject_repeat(enum fault_kind kind, unsigned long nth,
                         unsigned long every)
{
	bool was_armed = fault_is_armed(kind);

	arm(kind, nth, every);
	/* Also when it was armed: meanwhile it was not. */
	if (was_armed || nth != 0)
		fit_stacks(kind);
}

void fault_inject_set(enum fault_kind kind, unsigned long nth)
{
	fault_inject_repeat(kind, nth, 0);
}

unsigned long fault_inject_seen(enum fault_kind kind)
{
	return __atomic_load_n(&fault_points[kind].seen, __ATOMIC_RELAXED);
}

bool fault_inject_hit(enum fault_kind kind)
{
	struct fault_point *point = &fault_points[kind];
	unsigned long seen =
		__atomic_add_fetch(&point->seen, 1, __ATOMIC_RELAXED);
	unsigned long every = READ_ONCE(point->every);
	unsigned long nth = READ_ONCE(point->nth);

	return seen == nth ||
	       (every > 0 && seen > nth && (seen - nth) % every == 0);
}

static int kind_of(const char *name, size_t length)
{
	for (int kind = 0; kind < FAULT_KINDS; kind++) {
		if (strlen(names[kind]) == length &&
		    strncmp(names[kind], name, length) == 0)
			return kind;
	}
	return FAULT_KINDS;
}

/* Before there are stacks: those that are made find it armed. */
void fault_inject_init(void)
{
	const char *value = cmdline_get("fail");
	const char *colon = value ? strchr(value, ':') : NULL;
	unsigned long nth = 0, every = 0;
	int kind = FAULT_KINDS;
	const char *end = NULL;

	if (!value)
		return;
	if (colon) {
		kind = kind_of(value, colon - value);
		end = number_read(colon + 1, &nth);
		if (end && *end == '+')
			end = number_read(end + 1, &every);
	}
	if (kind == FAULT_KINDS || nth == 0 || !end || *end != '\0') {
		refuse_boot("fail=%s: want page:N, table:N, slab:N or vspace:N "
		            "with N >= 1, or N+M to repeat",
		            value);
	}
	arm((enum fault_kind)kind, nth, every);
}
