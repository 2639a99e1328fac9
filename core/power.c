/* SPDX-License-Identifier: MIT */
/*
 * A registered way of powering off that returns has failed; the firmware's is
 * next. A machine that cannot be switched off waits, with interrupts off.
 */
#include "core/power.h"

#include <stdarg.h>

#include "arch/barrier.h"
#include "arch/csr.h"
#include "arch/sbi.h"
#include "core/console.h"
#include "lib/printf.h"

static power_off_function *registered_off;

void power_set_off(power_off_function *off)
{
	registered_off = off;
}

void power_off(int status)
{
	irq_save();
	if (registered_off)
		registered_off(status);
	sbi_shutdown(status ? SBI_SRST_SYSTEM_FAILURE : SBI_SRST_NO_REASON);
	for (;;)
		wait_for_interrupt();
}

void refuse_boot(const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	kvsnprintf(line, sizeof(line), format, args);
	va_end(args);
	console_puts("vireo: cannot boot: ");
	console_puts(line);
	console_puts("\n");
	power_off(REFUSED_EXIT_STATUS);
}
