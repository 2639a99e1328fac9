/* SPDX-License-Identifier: MIT */
/*
 * What M-mode firmware does for us (SBI specification 1.0, and DBCN of 2.0).
 * sbi_call() in core/sbi.S is the only ecall of the image. Errors are SBI's own
 * negative numbers (chapter 3), not errno.
 *
 * Context: any, also before translation is on.
 */
#ifndef ARCH_SBI_H
#define ARCH_SBI_H

#include <stdint.h>

#include "core/compiler.h"

#define SBI_LEGACY_PUTCHAR 0x01ul
#define SBI_LEGACY_GETCHAR 0x02ul
#define SBI_EXT_BASE       0x10ul
#define SBI_EXT_TIME       0x54494d45ul
#define SBI_EXT_IPI        0x735049ul
#define SBI_EXT_RFENCE     0x52464e43ul
#define SBI_EXT_HSM        0x48534dul
#define SBI_EXT_SRST       0x53525354ul
#define SBI_EXT_DBCN       0x4442434eul

#define SBI_BASE_PROBE        3ul
#define SBI_HSM_START         0ul
#define SBI_HSM_STOP          1ul
#define SBI_RFENCE_SFENCE_VMA 1ul
#define SBI_DBCN_READ         1ul
#define SBI_DBCN_WRITE_BYTE   2ul

#define SBI_SRST_SHUTDOWN       0ul
#define SBI_SRST_NO_REASON      0ul
#define SBI_SRST_SYSTEM_FAILURE 1ul

struct sbi_result {
	long error; /* 0, or one of SBI's negative codes */
	long value;
};

struct sbi_result sbi_call(unsigned long extension, unsigned long function,
                           unsigned long arg0, unsigned long arg1,
                           unsigned long arg2, unsigned long arg3);

/* Non-zero when the firmware has @extension. */
static inline long sbi_probe(unsigned long extension)
{
	struct sbi_result result =
		sbi_call(SBI_EXT_BASE, SBI_BASE_PROBE, extension, 0, 0, 0);

	return result.error ? 0 : result.value;
}

static inline void sbi_set_timer(uint64_t at_ticks)
{
	sbi_call(SBI_EXT_TIME, 0, at_ticks, 0, 0, 0);
}

/*
 * Bit n of @mask is SBI hart id @base + n; base ~0 and mask 0: every hart.
 * Returns SBI's error code.
 */
static inline long sbi_send_ipi(unsigned long mask, unsigned long base)
{
	return sbi_call(SBI_EXT_IPI, 0, mask, base, 0, 0).error;
}

/* @start 0 and @size ~0: everything. Returns when all harts have flushed. */
static inline long sbi_remote_sfence_vma(unsigned long mask, unsigned long base,
                                         unsigned long start,
                                         unsigned long size)
{
	return sbi_call(SBI_EXT_RFENCE, SBI_RFENCE_SFENCE_VMA, mask, base,
	                start, size)
	        .error;
}

/* @entry is physical; the hart starts there with a0 = its id, a1 = @opaque. */
static inline long sbi_hart_start(unsigned long id, unsigned long entry,
                                  unsigned long opaque)
{
	return sbi_call(SBI_EXT_HSM, SBI_HSM_START, id, entry, opaque, 0).error;
}

/* Stops the calling hart; returns only on failure. */
static inline void sbi_hart_stop(void)
{
	sbi_call(SBI_EXT_HSM, SBI_HSM_STOP, 0, 0, 0, 0);
}

/* Powers the machine off; returns only when the firmware cannot. */
static inline void sbi_shutdown(unsigned long reason)
{
	sbi_call(SBI_EXT_SRST, 0, SBI_SRST_SHUTDOWN, reason, 0, 0);
}

static inline void sbi_putchar(int byte)
{
	sbi_call(SBI_LEGACY_PUTCHAR, 0, (unsigned long)byte, 0, 0, 0);
}

/* A byte, or a negative number when there is none. */
static inline long sbi_getchar(void)
{
	return sbi_call(SBI_LEGACY_GETCHAR, 0, 0, 0, 0, 0).error;
}

#endif /* ARCH_SBI_H */
