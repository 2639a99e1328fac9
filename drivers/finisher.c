/* SPDX-License-Identifier: MIT */
/*
 * One register. It is mapped at boot and not when it is needed: a panic must
 * not depend on the mapper. Should the mapping itself be gone by then, the
 * access traps and the nested panic's power_off() finds this driver used up.
 */
#include "drivers/finisher.h"

#include <linux/io.h>
#include <stddef.h>

#include "core/log.h"
#include "core/machine.h"
#include "core/power.h"

static volatile void __iomem *finisher;

static void finisher_off(int status)
{
	power_set_off(NULL);
	writel(power_finisher_word(status), finisher);
	power_finisher_wait(machine.timebase_hz);
}

void finisher_init(void)
{
	if (machine.finisher.base == 0)
		return;
	finisher = ioremap(machine.finisher.base, PAGE_SIZE);
	if (!finisher) {
		log_error("finisher at %#lx: no address space for its register",
		          machine.finisher.base);
		return;
	}
	power_set_off(finisher_off);
}
