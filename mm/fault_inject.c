/* SPDX-License-Identifier: MIT */
/*
 * A counter for each kind and the number at which it fails. A request of one
 * kind may need others (a table is a page, too): each counts for itself.
 */
#include "mm/fault_inject.h"

#include <stdbool.h>
#include <string.h>

#include "core/cmdline.h"
#include "core/compiler.h"
#include "core/power.h"
#include "lib/number.h"

static unsigned long seen[FAULT_KINDS];    /* [A] */
static unsigned long fail_at[FAULT_KINDS]; /* [A] 0: never */

static const char *const names[FAULT_KINDS] = {
	[FAULT_PAGE] = "page",
	[FAULT_TABLE] = "table",
	[FAULT_SLAB] = "slab",
	[FAULT_VSPACE] = "vspace",
};

void fault_inject_set(enum fault_kind kind, unsigned long nth)
{
	__atomic_store_n(&fail_at[kind], 0, __ATOMIC_RELAXED);
	__atomic_store_n(&seen[kind], 0, __ATOMIC_RELAXED);
	__atomic_store_n(&fail_at[kind], nth, __ATOMIC_RELAXED);
}

unsigned long fault_inject_seen(enum fault_kind kind)
{
	return __atomic_load_n(&seen[kind], __ATOMIC_RELAXED);
}

bool fault_inject_hit(enum fault_kind kind)
{
	return __atomic_add_fetch(&seen[kind], 1, __ATOMIC_RELAXED) ==
	       __atomic_load_n(&fail_at[kind], __ATOMIC_RELAXED);
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

void fault_inject_init(void)
{
	const char *value = cmdline_get("fail");
	const char *colon = value ? strchr(value, ':') : NULL;
	unsigned long nth = 0;
	int kind = FAULT_KINDS;

	if (!value)
		return;
	if (colon && number_parse(colon + 1, &nth))
		kind = kind_of(value, colon - value);
	if (kind == FAULT_KINDS || nth == 0) {
		refuse_boot(
			"fail=%s: want page:N, table:N, slab:N or vspace:N with N >= 1",
			value);
	}
	if (!CONFIG_FAULT_INJECT) {
		refuse_boot(
			"fail=%s: this image is built without CONFIG_FAULT_INJECT",
			value);
	}
	fault_inject_set(kind, nth);
}
