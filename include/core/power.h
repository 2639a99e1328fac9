/* SPDX-License-Identifier: MIT */
/*
 * The end of the machine: sifive,test when the tree has it (the status becomes
 * QEMU's exit status), else SBI SRST (chapter 10), else wfi for ever.
 */
#ifndef CORE_POWER_H
#define CORE_POWER_H

#include <stdint.h>

#include "arch/barrier.h"
#include "arch/csr.h"
#include "core/compiler.h"

/* Something about the machine, the command line or the image is refused. */
#define REFUSED_EXIT_STATUS 1

/* Drivers that know a better way register it (drivers/finisher.c). */
typedef void power_off_function(int status);
void power_set_off(power_off_function *off);

/* Context: any. @status: 0..255, 0 is success. */
void power_off(int status) __dead;

/*
 * The world is not as this image needs it: one line "vireo: cannot boot: ..."
 * that names the thing and what to do, then power off with a failure status.
 * No registers, no backtrace: it is not the image's bug. Context: boot.
 */
void refuse_boot(const char *format, ...) __dead __cold __printf_like(1, 2);

/* What the sifive,test register takes for @status. */
static inline uint32_t power_finisher_word(int status)
{
	if (status == 0)
		return 0x5555;
	return (uint32_t)(status & 0xff) << 16 | 0x3333;
}

/*
 * After that store: QEMU ends a little later, on a thread of its own. Going on
 * to the firmware's power-off at once could overtake it, and the status is lost.
 */
static inline void power_finisher_wait(uint64_t ticks)
{
	unsigned long start = read_time();

	while (read_time() - start < ticks)
		cpu_relax();
}

#endif /* CORE_POWER_H */
