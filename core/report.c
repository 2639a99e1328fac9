/* SPDX-License-Identifier: MIT */
/*
 * Counting is exact and lock-free; the text of the newest report is kept under
 * a lock for tests, which silence the log and look at the text.
 */
#include "core/report.h"

#include <stdarg.h>
#include <string.h>

#include "core/cmdline.h"
#include "core/lock.h"
#include "core/log.h"
#include "core/panic.h"
#include "lib/printf.h"

#define REPORT_BYTES 256u

static struct spinlock report_lock = SPINLOCK_INIT(LOCK_REPORT, "report_lock");
static char last_text[REPORT_BYTES] __guarded_by(report_lock);
static unsigned long reports; /* [A] */
static bool quiet;            /* [A] */

void report_at(struct report_site *site, const char *format, ...)
{
	char text[REPORT_BYTES];
	unsigned long flags;
	unsigned long before;
	va_list args;

	va_start(args, format);
	kvsnprintf(text, sizeof(text), format, args);
	va_end(args);

	before = __atomic_fetch_add(&site->count, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&reports, 1, __ATOMIC_RELAXED);
	flags = spin_lock_irqsave(&report_lock);
	memcpy(last_text, text, sizeof(text));
	spin_unlock_irqrestore(&report_lock, flags);

	if (__atomic_load_n(&quiet, __ATOMIC_RELAXED))
		return;
	if (cmdline_get("panic_on_report"))
		panic("report: %s", text);
	if (before == 0)
		log_error("report: %s", text);
}

unsigned long report_count(void)
{
	return __atomic_load_n(&reports, __ATOMIC_RELAXED);
}

void report_set_quiet(bool be_quiet)
{
	__atomic_store_n(&quiet, be_quiet, __ATOMIC_RELAXED);
}

/* For the one test that looks; a later report may overwrite it. */
const char *report_last(void) __no_lock_analysis
{
	return last_text;
}
