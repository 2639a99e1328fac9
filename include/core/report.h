/* SPDX-License-Identifier: MIT */
/*
 * A caller's bug, told and counted, and nothing changed: the message names the
 * function, the address and the rule. Each call site prints once; all are
 * counted. Context: any.
 */
#ifndef CORE_REPORT_H
#define CORE_REPORT_H

#include <stdbool.h>

#include "core/compiler.h"

struct report_site {
	unsigned long count; /* [A] */
};

void report_at(struct report_site *site, const char *format, ...) __cold
	__printf_like(2, 3);

#define report(...)                                         \
	do {                                                \
		static struct report_site report_site_here; \
		report_at(&report_site_here, __VA_ARGS__);  \
	} while (0)

/* All reports since boot. */
unsigned long report_count(void);

/* Tests: print nothing, only count, and remember the text of the last one. */
void report_set_quiet(bool be_quiet);
const char *report_last(void);

#endif /* CORE_REPORT_H */
